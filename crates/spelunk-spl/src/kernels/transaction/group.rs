//! Assigns events to transactions.

use std::collections::{BTreeMap, HashMap};

use crate::error::Result;
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// Whether an event matches `startswith` or `endswith`: 1 or 0.
pub(crate) const START: &str = "__start";
pub(crate) const END: &str = "__end";
/// The number of its transaction; missing for an event that is dropped.
pub(crate) const TRANSACTION: &str = "__txn";
/// 1 for an event that is in no transaction.
pub(crate) const ORPHAN: &str = "_txn_orphan";
/// 1 for a transaction that a condition of the search has closed.
pub(crate) const CLOSED: &str = "closed_txn";

/// The definition of a transaction. Events are examined in row order: newest first.
#[derive(Debug)]
pub(crate) struct Grouping {
    pub fields: Vec<String>,
    pub has_start: bool,
    pub has_end: bool,
    /// Seconds.
    pub max_span: Option<f64>,
    /// Seconds.
    pub max_pause: Option<f64>,
    pub max_events: Option<usize>,
    pub max_open: Option<usize>,
    pub max_open_events: Option<usize>,
    pub connected: bool,
    pub unify_ends: bool,
    pub keep_evicted: bool,
    pub keep_orphans: bool,
}

impl ColumnKernel for Grouping {
    fn describe(&self) -> String {
        format!("transaction {}", self.fields.join(" "))
            .trim_end()
            .to_owned()
    }

    fn reads(&self, schema: &Schema) -> Vec<String> {
        let mut names: Vec<String> = self.fields.clone();
        for name in ["_time", START, END] {
            if !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        }
        names.retain(|name| schema.contains_key(name));
        names
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let height = input.height();
        let mut pool = Pool::new(self);
        let mut interned: Vec<HashMap<String, u32>> = vec![HashMap::new(); self.fields.len()];
        let mut of_row: Vec<Option<usize>> = Vec::with_capacity(height);
        for row in 0..height {
            context.check_cancelled_at(row)?;
            let key: Key = self
                .fields
                .iter()
                .zip(&mut interned)
                .map(|(field, known)| {
                    let value = input.value(field, row);
                    let text = value.as_text()?;
                    if let Some(number) = known.get(text.as_ref()) {
                        return Some(*number);
                    }
                    let number = known.len() as u32;
                    known.insert(text.into_owned(), number);
                    Some(number)
                })
                .collect();
            let is = |name: &str| input.value(name, row).as_number() == Some(1.0);
            let time = input.value("_time", row).as_number();
            of_row.push(pool.place(key, time, is(START), is(END)));
        }
        let (transactions, orphans_from) = (pool.finish(), height);
        let mut ids = Vec::with_capacity(height);
        let mut closed = Vec::with_capacity(height);
        let mut orphans = Vec::with_capacity(height);
        for (row, transaction) in of_row.into_iter().enumerate() {
            let kept = transaction
                .map(|id| (id, &transactions[id]))
                .filter(|(_, t)| self.keep_evicted || !t.evicted);
            let is_orphan = transaction.is_none() && self.keep_orphans;
            ids.push(match kept {
                Some((id, _)) => Value::Num(id as f64),
                None if is_orphan => Value::Num((orphans_from + row) as f64),
                None => Value::Null,
            });
            closed.push(match kept {
                Some((_, t)) => Value::Num(if t.closed { 1.0 } else { 0.0 }),
                None => Value::Null,
            });
            orphans.push(if is_orphan {
                Value::Num(1.0)
            } else {
                Value::Null
            });
        }
        let mut out = Table::new(height);
        out.set(TRANSACTION, Type::Number, ids);
        out.set(CLOSED, Type::Number, closed);
        if self.keep_orphans {
            out.set(ORPHAN, Type::Number, orphans);
        }
        Ok(out)
    }
}

