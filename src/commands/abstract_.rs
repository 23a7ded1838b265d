//! `abstract`: the lines of an event that say most.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "abstract",
    category: Category::Fields,
    synopsis: "abstract [maxlines=<N>] [maxterms=<N>]",
    options: &[
        ("maxlines", "10", "lines kept, at most 500"),
        ("maxterms", "1000", "words of a line that are looked at, at most 1000"),
    ],
    doc: "Puts in place of an event's text its lines that hold the most different words, in their order; ties go to the earlier line.",
    examples: &[(
        "| makeresults | eval _raw=\"a\nb c d\ne f\" | abstract maxlines=2 | eval text=replace(_raw, \"\\n\", \"/\") | table text",
        r#"{"text":"b c d/e f"}"#,
    )],
    page: "SearchReference/Abstract",
    args: Rule::abstract_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    Ok(Planner::rows_or_events(input).apply(Abstract {
        lines: args.number("maxlines", 10)?.min(500),
        terms: args.number("maxterms", 1000)?.min(1000),
    }))
}

#[derive(Debug)]
struct Abstract {
    lines: usize,
    terms: usize,
}

impl Kernel for Abstract {
    fn describe(&self) -> String {
        format!("abstract of {} lines", self.lines)
    }

    fn run(&self, mut rows: Table, _: &PlanContext) -> Result<Table> {
        if rows.column("_raw").is_none() {
            return Ok(rows);
        }
        let texts = (0..rows.height())
            .map(|row| match rows.value("_raw", row).as_text() {
                Some(text) => Value::text(self.shorten(&text)),
                None => Value::Null,
            })
            .collect();
        rows.set("_raw", Type::Text, texts);
        Ok(rows)
    }
}

impl Abstract {
    fn shorten(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let score = |line: &str| {
            let mut words: Vec<&str> = line.split_whitespace().take(self.terms).collect();
            words.sort_unstable();
            words.dedup();
            words.len()
        };
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(score(lines[at])));
        order.truncate(self.lines);
        order.sort_unstable();
        let kept: Vec<&str> = order.into_iter().map(|at| lines[at]).collect();
        kept.join("\n")
    }
}
