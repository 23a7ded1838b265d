//! Index-time rules (`SEDCMD-*`, `TRANSFORMS-*`, `RULESET-*`) on events as they are read.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Transformsconf>

mod rebuild;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::exec::column::Cells;
use crate::functions::Context;
use crate::functions::pattern::{fill, regex, too_hard};
use crate::functions::sed::edit;
use crate::knowledge::index_rules::{IndexAction, IndexKey, IndexRules, IndexSource, IndexWrite};
use crate::knowledge::props::{Props, Rule, RuleOrigin};
use crate::plan::bind::Program;
use crate::plan::schema::Schema;
use crate::read::Batch;
use crate::session::Session;
use crate::session::index_time::rebuild::rebuilt;
use crate::session::ingest::{ALL, Assignment, assignments, holds, program, run};
use crate::value::{Type, Value};

/// Copies of copies of an event beyond this are not made.
const MAX_COPIES: usize = 8;

/// What index-time rules may change of an event.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    /// The row of the batch that it came from.
    row: usize,
    time: Option<i64>,
    raw: String,
    host: Option<String>,
    source: String,
    sourcetype: String,
    index: String,
    queue: Option<String>,
    /// Indexed fields that transforms wrote.
    meta: Vec<Meta>,
    /// Fields whose values `:=` took away.
    replaced: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Meta {
    name: String,
    value: String,
    number: bool,
}

/// The rules of events that arrive with one sourcetype, source and host.
struct Compiled {
    rules: IndexRules,
    evals: HashMap<usize, Vec<Assignment>>,
    stops: HashMap<usize, Program>,
}

/// The batch as index-time rules leave it: split where sources, sourcetypes or indexes now differ.
/// How many events a rule sent to `nullQueue` is added to `dropped`.
///
/// # Errors
/// A rule that can't be applied.
pub(super) fn apply(session: &Session, batch: Batch, dropped: &mut u64) -> Result<Vec<Batch>> {
    if !session.catalog.props.changes_events() {
        return Ok(vec![batch]);
    }
    let now = session.options.now.unwrap_or_else(time_now);
    let mut pass = Pass {
        props: &session.catalog.props,
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
        pass.cells.insert(name, Cells::new(column));
    }
    for name in ["queue", "linecount"] {
        pass.known.insert(name.to_owned(), Type::Any);
    }
    let height = batch.frame.height();
    if !pass.may_change(&batch)? {
        return Ok(vec![batch]);
    }
    let mut events = Vec::with_capacity(height);
    let mut made = Vec::new();
    let mut changed = false;
    for row in 0..height {
        let before = pass.event(&batch, row);
        changed |= pass.run(before, 0, &mut made)?;
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

fn time_now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0.0, |since| since.as_secs_f64())
}

/// The rules on the events of one batch.
struct Pass<'b> {
    props: &'b Props,
    clock: Context,
    cells: HashMap<String, Cells<'b>>,
    /// The fields that expressions may name.
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
    fn may_change(&self, batch: &Batch) -> Result<bool> {
        let hosts = self.cells.get("host");
        let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
        for row in 0..batch.frame.height() {
            let host = hosts.map_or(Value::Null, |c| c.get(row));
            let host = host.into_text().unwrap_or_default();
            if seen.contains(&host) {
                continue;
            }
            let rules = self
                .props
                .index_rules(&batch.sourcetype, &batch.source, &host)?;
            if !rules.is_empty() {
                return Ok(true);
            }
            seen.insert(host);
        }
        Ok(false)
    }

    fn rules(&mut self, event: &Event) -> Result<Rc<Compiled>> {
        let key = (
            event.sourcetype.clone(),
            event.source.clone(),
            event.host.clone(),
        );
        if let Some(found) = self.compiled.get(&key) {
            return Ok(Rc::clone(found));
        }
        let host = event.host.as_deref().unwrap_or_default();
        let rules = self
            .props
            .index_rules(&event.sourcetype, &event.source, host)?;
        let mut compiled = Compiled {
            evals: HashMap::new(),
            stops: HashMap::new(),
            rules,
        };
        // Indexed fields that an earlier rule writes may be read by a later one.
        for (at, Rule { rule, .. }) in compiled.rules.transforms.iter().enumerate() {
            let in_rule = |error: Error| {
                let why = format!("[{}] {error}", rule.name);
                let at = &rule.origin;
                Error::format(&at.path, at.line, 1, why)
            };
            match &rule.action {
                IndexAction::Eval(text) => {
                    let assignments = assignments(text, &self.known).map_err(in_rule)?;
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
                let program = program(text, &self.known).map_err(in_rule)?;
                compiled.stops.insert(at, program);
            }
        }
        let compiled = Rc::new(compiled);
        self.compiled.insert(key, Rc::clone(&compiled));
        Ok(compiled)
    }

    fn know(&mut self, name: &str) {
        self.known.insert(format!("{ALL}{name}"), Type::Any);
        self.known.insert(name.to_owned(), Type::Any);
    }

    /// All rules on one event: `SEDCMD` goes first, every transform that matches counts. Adds the event and
    /// its copies to `out`; whether anything is other than before.
    fn run(&mut self, before: Event, copies: usize, out: &mut Vec<Event>) -> Result<bool> {
        let compiled = self.rules(&before)?;
        if compiled.rules.is_empty() {
            out.push(before);
            return Ok(copies > 0);
        }
        let mut event = before.clone();
        for rule in &compiled.rules.sed {
            event.raw = edit(&event.raw, &rule.rule).map_err(|why| wrong(&rule.origin, &why))?;
        }
        let mut made = Vec::new();
        for (at, Rule { rule, origin }) in compiled.rules.transforms.iter().enumerate() {
            let told = |why: String| wrong(origin, &why);
            match &rule.action {
                IndexAction::Write(write) => match &write.clone {
                    Some(sourcetype) if *sourcetype != event.sourcetype => {
                        let mut copy = event.clone();
                        if self.write(&mut copy, write).map_err(told)? && copies < MAX_COPIES {
                            copy.sourcetype.clone_from(sourcetype);
                            made.push(copy);
                        }
                    }
                    Some(_) | None => {
                        self.write(&mut event, write).map_err(told)?;
                    }
                },
                IndexAction::Eval(_) => {
                    for assignment in compiled.evals.get(&at).into_iter().flatten() {
                        let value = assignment
                            .value(&self.clock, &|name| self.value(&event, name))
                            .map_err(told)?;
                        event.assign(assignment, value);
                    }
                }
                IndexAction::Nothing => {}
            }
            if let Some(stop) = compiled.stops.get(&at) {
                let value = run(stop, &self.clock, &|name| self.value(&event, name));
                if holds(&value.map_err(told)?) {
                    break;
                }
            }
        }
        let mut changed = copies > 0 || event != before;
        out.push(event);
        for copy in made {
            changed |= self.run(copy, copies + 1, out)?;
        }
        Ok(changed)
    }

    /// One transform with `REGEX`; whether it matches.
    fn write(&self, event: &mut Event, rule: &IndexWrite) -> Result<bool, String> {
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
            // `$0` is what the key held before.
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

    /// A field of an event as expressions see it: of several values the first, unless all are wanted.
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
            // What `$0` adds stays there anyway.
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
            // The last transform that matches decides.
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

fn wrong(origin: &RuleOrigin, why: &str) -> Error {
    Error::format(&origin.at.path, origin.at.line, 1, why).hint(format!("in the rule {origin}"))
}
