//! Fields that a data model does not have.

use crate::lint::ast_queries::reads;
use crate::lint::{LintInput, Findings, Lint, Severity, StageView, Subject};
use crate::error::nearest;
use crate::knowledge::models::Dataset;
use crate::plan::dataflow::StageEffect;
use crate::plan::{Plan, Scan};

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL201",
    name: "unknown-model-field",
    severity: Severity::Warning,
    finds: "a field in `tstats ... from datamodel=` that the data set does not have",
    why: "A condition on it never holds, and grouping by it gives no rows. Fields of a data set carry its name \
          (`Processes.dest`), only `_time`, `host`, `source`, `sourcetype` and `index` do not. If the data model was \
          extended, add the app that does with `--app`.",
    bad: "| tstats summariesonly=true count from datamodel=Endpoint.Processes where Processes.proces_name=cmd.exe",
    good: "| tstats summariesonly=true count from datamodel=Endpoint.Processes where Processes.process_name=cmd.exe",
    by: LintInput::Look(look),
}];

/// Terms that are not fields of rows.
const OTHERS: &[&str] = &[
    "nodename", "earliest", "latest", "_index_earliest", "_index_latest", "_indextime", "splunk_server",
    "eventtype", "tag", "linecount", "punct", "sourcetype", "timestamp",
];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for view in subject.stages.iter().filter(|view| view.command == "tstats") {
        let Some(StageEffect::Source(fields)) = view.steps.first() else {
            continue;
        };
        let below = fields_below(view, subject);
        let mut told: Vec<&String> = Vec::new();
        for step in &view.steps {
            let names = match step {
                StageEffect::Read(reads) | StageEffect::Sum(reads, _) => &reads.names,
                _ => continue,
            };
            for name in names {
                let other = OTHERS.contains(&name.as_str())
                    || name.starts_with("tag::")
                    || name.starts_with("date_");
                if fields.may_have(name) || below.contains(name) || other || told.contains(&name) {
                    continue;
                }
                told.push(name);
                let Some(span) = reads(view.stage, name) else {
                    continue;
                };
                let found = findings.at(span, format!("the data set has no field `{name}`"));
                if let Some(near) = nearest(name, fields.known.iter().map(String::as_str)) {
                    found.hint(format!("did you mean `{near}`?"));
                } else if let Some(full) = fields
                    .known
                    .iter()
                    .find(|known| known.rsplit('.').next() == Some(name))
                {
                    found.hint(format!("did you mean `{full}`?"));
                }
            }
        }
    }
}

/// The fields of the child data sets of the searched one, which its summary contains too.
fn fields_below(view: &StageView<'_>, subject: &Subject<'_>) -> Vec<String> {
    fn scan(plan: &Plan) -> Option<&Scan> {
        match plan {
            Plan::Scan(scan) => Some(scan),
            other => scan(other.inputs().first()?),
        }
    }
    let Some(Scan::Model { model, dataset, .. }) = view.plan.as_ref().and_then(scan) else {
        return Vec::new();
    };
    let Some(model) = subject.context.catalog.models.get(&model.text) else {
        return Vec::new();
    };
    let own = match dataset {
        Some(name) => model.dataset(&name.text),
        None => model.root(),
    };
    let Some(own) = own else { return Vec::new() };
    let below = |d: &&Dataset| d.lineage.contains(&own.name);
    let fields = model.datasets().filter(below).flat_map(|d| &d.fields);
    fields.map(|f| format!("{}.{}", f.owner, f.name)).collect()
}
