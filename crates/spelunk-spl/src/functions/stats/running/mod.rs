//! Running statistics over a moving window, updated as rows enter and leave. `streamstats` needs a result
//! after every row, so none may rescan all its values.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Streamstats>

mod extremes;
mod values;

pub use extremes::{Ends, Extremes, Moment, Moments};
pub use values::{Counted, Distinct, InOrder, Order};

use std::borrow::Cow;

use crate::functions::stats::chunks::Chunks;
use crate::functions::stats::{GroupValues, StatsFunction};
use crate::value::{Value, parse_number};

/// A statistic over a window of rows. Rows leave in the order in which they entered.
pub trait Running: Send {
    /// Adds a row: its value, and its time in epoch seconds.
    fn add(&mut self, value: &Value<'_>, time: Option<f64>);
    /// Removes the oldest row; takes the same arguments as when it was added.
    fn remove(&mut self, value: &Value<'_>, time: Option<f64>);
    /// The statistic over the current rows.
    fn result(&self) -> Value<'static>;
}

/// Parameters of a running statistic.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// The number in the function's name.
    pub parameter: Option<f64>,
    /// Maximum number of values that `list` returns.
    pub list_limit: usize,
    /// Whether rows ever leave.
    pub leaves: bool,
    /// Whether all values have a numeric type.
    pub numeric: bool,
}

/// Begins a running statistic.
pub type MakeRunning = fn(&Course) -> Box<dyn Running>;

/// The running form of a function: its own, or one that buffers the rows and passes them to the function's
/// body.
pub fn running(function: &'static StatsFunction, course: &Course) -> Box<dyn Running> {
    match function.accumulator {
        Some(own) => own(course),
        None => Box::new(Kept {
            function,
            samples: GroupValues {
                parameter: course.parameter,
                list_limit: course.list_limit,
                ..GroupValues::default()
            },
        }),
    }
}

/// A statistic without a result while the window contains a non-numeric value (`allnum=true`).
pub struct AllNumbers {
    inner: Box<dyn Running>,
    others: usize,
}

impl AllNumbers {
    /// Wraps a statistic.
    pub fn new(inner: Box<dyn Running>) -> AllNumbers {
        AllNumbers { inner, others: 0 }
    }
}

fn others(value: &Value<'_>) -> usize {
    let mut others = 0;
    texts(value, |text| {
        others += usize::from(parse_number(&text).is_none())
    });
    others
}

impl Running for AllNumbers {
    fn add(&mut self, value: &Value<'_>, time: Option<f64>) {
        self.others += others(value);
        self.inner.add(value, time);
    }

    fn remove(&mut self, value: &Value<'_>, time: Option<f64>) {
        self.others -= others(value);
        self.inner.remove(value, time);
    }

    fn result(&self) -> Value<'static> {
        if self.others > 0 {
            return Value::Null;
        }
        self.inner.result()
    }
}

/// For functions without a running form: buffers all rows and rescans them each time.
struct Kept {
    function: &'static StatsFunction,
    samples: GroupValues<'static>,
}

impl Running for Kept {
    fn add(&mut self, value: &Value<'_>, time: Option<f64>) {
        self.samples.values.push(value.clone().into_owned());
        self.samples.times.push(time);
    }

    fn remove(&mut self, _: &Value<'_>, _: Option<f64>) {
        self.samples.values.remove(0);
        self.samples.times.remove(0);
    }

    fn result(&self) -> Value<'static> {
        (self.function.scalar)(&self.samples)
    }
}

/// Every number in a value.
fn numbers(value: &Value<'_>, mut each: impl FnMut(f64)) {
    match value {
        Value::Multi(several) => several
            .iter()
            .filter_map(|v| parse_number(v))
            .for_each(each),
        single => {
            if let Some(number) = single.as_number() {
                each(number);
            }
        }
    }
}

/// Every single value, as text.
fn texts<'v>(value: &'v Value<'_>, each: impl FnMut(Cow<'v, str>)) {
    value.borrowed().into_values().into_iter().for_each(each);
}

/// `count`
#[derive(Default)]
pub struct Count(usize);

impl Running for Count {
    fn add(&mut self, value: &Value<'_>, _: Option<f64>) {
        self.0 += value.count();
    }

