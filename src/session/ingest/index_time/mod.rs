//! Applies index-time rules (`SEDCMD-*`, `TRANSFORMS-*`, `RULESET-*`) to events as they are read.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Transformsconf>

mod rebuild;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::exec::frame::reader::ValueReader;
use crate::functions::Context;
use crate::functions::pattern::{fill, regex, too_hard};
use crate::functions::sed::edit;
use crate::knowledge::Catalog;
use crate::knowledge::fault::{Fault, FaultKind};
use crate::knowledge::index_rules::{IndexAction, IndexKey, IndexRules, IndexSource, IndexWrite};
use crate::knowledge::props::{Rule, RuleOrigin};
use crate::plan::expr::bind::Program;
use crate::plan::schema::Schema;
use crate::read::Batch;
use crate::session::Session;
use crate::session::ingest::index_time::rebuild::rebuilt;
use crate::session::ingest::index_time_eval::{ALL, Assignment, assignments, holds, program, run};
use crate::value::{Type, Value};

/// Limit on nested copies of an event.
const MAX_COPIES: usize = 8;

/// The parts of an event that index-time rules can change.
#[derive(Clone, Debug, Default, PartialEq)]
struct Event {
    /// Its row in the original batch.
    row: usize,
    time: Option<i64>,
    raw: String,
    host: Option<String>,
    source: String,
    sourcetype: String,
    index: String,
    queue: Option<String>,
    /// Indexed fields written by transforms.
    meta: Vec<Meta>,
    /// Fields whose values were replaced with `:=`.
    replaced: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Meta {
    name: String,
    value: String,
    number: bool,
}

/// The compiled rules of events with one sourcetype, source and host.
struct Compiled {
    rules: IndexRules,
    evals: HashMap<usize, Vec<Assignment>>,
    stops: HashMap<usize, Program>,
}

/// Applies the index-time rules to a batch and splits it where sources, sourcetypes or indexes now differ.
/// Adds the number of events sent to `nullQueue` to `dropped`. A rule that can't be applied is disabled with
/// a fault.
///
/// # Errors
/// If the columns of the batch can't be assembled.
pub(in crate::session) fn apply(
    session: &Session,
    batch: Batch,
    dropped: &mut u64,
) -> Result<Vec<Batch>> {
    if !session.catalog.props.changes_events() {
        return Ok(vec![batch]);
    }
    let now = session.now();
    let mut pass = Pass {
        catalog: &session.catalog,
        clock: Context {
            now,
            zone: session.options.zone,
        },
        cells: HashMap::new(),
        known: Schema::new(),
        compiled: HashMap::new(),
    };
    for column in batch.frame.columns() {
        let name = column.name().to_string();
        pass.known.insert(format!("{ALL}{name}"), Type::Any);
        pass.known.insert(name.clone(), Type::Any);
        pass.cells.insert(name, ValueReader::new(column));
    }
    for name in ["queue", "linecount"] {
        pass.known.insert(name.to_owned(), Type::Any);
    }
    let height = batch.frame.height();
    if !pass.may_change(&batch) {
        return Ok(vec![batch]);
    }
    let mut events = Vec::with_capacity(height);
    let mut made = Vec::new();
    let mut changed = false;
    for row in 0..height {
        let before = pass.event(&batch, row);
        changed |= pass.run(before, 0, &mut made);
        for event in made.drain(..) {
            if event.queue.as_deref() == Some("nullQueue") {
                *dropped += 1;
                changed = true;
            } else {
                events.push(event);
            }
        }
    }
    if !changed {
        return Ok(vec![batch]);
    }
    rebuilt(&batch, &events)
}

/// Applies the rules of one stanza to an empty event, to find their faults.
pub(in crate::session) fn try_rules(catalog: &Catalog, rules: IndexRules, clock: &Context) {
    let mut pass = Pass {
        catalog,
        clock: clock.clone(),
        cells: HashMap::new(),
        known: Schema::new(),
        compiled: HashMap::new(),
    };
    let event = Event::default();
    let compiled = Rc::new(pass.compile(rules));
    pass.apply(&compiled, &event);
}

/// Applies rules to the events of one batch.
struct Pass<'b> {
    catalog: &'b Catalog,
    clock: Context,
    cells: HashMap<String, ValueReader<'b>>,
    /// The fields that expressions may use.
    known: Schema,
    compiled: HashMap<(String, String, Option<String>), Rc<Compiled>>,
}

