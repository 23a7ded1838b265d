//! Figures in the terminal: bars for names, lines for times.

use std::fmt::Write as _;

use textplots::{Chart, LabelBuilder, LabelFormat, Plot, Shape};

use crate::cli::output::{counted, printable};
use crate::cli::plot::figure::{Figure, Places, Series};
use crate::value::format_number;

/// Line width in characters if the terminal's is unknown.
const WIDTH: usize = 100;

/// Maximum number of bars.
const MOST_BARS: usize = 60;

/// Maximum number of series.
const MOST_SERIES: usize = 12;

/// Colours of series, in order.
const COLORS: [&str; 6] = ["36", "33", "35", "32", "34", "31"];

/// Drawing options.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Line width in characters, if known.
    pub width: Option<u16>,
    /// Whether bars are coloured.
    pub color: bool,
}

/// The figure as text.
pub fn draw(figure: &Figure, look: Look) -> String {
    let width = look.width.map_or(WIDTH, usize::from).clamp(40, 160);
    let mut text = match &figure.places {
        Places::Times(times) if times.len() > 2 => lines(figure, times, width),
        Places::Times(times) => {
            let name = |t: &f64| figure.tick(*t, 7.0 * 86_400.0);
            bars(
                figure,
                &times.iter().map(name).collect::<Vec<_>>(),
                width,
                look,
            )
        }
        Places::Names(names) => bars(figure, names, width, look),
    };
    if figure.series.len() > MOST_SERIES {
        let more = (figure.series.len() - MOST_SERIES) as u64;
        let _ = writeln!(text, "and {} more", counted(more, "column"));
    }
    text
}

/// One chart per series, stacked, on a common scale: without colours, lines in one chart could not be told
/// apart.
fn lines(figure: &Figure, times: &[f64], width: usize) -> String {
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    let last = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = (last - first).max(1.0);
    let (low, high) = figure.bounds();
    // Two dots per character; the scale is on the right.
    let across = (width.saturating_sub(10) * 2) as u32;
    let down = if figure.series.len() > 2 { 20 } else { 48 };
    let mut text = String::new();
    for series in figure.series.iter().take(MOST_SERIES) {
        let parts = unbroken(series, times, first);
        let shapes: Vec<Shape<'_>> = parts
            .iter()
            .map(|part| match part.len() {
                1 => Shape::Points(part),
                _ => Shape::Lines(part),
            })
            .collect();
        let mut owned =
            Chart::new_with_y_range(across, down, 0.0, span as f32, low as f32, high as f32);
        let y = |v: f32| format_number(f64::from((v * 100.0).round() / 100.0));
        let left = figure.tick(first, span);
        let right = figure.tick(last, span);
        let mut chart = owned
            .x_label_format(LabelFormat::None)
            .y_label_format(LabelFormat::Custom(Box::new(y)));
        for shape in &shapes {
            chart = chart.lineplot(shape);
        }
        chart.y_axis();
        chart.x_axis();
        chart.figures();
        let _ = writeln!(text, "{}", printable(&series.name));
        // The blank Braille pattern becomes a space.
        let drawn = chart.to_string().replace('\u{2800}', " ");
        for line in drawn.lines().map(str::trim_end).filter(|l| !l.is_empty()) {
            let _ = writeln!(text, "{line}");
        }
        let room = (across as usize / 2).saturating_sub(left.chars().count());
        let _ = writeln!(text, "{left}{right:>room$}");
    }
    text
}

/// The unbroken runs of values, as points relative to the first time.
fn unbroken(series: &Series, times: &[f64], first: f64) -> Vec<Vec<(f32, f32)>> {
    let mut points: Vec<(f64, Option<f64>)> = times
        .iter()
        .copied()
        .zip(series.values.iter().copied())
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
        .split(|(_, value)| value.is_none())
        .map(|run| {
            run.iter()
                .filter_map(|(time, value)| Some(((time - first) as f32, (*value)? as f32)))
                .collect::<Vec<_>>()
        })
        .filter(|run| !run.is_empty())
        .collect()
}

