//! Search-time fields in Splunk's order: extractions, aliases, calculated fields, lookups.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Searchtimeoperationssequence>

pub(super) mod default_fields;
mod discovered;
mod eventtypes_tags;
mod kv_mode;
mod transforms;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use polars::prelude::{UniqueKeepStrategy, lit};

pub use crate::exec::diagnose::field_lineage::FieldOrigin;
pub use crate::exec::diagnose::field_stats::FieldUse;
pub(super) use eventtypes_tags::tried;

use crate::commands::lookup_call;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::blame::Blame;
use crate::exec::context::Executor;
use crate::exec::diagnose::field_lineage::Trace;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::{Frame, cast, column};
use crate::exec::scan::sources::EventPartition;
use crate::knowledge::props::{Alias, AutomaticLookup, Extract, FieldRules, Rule, RuleOrigin};
use crate::pcre::Regex;
use crate::plan::build;
use crate::plan::texts::parse_expression;
use crate::plan::{Assignment, Plan, Scan, Target};
use crate::source::Span;
use crate::syntax::ast::Name;
use crate::value::Type;

impl Executor<'_> {
    /// Adds the fields that the rules for the events' sourcetype, source and host define.
    pub(super) fn with_fields(&self, part: &EventPartition) -> Result<Frame> {
        let mut frames = Vec::new();
        for (frame, rules) in self.with_rules(part)? {
            let frame = self.apply(frame, &rules, None)?;
            let frame = self.with_default_fields(frame)?;
            frames.push(self.with_eventtypes_and_tags(frame, part)?);
        }
        match frames.len() {
            1 => Ok(frames.remove(0)),
            _ => self.union(frames),
        }
    }

    /// The events of a partition as they were read, with the rules that apply to them.
    pub(super) fn with_rules(&self, part: &EventPartition) -> Result<Vec<(Frame, FieldRules)>> {
        let groups = self.rules_by_host(part)?;
        let single = groups.len() == 1;
        let filtered = |hosts: Vec<String>| {
            let mut frame = part.frame.clone();
            let theirs = hosts
                .iter()
                .map(|host| column("host").fill_null(lit("")).eq(lit(host.as_str())))
                .reduce(polars::prelude::Expr::or);
            if let Some(theirs) = theirs
                && !single
            {
                frame.lazy = frame.lazy.filter(theirs);
            }
            frame
        };
        Ok(groups
            .into_iter()
            .map(|(rules, hosts)| (filtered(hosts), rules))
            .collect())
    }

    /// The rules that apply to events of a partition, with their hosts if rules depend on the host.
    fn rules_by_host(&self, part: &EventPartition) -> Result<Vec<(FieldRules, Vec<String>)>> {
        let catalog = &self.context.catalog;
        let rules = |host: &str| catalog.field_rules(&part.sourcetype, &part.source, host);
        if !part.host.is_empty() || !catalog.props.minds_hosts() || !part.frame.has("host") {
            return Ok(vec![(rules(&part.host), Vec::new())]);
        }
        let mut hosts = part.frame.clone().select(vec!["host".to_owned()]);
        hosts.lazy = hosts.lazy.unique_stable(None, UniqueKeepStrategy::First);
        let hosts = self.collect(hosts)?;
        let Some(cells) = hosts.frame().columns().first().map(ValueReader::new) else {
            return Ok(vec![(rules(""), Vec::new())]);
        };
        let mut groups: Vec<(FieldRules, Vec<String>)> = Vec::new();
        for row in 0..hosts.len() {
            let host = cells.get(row).into_text().unwrap_or_default().into_owned();
            let rules = rules(&host);
            match groups.iter_mut().find(|(known, _)| *known == rules) {
                Some((_, hosts)) => hosts.push(host),
                None => groups.push((rules, vec![host])),
            }
        }
        if groups.is_empty() {
            groups.push((rules(""), Vec::new()));
        }
        Ok(groups)
    }

    /// Applies rules in the order of Splunk's search-time operations. A rule that can't be applied
    /// is switched off with a fault.
    pub(super) fn apply(
        &self,
        frame: Frame,
        rules: &FieldRules,
        mut trace: Option<&mut Trace>,
    ) -> Result<Frame> {
        let mut told = |frame: Frame, origin: &RuleOrigin, transform: Option<&str>| {
            let rule = |_: &str| Some((origin.clone(), transform.map(str::to_owned)));
            match trace.as_deref_mut() {
                Some(trace) => trace.step(self, frame, &rule),
                None => Ok(frame),
            }
        };
        let mut frame = frame;
        if let Some(rename) = &rules.rename {
            let original = (column("sourcetype"), frame.kind("sourcetype"));
            let renamed = lit(rename.rule.as_str());
            frame = frame.with(vec![
                ("_sourcetype".to_owned(), original.1, original.0),
                ("sourcetype".to_owned(), Type::Text, renamed),
            ]);
            frame = told(frame, &rename.origin, None)?;
        }
        let mut made = HashSet::new();
        for Rule { rule, origin } in &rules.extracts {
            let extract = |frame| self.extract(frame, rule, &mut made);
            frame = told(self.by_rule(frame, origin, extract)?, origin, None)?;
        }
        for Rule { rule, origin } in &rules.reports {
            let report = |frame| self.report(frame, rule, &mut made);
            frame = told(
                self.by_rule(frame, origin, report)?,
                origin,
                Some(&rule.name),
            )?;
        }
        if let Some(Rule { rule, origin }) = &rules.kv_mode {
            let find = |frame| self.kv_mode(frame, *rule);
            frame = told(self.by_rule(frame, origin, find)?, origin, None)?;
        }
        for Rule { rule, origin } in &rules.aliases {
            frame = told(self.alias(frame, rule), origin, None)?;
        }
        frame = self.calculated(frame, rules)?;
        if let Some(trace) = trace.as_deref_mut() {
            let of_field = |name: &str| {
                let rule = rules.evals.iter().find(|r| r.rule.field == name)?;
                Some((rule.origin.clone(), None))
            };
            frame = trace.step(self, frame, &of_field)?;
        }
        for Rule { rule, origin } in &rules.lookups {
            let look_up = |frame| self.automatic_lookup(frame, rule);
            let looked_up = self.by_rule(frame, origin, look_up)?;
            frame = match trace.as_deref_mut() {
                Some(trace) => trace.step(self, looked_up, &|_| Some((origin.clone(), None)))?,
                None => looked_up,
            };
        }
        Ok(frame)
    }

    /// Applies rules to an empty frame, so that their errors become faults.
    ///
    /// # Errors
    /// If the user cancelled, or an invariant of the program did not hold.
    pub fn try_rules(&self, rules: &FieldRules) -> Result<()> {
        let read = ["_raw", "_time", "host", "source", "sourcetype", "index"];
        let mut names: BTreeSet<&str> = read.into();
        names.extend(rules.extracts.iter().map(|rule| rule.rule.field.as_str()));
        names.extend(rules.reports.iter().map(|r| r.rule.source_key.as_str()));
        names.extend(rules.aliases.iter().map(|rule| rule.rule.from.as_str()));
        let keys = rules.lookups.iter().flat_map(|rule| &rule.rule.inputs);
        names.extend(keys.map(|(_, field)| field.as_str()));
        let frame = self.apply(Frame::without_rows(names), rules, None)?;
        self.collect(frame).map(drop)
    }

    /// Evaluates the searches of all event types on an empty frame, so that their errors become
    /// faults.
    ///
    /// # Errors
    /// If the user cancelled, or an invariant of the program did not hold.
    pub fn try_event_types(&self) -> Result<()> {
        let frame = Frame::without_rows(["_time"]);
        for name in self.context.catalog.event_types().keys() {
            if let Some(search) = self.context.event_type(name) {
                self.event_type(name, &search, &frame)?;
            }
        }
        Ok(())
    }

    /// Applies a rule. Returns the frame unchanged if that fails.
    fn by_rule(
        &self,
        frame: Frame,
        origin: &RuleOrigin,
        apply: impl FnOnce(Frame) -> Result<Frame>,
    ) -> Result<Frame> {
        let before = frame.clone();
        let after = self.blaming(Blame::rule(origin), || apply(frame))?;
        Ok(after.unwrap_or(before))
    }

    /// Calculated fields. All of them see the same input: none sees another's result.
    fn calculated(&self, mut frame: Frame, rules: &FieldRules) -> Result<Frame> {
        if rules.evals.is_empty() {
            return Ok(frame);
        }
        // Under temporary names first: Polars may move a constant assigned to a column before
        // expressions that read the column.
        const PREFIX: &str = "__calculated:";
        let mut calculated = Vec::new();
        let mut schema = frame.schema.clone();
        for rule in &rules.evals {
            let value = self.blaming(Blame::rule(&rule.origin), || {
                let expr = parse_expression(self.context, &rule.rule.expression)?;
                if !lookup_call::is_called(&expr) {
                    return Ok((self.value(&expr, &frame)?, None));
                }
                let resolved = lookup_call::resolve(Plan::Scan(Scan::Binding), &expr)?;
                let looked_up = self.over(frame.clone(), &resolved.rows)?;
                let value = self.value(&resolved.expr, &looked_up)?;
                Ok((value, Some((looked_up, resolved.temporary))))
            })?;
            let Some(((value, kind), looked_up)) = value else {
                continue;
            };
            let field = &rule.rule.field;
            schema.insert(field.clone(), kind);
            let own = (format!("{PREFIX}{field}"), kind, value);
            match looked_up {
                // Now, because the next lookup uses the same temporary columns.
                Some((looked_up, temporary)) => {
                    let with_own = looked_up.with(vec![own]);
                    let kept = with_own.schema.keys();
                    let kept = kept.filter(|name| !temporary.contains(name));
                    let kept = kept.cloned().collect();
                    frame = with_own.select(kept);
                }
                None => calculated.push(own),
            }
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
        let definition = self.context.catalog.find_lookup(&lookup.lookup)?;
        if let Some(why) = definition.unavailable() {
            return Err(Error::data(why));
        }
        self.automatic(
            frame,
            &name(&lookup.lookup),
            &pairs(&lookup.inputs),
            &pairs(&lookup.outputs),
            lookup.overwrite,
        )
    }

    /// Extracts the named groups of a regular expression.
    fn extract(&self, frame: Frame, rule: &Extract, made: &mut HashSet<String>) -> Result<Frame> {
        if !frame.has(&rule.field) {
            return Ok(frame);
        }
        let compiled = compiled(&rule.regex)?;
        let mut frame = frame;
        for group in compiled.names() {
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

/// A name without a position in a source text.
pub(super) fn name(text: &str) -> Name {
    build::name(text, Span::default())
}

/// Compiles a rule's regular expression.
fn compiled(regex: &str) -> Result<Arc<Regex>> {
    crate::pcre::regex(regex).map_err(|m| Error::new(ErrorKind::Regex(m)))
}
