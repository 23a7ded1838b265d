//! Classification scores, as `sklearn.metrics` defines them.

use crate::kernels::stats_util::{set, table_of, texts};
use crate::plan::table::Table;
use crate::value::Value;

use super::Score;

/// A classification score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Accuracy,
    Confusion,
    Precision,
    Recall,
    F1,
    All,
}

/// The names, in the order of [`Kind`].
pub(crate) const NAMES: &[&str] = &[
    "accuracy_score",
    "confusion_matrix",
    "precision_score",
    "recall_score",
    "f1_score",
    "precision_recall_fscore_support",
];

impl Kind {
    pub(crate) fn of(name: &str) -> Option<Kind> {
        let kinds = [
            Kind::Accuracy,
            Kind::Confusion,
            Kind::Precision,
            Kind::Recall,
            Kind::F1,
            Kind::All,
        ];
        let at = NAMES.iter().position(|known| *known == name)?;
        kinds.get(at).copied()
    }
}

/// Counts of correct and incorrect predictions.
#[derive(Default)]
struct Tally {
    right: f64,
    predicted: f64,
    actual: f64,
}

impl Tally {
    fn precision(&self) -> f64 {
        ratio(self.right, self.predicted)
    }

    fn recall(&self) -> f64 {
        ratio(self.right, self.actual)
    }

    fn f1(&self) -> f64 {
        ratio(2.0 * self.right, self.predicted + self.actual)
    }
}

/// A ratio; 0 if the whole is 0.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl Score {
    pub(crate) fn classes(&self, kind: Kind, rows: &Table) -> Table {
        if kind == Kind::Confusion {
            return self.confusion(rows);
        }
        let mut out: Vec<Vec<(String, Value<'static>)>> = Vec::new();
        for (actual, predicted) in &self.pairs {
            let pairs = known(rows, actual, predicted);
            let names = || {
                vec![
                    ("Actual field".to_owned(), Value::text(actual.clone())),
                    ("Predicted field".to_owned(), Value::text(predicted.clone())),
                ]
            };
            let right = pairs.iter().filter(|(a, p)| a == p).count() as f64;
            if kind == Kind::Accuracy {
                let value = if self.share {
                    ratio(right, pairs.len() as f64)
                } else {
                    right
                };
                let mut row = names();
                row.push((NAMES[0].to_owned(), Value::number(value)));
                out.push(row);
                continue;
            }
            let classes = classes(&pairs);
            let tallies: Vec<Tally> = classes.iter().map(|c| tally(&pairs, c)).collect();
            if self.averaging == "none" {
                for (class, tally) in classes.iter().zip(&tallies) {
                    let mut row = names();
                    row.push(("Class".to_owned(), Value::text(class.clone())));
                    row.extend(scores(kind, &|score| score(tally)));
                    if kind == Kind::All {
                        row.push(("support".to_owned(), Value::number(tally.actual)));
                    }
                    out.push(row);
                }
                continue;
            }
            let mut row = names();
            row.extend(scores(kind, &|score| {
                self.averaged(&classes, &tallies, score)
            }));
            out.push(row);
        }
        let mut table = Table::new(out.len());
        let names: Vec<String> = out
            .first()
            .into_iter()
            .flatten()
            .map(|(n, _)| n.clone())
            .collect();
        for (at, name) in names.into_iter().enumerate() {
            set(
                &mut table,
                name,
                out.iter().map(|row| row[at].1.clone()).collect(),
            );
        }
        table
    }

    fn averaged(&self, classes: &[String], tallies: &[Tally], score: fn(&Tally) -> f64) -> f64 {
        let sum = |of: &dyn Fn(&Tally) -> f64| tallies.iter().map(of).sum::<f64>();
        match self.averaging {
            "micro" => score(&Tally {
                right: sum(&|t| t.right),
                predicted: sum(&|t| t.predicted),
                actual: sum(&|t| t.actual),
            }),
            "macro" => ratio(sum(&score), tallies.len() as f64),
            "weighted" => ratio(sum(&|t| t.actual * score(t)), sum(&|t| t.actual)),
            _ => {
                let positive = classes.iter().position(|c| *c == self.positive);
                positive.map_or(0.0, |at| score(&tallies[at]))
            }
        }
    }

    /// The confusion matrix: a row for each actual class, a column for each predicted one.
    fn confusion(&self, rows: &Table) -> Table {
        let Some((actual, predicted)) = self.pairs.first() else {
            return Table::new(0);
        };
        let pairs = known(rows, actual, predicted);
        let classes = classes(&pairs);
        let labels = classes
            .iter()
            .map(|c| Value::text(format!("True {c}")))
            .collect();
        let mut table = table_of(classes.len(), vec![("Label", labels)]);
        for column in &classes {
            let count = |row: &String| {
                pairs
                    .iter()
                    .filter(|(a, p)| a == row && p == column)
                    .count()
            };
            let values = classes.iter().map(|row| Value::Num(count(row) as f64));
            set(&mut table, format!("Predicted {column}"), values.collect());
        }
        table
    }
}

/// A score of one class.
type Of = fn(&Tally) -> f64;

/// The named scores that a method shows.
fn scores(kind: Kind, value: &dyn Fn(Of) -> f64) -> Vec<(String, Value<'static>)> {
    let all: [(&str, Of); 3] = match kind {
        Kind::All => [
            ("precision", Tally::precision),
            ("recall", Tally::recall),
            ("fbeta_score", Tally::f1),
        ],
        _ => [
            (NAMES[2], Tally::precision),
            (NAMES[3], Tally::recall),
            (NAMES[4], Tally::f1),
        ],
    };
    let shown = match kind {
        Kind::Precision => 0..1,
        Kind::Recall => 1..2,
        Kind::F1 => 2..3,
        Kind::All | Kind::Accuracy | Kind::Confusion => 0..3,
    };
    all[shown]
        .iter()
        .map(|(name, score)| ((*name).to_owned(), Value::number(value(*score))))
        .collect()
}

/// The rows that have both fields.
fn known(rows: &Table, actual: &str, predicted: &str) -> Vec<(String, String)> {
    let both = texts(rows, actual).into_iter().zip(texts(rows, predicted));
    both.filter_map(|(a, p)| Some((a?, p?))).collect()
}

fn classes(pairs: &[(String, String)]) -> Vec<String> {
    let mut found: Vec<String> = pairs
        .iter()
        .flat_map(|(a, p)| [a.clone(), p.clone()])
        .collect();
    found.sort_by(|a, b| {
        crate::value::sort_order(&Value::text(a.as_str()), &Value::text(b.as_str()))
    });
    found.dedup();
    found
}

fn tally(pairs: &[(String, String)], class: &str) -> Tally {
    let mut tally = Tally::default();
    for (actual, predicted) in pairs {
        let (is, said) = (actual == class, predicted == class);
        tally.actual += f64::from(u8::from(is));
        tally.predicted += f64::from(u8::from(said));
        tally.right += f64::from(u8::from(is && said));
    }
    tally
}
