//! `overlap`: gaps and overlaps between the runs of a search that fills a summary index.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::kernels::stats_util::table_of;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct Overlap;

/// The time range covered by a run of a search: its start, its end, its id.
type Run = (f64, f64, String);

/// A search, the problem with its runs, and the start and end of the problem.
type Finding = (String, &'static str, f64, f64);

impl Kernel for Overlap {
    fn describe(&self) -> String {
        "gaps and overlaps of runs".to_owned()
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let text =
            |name: &str, row: usize| input.value(name, row).into_text().map(|t| t.into_owned());
        let time = |name: &str, row: usize| input.value(name, row).as_number();
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        let mut runs: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for row in 0..input.height() {
            let (Some(name), Some(id)) =
                (text("info_search_name", row), text("info_search_id", row))
            else {
                continue;
            };
            let (Some(from), Some(to)) = (time("info_min_time", row), time("info_max_time", row))
            else {
                continue;
            };
            if seen.insert((name.clone(), id.clone())) {
                runs.entry(name).or_default().push((from, to, id));
            }
        }
        let mut rows: Vec<Finding> = Vec::new();
        for (name, mut runs) in runs {
            runs.sort_by(|a, b| {
                a.0.total_cmp(&b.0)
                    .then(a.1.total_cmp(&b.1))
                    .then(a.2.cmp(&b.2))
            });
            let mut end = f64::NEG_INFINITY;
            for (from, to, _) in runs {
                if from < end {
                    rows.push((name.clone(), "overlap", from, to.min(end)));
                } else if from > end && end.is_finite() {
                    rows.push((name.clone(), "gap", end, from));
                }
                end = end.max(to);
            }
        }
        let column = |of: &dyn Fn(&Finding) -> Value<'static>| rows.iter().map(of).collect();
        Ok(table_of(
            rows.len(),
            vec![
                ("info_search_name", column(&|r| Value::text(r.0.clone()))),
                ("type", column(&|r| Value::text(r.1.to_owned()))),
                ("start_time", column(&|r| Value::Num(r.2))),
                ("end_time", column(&|r| Value::Num(r.3))),
                ("duration", column(&|r| Value::Num(r.3 - r.2))),
            ],
        ))
    }
}