impl Pass<'_> {
    fn event(&self, batch: &Batch, row: usize) -> Event {
        let text = |name: &str| {
            let value = self.cells.get(name).map_or(Value::Null, |c| c.get(row));
            value.into_text().map(Cow::into_owned)
        };
        let time = self.cells.get("_time").map_or(Value::Null, |c| c.get(row));
        Event {
            row,
            time: time
                .as_number()
                .map(|seconds| (seconds * 1e6).round() as i64),
            raw: text("_raw").unwrap_or_default(),
            host: text("host"),
            source: batch.source.clone(),
            sourcetype: batch.sourcetype.clone(),
            index: batch.index.clone(),
            queue: None,
            meta: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Whether there is a rule for any event of the batch.
    fn may_change(&self, batch: &Batch) -> bool {
        let hosts = self.cells.get("host");
        let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
        for row in 0..batch.frame.height() {
            let host = hosts.map_or(Value::Null, |c| c.get(row));
            let host = host.into_text().unwrap_or_default();
            if seen.contains(&host) {
                continue;
            }
            let rules = self
                .catalog
                .index_rules(&batch.sourcetype, &batch.source, &host);
            if !rules.is_empty() {
                return true;
            }
            seen.insert(host);
        }
        false
    }

    fn rules(&mut self, event: &Event) -> Rc<Compiled> {
        let key = (
            event.sourcetype.clone(),
            event.source.clone(),
            event.host.clone(),
        );
        if let Some(found) = self.compiled.get(&key) {
            return Rc::clone(found);
        }
        let host = event.host.as_deref().unwrap_or_default();
        let rules = self
            .catalog
            .index_rules(&event.sourcetype, &event.source, host);
        let compiled = Rc::new(self.compile(rules));
        self.compiled.insert(key, Rc::clone(&compiled));
        compiled
    }

    /// Parses the expressions of rules; an invalid one is a fault and left out.
    fn compile(&mut self, rules: IndexRules) -> Compiled {
        let mut compiled = Compiled {
            evals: HashMap::new(),
            stops: HashMap::new(),
            rules,
        };
        // Later rules may read indexed fields that an earlier one writes.
        for (at, Rule { rule, .. }) in compiled.rules.transforms.iter().enumerate() {
            let faults = self.catalog.faults();
            let in_rule = |error: Error| {
                let object = format!("transform [{}]", rule.name);
                let effect = "that part of the rule is switched off";
                let kind = FaultKind::IndexRule;
                faults.add(Fault::new(kind, &rule.origin, object, error, effect));
            };
            match &rule.action {
                IndexAction::Eval(text) => {
                    let assignments = assignments(text, &self.known, &in_rule);
                    for assignment in &assignments {
                        self.know(&assignment.target);
                    }
                    compiled.evals.insert(at, assignments);
                }
                IndexAction::Write(write) if write.target == IndexKey::Meta => {
                    let names = pairs(&write.format);
                    names.iter().for_each(|(name, _)| self.know(name));
                }
                IndexAction::Write(_) | IndexAction::Nothing => {}
            }
            if let Some(text) = &rule.stop_if {
                match program(text, &self.known) {
                    Ok(program) => {
                        compiled.stops.insert(at, program);
                    }
                    Err(error) => in_rule(error),
                }
            }
        }
        compiled
    }

    fn know(&mut self, name: &str) {
        self.known.insert(format!("{ALL}{name}"), Type::Any);
        self.known.insert(name.to_owned(), Type::Any);
    }

    /// Applies all rules to one event: `SEDCMD` first, then every transform that matches. Adds the event and
    /// its copies to `out`; returns whether anything changed.
    fn run(&mut self, before: Event, copies: usize, out: &mut Vec<Event>) -> bool {
        let compiled = self.rules(&before);
        if compiled.rules.is_empty() {
            out.push(before);
            return copies > 0;
        }
        let (event, made) = self.apply(&compiled, &before);
        let mut changed = copies > 0 || event != before;
        out.push(event);
        for copy in made.into_iter().take_while(|_| copies < MAX_COPIES) {
            changed |= self.run(copy, copies + 1, out);
        }
        changed
    }

    /// The event after the rules, and the copies that they create.
    fn apply(&self, compiled: &Compiled, before: &Event) -> (Event, Vec<Event>) {
        let mut event = before.clone();
        for rule in &compiled.rules.sed {
            match edit(&event.raw, &rule.rule) {
                Ok(edited) => event.raw = edited,
                Err(why) => self.fault(&rule.origin, why),
            }
        }
        let mut made = Vec::new();
        for (at, Rule { rule, origin }) in compiled.rules.transforms.iter().enumerate() {
            match &rule.action {
                IndexAction::Write(write) => match &write.clone {
                    Some(sourcetype) if *sourcetype != event.sourcetype => {
                        let mut copy = event.clone();
                        if self.write(&mut copy, write, origin) {
                            copy.sourcetype.clone_from(sourcetype);
                            made.push(copy);
                        }
                    }
                    Some(_) | None => {
                        self.write(&mut event, write, origin);
                    }
                },
                IndexAction::Eval(_) => {
                    for assignment in compiled.evals.get(&at).into_iter().flatten() {
                        match assignment.value(&self.clock, &|name| self.value(&event, name)) {
                            Ok(value) => event.assign(assignment, value),
                            Err(why) => self.fault(origin, why),
                        }
                    }
                }
                IndexAction::Nothing => {}
            }
            if let Some(stop) = compiled.stops.get(&at) {
                match run(stop, &self.clock, &|name| self.value(&event, name)) {
                    Ok(value) if holds(&value) => break,
                    Ok(_) => {}
                    Err(why) => self.fault(origin, why),
                }
            }
        }
        (event, made)
    }

    /// Records the fault of a rule that can't be applied to an event, which stays unchanged.
    fn fault(&self, origin: &RuleOrigin, why: String) {
        let fault = origin.fault(FaultKind::IndexRule, why);
        self.catalog.faults().add(Fault {
            effect: "events in which that happens stay as they are",
            ..fault
        });
    }

    /// Applies one transform with `REGEX`; returns whether it matches.
    fn write(&self, event: &mut Event, rule: &IndexWrite, origin: &RuleOrigin) -> bool {
        self.written(event, rule).unwrap_or_else(|why| {
            self.fault(origin, why);
            false
        })
    }

    fn written(&self, event: &mut Event, rule: &IndexWrite) -> Result<bool, String> {
        let pattern = regex(&rule.regex)?;
        let text = match &rule.source {
            IndexSource::Key(key) => event.get(*key),
            IndexSource::Fields(names) => {
                let values = names
                    .iter()
                    .filter_map(|name| self.value(event, name).into_text());
                let values: Vec<String> = values.map(Cow::into_owned).collect();
                (!values.is_empty()).then(|| values.join(" "))
            }
        };
        let text = text.unwrap_or_default();
        let end = rule
            .lookahead
            .and_then(|most| text.char_indices().nth(most))
            .map_or(text.len(), |(end, _)| end);
        let mut matched = false;
        for captures in pattern.captures_iter(&text[..end]) {
            let captures = captures.map_err(|_| too_hard(&rule.regex))?;
            matched = true;
            // `$0` is the key's previous value.
            let held = event.get(rule.target).unwrap_or_default();
            let parts: Vec<String> = rule
                .format
                .split("$0")
                .map(|part| fill(part, &captures))
                .collect();
            event.put(rule.target, parts.join(&held));
            if !rule.repeat {
                break;
            }
        }
        if !matched && let Some(default) = &rule.default {
            event.put(rule.target, default.clone());
        }
        Ok(matched)
    }

    /// A field of an event as expressions see it: the first of several values, unless all are requested.
    fn value<'e>(&'e self, event: &'e Event, name: &str) -> Value<'e> {
        let (name, all) = match name.strip_prefix(ALL) {
            Some(name) => (name, true),
            None => (name, false),
        };
        let text = |text: &'e str| Value::text(text);
        let known = match name {
            "_raw" => Some(text(&event.raw)),
            "_time" => Some(
                event
                    .time
                    .map_or(Value::Null, |t| Value::Num(t as f64 / 1e6)),
            ),
            "host" => Some(event.host.as_deref().map_or(Value::Null, text)),
            "source" => Some(text(&event.source)),
            "sourcetype" => Some(text(&event.sourcetype)),
            "index" => Some(text(&event.index)),
            "queue" => Some(text(event.queue.as_deref().unwrap_or("indexQueue"))),
            "linecount" => Some(Value::Num(event.raw.lines().count() as f64)),
            _ => None,
        };
        if let Some(known) = known {
            return known;
        }
        let read = match self.cells.get(name) {
            Some(cells) if !event.replaced.iter().any(|r| r == name) => cells.get(event.row),
            Some(_) | None => Value::Null,
        };
        let mut values = read.into_values();
        let meta = event.meta.iter().filter(|m| m.name == name);
        values.extend(meta.map(|m| Cow::Borrowed(m.value.as_str())));
        if !all {
            values.truncate(1);
        }
        Value::multi(values)
    }
}

impl Event {
    fn get(&self, key: IndexKey) -> Option<String> {
        let prefixed = |value: &str| Some(format!("{}{value}", key.prefix()));
        match key {
            IndexKey::Raw => Some(self.raw.clone()),
            IndexKey::Host => prefixed(self.host.as_deref().unwrap_or_default()),
            IndexKey::Source => prefixed(&self.source),
            IndexKey::Sourcetype => prefixed(&self.sourcetype),
            IndexKey::Index => Some(self.index.clone()),
            IndexKey::Queue => self.queue.clone(),
            IndexKey::Time => self.time.map(|t| t.div_euclid(1_000_000).to_string()),
            // The value that `$0` would add stays in any case.
            IndexKey::Meta | IndexKey::Other => None,
        }
    }

    fn put(&mut self, key: IndexKey, written: String) {
        let bare = || {
            written
                .strip_prefix(key.prefix())
                .unwrap_or(&written)
                .trim_matches('"')
                .to_owned()
        };
        match key {
            IndexKey::Host => self.host = Some(bare()),
            IndexKey::Source => self.source = bare(),
            IndexKey::Sourcetype => self.sourcetype = bare(),
            IndexKey::Index => self.index = bare(),
            IndexKey::Raw => self.raw = written,
            // The last matching transform decides.
            IndexKey::Queue => self.queue = Some(written),
            IndexKey::Time => self.time = seconds(&Value::text(written)).or(self.time),
            IndexKey::Meta => self
                .meta
                .extend(pairs(&written).into_iter().map(|(name, value)| Meta {
                    name,
                    value,
                    number: false,
                })),
            IndexKey::Other => {}
        }
    }

    fn assign(&mut self, assignment: &Assignment, value: Value<'static>) {
        let key = match assignment.target.as_str() {
            _ if assignment.is_field => None,
            "_raw" => Some(IndexKey::Raw),
            "host" | "MetaData:Host" => Some(IndexKey::Host),
            "source" | "MetaData:Source" => Some(IndexKey::Source),
            "sourcetype" | "MetaData:Sourcetype" => Some(IndexKey::Sourcetype),
            "index" | "_MetaData:Index" => Some(IndexKey::Index),
            "queue" => Some(IndexKey::Queue),
            "_time" => {
                self.time = seconds(&value).or(self.time);
                return;
            }
            _ => None,
        };
        if let Some(key) = key {
            if let Some(text) = value.into_text() {
                self.put(key, text.into_owned());
            }
            return;
        }
        let name = &assignment.target;
        if assignment.replaces {
            self.meta.retain(|m| m.name != *name);
            self.replaced.push(name.clone());
        }
        let number = matches!(value, Value::Num(_));
        let values = value.into_values().into_iter();
        self.meta.extend(values.map(|value| Meta {
            name: name.clone(),
            value: value.into_owned(),
            number,
        }));
    }
}

/// Epoch seconds as microseconds.
fn seconds(value: &Value<'_>) -> Option<i64> {
    let seconds = value.as_number().filter(|n| n.abs() < 1e12)?;
    Some((seconds * 1e6).round() as i64)
}

/// `a::b "c d"::"e f"` as pairs.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut quoted = false;
    let is_end = |c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    };
    for pair in text.split(is_end) {
        if let Some((name, value)) = pair.split_once("::") {
            let bare = |text: &str| text.trim_matches('"').to_owned();
            found.push((bare(name), bare(value)));
        }
    }
    found
}
