//! A table as a figure: the first column gives the positions, the others the values.

use chrono_tz::Tz;

use crate::cli::output::{Table, is_time, time};
use crate::error::Error;
use crate::value::Value;

/// The positions of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Places {
    /// Times, in epoch seconds.
    Times(Vec<f64>),
    /// Names.
    Names(Vec<String>),
}

/// Values under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The column's name.
    pub name: String,
    /// One value per position, `None` where it is missing.
    pub values: Vec<Option<f64>>,
}

/// A figure to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The positions.
    pub places: Places,
    /// The values at these positions.
    pub series: Vec<Series>,
    /// The zone in which times are shown.
    pub zone: Tz,
}

impl Figure {
    /// Builds the figure of a table: positions are the times in `_time`, else the values of the first column
    /// and of other columns without numbers; series are the numeric columns. The percentages of `top` repeat
    /// its counts and are left out.
    ///
    /// # Errors
    /// If the table has no rows or no numbers.
    pub fn of(table: &dyn Table, zone: Tz) -> Result<Figure, Error> {
        let names = table.names();
        if table.height() == 0 {
            return Err(Error::usage("no rows to plot"));
        }
        let time = names.iter().position(|n| *n == "_time");
        let first = time.unwrap_or(0);
        let counts = names.contains(&"count");
        let mut series = Vec::new();
        let mut across = vec![first];
        for (column, name) in names.iter().enumerate() {
            let hidden = name.starts_with('_') || (*name == "percent" && counts);
            if column == first || hidden {
                continue;
            }
            match numbers(table, column) {
                Some(values) => series.push(Series {
                    name: (*name).to_owned(),
                    values,
                }),
                None if time.is_none() && series.is_empty() => across.push(column),
                None => {}
            }
        }
        if series.is_empty() {
            return Err(Error::usage("no numeric column to plot")
                .hint("timechart, chart, top and stats give some"));
        }
        let places = match time {
            Some(column) if is_time("_time", table.types()[column]) => times(table, column)?,
            _ => Places::Names(
                (0..table.height())
                    .map(|row| place(table, &across, row, zone))
                    .collect(),
            ),
        };
        Ok(Figure {
            places,
            series,
            zone,
        })
    }

    /// The smallest and the largest value, including 0.
    pub fn bounds(&self) -> (f64, f64) {
        let values = self.series.iter().flat_map(|s| &s.values).flatten();
        let (low, high) = values.fold((0.0f64, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
        if low < high {
            (low, high)
        } else {
            (low, low + 1.0)
        }
    }

    /// A time label for an axis of `span` seconds, as short as possible while labels stay distinct.
    pub fn tick(&self, seconds: f64, span: f64) -> String {
        let readable = time::readable(seconds, self.zone);
        let (day, clock) = readable.split_once(' ').unwrap_or((&readable, ""));
        let clock = clock.split('.').next().unwrap_or(clock);
        let minutes = clock.rsplit_once(':').map_or(clock, |(before, _)| before);
        match span {
            s if s <= 300.0 => clock.to_owned(),
            s if s <= 86_400.0 => minutes.to_owned(),
            s if s <= 7.0 * 86_400.0 => format!("{} {minutes}", day.get(5..).unwrap_or(day)),
            _ => day.to_owned(),
        }
    }
}

/// A column's numbers; `None` if it has none or holds anything else.
fn numbers(table: &dyn Table, column: usize) -> Option<Vec<Option<f64>>> {
    let mut found = Vec::with_capacity(table.height());
    for row in 0..table.height() {
        match table.value(row, column) {
            Value::Null => found.push(None),
            value => found.push(Some(value.as_number().filter(|n| n.is_finite())?)),
        }
    }
    found.iter().any(Option::is_some).then_some(found)
}

fn times(table: &dyn Table, column: usize) -> Result<Places, Error> {
    let times: Option<Vec<f64>> = (0..table.height())
        .map(|row| table.value(row, column).as_number())
        .collect();
    times
        .map(Places::Times)
        .ok_or_else(|| Error::usage("a row without a time can't be drawn"))
}

fn place(table: &dyn Table, columns: &[usize], row: usize, zone: Tz) -> String {
    let names = table.names();
    let parts = columns
        .iter()
        .map(|&column| match table.value(row, column) {
            Value::Num(seconds) if is_time(names[column], table.types()[column]) => {
                time::readable(seconds, zone)
            }
            value => value.into_text().map_or("-".to_owned(), |t| t.into_owned()),
        });
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Figure, Places};
    use crate::cli::output::listing::Listing;
    use crate::value::{Type, Value};

    #[test]
    fn a_figure_of_a_table_of_counts() {
        let mut rows = Listing::new(&[
            ("host", Type::Text),
            ("user", Type::Text),
            ("count", Type::Number),
            ("percent", Type::Number),
        ]);
        assert!(Figure::of(&rows, chrono_tz::UTC).is_err());
        for (host, count) in [("a", 3.0), ("b", 1.0)] {
            rows.push(vec![
                Value::text(host),
                Value::text("ann"),
                Value::Num(count),
                Value::Num(count * 25.0),
            ]);
        }
        let figure = Figure::of(&rows, chrono_tz::UTC).expect("a figure");
        assert_eq!(
            figure.places,
            Places::Names(vec!["a, ann".into(), "b, ann".into()])
        );
        assert_eq!(figure.series.len(), 1);
        assert_eq!(figure.bounds(), (0.0, 3.0));
        assert_eq!(figure.tick(1_710_234_000.0, 3600.0), "09:00");
        assert_eq!(figure.tick(1_710_234_000.0, 1e7), "2024-03-12");
    }
}
