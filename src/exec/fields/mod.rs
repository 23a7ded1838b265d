//! Search-time fields in Splunk's order: extractions, aliases, calculated fields, lookups.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Searchtimeoperationssequence>

mod dynamic;
mod kv_mode;
mod pairs;
mod report;

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::exec::Executor;
use crate::exec::data::EventPart;
use crate::exec::frame::{Frame, cast, column};
use crate::knowledge::props::{Alias, Extract, FieldRules, RuleOrigin};
use crate::plan::build;
use crate::plan::{Assignment, Target};
use crate::source::Span;
use crate::syntax::ast::Name;
use crate::value::Type;

impl Executor<'_> {
    /// Events with the fields that the rules for their sourcetype, source and host add.
    pub(super) fn with_fields(&self, part: &EventPart) -> Result<Frame> {
        let rules = self
            .context
            .catalog
            .field_rules(&part.sourcetype, &part.source, &part.host)?;
        let mut frame = part.frame.clone();
        frame = self.extractions(frame, &rules)?;
        for alias in &rules.aliases {
            frame = self.alias(frame, &alias.rule);
        }
        // Calculated fields see the same input: none sees another's result.
        let mut calculated = Vec::new();
        for rule in &rules.evals {
            let expr = crate::commands::parse_expression(self.context, &rule.rule.expression)
                .map_err(|e| in_rule(e, &rule.origin))?;
            let (value, kind) = self
                .value(&expr, &frame)
                .map_err(|e| in_rule(e, &rule.origin))?;
            calculated.push((rule.rule.field.clone(), kind, value));
        }
        frame = frame.with(calculated);
        for rule in &rules.lookups {
            let pairs = |pairs: &[(String, String)]| {
                pairs
                    .iter()
                    .map(|(a, b)| (name(a), name(b)))
                    .collect::<Vec<_>>()
            };
            let lookup = &rule.rule;
            frame = self
                .lookup(
                    frame,
                    &name(&lookup.lookup),
                    &pairs(&lookup.inputs),
                    &pairs(&lookup.outputs),
                    lookup.overwrite,
                )
                .map_err(|e| in_rule(e, &rule.origin))?;
        }
        Ok(frame)
    }

    fn extractions(&self, frame: Frame, rules: &FieldRules) -> Result<Frame> {
        let mut frame = frame;
        let mut made = HashSet::new();
        for rule in &rules.extracts {
            frame = self
                .extract(frame, &rule.rule, &mut made)
                .map_err(|e| in_rule(e, &rule.origin))?;
        }
        for rule in &rules.reports {
            frame = self
                .report(frame, &rule.rule, &mut made)
                .map_err(|e| in_rule(e, &rule.origin))?;
        }
        match &rules.kv_mode {
            Some(rule) => self
                .kv_mode(frame, rule.rule)
                .map_err(|e| in_rule(e, &rule.origin)),
            None => Ok(frame),
        }
    }

    /// The named groups of a regular expression.
    fn extract(&self, frame: Frame, rule: &Extract, made: &mut HashSet<String>) -> Result<Frame> {
        if !frame.has(&rule.field) {
            return Ok(frame);
        }
        let compiled = compiled(&rule.regex)?;
        let mut frame = frame;
        for group in compiled.capture_names().flatten() {
            let assignment = Assignment {
                target: Target::Field(group.to_owned()),
                value: build::extract_group(&rule.field, &rule.regex, group, 1, group),
            };
            frame = self.assign(frame, &assignment)?;
            made.insert(group.to_owned());
        }
        Ok(frame)
    }

    fn alias(&self, frame: Frame, alias: &Alias) -> Frame {
        if !frame.has(&alias.from) {
            return frame;
        }
        let from = frame.kind(&alias.from);
        let (value, kind) = if frame.has(&alias.to) && !alias.overwrite {
            let kind = frame.kind(&alias.to).join(from);
            let there = cast(column(&alias.to), frame.kind(&alias.to), kind);
            (there.fill_null(cast(column(&alias.from), from, kind)), kind)
        } else {
            (column(&alias.from), from)
        };
        let kind = if kind == Type::Null { Type::Text } else { kind };
        frame.with(vec![(alias.to.clone(), kind, value)])
    }
}

/// A name that stands in no text.
pub(super) fn name(text: &str) -> Name {
    build::name(text, Span::default())
}

fn in_rule(error: Error, origin: &RuleOrigin) -> Error {
    error.hint(format!("in the rule {origin}"))
}

/// A rule's regular expression compiled, or what is wrong with it.
fn compiled(regex: &str) -> Result<Arc<fancy_regex::Regex>> {
    crate::functions::pattern::regex(regex).map_err(|m| Error::new(ErrorKind::Regex(m)))
}
