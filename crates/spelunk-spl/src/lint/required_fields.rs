//! Required fields of a detection that its search does not read.

use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::plan::dataflow::BARE;
use crate::word;

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL208",
    name: "required-field-unused",
    severity: Severity::Note,
    finds: "one of `required_fields` that the search does not name",
    why: "Users collect a field that the detection does not need, and a test that checks required fields fails on data without it. Published detections list all fields of their data models, so this lint is off by default: enable it with `--deny SPL208`.",
    bad: "name: Many logons\nid: 1\nsearch: 'index=main | stats count by user'\ntags:\n  required_fields: [user, dest]\n",
    good: "name: Many logons\nid: 1\nsearch: 'index=main | stats count by user'\ntags:\n  required_fields: [user]\n",
    by: LintInput::OnRequest(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(detection) = subject.detection else {
        return;
    };
    let text = subject.context.catalog.macro_closure(&detection.search);
    for field in &detection.tags.required_fields {
        let own = field.rsplit('.').next().unwrap_or(field);
        if BARE.contains(&field.as_str()) || word::stands_in(&text, own) {
            continue;
        }
        findings.beside(field.as_str(), format!("the search does not name `{field}`"));
    }
}
