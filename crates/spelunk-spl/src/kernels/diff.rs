//! `diff`: the lines in which two rows differ.

use std::fmt::Write as _;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Diff {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) field: String,
    pub(crate) header: bool,
    pub(crate) context: bool,
    pub(crate) most: usize,
}

impl Kernel for Diff {
    fn describe(&self) -> String {
        format!("diff {}", self.field)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let text = |row: usize| {
            let value = if row < input.height() {
                input.value(&self.field, row)
            } else {
                Value::Null
            };
            let mut text = value.into_values().join("\n");
            if self.most > 0 && text.len() > self.most {
                context.notice(format!(
                    "diff compares the first {} bytes: maxlen=0 compares all",
                    self.most
                ));
                let end = (0..=self.most).rev().find(|at| text.is_char_boundary(*at));
                text.truncate(end.unwrap_or(0));
            }
            text
        };
        let (old, new) = (text(self.first), text(self.second));
        let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let steps = compare(&old, &new);
        let mut out = String::new();
        if steps.iter().all(|step| matches!(step, Step::Both(..))) {
            out.push_str("Results are the Same");
        } else {
            if self.header {
                let (a, b) = if self.context {
                    ("***", "---")
                } else {
                    ("---", "+++")
                };
                let _ = writeln!(out, "{a} {}\n{b} {}", self.first + 1, self.second + 1);
            }
            for hunk in hunks(&steps) {
                if self.context {
                    write_context(&mut out, hunk, &old, &new);
                } else {
                    write_unified(&mut out, hunk, &old, &new);
                }
            }
        }
        let mut table = Table::new(1);
        let lines = out.trim_end().lines().count();
        let text = out.trim_end().to_owned();
        table.set("_raw", Type::Text, vec![Value::text(text)]);
        table.set("linecount", Type::Number, vec![Value::Num(lines as f64)]);
        Ok(table)
    }
}

/// The fate of a line, by its index in the old and the new text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Both(usize, usize),
    Removed(usize, usize),
    Added(usize, usize),
}

/// Context lines around the changes of a hunk.
const AROUND: usize = 3;

/// With more differences, everything between the common prefix and suffix counts as changed, because finding
/// the shortest edit script takes time quadratic in their number.
const MOST_DIFFERENCES: usize = 2_000;

/// The shortest edit script from the old text to the new, after E. Myers.
fn compare(old: &[&str], new: &[&str]) -> Vec<Step> {
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(same)
        .count();
    let a = &old_rest[..old_rest.len() - tail];
    let b = &new_rest[..new_rest.len() - tail];
    let mut steps: Vec<Step> = (0..head).map(|at| Step::Both(at, at)).collect();
    steps.extend(middle(a, b).into_iter().map(|step| match step {
        Step::Both(i, j) => Step::Both(i + head, j + head),
        Step::Removed(i, j) => Step::Removed(i + head, j + head),
        Step::Added(i, j) => Step::Added(i + head, j + head),
    }));
    let (i, j) = (old.len() - tail, new.len() - tail);
    steps.extend((0..tail).map(|at| Step::Both(i + at, j + at)));
    steps
}

fn middle(a: &[&str], b: &[&str]) -> Vec<Step> {
    let (n, m) = (a.len(), b.len());
    let most = (n + m).min(MOST_DIFFERENCES);
    // For each number of differences how far each diagonal reaches in `a`.
    let mut reached: Vec<Vec<usize>> = Vec::new();
    let mut furthest = vec![0usize; 2 * most + 3];
    let center = most + 1;
    let mut found = None;
    'differences: for d in 0..=most {
        for k in (center - d..=center + d).step_by(2) {
            let down = k == center - d || k != center + d && furthest[k - 1] < furthest[k + 1];
            let mut x = if d == 0 {
                0
            } else if down {
                furthest[k + 1]
            } else {
                furthest[k - 1] + 1
            };
            while x < n
                && (x + center)
                    .checked_sub(k)
                    .is_some_and(|y| y < m && a[x] == b[y])
            {
                x += 1;
            }
            furthest[k] = x;
            if x >= n && (x + center).checked_sub(k).is_some_and(|y| y >= m) {
                found = Some((d, k));
                reached.push(furthest.clone());
                break 'differences;
            }
        }
        reached.push(furthest.clone());
    }
    let Some((d, mut k)) = found else {
        let removed = (0..n).map(|i| Step::Removed(i, 0));
        return removed.chain((0..m).map(|j| Step::Added(n, j))).collect();
    };
    let (mut x, mut y) = (n, m);
    let mut steps = Vec::new();
    for d in (1..=d).rev() {
        let before = &reached[d - 1];
        let down = k == center - d || k != center + d && before[k - 1] < before[k + 1];
        let from_k = if down { k + 1 } else { k - 1 };
        let from_x = before[from_k];
        let from_y = from_x + center - from_k;
        while x > from_x && y > from_y {
            (x, y) = (x - 1, y - 1);
            steps.push(Step::Both(x, y));
        }
        if down {
            y -= 1;
            steps.push(Step::Added(x, y));
        } else {
            x -= 1;
            steps.push(Step::Removed(x, y));
        }
        k = from_k;
    }
    while x > 0 && y > 0 {
        (x, y) = (x - 1, y - 1);
        steps.push(Step::Both(x, y));
    }
    steps.reverse();
    steps
}

