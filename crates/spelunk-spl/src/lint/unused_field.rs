//! Computed fields that nothing reads.

use crate::lint::ast_queries::sets;
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::plan::dataflow::{FieldReads, StageEffect};
use crate::plan::schema::Pattern;

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL205",
    name: "unused-field",
    severity: Severity::Note,
    finds: "a field set by `eval` or `rename` that no later command reads and that is not in the results",
    why: "It costs time and distracts readers. Often a later command should use it, or `stats` dropped it.",
    bad: "index=main | eval size=bytes/1024 | stats count by user",
    good: "index=main | eval size=bytes/1024 | stats sum(size) by user",
    by: LintInput::Look(look),
}];

/// Live fields: those read from some stage on.
struct Live {
    /// All are live except those in `except`.
    all: bool,
    except: Vec<String>,
    names: Vec<String>,
    patterns: Vec<Pattern>,
}

impl Live {
    fn has(&self, name: &str) -> bool {
        self.all && !self.except.iter().any(|e| e == name)
            || self.names.iter().any(|n| n == name)
            || self.patterns.iter().any(|p| p.matches(name))
    }

    fn everything() -> Live {
        Live {
            all: true,
            except: Vec::new(),
            names: Vec::new(),
            patterns: Vec::new(),
        }
    }

    fn read(&mut self, reads: &FieldReads) {
        if reads.all {
            *self = Live::everything();
            return;
        }
        for name in &reads.names {
            self.except.retain(|e| e != name);
            if !self.has(name) {
                self.names.push(name.clone());
            }
        }
        self.patterns.extend(reads.patterns.iter().cloned());
    }

    /// Marks the field's earlier value as dead.
    fn forget(&mut self, name: &str) {
        self.names.retain(|n| n != name);
        if self.all {
            self.except.push(name.to_owned());
        }
    }

    fn only(&mut self, patterns: &[Pattern], always: &[&str]) {
        let exact = patterns.iter().filter(|p| !p.is_wild()).map(|p| p.text.as_str());
        let names: Vec<String> = exact
            .chain(always.iter().copied())
            .filter(|name| self.has(name))
            .map(str::to_owned)
            .collect();
        let wild: Vec<Pattern> = patterns.iter().filter(|p| p.is_wild()).cloned().collect();
        let kept = self.names.iter().filter(|n| wild.iter().any(|p| p.matches(n)));
        let kept: Vec<String> = kept.cloned().collect();
        // With wildcards on both sides, whatever they match counts as read.
        let patterns = if self.all || !self.patterns.is_empty() {
            wild
        } else {
            Vec::new()
        };
        *self = Live {
            all: false,
            except: Vec::new(),
            names: names.into_iter().chain(kept).collect(),
            patterns,
        };
    }
}

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    let mut live = Live::everything();
    for view in subject.stages.iter().rev() {
        for step in view.steps.iter().rev() {
            match step {
                StageEffect::Read(reads) => live.read(reads),
                StageEffect::Set(name, reads) => {
                    let used = live.has(name);
                    if !used
                        && view.command == "eval"
                        && !name.starts_with('_')
                        && let Some(span) = sets(view.stage, name)
                    {
                        findings.at(span, format!("nothing reads `{name}`, and it is not in the results"));
                    }
                    live.forget(name);
                    live.read(reads);
                }
                StageEffect::Keep(patterns) => live.only(patterns, &["_time", "_raw"]),
                StageEffect::Table(patterns) => live.only(patterns, &[]),
                StageEffect::Drop(patterns) => {
                    for pattern in patterns.iter().filter(|p| !p.is_wild()) {
                        live.forget(&pattern.text);
                    }
                }
                StageEffect::Rename(from, to) if !from.is_wild() => {
                    let used = live.has(&to.text);
                    if !used
                        && !to.text.starts_with('_')
                        && let Some(span) = sets(view.stage, &to.text)
                    {
                        let message = format!("nothing reads `{}`, and it is not in the results", to.text);
                        findings.at(span, message);
                    }
                    live.forget(&to.text);
                    if used {
                        live.read(&FieldReads {
                            names: vec![from.text.clone()],
                            ..FieldReads::default()
                        });
                    }
                }
                // The original names can't be derived backwards.
                StageEffect::Rename(..) | StageEffect::Unknown => live = Live::everything(),
                StageEffect::Sum(reads, _) => {
                    live = Live {
                        all: false,
                        ..Live::everything()
                    };
                    live.read(reads);
                }
                StageEffect::Source(_) | StageEffect::Join(_) => {}
            }
        }
    }
}
