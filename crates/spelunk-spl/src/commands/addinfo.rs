//! `addinfo`: adds information about the search as fields.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::build::{number, text};
use crate::plan::context::QueryContext;
use crate::plan::{Assignment, Plan, Predicate, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{Search, Stage};
use crate::time;

pub(super) const COMMAND: Command = Command {
    name: "addinfo",
    category: Category::Fields,
    synopsis: "addinfo",
    doc: "Adds info_min_time and info_max_time, the bounds of the search's time range (0.000 and +Infinity if there is none), info_search_time, the start time, and info_sid, the search id. Bounds are those of --earliest and --latest or of `earliest=` and `latest=` in the search.",
    examples: &[(
        "| makeresults | addinfo | eval known=if(info_search_time=now(), \"yes\", \"no\") | table info_min_time info_max_time known",
        r#"{"info_min_time":"0.000","info_max_time":"+Infinity","known":"yes"}"#,
    )],
    page: "SearchReference/Addinfo",
    args: Rule::addinfo_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    Args::new(&COMMAND, stage)?;
    let rows = Planner::rows_or_events(input);
    let info = Info::of(planner.context, &rows);
    let columns = [
        ("info_min_time", text(&info.min)),
        ("info_max_time", text(&info.max)),
        ("info_search_time", number(planner.context.clock.now)),
        ("info_sid", text(&info.sid)),
    ];
    let columns = columns.map(|(name, value)| Assignment {
        target: Target::Field(name.to_owned()),
        value,
    });
    Ok(rows.extend(columns.into()))
}

/// Information about a search.
pub(super) struct Info {
    /// Start of the time range, as Splunk writes it.
    pub(super) min: String,
    /// End of the time range.
    pub(super) max: String,
    /// The search id.
    pub(super) sid: String,
}

impl Info {
    /// For the search that produced these rows.
    pub(super) fn of(context: &QueryContext, rows: &Plan) -> Info {
        let (mut earliest, mut latest) = (context.earliest, context.latest);
        in_search(context, rows, &mut earliest, &mut latest);
        Info {
            min: format!("{:.3}", earliest.unwrap_or(0.0)),
            max: latest.map_or("+Infinity".to_owned(), |t| format!("{t:.3}")),
            sid: format!("{:.0}.1", context.clock.now),
        }
    }
}

/// Reads the time bounds that searches in the plan set. The innermost are those of the search itself.
fn in_search(
    context: &QueryContext,
    plan: &Plan,
    earliest: &mut Option<f64>,
    latest: &mut Option<f64>,
) {
    let clock = &context.clock;
    if let Plan::Filter {
        predicate: Predicate::Search(search, _),
        ..
    } = plan
    {
        let terms = match search {
            Search::And(terms) => terms.as_slice(),
            one => std::slice::from_ref(one),
        };
        for term in terms {
            if let Search::Compare { field, value, .. } = term
                && let Ok(at) = time::time_modifier(&value.text, clock.now, clock.zone)
            {
                match field.text.to_ascii_lowercase().as_str() {
                    "earliest" => *earliest = Some(at),
                    "latest" => *latest = Some(at),
                    _ => {}
                }
            }
        }
    }
    if let Some(first) = plan.inputs().first() {
        in_search(context, first, earliest, latest);
    }
}
