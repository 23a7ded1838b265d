//! Fields of a detection's risk that its rows do not have.

use std::collections::BTreeSet;

use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::knowledge::risk::message_fields;
use crate::plan::dataflow::FieldSet;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        code: "SPL206",
        name: "risk-object-missing",
        severity: Severity::Warning,
        finds: "a risk or threat object whose field is not in the results of the detection",
        why: "The detection fires but adds no risk for the object. Keep the field to the end of the search, in `by` or as `values(x) as x`, or use the name that it has there.",
        bad: "name: Many logons\nid: 1\ntype: TTP\nsearch: 'index=main | stats count by user'\nrba:\n  message: Many logons\n  \
              risk_objects:\n  - field: dest\n    type: system\n    score: 50\n",
        good: "name: Many logons\nid: 1\ntype: TTP\nsearch: 'index=main | stats count by user'\nrba:\n  message: Many logons\n  \
               risk_objects:\n  - field: user\n    type: user\n    score: 50\n",
        by: LintInput::Look(objects),
    },
    Lint {
        code: "SPL207",
        name: "message-field-missing",
        severity: Severity::Warning,
        finds: "a `$field$` of a risk message that is not in the results of the detection",
        why: "The message shows the name with its dollars in place of the value.",
        bad: "name: Many logons\nid: 1\ntype: TTP\nsearch: 'index=main | stats count by user'\nrba:\n  message: Many logons on $dest$\n",
        good: "name: Many logons\nid: 1\ntype: TTP\nsearch: 'index=main | stats count by user'\nrba:\n  message: Many logons of $user$\n",
        by: LintInput::Look(message),
    },
];

fn judged(subject: &Subject<'_>) -> Option<FieldSet> {
    let kind = subject.detection?.kind.as_deref().unwrap_or_default();
    let without_risk = ["hunting", "correlation", "baseline", "investigation"];
    let output = subject.output();
    let plain = !without_risk.iter().any(|k| kind.eq_ignore_ascii_case(k));
    (plain && !output.may_have_more).then_some(output)
}

fn tell(findings: &mut Findings, beside: &str, what: &str, output: &FieldSet) {
    let found = findings.beside(beside, format!("{what} is not in the results"));
    let known: Vec<&str> = output.known.iter().map(String::as_str).collect();
    found.hint(format!("there are: {}", known.join(", ")));
}

fn objects(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(output), Some(detection)) = (judged(subject), subject.detection) else {
        return;
    };
    let risk = detection.risk();
    let objects = risk.objects.iter().map(|o| (&o.field, "risk"));
    let threats = risk.threats.iter().map(|t| (&t.field, "threat"));
    for (field, kind) in objects.chain(threats) {
        if !output.may_have(field) {
            tell(findings, field, &format!("the field `{field}` of a {kind} object"), &output);
        }
    }
}

fn message(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(output), Some(detection)) = (judged(subject), subject.detection) else {
        return;
    };
    let risk = detection.risk();
    let fields: BTreeSet<&str> = risk.messages().flat_map(message_fields).collect();
    for field in fields {
        if !output.may_have(field) {
            let what = format!("`${field}$` of the risk message");
            tell(findings, &format!("${field}$"), &what, &output);
        }
    }
}
