//! Subsearches among the arguments of any command: they run first, and their results take their places as text.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Search/Aboutsubsearches>

use crate::commands::Planner;
use crate::commands::planner::parse_fragment;
use crate::error::{Error, Result};
use crate::kernels::format::Format;
use crate::plan::check;
use crate::plan::context::QueryContext;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::plan::{Expansion, Kernel as _, Plan};
use crate::source::Span;
use crate::syntax::ast::{SplicePart, Stage};

/// A part of the arguments.
#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// A subsearch that has not run yet.
    Pending(Plan),
}

/// A stage that waits for the text of its subsearches, over the rows of the first of them.
#[derive(Debug)]
struct Splice {
    command: String,
    /// The parts before the subsearch that runs now.
    before: String,
    /// Those after it.
    after: Vec<Part>,
    /// The rows of the stage.
    input: Option<Plan>,
    /// The place of the stage.
    span: Span,
}

/// Plans a stage with subsearches among its arguments.
///
/// # Errors
/// If a subsearch can't be planned.
pub(super) fn plan(
    planner: &mut Planner<'_>,
    stage: &Stage,
    parts: &[SplicePart],
    input: Option<Plan>,
) -> Result<Plan> {
    // It becomes part of the plan only after the subsearches have run.
    input.as_ref().map_or(Ok(()), check::check)?;
    let mut planned = Vec::with_capacity(parts.len());
    for part in parts {
        planned.push(match part {
            SplicePart::Text(text) => Part::Text(text.clone()),
            SplicePart::Subsearch(pipeline) => Part::Pending(planner.subsearch(pipeline)?),
        });
    }
    let splice = Splice {
        command: stage.name.text.clone(),
        before: String::new(),
        after: planned,
        input,
        span: stage.span,
    };
    splice.next(planner.context)
}

impl Splice {
    /// The plan that runs the next subsearch, or the stage once all have run.
    fn next(mut self, context: &QueryContext) -> Result<Plan> {
        let next = self
            .after
            .iter()
            .position(|part| matches!(part, Part::Pending(_)));
        let after = self
            .after
            .split_off(next.map_or(self.after.len(), |at| at + 1));
        let mut pending = None;
        for part in std::mem::replace(&mut self.after, after) {
            match part {
                Part::Text(text) => self.before.push_str(&text),
                Part::Pending(plan) => pending = Some(plan),
            }
        }
        if let Some(plan) = pending {
            return Ok(plan.expand(self));
        }
        let text = format!("{} {}", self.command, self.before);
        let planned = parse_fragment(context, "the command with what its subsearches gave", &text)
            .and_then(|pipeline| {
                let mut planner = Planner::new(context);
                match self.input {
                    Some(input) => planner.over(&pipeline, input),
                    None => planner.subsearch(&pipeline),
                }
            });
        planned.map_err(|error| error.hint(format!("the subsearches gave: {}", text.trim())))
    }
}

impl Expansion for Splice {
    fn describe(&self) -> String {
        format!("{} with the text of a subsearch", self.command)
    }

    fn needs_rows(&self) -> bool {
        true
    }

    fn reads_data(&self) -> bool {
        let later = self.after.iter().any(|part| match part {
            Part::Text(_) => false,
            Part::Pending(plan) => plan.reads_data(),
        });
        later || self.input.as_ref().is_none_or(Plan::reads_data)
    }

    fn plan(&self, _: &Schema, rows: Option<&Table>, context: &QueryContext) -> Result<Plan> {
        let rows = rows.ok_or_else(|| Error::internal("a subsearch without rows"))?;
        let text = text_of(rows.clone(), context).map_err(|error| error.at(self.span))?;
        let next = Splice {
            command: self.command.clone(),
            before: format!("{}{text}", self.before),
            after: self.after.clone(),
            input: self.input.clone(),
            span: self.span,
        };
        next.next(context)
    }
}

/// The rows of a subsearch as text: that of a field `search` or `query`, as `return` gives it, else what `format`
/// makes of them.
fn text_of(rows: Table, context: &QueryContext) -> Result<String> {
    let bare = ["search", "query"]
        .into_iter()
        .find(|name| rows.column(name).is_some());
    let (rows, field) = match bare {
        Some(field) => (rows, field),
        None => (Format::usual().run(rows, context)?, "search"),
    };
    let texts =
        (0..rows.height()).filter_map(|row| Some(rows.value(field, row).as_text()?.into_owned()));
    Ok(texts.collect::<Vec<String>>().join(" OR "))
}
