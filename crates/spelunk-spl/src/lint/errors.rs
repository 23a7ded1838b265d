//! Errors as lints, so that each of them has a code in reports.

use crate::lint::{LintInput, Lint, Severity};
use crate::error::ErrorKind;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        code: "SPL001",
        name: "does-not-parse",
        severity: Severity::Error,
        finds: "a search, or the file of a detection, that can't be read",
        why: "Splunk refuses it too. The caret shows where reading stopped.",
        bad: "| makeresults | eval x=(1",
        good: "| makeresults | eval x=(1)",
        by: LintInput::Error(|kind| {
            matches!(
                kind,
                ErrorKind::Syntax(_) | ErrorKind::File { .. } | ErrorKind::Format { .. }
            )
        }),
    },
    Lint {
        code: "SPL002",
        name: "unknown-macro",
        severity: Severity::Error,
        finds: "an undefined macro, or one not defined with that number of arguments",
        why: "The search fails before it starts. Define the macro, or add the folder that does with `--macros`, \
              `--app` or `--content`. A `<name>_filter` without a definition counts as `search *`.",
        bad: "| makeresults | `no_such_macro`",
        good: "| makeresults | eval t=_time | `security_content_ctime(t)`",
        by: LintInput::Error(|kind| {
            matches!(
                kind,
                ErrorKind::UnknownMacro(_)
                    | ErrorKind::MacroArity { .. }
                    | ErrorKind::MacroLoop(_)
                    | ErrorKind::MacroValidation(_)
            )
        }),
    },
    Lint {
        code: "SPL003",
        name: "unknown-lookup",
        severity: Severity::Error,
        finds: "an undefined lookup",
        why: "The search fails when it reaches it. Add the folder that defines it with `--app` or `--content`.",
        bad: "| makeresults | eval user=\"bob\" | lookup no_such_lookup user",
        good: "| makeresults | eval user=\"bob\" | table user",
        by: LintInput::Error(|kind| matches!(kind, ErrorKind::UnknownLookup(_))),
    },
    Lint {
        code: "SPL004",
        name: "unknown-model",
        severity: Severity::Error,
        finds: "an undefined data model or data set",
        why: "`tstats` over it fails. Data sets are named `Model.Dataset`; `spelunk list datasets` lists them.",
        bad: "| tstats summariesonly=true count from datamodel=Endpoint.Procesess",
        good: "| tstats summariesonly=true count from datamodel=Endpoint.Processes",
        by: LintInput::Error(|kind| {
            matches!(
                kind,
                ErrorKind::UnknownModel(_) | ErrorKind::UnknownDataset { .. }
            )
        }),
    },
    Lint {
        code: "SPL005",
        name: "unknown-name",
        severity: Severity::Error,
        finds: "a command or a function that there is not",
        why: "Most likely a misspelling.",
        bad: "| makeresults | hed 3",
        good: "| makeresults | head 3",
        by: LintInput::Error(|kind| {
            matches!(
                kind,
                ErrorKind::UnknownCommand(_) | ErrorKind::UnknownFunction(_)
            )
        }),
    },
    Lint {
        code: "SPL006",
        name: "not-supported",
        severity: Severity::Note,
        finds: "a command or a function of Splunk's that can't be had offline, or not yet",
        why: "The search may be right, but it cannot be run or tested here, and the rest of it is not checked.",
        bad: "| rest /services/server/info",
        good: "| makeresults",
        by: LintInput::Error(|kind| {
            matches!(
                kind,
                ErrorKind::UnsupportedCommand { .. } | ErrorKind::UnsupportedFunction { .. }
            )
        }),
    },
    Lint {
        code: "SPL007",
        name: "does-not-run",
        severity: Severity::Error,
        finds: "an option, an argument or an expression that a command does not take",
        why: "The search can be read, but not run.",
        bad: "| makeresults | head limt=3",
        good: "| makeresults | head limit=3",
        by: LintInput::Error(|kind| {
            !matches!(
                kind,
                ErrorKind::Syntax(_)
                    | ErrorKind::File { .. }
                    | ErrorKind::Format { .. }
                    | ErrorKind::UnknownMacro(_)
                    | ErrorKind::MacroArity { .. }
                    | ErrorKind::MacroLoop(_)
                    | ErrorKind::MacroValidation(_)
                    | ErrorKind::UnknownLookup(_)
                    | ErrorKind::UnknownModel(_)
                    | ErrorKind::UnknownDataset { .. }
                    | ErrorKind::UnknownCommand(_)
                    | ErrorKind::UnknownFunction(_)
                    | ErrorKind::UnsupportedCommand { .. }
                    | ErrorKind::UnsupportedFunction { .. }
            )
        }),
    },
];
