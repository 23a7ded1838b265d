//! Running minimum and maximum, earliest and latest, over a moving window.

use std::collections::VecDeque;

use crate::functions::stats::running::{Course, Running, numbers, texts};
use crate::value::{Value, format_number, parse_number};

/// The best values of a window; forgets values that a later one beats.
struct Best<T> {
    candidates: VecDeque<(usize, T)>,
    beats: fn(&T, &T) -> bool,
    leaves: bool,
}

impl<T> Best<T> {
    fn new(beats: fn(&T, &T) -> bool, leaves: bool) -> Best<T> {
        Best {
            candidates: VecDeque::new(),
            beats,
            leaves,
        }
    }

    fn add(&mut self, at: usize, value: T) {
        if !self.leaves {
            // If rows never leave, a beaten value never counts again.
            let better = self
                .candidates
                .front()
                .is_none_or(|(_, best)| (self.beats)(&value, best));
            if better {
                self.candidates.clear();
                self.candidates.push_back((at, value));
            }
            return;
        }
        while self
            .candidates
            .back()
            .is_some_and(|(_, last)| (self.beats)(&value, last))
        {
            self.candidates.pop_back();
        }
        self.candidates.push_back((at, value));
    }

    fn forget_before(&mut self, at: usize) {
        while self.candidates.front().is_some_and(|(n, _)| *n < at) {
            self.candidates.pop_front();
        }
    }

    fn best(&self) -> Option<&T> {
        self.candidates.front().map(|(_, value)| value)
    }
}

/// Which ends to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// `min`
    Low,
    /// `max`
    High,
    /// `range`
    Both,
}

/// `min`, `max`, `range`: numeric while all values are numbers, otherwise by text.
pub struct Extremes {
    ends: Ends,
    numeric: bool,
    added: usize,
    removed: usize,
    texts: usize,
    low: Best<f64>,
    high: Best<f64>,
    low_text: Best<String>,
    high_text: Best<String>,
}

impl Extremes {
    /// Begins with the given ends.
    pub fn new(ends: Ends, course: &Course) -> Extremes {
        Extremes {
            ends,
            numeric: course.numeric,
            added: 0,
            removed: 0,
            texts: 0,
            low: Best::new(|a, b| a < b, course.leaves),
            high: Best::new(|a, b| a > b, course.leaves),
            low_text: Best::new(|a, b| a < b, course.leaves),
            high_text: Best::new(|a, b| a > b, course.leaves),
        }
    }
}

impl Running for Extremes {
    fn add(&mut self, value: &Value<'_>, _: Option<f64>) {
        if self.ends == Ends::Both {
            numbers(value, |n| {
                self.low.add(self.added, n);
                self.high.add(self.added, n);
            });
        } else if let Value::Num(n) = value {
            match self.ends {
                Ends::Low => self.low.add(self.added, *n),
                Ends::High | Ends::Both => self.high.add(self.added, *n),
            }
            if !self.numeric {
                self.text(format_number(*n));
            }
        } else {
            texts(value, |text| {
                match parse_number(&text) {
                    Some(n) => {
                        self.low.add(self.added, n);
                        self.high.add(self.added, n);
                    }
                    None => self.texts += 1,
                }
                self.text(text.into_owned());
            });
        }
        self.added += 1;
    }

    fn remove(&mut self, value: &Value<'_>, _: Option<f64>) {
        if !matches!(value, Value::Num(_)) {
            texts(value, |text| {
                self.texts -= usize::from(parse_number(&text).is_none() && self.ends != Ends::Both);
            });
        }
        self.removed += 1;
        self.low.forget_before(self.removed);
        self.high.forget_before(self.removed);
        self.low_text.forget_before(self.removed);
        self.high_text.forget_before(self.removed);
    }

    fn result(&self) -> Value<'static> {
        let number = |best: &Best<f64>| best.best().map_or(Value::Null, |n| Value::Num(*n));
        let text =
            |best: &Best<String>| best.best().map_or(Value::Null, |t| Value::text(t.clone()));
        match self.ends {
            Ends::Both => match (self.low.best(), self.high.best()) {
                (Some(low), Some(high)) => Value::number(high - low),
                _ => Value::Null,
            },
            Ends::Low if self.texts == 0 => number(&self.low),
            Ends::High if self.texts == 0 => number(&self.high),
            Ends::Low => text(&self.low_text),
            Ends::High => text(&self.high_text),
        }
    }
}

impl Extremes {
    fn text(&mut self, text: String) {
        match self.ends {
            Ends::Low => self.low_text.add(self.added, text),
            Ends::High => self.high_text.add(self.added, text),
            Ends::Both => {}
        }
    }
}

/// What to return for the earliest and latest values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `earliest`
    Earliest,
    /// `latest`
    Latest,
    /// `earliest_time`
    EarliestTime,
    /// `latest_time`
    LatestTime,
    /// `rate`
    Rate,
}

/// The values with the smallest and the largest time. Among equal times, the one seen first is the latest and
/// the one seen last the earliest, because rows come newest first.
pub struct Moments {
    of: Moment,
    added: usize,
    removed: usize,
    earliest: Best<(f64, Value<'static>)>,
    latest: Best<(f64, Value<'static>)>,
}

impl Moments {
    /// Begins with the given result.
    pub fn new(of: Moment, course: &Course) -> Moments {
        Moments {
            of,
            added: 0,
            removed: 0,
            earliest: Best::new(|a, b| a.0 <= b.0, course.leaves),
            latest: Best::new(|a, b| a.0 > b.0, course.leaves),
        }
    }
}

impl Running for Moments {
    fn add(&mut self, value: &Value<'_>, time: Option<f64>) {
        if let (false, Some(time)) = (value.is_null(), time) {
            if !matches!(self.of, Moment::Latest | Moment::LatestTime) {
                self.earliest
                    .add(self.added, (time, value.clone().into_owned()));
            }
            if !matches!(self.of, Moment::Earliest | Moment::EarliestTime) {
                self.latest
                    .add(self.added, (time, value.clone().into_owned()));
            }
        }
        self.added += 1;
    }

    fn remove(&mut self, _: &Value<'_>, _: Option<f64>) {
        self.removed += 1;
        self.earliest.forget_before(self.removed);
        self.latest.forget_before(self.removed);
    }

    fn result(&self) -> Value<'static> {
        let value = |best: &Best<(f64, Value<'static>)>| {
            best.best().map_or(Value::Null, |(_, value)| value.clone())
        };
        let time = |best: &Best<(f64, Value<'static>)>| {
            best.best()
                .map_or(Value::Null, |(time, _)| Value::Num(*time))
        };
        match self.of {
            Moment::Earliest => value(&self.earliest),
            Moment::Latest => value(&self.latest),
            Moment::EarliestTime => time(&self.earliest),
            Moment::LatestTime => time(&self.latest),
            Moment::Rate => {
                let (Some((start, low)), Some((end, high))) =
                    (self.earliest.best(), self.latest.best())
                else {
                    return Value::Null;
                };
                match (low.as_number(), high.as_number()) {
                    (Some(low), Some(high)) if end > start => {
                        Value::number((high - low) / (end - start))
                    }
                    _ => Value::Null,
                }
            }
        }
    }
}