/// Splits the steps into hunks: changes with their context lines.
fn hunks(steps: &[Step]) -> Vec<&[Step]> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if matches!(step, Step::Both(..)) {
            continue;
        }
        let (start, end) = (
            at.saturating_sub(AROUND),
            (at + AROUND + 1).min(steps.len()),
        );
        match ranges.last_mut() {
            Some((_, last)) if start <= *last => *last = end,
            _ => ranges.push((start, end)),
        }
    }
    ranges.into_iter().map(|(a, b)| &steps[a..b]).collect()
}

/// The first line and the number of lines of a hunk in the old and in the new text.
fn extent(hunk: &[Step]) -> [(usize, usize); 2] {
    let old = hunk
        .iter()
        .filter(|s| !matches!(s, Step::Added(..)))
        .count();
    let new = hunk
        .iter()
        .filter(|s| !matches!(s, Step::Removed(..)))
        .count();
    let (i, j) = match hunk.first() {
        Some(Step::Both(i, j) | Step::Removed(i, j) | Step::Added(i, j)) => (*i, *j),
        None => (0, 0),
    };
    [(i, old), (j, new)]
}

fn write_unified(out: &mut String, hunk: &[Step], old: &[&str], new: &[&str]) {
    let range = |(start, length): (usize, usize)| match length {
        1 => (start + 1).to_string(),
        0 => format!("{start},0"),
        _ => format!("{},{length}", start + 1),
    };
    let [before, after] = extent(hunk);
    let _ = writeln!(out, "@@ -{} +{} @@", range(before), range(after));
    for step in hunk {
        let _ = match step {
            Step::Both(i, _) => writeln!(out, " {}", old[*i]),
            Step::Removed(i, _) => writeln!(out, "-{}", old[*i]),
            Step::Added(_, j) => writeln!(out, "+{}", new[*j]),
        };
    }
}

fn write_context(out: &mut String, hunk: &[Step], old: &[&str], new: &[&str]) {
    let range = |(start, length): (usize, usize)| match length {
        0 => start.to_string(),
        1 => (start + 1).to_string(),
        _ => format!("{},{}", start + 1, start + length),
    };
    // A line counts as changed if lines are removed and added next to each other.
    let kind = |at: usize| {
        let is_change = |step: &Step| !matches!(step, Step::Both(..));
        let start = hunk[..at]
            .iter()
            .rposition(|s| !is_change(s))
            .map_or(0, |p| p + 1);
        let end = hunk[at..]
            .iter()
            .position(|s| !is_change(s))
            .map_or(hunk.len(), |p| at + p);
        let block = &hunk[start..end];
        let removes = block.iter().any(|s| matches!(s, Step::Removed(..)));
        let adds = block.iter().any(|s| matches!(s, Step::Added(..)));
        removes && adds
    };
    let [before, after] = extent(hunk);
    let _ = writeln!(out, "***************\n*** {} ****", range(before));
    if hunk.iter().any(|s| matches!(s, Step::Removed(..))) {
        for (at, step) in hunk.iter().enumerate() {
            let _ = match step {
                Step::Both(i, _) => writeln!(out, "  {}", old[*i]),
                Step::Removed(i, _) if kind(at) => writeln!(out, "! {}", old[*i]),
                Step::Removed(i, _) => writeln!(out, "- {}", old[*i]),
                Step::Added(..) => Ok(()),
            };
        }
    }
    let _ = writeln!(out, "--- {} ----", range(after));
    if hunk.iter().any(|s| matches!(s, Step::Added(..))) {
        for (at, step) in hunk.iter().enumerate() {
            let _ = match step {
                Step::Both(_, j) => writeln!(out, "  {}", new[*j]),
                Step::Added(_, j) if kind(at) => writeln!(out, "! {}", new[*j]),
                Step::Added(_, j) => writeln!(out, "+ {}", new[*j]),
                Step::Removed(..) => Ok(()),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, compare};

    #[test]
    fn steps_lead_from_the_old_to_the_new_text() {
        let texts = [
            "",
            "a",
            "a b c",
            "a c",
            "x y z",
            "a b c a b b a",
            "c b a b a c",
            "b",
        ];
        for old in texts {
            for new in texts {
                let (old, new): (Vec<&str>, Vec<&str>) = (
                    old.split_whitespace().collect(),
                    new.split_whitespace().collect(),
                );
                let steps = compare(&old, &new);
                let left: Vec<&str> = steps
                    .iter()
                    .filter_map(|s| match s {
                        Step::Both(i, _) | Step::Removed(i, _) => Some(old[*i]),
                        Step::Added(..) => None,
                    })
                    .collect();
                let right: Vec<&str> = steps
                    .iter()
                    .filter_map(|s| match s {
                        Step::Both(_, j) | Step::Added(_, j) => Some(new[*j]),
                        Step::Removed(..) => None,
                    })
                    .collect();
                assert_eq!((left, right), (old.clone(), new.clone()));
            }
        }
        let changes = compare(
            &["a", "b", "c", "a", "b", "b", "a"],
            &["c", "b", "a", "b", "a", "c"],
        )
        .iter()
        .filter(|s| !matches!(s, Step::Both(..)))
        .count();
        assert_eq!(changes, 5);
    }
}
