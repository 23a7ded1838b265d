//! Search-time fields in Splunk's order: extractions, aliases, calculated fields, lookups.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Searchtimeoperationssequence>

mod dynamic;
mod kv_mode;
mod pairs;
mod report;

use std::collections::HashSet;
use std::sync::Arc;

use polars::prelude::{UniqueKeepStrategy, lit};

use crate::error::{Error, ErrorKind, Result};
use crate::exec::Executor;
use crate::exec::column::Cells;
use crate::exec::data::EventPart;
use crate::exec::frame::{Frame, cast, column};
use crate::knowledge::props::{Alias, AutomaticLookup, Extract, FieldRules, RuleOrigin};
use crate::plan::build;
use crate::plan::{Assignment, Target};
use crate::source::Span;
use crate::syntax::ast::Name;
use crate::value::Type;

impl Executor<'_> {
    /// Events with the fields that the rules for their sourcetype, source and host add.
    pub(super) fn with_fields(&self, part: &EventPart) -> Result<Frame> {
        let frame = part.frame.clone();
        let mut groups = self.rules_by_host(part)?;
        if groups.len() == 1
            && let Some((rules, _)) = groups.pop()
        {
            return self.apply(frame, &rules);
        }
        let mut frames = Vec::with_capacity(groups.len());
        for (rules, hosts) in groups {
            let theirs = hosts
                .iter()
                .map(|host| column("host").fill_null(lit("")).eq(lit(host.as_str())))
                .reduce(polars::prelude::Expr::or);
            let mut frame = frame.clone();
            if let Some(theirs) = theirs {
                frame.lazy = frame.lazy.filter(theirs);
            }
            frames.push(self.apply(frame, &rules)?);
        }
        self.union(frames)
    }

    /// The rules that hold for events of a part, with the hosts they hold for where hosts make a
    /// difference.
    fn rules_by_host(&self, part: &EventPart) -> Result<Vec<(FieldRules, Vec<String>)>> {
        let catalog = &self.context.catalog;
        let rules = |host: &str| catalog.field_rules(&part.sourcetype, &part.source, host);
        if !part.host.is_empty() || !catalog.props.minds_hosts() || !part.frame.has("host") {
            return Ok(vec![(rules(&part.host)?, Vec::new())]);
        }
        let mut hosts = part.frame.clone().select(vec!["host".to_owned()]);
        hosts.lazy = hosts.lazy.unique_stable(None, UniqueKeepStrategy::First);
        let hosts = self.collect(hosts)?;
        let Some(cells) = hosts.frame().columns().first().map(Cells::new) else {
            return Ok(vec![(rules("")?, Vec::new())]);
        };
        let mut groups: Vec<(FieldRules, Vec<String>)> = Vec::new();
        for row in 0..hosts.len() {
            let host = cells.get(row).into_text().unwrap_or_default().into_owned();
            let rules = rules(&host)?;
            match groups.iter_mut().find(|(known, _)| *known == rules) {
                Some((_, hosts)) => hosts.push(host),
                None => groups.push((rules, vec![host])),
            }
        }
        if groups.is_empty() {
            groups.push((rules("")?, Vec::new()));
        }
        Ok(groups)
    }

    /// The fields that rules add, in the order of Splunk's search-time operations.
    fn apply(&self, frame: Frame, rules: &FieldRules) -> Result<Frame> {
        let mut frame = frame;
        if let Some(rename) = &rules.rename {
            let original = (column("sourcetype"), frame.kind("sourcetype"));
            frame = frame.with(vec![
                ("_sourcetype".to_owned(), original.1, original.0),
                (
                    "sourcetype".to_owned(),
                    Type::Text,
                    lit(rename.rule.as_str()),
                ),
            ]);
        }
        frame = self.extractions(frame, rules)?;
        for alias in &rules.aliases {
            frame = self.alias(frame, &alias.rule);
        }
        frame = self.calculated(frame, rules)?;
        for rule in &rules.lookups {
            frame = self
                .automatic_lookup(frame, &rule.rule)
                .map_err(|e| in_rule(e, &rule.origin))?;
        }
        Ok(frame)
    }

    /// Calculated fields. They see the same input: none sees another's result.
    fn calculated(&self, frame: Frame, rules: &FieldRules) -> Result<Frame> {
        if rules.evals.is_empty() {
            return Ok(frame);
        }
        // Under names of their own first: Polars may move a constant given to a column before
        // others that read the column.
        const PREFIX: &str = "__calculated:";
        let mut calculated = Vec::new();
        let mut schema = frame.schema.clone();
        for rule in &rules.evals {
            let expr = crate::commands::parse_expression(self.context, &rule.rule.expression)
                .map_err(|e| in_rule(e, &rule.origin))?;
            let (value, kind) = self
                .value(&expr, &frame)
                .map_err(|e| in_rule(e, &rule.origin))?;
            let field = &rule.rule.field;
            schema.insert(field.clone(), kind);
            calculated.push((format!("{PREFIX}{field}"), kind, value));
        }
        let frame = frame.with(calculated);
        let exprs: Vec<_> = schema
            .keys()
            .map(|name| {
                let own = format!("{PREFIX}{name}");
                if frame.has(&own) {
                    column(&own).alias(name.as_str())
                } else {
                    column(name)
                }
            })
            .collect();
        Ok(Frame {
            lazy: frame.lazy.select(exprs),
            schema,
        })
    }

    fn automatic_lookup(&self, frame: Frame, lookup: &AutomaticLookup) -> Result<Frame> {
        let pairs = |pairs: &[(String, String)]| {
            pairs
                .iter()
                .map(|(a, b)| (name(a), name(b)))
                .collect::<Vec<_>>()
        };
        self.lookup(
            frame,
            &name(&lookup.lookup),
            &pairs(&lookup.inputs),
            &pairs(&lookup.outputs),
            lookup.overwrite,
        )
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
