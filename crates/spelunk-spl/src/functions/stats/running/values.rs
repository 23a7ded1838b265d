//! Running statistics that return values: distinct ones, or values in row order.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::functions::stats::running::{Course, Running, texts};
use crate::value::Value;

/// What to return for the distinct values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distinct {
    /// `dc`
    Count,
    /// `values`
    Values,
    /// `mode`
    Mode,
}

/// `dc`, `values`, `mode`: the count of each value in the window.
pub struct Counted<M> {
    counts: M,
    of: Distinct,
}

impl Counted<HashMap<String, usize>> {
    /// If the order of the values does not matter.
    pub fn unordered(of: Distinct) -> Self {
        Counted {
            counts: HashMap::new(),
            of,
        }
    }
}

impl Counted<BTreeMap<String, usize>> {
    /// If the order of the values matters.
    pub fn ordered(of: Distinct) -> Self {
        Counted {
            counts: BTreeMap::new(),
            of,
        }
    }
}

macro_rules! counted {
    ($map:ty) => {
        impl Running for Counted<$map> {
            fn add(&mut self, value: &Value<'_>, _: Option<f64>) {
                texts(value, |text| match self.counts.get_mut(text.as_ref()) {
                    Some(count) => *count += 1,
                    None => {
                        self.counts.insert(text.into_owned(), 1);
                    }
                });
            }

            fn remove(&mut self, value: &Value<'_>, _: Option<f64>) {
                texts(value, |text| {
                    if let Some(count) = self.counts.get_mut(text.as_ref()) {
                        *count -= 1;
                        if *count == 0 {
                            self.counts.remove(text.as_ref());
                        }
                    }
                });
            }

            fn result(&self) -> Value<'static> {
                match self.of {
                    Distinct::Count => Value::Num(self.counts.len() as f64),
                    Distinct::Values => {
                        Value::multi(self.counts.keys().map(|t| Cow::Owned(t.clone())).collect())
                    }
                    Distinct::Mode => self
                        .counts
                        .iter()
                        .max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)))
                        .map_or(Value::Null, |(text, _)| Value::text(text.clone())),
                }
            }
        }
    };
}

counted!(HashMap<String, usize>);
counted!(BTreeMap<String, usize>);

/// `first`, `last`, `list`: the values in row order.
pub struct InOrder {
    values: VecDeque<Value<'static>>,
    /// How many of the first values can ever count; `None` for all.
    keeps: Option<usize>,
    of: Order,
    leaves: bool,
    list_limit: usize,
}

/// What to return for the values in row order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `first`
    First,
    /// `last`
    Last,
    /// `list`
    List,
}

impl InOrder {
    /// Begins with the given result.
    pub fn new(of: Order, course: &Course) -> InOrder {
        let keeps = match of {
            Order::First => Some(1),
            Order::List => Some(course.list_limit),
            Order::Last => None,
        };
        InOrder {
            values: VecDeque::new(),
            keeps: keeps.filter(|_| !course.leaves),
            of,
            leaves: course.leaves,
            list_limit: course.list_limit,
        }
    }
}

impl Running for InOrder {
    fn add(&mut self, value: &Value<'_>, _: Option<f64>) {
        if value.is_null() || self.keeps.is_some_and(|k| self.values.len() >= k) {
            return;
        }
        if self.of == Order::Last && !self.leaves {
            self.values.clear();
        }
        self.values.push_back(value.clone().into_owned());
    }

    fn remove(&mut self, value: &Value<'_>, _: Option<f64>) {
        if !value.is_null() {
            self.values.pop_front();
        }
    }

    fn result(&self) -> Value<'static> {
        match self.of {
            Order::First => self.values.front().cloned().unwrap_or(Value::Null),
            Order::Last => self.values.back().cloned().unwrap_or(Value::Null),
            Order::List => Value::multi(
                self.values
                    .iter()
                    .flat_map(|v| v.clone().into_values())
                    .take(self.list_limit)
                    .collect(),
            ),
        }
    }
}
