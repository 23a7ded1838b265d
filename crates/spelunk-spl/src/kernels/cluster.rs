//! `cluster`: groups similar events.

use std::collections::{BTreeMap, HashMap};

use crate::error::Result;
use crate::kernels::stats_util::{rows_at, set};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::Value;

/// The similarity measure is undocumented beyond the names of the modes. Here it is the share of positions
/// with the same word (termlist), and the cosine of the counts (termset, ngramset).
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) likeness: f64,
    pub(crate) mode: &'static str,
    pub(crate) field: String,
    pub(crate) delims: Option<String>,
    pub(crate) count: Option<String>,
    pub(crate) label_only: bool,
    pub(crate) label: String,
}

/// A text in the form used for comparison: words in order, or the count of each with the length of the
/// vector.
pub(crate) enum Shape {
    List(Vec<u32>),
    Counts(BTreeMap<u32, f64>, f64),
}

impl Kernel for Cluster {
    fn describe(&self) -> String {
        format!(
            "cluster t={} match={} field={}",
            self.likeness, self.mode, self.field
        )
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut words: HashMap<String, u32> = HashMap::new();
        // For each cluster its first row, that row's shape, and its size.
        let mut clusters: Vec<(usize, Shape, usize)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut labelled: Vec<(usize, usize)> = Vec::new();
        for row in 0..input.height() {
            let Some(text) = input.value(&self.field, row).into_text() else {
                continue;
            };
            let at = match known.get(text.as_ref()) {
                Some(at) => *at,
                None => {
                    context.check_cancelled()?;
                    let shape = self.shape(&text, &mut words);
                    let like =
                        |c: &(usize, Shape, usize)| self.likeness(&c.1, &shape) >= self.likeness;
                    let at = clusters.iter().position(like).unwrap_or_else(|| {
                        clusters.push((row, shape, 0));
                        clusters.len() - 1
                    });
                    known.insert(text.into_owned(), at);
                    at
                }
            };
            clusters[at].2 += 1;
            labelled.push((row, at));
        }
        let shown: Vec<(usize, usize)> = if self.label_only {
            labelled
        } else {
            clusters
                .iter()
                .enumerate()
                .map(|(at, c)| (c.0, at))
                .collect()
        };
        let rows: Vec<usize> = shown.iter().map(|s| s.0).collect();
        let mut out = rows_at(&input, &rows);
        if let Some(name) = &self.count {
            let sizes = shown
                .iter()
                .map(|s| Value::Num(clusters[s.1].2 as f64))
                .collect();
            set(&mut out, name.clone(), sizes);
        }
        let labels = shown.iter().map(|s| Value::Num((s.1 + 1) as f64)).collect();
        set(&mut out, self.label.clone(), labels);
        Ok(out)
    }
}

impl Cluster {
    pub(crate) fn shape(&self, text: &str, words: &mut HashMap<String, u32>) -> Shape {
        let mut id = |word: &str| match words.get(word) {
            Some(id) => *id,
            None => {
                let id = words.len() as u32;
                words.insert(word.to_owned(), id);
                id
            }
        };
        let ids: Vec<u32> = if self.mode == "ngramset" {
            let characters: Vec<char> = text.chars().collect();
            let runs = characters.windows(characters.len().clamp(1, 3));
            runs.map(|run| id(&run.iter().collect::<String>()))
                .collect()
        } else {
            let parts = |c: char| match &self.delims {
                Some(delims) => delims.contains(c),
                None => !(c.is_ascii_alphanumeric() || c == '_'),
            };
            text.split(parts)
                .filter(|w| !w.is_empty())
                .map(&mut id)
                .collect()
        };
        if self.mode == "termlist" {
            return Shape::List(ids);
        }
        let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
        for id in ids {
            *counts.entry(id).or_default() += 1.0;
        }
        let length = counts.values().map(|n| n * n).sum::<f64>().sqrt();
        Shape::Counts(counts, length)
    }

    pub(crate) fn likeness(&self, a: &Shape, b: &Shape) -> f64 {
        match (a, b) {
            (Shape::List(a), Shape::List(b)) => {
                let longer = a.len().max(b.len());
                if longer == 0 {
                    return 1.0;
                }
                // If the lengths differ too much, the words need not be compared.
                if (a.len().min(b.len()) as f64) < self.likeness * longer as f64 {
                    return 0.0;
                }
                let same = a.iter().zip(b).filter(|(x, y)| x == y).count();
                same as f64 / longer as f64
            }
            (Shape::Counts(a, a_length), Shape::Counts(b, b_length)) => {
                if a.is_empty() && b.is_empty() {
                    return 1.0;
                }
                let shared = a.iter().filter_map(|(id, n)| Some(n * b.get(id)?));
                shared.sum::<f64>() / (a_length * b_length).max(f64::MIN_POSITIVE)
            }
            (Shape::List(_), Shape::Counts(..)) | (Shape::Counts(..), Shape::List(_)) => 0.0,
        }
    }
}