    fn remove(&mut self, value: &Value<'_>, _: Option<f64>) {
        self.0 -= value.count();
    }

    fn result(&self) -> Value<'static> {
        Value::Num(self.0 as f64)
    }
}

/// Sums, and statistics computed from them.
pub struct Sum {
    count: usize,
    sum: f64,
    /// The accumulated rounding error (Neumaier), so that values that left leave nothing behind.
    lost: f64,
    of: fn(f64) -> f64,
    result: fn(f64, usize) -> f64,
}

impl Sum {
    /// Sums `of` each number; `result` computes the statistic from the sum and the number of values.
    pub fn new(of: fn(f64) -> f64, result: fn(f64, usize) -> f64) -> Sum {
        Sum {
            count: 0,
            sum: 0.0,
            lost: 0.0,
            of,
            result,
        }
    }

    fn put(&mut self, number: f64) {
        let sum = self.sum + number;
        self.lost += if self.sum.abs() >= number.abs() {
            (self.sum - sum) + number
        } else {
            (number - sum) + self.sum
        };
        self.sum = sum;
    }
}

impl Running for Sum {
    fn add(&mut self, value: &Value<'_>, _: Option<f64>) {
        numbers(value, |n| {
            self.count += 1;
            self.put((self.of)(n));
        });
    }

    fn remove(&mut self, value: &Value<'_>, _: Option<f64>) {
        numbers(value, |n| {
            self.count -= 1;
            self.put(-(self.of)(n));
        });
        if self.count == 0 {
            (self.sum, self.lost) = (0.0, 0.0);
        }
    }

    fn result(&self) -> Value<'static> {
        if self.count == 0 {
            return Value::Null;
        }
        Value::number((self.result)(self.sum + self.lost, self.count))
    }
}

/// Variances by Welford's method, which keeps precision for large values with small differences.
pub struct Spread {
    count: usize,
    mean: f64,
    squares: f64,
    freedom: usize,
    root: bool,
}

impl Spread {
    /// The variance of a sample (`freedom` 1) or a population (0), or its square root.
    pub fn new(freedom: usize, root: bool) -> Spread {
        Spread {
            count: 0,
            mean: 0.0,
            squares: 0.0,
            freedom,
            root,
        }
    }
}

impl Running for Spread {
    fn add(&mut self, value: &Value<'_>, _: Option<f64>) {
        numbers(value, |n| {
            self.count += 1;
            let delta = n - self.mean;
            self.mean += delta / self.count as f64;
            self.squares += delta * (n - self.mean);
        });
    }

    fn remove(&mut self, value: &Value<'_>, _: Option<f64>) {
        numbers(value, |n| {
            self.count -= 1;
            if self.count == 0 {
                (self.mean, self.squares) = (0.0, 0.0);
                return;
            }
            let delta = n - self.mean;
            self.mean -= delta / self.count as f64;
            self.squares -= delta * (n - self.mean);
        });
    }

    fn result(&self) -> Value<'static> {
        if self.count == 0 {
            return Value::Null;
        }
        if self.count <= self.freedom {
            return Value::Num(0.0);
        }
        let variance = self.squares.max(0.0) / (self.count - self.freedom) as f64;
        Value::number(if self.root { variance.sqrt() } else { variance })
    }
}

/// `median`, `perc`: the numbers in sorted order.
pub struct Ranked {
    numbers: Chunks,
    percent: f64,
}

impl Ranked {
    /// Begins with the given percentile.
    pub fn new(percent: f64) -> Ranked {
        Ranked {
            numbers: Chunks::default(),
            percent,
        }
    }
}

impl Running for Ranked {
    fn add(&mut self, value: &Value<'_>, _: Option<f64>) {
        numbers(value, |n| self.numbers.insert(n));
    }

    fn remove(&mut self, value: &Value<'_>, _: Option<f64>) {
        numbers(value, |n| self.numbers.remove(n));
    }

    fn result(&self) -> Value<'static> {
        let Some(last) = self.numbers.len().checked_sub(1) else {
            return Value::Null;
        };
        let at = last as f64 * self.percent / 100.0;
        let (Some(low), Some(high)) = (
            self.numbers.get(at.floor() as usize),
            self.numbers.get(at.ceil() as usize),
        ) else {
            return Value::Null;
        };
        Value::number(low + (high - low) * at.fract())
    }
}