/// One bar per position and series.
fn bars(figure: &Figure, names: &[String], width: usize, look: Look) -> String {
    let series: Vec<&Series> = figure.series.iter().take(MOST_SERIES).collect();
    let several = series.len() > 1;
    let (low, high) = figure.bounds();
    let label = |row: usize, of: &Series| match several {
        true => format!("{} {}", names[row], of.name),
        false => names[row].clone(),
    };
    let shown = names.len().min((MOST_BARS / series.len()).max(1));
    let number = |v: f64| format_number((v * 1000.0).round() / 1000.0);
    let mut rows = Vec::new();
    for row in 0..shown {
        for (at, of) in series.iter().enumerate() {
            if let Some(value) = of.values[row] {
                rows.push((cut(&printable(&label(row, of)), width / 3), value, at));
            }
        }
    }
    let room = rows.iter().map(|r| r.0.chars().count()).max().unwrap_or(0);
    let digits = rows.iter().map(|r| number(r.1).len()).max().unwrap_or(0);
    let most = width.saturating_sub(room + digits + 4).max(10);
    let mut text = String::new();
    for (name, value, at) in rows {
        let share = if low < 0.0 {
            value.abs() / high.max(-low)
        } else {
            value / high
        };
        let bar = blocks(share.clamp(0.0, 1.0) * most as f64);
        let bar = match look.color && !bar.is_empty() {
            true => format!("\u{1b}[{}m{bar}\u{1b}[0m", COLORS[at % COLORS.len()]),
            false => bar,
        };
        let _ = writeln!(text, "{name:>room$} \u{2502}{bar} {}", number(value));
    }
    if shown < names.len() {
        let more = (names.len() - shown) as u64;
        let _ = writeln!(text, "and {} more", counted(more, "row"));
    }
    text
}

/// A bar of that many characters, with a resolution of eighths.
fn blocks(length: f64) -> String {
    let eighths = (length * 8.0).round() as usize;
    let mut bar = "\u{2588}".repeat(eighths / 8);
    if let Some(rest) = char::from_u32(0x2590 - (eighths % 8) as u32)
        && !eighths.is_multiple_of(8)
    {
        bar.push(rest);
    }
    bar
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}\u{2026}")
}

#[cfg(test)]
mod tests {
    use super::{Look, blocks, draw};
    use crate::cli::plot::figure::{Figure, Places, Series};

    const PLAIN: Look = Look {
        width: Some(40),
        color: false,
    };

    fn figure(places: Places, values: &[Option<f64>]) -> Figure {
        Figure {
            places,
            series: vec![Series {
                name: "count".into(),
                values: values.to_vec(),
            }],
            zone: chrono_tz::UTC,
        }
    }

    #[test]
    fn bars_are_as_long_as_values() {
        assert_eq!(blocks(2.5), "██▌");
        assert_eq!(blocks(0.0), "");
        let names = Places::Names(vec!["wmic.exe".into(), "cmd.exe".into()]);
        let drawn = draw(&figure(names, &[Some(20.0), Some(10.0)]), PLAIN);
        assert_eq!(
            drawn,
            "wmic.exe │██████████████████████████ 20\n cmd.exe │█████████████ 10\n"
        );
    }

    #[test]
    fn lines_have_their_times_below() {
        let times = Places::Times(
            (0..10)
                .map(|n| 1_710_234_000.0 + 600.0 * f64::from(n))
                .collect(),
        );
        let values: Vec<Option<f64>> = (0..10).map(|n| (n != 5).then_some(f64::from(n))).collect();
        let drawn = draw(&figure(times, &values), PLAIN);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0], "count");
        assert!(lines[1].ends_with('9'), "{drawn}");
        assert!(lines[lines.len() - 1].starts_with("09:00"), "{drawn}");
        assert!(lines[lines.len() - 1].ends_with("10:30"), "{drawn}");
        assert!(lines.iter().all(|l| l.chars().count() <= 40), "{drawn}");
    }
}
