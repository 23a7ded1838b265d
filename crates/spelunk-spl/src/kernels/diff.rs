//! `diff`: the lines in which two rows differ.

use std::fmt::Write as _;
use std::ops::Range;

use similar::{Algorithm, ChangeTag, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

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
        let algorithm = match old.len() + new.len() {
            ..MANY_LINES => Algorithm::Myers,
            _ => Algorithm::Patience,
        };
        let ops = capture_diff_slices(algorithm, &old, &new);
        let mut out = String::new();
        if ops.iter().all(|op| op.tag() == DiffTag::Equal) {
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
            for hunk in &group_diff_ops(ops, AROUND) {
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

/// From this many lines on, lines that occur once in each text are matched first: the shortest edit script
/// takes time quadratic in the number of differences.
const MANY_LINES: usize = 100_000;

/// Context lines around the changes of a hunk.
const AROUND: usize = 3;

/// The extent of a hunk in the old and in the new text.
fn extent(hunk: &[DiffOp]) -> [Range<usize>; 2] {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
        return [0..0, 0..0];
    };
    [
        first.old_range().start..last.old_range().end,
        first.new_range().start..last.new_range().end,
    ]
}

fn write_unified(out: &mut String, hunk: &[DiffOp], old: &[&str], new: &[&str]) {
    let range = |lines: Range<usize>| match lines.len() {
        1 => (lines.start + 1).to_string(),
        0 => format!("{},0", lines.start),
        length => format!("{},{length}", lines.start + 1),
    };
    let [before, after] = extent(hunk);
    let _ = writeln!(out, "@@ -{} +{} @@", range(before), range(after));
    for change in hunk.iter().flat_map(|op| op.iter_changes(old, new)) {
        let _ = writeln!(out, "{}{}", change.tag(), change.value());
    }
}

fn write_context(out: &mut String, hunk: &[DiffOp], old: &[&str], new: &[&str]) {
    let range = |lines: Range<usize>| match lines.len() {
        0 => lines.start.to_string(),
        1 => (lines.start + 1).to_string(),
        _ => format!("{},{}", lines.start + 1, lines.end),
    };
    let [before, after] = extent(hunk);
    let _ = writeln!(out, "***************\n*** {} ****", range(before));
    write_side(out, hunk, old, new, ChangeTag::Delete);
    let _ = writeln!(out, "--- {} ----", range(after));
    write_side(out, hunk, old, new, ChangeTag::Insert);
}

/// Writes the lines of the old text (`own` is `Delete`) or of the new one (`Insert`), unless only the other
/// text changes.
fn write_side(out: &mut String, hunk: &[DiffOp], old: &[&str], new: &[&str], own: ChangeTag) {
    let changes = || {
        hunk.iter().flat_map(|op| {
            let changes = op.iter_changes(old, new);
            changes.map(move |change| (op.tag(), change))
        })
    };
    if !changes().any(|(_, change)| change.tag() == own) {
        return;
    }
    for (tag, change) in changes() {
        let mark = match (tag, change.tag()) {
            (_, ChangeTag::Equal) => ' ',
            (_, changed) if changed != own => continue,
            (DiffTag::Replace, _) => '!',
            (_, ChangeTag::Delete) => '-',
            (_, ChangeTag::Insert) => '+',
        };
        let _ = writeln!(out, "{mark} {}", change.value());
    }
}
