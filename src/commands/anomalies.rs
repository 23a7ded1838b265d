//! `anomalies`: events unlike those before them.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::commands::args::{Args, names, texts};
use crate::commands::figures::{decimal, rows_at, set};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "anomalies",
    category: Category::Filtering,
    synopsis: "anomalies [threshold=<number>] [labelonly=<bool>] [normalize=<bool>] [maxvalues=<N>] [field=<field>] \
               [denylist=<file>] [denylistthreshold=<number>] [BY <field>...]",
    options: &[
        ("threshold", "0.01", "events with a higher score are anomalous"),
        ("labelonly", "false", "keeps all events, with their score"),
        ("normalize", "true", "whether all digits count as the same"),
        ("maxvalues", "100", "events before it that an event is compared with, 10 to 10000"),
        ("field", "_raw", "the field looked at"),
        ("denylist", "", "a CSV file of events whose like are expected and score 0"),
        ("denylistthreshold", "0.05", "how like them an event must be"),
        ("blacklist", "", "the former name of denylist"),
        ("blacklistthreshold", "0.05", "the former name of denylistthreshold"),
    ],
    doc: "Scores in `unexpectedness` how much an event differs from those before it: `(s(P and X) - s(P)) / (s(P) + \
          s(X))`, P being the events before and X the event. The measure s is not documented; here it is the size that \
          the text has when it is compressed.",
    examples: &[(
        "| makeresults | eval t=split(\"the mill turns,the mill turns,the mill turns,fire in the boiler house!\", \",\") | mvexpand t | anomalies field=t threshold=0.1 labelonly=t | eval odd=if(unexpectedness>0.3,1,0) | stats sum(odd) AS odd",
        r#"{"odd":2}"#,
    )],
    page: "SearchReference/Anomalies",
    args: Rule::anomalies_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let most = args.number("maxvalues", 100)?;
    if !(10..=10_000).contains(&most) {
        let span = args.get("maxvalues").map_or(stage.span, |l| l.span);
        return Err(Error::argument(span, "`maxvalues` is from 10 to 10000"));
    }
    let threshold = match args.get("denylistthreshold") {
        Some(_) => "denylistthreshold",
        None => "blacklistthreshold",
    };
    let field = args.text("field", "_raw");
    let expected = match args.get("denylist").or_else(|| args.get("blacklist")) {
        Some(file) => expected(planner.context, &file.text, &field, file.span)?,
        None => Vec::new(),
    };
    let kernel = Anomalies {
        threshold: decimal(&args, "threshold", 0.01, f64::NEG_INFINITY..=f64::INFINITY)?,
        label_only: args.flag("labelonly", false)?,
        normalize: args.flag("normalize", true)?,
        most,
        field,
        expected,
        expected_threshold: decimal(&args, threshold, 0.05, 0.0..=f64::INFINITY)?,
        by: texts(&names(&args.after("BY"))),
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}

/// The texts of the events in a lookup file; its name may lack the ending.
fn expected(context: &PlanContext, file: &str, field: &str, span: Span) -> Result<Vec<String>> {
    let with_ending = format!("{file}.csv");
    let found = [file, &with_ending]
        .iter()
        .find_map(|name| context.catalog.lookup(name));
    let table = found
        .ok_or_else(|| Error::argument(span, format!("there is no lookup file `{file}`")))?
        .load()?;
    let Some(at) = table.columns.iter().position(|c| c == field) else {
        return Err(Error::argument(span, format!("`{file}` has no column `{field}`")));
    };
    Ok(table
        .rows
        .iter()
        .filter_map(|row| row.get(at).cloned().flatten())
        .collect())
}

#[derive(Debug)]
struct Anomalies {
    threshold: f64,
    label_only: bool,
    normalize: bool,
    most: usize,
    field: String,
    expected: Vec<String>,
    expected_threshold: f64,
    by: Vec<String>,
}

impl Kernel for Anomalies {
    fn describe(&self) -> String {
        format!("anomalies threshold={} field={}", self.threshold, self.field)
    }

    fn run(&self, mut input: Table, context: &PlanContext) -> Result<Table> {
        let mut before: HashMap<Vec<String>, VecDeque<String>> = HashMap::new();
        let mut scores = Vec::with_capacity(input.height());
        for row in 0..input.height() {
            context.check_cancelled()?;
            let group = self.by.iter().map(|f| text(&input.value(f, row))).collect();
            let event = self.normalized(text(&input.value(&self.field, row)));
            let previous = before.entry(group).or_default();
            scores.push(self.score(previous, &event));
            previous.push_back(event);
            if previous.len() > self.most {
                previous.pop_front();
            }
        }
        let odd: Vec<usize> = (0..scores.len())
            .filter(|&row| scores[row] > self.threshold)
            .collect();
        let values = scores.into_iter().map(Value::number).collect();
        set(&mut input, "unexpectedness", values);
        Ok(if self.label_only { input } else { rows_at(&input, &odd) })
    }
}

impl Anomalies {
    fn normalized(&self, text: String) -> String {
        if !self.normalize {
            return text;
        }
        let same = |c: char| if c.is_ascii_digit() { '0' } else { c };
        text.chars().map(same).collect()
    }

    fn score(&self, previous: &VecDeque<String>, event: &str) -> f64 {
        let expected = self.expected.iter().any(|known| {
            let known = self.normalized(known.clone());
            unexpectedness(&known, event) <= self.expected_threshold
        });
        if expected {
            return 0.0;
        }
        let mut all = String::new();
        for text in previous {
            all.push_str(text);
            all.push('\n');
        }
        unexpectedness(&all, event)
    }
}

fn unexpectedness(before: &str, event: &str) -> f64 {
    let (alone, known) = (size(&[event]), size(&[before]));
    let (both, sum) = (size(&[before, event]), known + alone);
    if sum > 0.0 { (both - known) / sum } else { 0.0 }
}

/// Bytes of the texts when they are compressed.
fn size(texts: &[&str]) -> f64 {
    if texts.iter().all(|t| t.is_empty()) {
        return 0.0;
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    for text in texts {
        // Memory takes whatever is written.
        let _ = encoder.write_all(text.as_bytes());
    }
    encoder.finish().map_or(0.0, |bytes| bytes.len() as f64)
}

fn text(value: &Value<'_>) -> String {
    value.as_text().unwrap_or_default().into_owned()
}
