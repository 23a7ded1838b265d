//! Streaming COUNT(DISTINCT): flags the first row of each value per group; the count is the sum of
//! the flags.
//!
//! Applies to rows streamed from files. Stores a 128-bit hash per value instead of the value, so
//! that counting long, mostly distinct strings takes little memory.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use foldhash::quality::{FixedState, FoldHasher};
use hashbrown::HashTable;
use polars::prelude::{
    BooleanChunked, Column, DataType, Expr as Lazy, IntoColumn as _, NewChunkedArray as _,
};

use crate::exec::engine::fences::has_file_scan;
use crate::exec::frame::broadcast::broadcast;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column};
use crate::functions::stats::{Builtin, StatsFunction, StatsGroup, Takes};
use crate::plan::schema::Pattern;
use crate::plan::{AggregateCall, AggregateInput};
use crate::value::{Type, Value};

/// Number of shards, so that threads rarely contend for the same lock.
const SETS: usize = 32;

/// Flags the first occurrence of each value per group in rows from files, and replaces distinct
/// counts by counts of flags. Also returns whether it did: such a frame must be computed only once.
pub(in crate::exec) fn flag_first_occurrences(
    frame: Frame,
    by: &[String],
    calls: Vec<AggregateCall>,
) -> (Frame, Vec<AggregateCall>, bool) {
    if !has_file_scan(&frame.lazy) {
        return (frame, calls, false);
    }
    let by: Vec<Lazy> = by.iter().map(|n| column(n)).collect();
    let mut marks = Vec::new();
    let mut counted = Vec::with_capacity(calls.len());
    for call in calls {
        let field = match &call.arg {
            AggregateInput::Field(pattern) if call.function.counts_distinct => &pattern.text,
            _ => {
                counted.push(call);
                continue;
            }
        };
        if !frame.has(field) || frame.kind(field) == Type::Multi {
            counted.push(call);
            continue;
        }
        let mark = format!("__first{}", marks.len());
        let first = first_seen(&by, column(field)).cast(DataType::Int64);
        marks.push((mark.clone(), Type::Number, first));
        counted.push(AggregateCall {
            function: &FIRST,
            arg: AggregateInput::Field(Pattern::exact(&mark)),
            ..call
        });
    }
    let marked = !marks.is_empty();
    (
        if marked { frame.with(marks) } else { frame },
        counted,
        marked,
    )
}

/// The number of flags; 0 if there are none.
static FIRST: StatsFunction = StatsFunction {
    name: "marks",
    aliases: &[],
    group: StatsGroup::Aggregate,
    synopsis: "marks(<value>)",
    takes: Takes::Field,
    parameter: None,
    returns: |_| Type::Number,
    needs_time: false,
    order_sensitive: false,
    decomposable: true,
    counts_distinct: false,
    doc: "The number of marks.",
    example: ("", "", ""),
    scalar: |samples| Value::Num(samples.numbers().iter().sum()),
    builtin: Some(Builtin::CountTrue),
    accumulator: None,
    per: None,
    metrics: false,
};

/// Whether a row is the first with its value in its group; false if the value is missing. Which row
/// that is depends on the order of evaluation. The expression is stateful: it must be evaluated
/// only once.
fn first_seen(by: &[Lazy], value: Lazy) -> Lazy {
    let seen = ShardedHashSet::default();
    value.map_many(
        move |columns: &mut [Column]| Ok(seen.insert(columns)),
        by,
        |_, fields| Ok(field(fields[0].name(), Type::Bool)),
    )
}

/// The set of values seen.
struct ShardedHashSet {
    /// Equal values have equal hashes. Two of a thousand million distinct values collide with a
    /// probability of one in 10^20, and no input can be crafted to collide: the seeds differ in
    /// each run of the program.
    states: [FixedState; 2],
    sets: [Mutex<HashTable<u128>>; SETS],
}

impl Default for ShardedHashSet {
    fn default() -> ShardedHashSet {
        // Seeded by the standard library.
        let state = || FixedState::with_seed(RandomState::new().build_hasher().finish());
        ShardedHashSet {
            states: [state(), state()],
            sets: [const { Mutex::new(HashTable::new()) }; SETS],
        }
    }
}

