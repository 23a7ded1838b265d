//! `tstats` over a data model without `summariesonly`.

use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::syntax::ast::ArgKind;

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL401",
    name: "missing-summariesonly",
    severity: Severity::Warning,
    finds: "`tstats` over a data model without `summariesonly`",
    why: "Without it Splunk searches the events that are not summarised as well, which on a large index takes hours \
          instead of seconds. Published detections write the macro `security_content_summariesonly`, so that it can be \
          switched in one place.",
    bad: "| tstats count from datamodel=Endpoint.Processes by Processes.dest",
    good: "| tstats `security_content_summariesonly` count from datamodel=Endpoint.Processes by Processes.dest",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for stage in subject.every_stage() {
        if !stage.name.text.eq_ignore_ascii_case("tstats") {
            continue;
        }
        let option = |wanted: &str| {
            stage.args.iter().any(|arg| match &arg.kind {
                ArgKind::Option { name, .. } => name.text.eq_ignore_ascii_case(wanted),
                _ => false,
            })
        };
        if option("datamodel") && !option("summariesonly") {
            findings
                .at(stage.name.span, "this searches events that are not summarised, too")
                .hint("add summariesonly=true, or the macro security_content_summariesonly");
        }
    }
}