/// The values of the fields of an event or a transaction, as numbers.
type Key = Vec<Option<u32>>;

struct Transaction {
    key: Key,
    newest: Option<f64>,
    oldest: Option<f64>,
    events: usize,
    /// When it last got an event, which is also its key among the open ones.
    touched: u64,
    is_open: bool,
    closed: bool,
    evicted: bool,
}

/// The transactions, with indexes of the open ones that an event may belong to.
struct Pool<'g> {
    rules: &'g Grouping,
    all: Vec<Transaction>,
    /// Open ones, the least recently touched first.
    open: BTreeMap<u64, usize>,
    open_events: usize,
    clock: u64,
    /// Open ones by the exact values of their fields.
    exact: HashMap<Key, usize>,
    /// Open ones by each of their values; closed ones are removed when encountered.
    by_value: HashMap<(usize, u32), Vec<usize>>,
    /// The same for those that lack a field: only these can accept an event that has all fields.
    partial: HashMap<(usize, u32), Vec<usize>>,
}

impl<'g> Pool<'g> {
    fn new(rules: &'g Grouping) -> Pool<'g> {
        Pool {
            rules,
            all: Vec::new(),
            open: BTreeMap::new(),
            open_events: 0,
            clock: 0,
            exact: HashMap::new(),
            by_value: HashMap::new(),
            partial: HashMap::new(),
        }
    }

    /// Assigns the next older event to its transaction. Returns `None` if it belongs to none.
    fn place(&mut self, key: Key, time: Option<f64>, starts: bool, ends: bool) -> Option<usize> {
        let is_bare = !key.is_empty() && key.iter().all(Option::is_none);
        let may_be_bare = (starts || ends) && !self.rules.unify_ends;
        if is_bare && !may_be_bare {
            return None;
        }
        let mut home = if is_bare {
            self.open.values().next_back().copied()
        } else {
            self.candidate(&key)
        };
        if let Some(id) = home
            && self.is_too_far(id, time)
        {
            self.close(id, true);
            home = None;
        }
        if self.rules.has_end && ends {
            // An earlier end: the open transaction never got its start.
            if let Some(id) = home.take() {
                self.close(id, !self.rules.has_start && self.all[id].closed);
            }
        } else if self.rules.has_end && home.is_none() {
            return None;
        }
        let id = match home {
            Some(id) => id,
            None if is_bare && !ends => return None,
            None => self.begin(key.len()),
        };
        self.add(id, &key, time);
        if self.rules.has_start && starts
            || self
                .rules
                .max_events
                .is_some_and(|most| self.all[id].events >= most)
        {
            self.close(id, true);
        }
        self.evict();
        Some(id)
    }

    fn finish(mut self) -> Vec<Transaction> {
        let open: Vec<usize> = self.open.values().copied().collect();
        for id in open {
            self.close(id, false);
        }
        if self.rules.has_start {
            for transaction in &mut self.all {
                transaction.evicted |= !transaction.closed;
            }
        }
        self.all
    }

    /// The open transaction for an event: one that shares a value and contradicts none. Among several, the
    /// most recently touched.
    fn candidate(&mut self, key: &Key) -> Option<usize> {
        if key.is_empty() {
            return self.open.values().next_back().copied();
        }
        if let Some(id) = self.exact.get(key) {
            return Some(*id);
        }
        let all = &self.all;
        let is_whole = key.iter().all(Option::is_some);
        let lists = if is_whole {
            &mut self.partial
        } else {
            &mut self.by_value
        };
        let mut best: Option<usize> = None;
        for (field, value) in key.iter().enumerate() {
            let Some(list) = value.and_then(|value| lists.get_mut(&(field, value))) else {
                continue;
            };
            list.retain(|id| {
                let t = &all[*id];
                t.is_open && (!is_whole || t.key.iter().any(Option::is_none))
            });
            for &id in list.iter() {
                if !contradicts(&all[id].key, key)
                    && best.is_none_or(|b| all[b].touched < all[id].touched)
                {
                    best = Some(id);
                }
            }
        }
        best.or_else(|| {
            let free = |id: &&usize| {
                let there = &all[**id].key;
                // A transaction begun by an end without fields takes the fields of the next event.
                let is_untied = there.iter().all(Option::is_none);
                (is_untied || !self.rules.connected) && !contradicts(there, key)
            };
            let looks = !self.rules.connected || self.rules.has_end && !self.rules.unify_ends;
            looks
                .then(|| self.open.values().rev().find(free).copied())
                .flatten()
        })
    }

    fn is_too_far(&self, id: usize, time: Option<f64>) -> bool {
        let transaction = &self.all[id];
        let beyond = |from: Option<f64>, most: Option<f64>| match (from, time, most) {
            (Some(from), Some(time), Some(most)) => from - time > most,
            _ => false,
        };
        beyond(transaction.newest, self.rules.max_span)
            || beyond(transaction.oldest, self.rules.max_pause)
    }

    fn begin(&mut self, fields: usize) -> usize {
        let id = self.all.len();
        self.clock += 1;
        self.open.insert(self.clock, id);
        self.all.push(Transaction {
            key: vec![None; fields],
            newest: None,
            oldest: None,
            events: 0,
            touched: self.clock,
            is_open: true,
            closed: false,
            evicted: false,
        });
        id
    }

    fn add(&mut self, id: usize, key: &Key, time: Option<f64>) {
        self.clock += 1;
        let transaction = &mut self.all[id];
        self.open.remove(&transaction.touched);
        transaction.touched = self.clock;
        self.open.insert(self.clock, id);
        transaction.events += 1;
        self.open_events += 1;
        transaction.newest = transaction.newest.or(time);
        transaction.oldest = time.or(transaction.oldest);
        let gains = |(there, new): (&Option<u32>, &Option<u32>)| there.is_none() && new.is_some();
        if !transaction.key.iter().zip(key).any(gains) {
            return;
        }
        if self.exact.get(&transaction.key) == Some(&id) {
            self.exact.remove(&transaction.key);
        }
        for (field, value) in key.iter().enumerate() {
            if let (None, Some(value)) = (transaction.key[field], value) {
                transaction.key[field] = Some(*value);
                self.by_value.entry((field, *value)).or_default().push(id);
            }
        }
        if transaction.key.iter().any(Option::is_none) {
            for (field, value) in transaction.key.iter().enumerate() {
                if let Some(value) = value {
                    let list = self.partial.entry((field, *value)).or_default();
                    if list.last() != Some(&id) {
                        list.push(id);
                    }
                }
            }
        }
        self.exact.insert(transaction.key.clone(), id);
    }

    fn close(&mut self, id: usize, closed: bool) {
        let transaction = &mut self.all[id];
        if !transaction.is_open {
            return;
        }
        transaction.is_open = false;
        transaction.closed |= closed;
        self.open.remove(&transaction.touched);
        self.open_events -= transaction.events;
        if self.exact.get(&transaction.key) == Some(&id) {
            self.exact.remove(&transaction.key);
        }
    }

    /// Evicts the least recently touched transactions, down to the limits.
    fn evict(&mut self) {
        let exceeded = |is: usize, most: Option<usize>| most.is_some_and(|most| is > most);
        while exceeded(self.open.len(), self.rules.max_open)
            || self.open.len() > 1 && exceeded(self.open_events, self.rules.max_open_events)
        {
            let Some(&id) = self.open.values().next() else {
                return;
            };
            self.close(id, false);
            self.all[id].evicted = true;
        }
    }
}

/// Whether a field has different values in the two keys.
fn contradicts(a: &Key, b: &Key) -> bool {
    a.iter()
        .zip(b)
        .any(|(a, b)| matches!((a, b), (Some(a), Some(b)) if a != b))
}