impl ShardedHashSet {
    /// Flags first occurrences: `columns` are the value and the group keys.
    fn insert(&self, columns: &[Column]) -> Column {
        let columns = broadcast(columns);
        let height = columns.first().map_or(0, Column::len);
        let mut hashes = vec![[0; 2]; height];
        for column in &columns {
            self.hash(column, &mut hashes);
        }
        // Shard by shard, so that each is locked once.
        let set_of = |hash: &[u64; 2]| hash[1] as usize % SETS;
        let mut starts = [0; SETS + 1];
        for hash in &hashes {
            starts[set_of(hash) + 1] += 1;
        }
        for set in 0..SETS {
            starts[set + 1] += starts[set];
        }
        let mut rows = vec![0_u32; height];
        let mut next = starts;
        for (row, hash) in hashes.iter().enumerate() {
            let place = &mut next[set_of(hash)];
            rows[*place] = row as u32;
            *place += 1;
        }
        let value = ValueReader::new(&columns[0]);
        let has_gaps = columns[0].null_count() > 0;
        let mut first = vec![false; height];
        for (set, values) in self.sets.iter().enumerate() {
            let mut values = values.lock().unwrap_or_else(PoisonError::into_inner);
            for row in &rows[starts[set]..starts[set + 1]] {
                let row = *row as usize;
                if has_gaps && value.get(row).is_null() {
                    continue;
                }
                let [low, high] = hashes[row];
                let whole = u128::from(high) << 64 | u128::from(low);
                let found = values.entry(low, |seen| *seen == whole, |seen| *seen as u64);
                if let hashbrown::hash_table::Entry::Vacant(free) = found {
                    free.insert(whole);
                    first[row] = true;
                }
            }
        }
        BooleanChunked::from_slice(columns[0].name().clone(), &first).into_column()
    }

    /// Mixes a value into a row's hashes.
    fn mix(&self, hashes: &mut [u64; 2], write: impl Fn(&mut FoldHasher<'_>)) {
        for (state, hash) in self.states.iter().zip(hashes) {
            let mut hasher = state.build_hasher();
            hasher.write_u64(*hash);
            write(&mut hasher);
            *hash = hasher.finish();
        }
    }

    /// Mixes a column's values into the hashes of their rows.
    fn hash(&self, column: &Column, hashes: &mut [[u64; 2]]) {
        match ValueReader::new(column) {
            ValueReader::Text(texts) => {
                for (text, hashes) in texts.iter().zip(hashes) {
                    self.mix(hashes, |hasher| match text {
                        Some(text) => {
                            hasher.write_u8(TEXT);
                            hasher.write(text.as_bytes());
                        }
                        None => hasher.write_u8(MISSING),
                    });
                }
            }
            cells => {
                for (row, hashes) in hashes.iter_mut().enumerate() {
                    let value = cells.get(row);
                    self.mix(hashes, |hasher| match &value {
                        Value::Null => hasher.write_u8(MISSING),
                        Value::Bool(b) => hasher.write_u8(CONDITION + u8::from(*b)),
                        Value::Num(n) => {
                            hasher.write_u8(NUMBER);
                            // 0 and -0 are equal.
                            hasher.write_u64((n + 0.0).to_bits());
                        }
                        Value::Text(text) => {
                            hasher.write_u8(TEXT);
                            hasher.write(text.as_bytes());
                        }
                        Value::Multi(values) => {
                            for value in values {
                                hasher.write_usize(value.len());
                                hasher.write(value.as_bytes());
                            }
                        }
                    });
                }
            }
        }
    }
}

/// Type tags hashed before each value: otherwise the number 0 would hash like a missing value.
const MISSING: u8 = 1;
const TEXT: u8 = 2;
const NUMBER: u8 = 3;
const CONDITION: u8 = 4;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use polars::prelude::Column;

    use super::ShardedHashSet;

    #[test]
    fn a_value_counts_once_in_each_group() {
        let seen = ShardedHashSet::default();
        let mut counted = 0;
        let mut expected: HashSet<(u32, String)> = HashSet::new();
        for piece in 0..4_u32 {
            let rows = 0..10_000_u32;
            let texts: Vec<Option<String>> = rows
                .clone()
                .map(|n| (n % 11 > 0).then(|| format!("a long text about {}", n / 3 + piece * 100)))
                .collect();
            let group = |n: u32| (!n.is_multiple_of(4)).then(|| f64::from(n % 4 - 1));
            let groups: Vec<Option<f64>> = rows.map(group).collect();
            for (text, group) in texts.iter().zip(&groups) {
                let group = group.map_or(9, |n| n as u32);
                expected.extend(text.clone().map(|text| (group, text)));
            }
            let columns = [
                Column::new("t".into(), &texts),
                Column::new("g".into(), &groups),
            ];
            let marked = seen.insert(&columns);
            counted += marked
                .bool()
                .expect("conditions")
                .iter()
                .flatten()
                .filter(|m| *m)
                .count();
        }
        assert_eq!(counted, expected.len());
    }
}
