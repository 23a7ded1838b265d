//! Figures as SVG and PNG files.

use std::path::Path;
use std::sync::Once;

use plotters::chart::{ChartBuilder, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Rectangle};
use plotters::prelude::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::series::LineSeries;
use plotters::style::{BLACK, Color, FontStyle, RGBColor, WHITE, register_font};

use crate::cli::plot::figure::{Figure, Places, Series};
use crate::error::Error;
use crate::store::write_atomic;
use crate::value::format_number;

/// Width and height in pixels.
const SIZE: (u32, u32) = (1200, 600);

/// Maximum number of series: more colours can't be told apart.
const MOST_SERIES: usize = 20;

const FONT: &str = "sans-serif";

/// File formats of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Vector graphics.
    Svg,
    /// Pixels.
    Png,
}

impl Kind {
    /// The format for a file's name.
    ///
    /// # Errors
    /// If the extension is unknown.
    pub fn of(path: &Path) -> Result<Kind, Error> {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        match ending.to_ascii_lowercase().as_str() {
            "svg" => Ok(Kind::Svg),
            "png" => Ok(Kind::Png),
            _ => Err(Error::usage(format!(
                "a figure is written as .svg or .png, not as {}",
                path.display()
            ))),
        }
    }
}

/// Writes a figure.
///
/// # Errors
/// If the extension is not `.svg` or `.png`, or the file can't be written.
pub fn write(figure: &Figure, path: &Path) -> Result<(), Error> {
    static FONTS: Once = Once::new();
    FONTS.call_once(|| {
        // The font is embedded; a test checks that it loads.
        let _ = register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT);
    });
    let bytes = match Kind::of(path)? {
        Kind::Svg => svg(figure)?.into_bytes(),
        Kind::Png => png(figure).map_err(|why| Error::file(path, why))?,
    };
    write_atomic(path, &bytes)
}

fn svg(figure: &Figure) -> Result<String, Error> {
    let mut text = String::new();
    draw(
        figure,
        &SVGBackend::with_string(&mut text, SIZE).into_drawing_area(),
    )
    .map_err(Error::internal)?;
    Ok(text)
}

fn png(figure: &Figure) -> Result<Vec<u8>, String> {
    let mut pixels = vec![0u8; (SIZE.0 * SIZE.1 * 3) as usize];
    draw(
        figure,
        &BitMapBackend::with_buffer(&mut pixels, SIZE).into_drawing_area(),
    )?;
    lodepng::encode24(pixels.as_slice(), SIZE.0 as usize, SIZE.1 as usize)
        .map_err(|why| why.to_string())
}

/// Colours of series, in order; distinguishable with red-green colour blindness.
fn color(at: usize) -> RGBColor {
    const COLORS: [RGBColor; 8] = [
        RGBColor(0, 114, 178),
        RGBColor(213, 94, 0),
        RGBColor(0, 158, 115),
        RGBColor(204, 121, 167),
        RGBColor(230, 159, 0),
        RGBColor(86, 180, 233),
        RGBColor(90, 90, 90),
        RGBColor(160, 140, 0),
    ];
    COLORS[at % COLORS.len()]
}

fn draw<B: DrawingBackend>(figure: &Figure, area: &DrawingArea<B, Shift>) -> Result<(), String> {
    let told = |why: &dyn std::fmt::Display| why.to_string();
    area.fill(&WHITE).map_err(|why| told(&why))?;
    let (from, to) = match &figure.places {
        Places::Times(times) => {
            let low = times.iter().copied().fold(f64::INFINITY, f64::min);
            let high = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low, high.max(low + 1.0))
        }
        Places::Names(names) => (-0.5, names.len() as f64 - 0.5),
    };
    let (low, high) = figure.bounds();
    let mut chart = ChartBuilder::on(area)
        .margin(20)
        .x_label_area_size(50)
        .y_label_area_size(80)
        .build_cartesian_2d(from..to, low..high + (high - low) * 0.05)
        .map_err(|why| told(&why))?;
    let x = |at: &f64| match &figure.places {
        Places::Times(_) => figure.tick(*at, to - from),
        // Only integer positions have a name.
        Places::Names(names) if (at - at.round()).abs() < 1e-6 => names
            .get(at.round().max(0.0) as usize)
            .map_or(String::new(), |name| short(name)),
        Places::Names(_) => String::new(),
    };
    let y = |v: &f64| format_number((v * 1000.0).round() / 1000.0);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(BLACK.mix(0.15))
        .x_labels(match &figure.places {
            Places::Times(_) => 12,
            Places::Names(names) => (names.len() * 2 + 1).min(41),
        })
        .x_label_formatter(&x)
        .y_label_formatter(&y)
        .label_style((FONT, 16))
        .draw()
        .map_err(|why| told(&why))?;
    let shown = figure.series.len().min(MOST_SERIES);
    for (at, series) in figure.series.iter().take(MOST_SERIES).enumerate() {
        let color = color(at);
        let drawn = match &figure.places {
            Places::Times(times) => {
                let points = sorted(times, series);
                chart
                    .draw_series(points.iter().map(|p| Circle::new(*p, 2, color.filled())))
                    .map_err(|why| told(&why))?;
                chart.draw_series(LineSeries::new(points, color.stroke_width(2)))
            }
            Places::Names(_) => {
                let width = 0.8 / shown as f64;
                let left = -0.4 + width * at as f64;
                let values = series.values.iter().enumerate();
                chart.draw_series(values.filter_map(|(place, value)| {
                    let from = place as f64 + left;
                    let corners = [(from, 0.0), (from + width, (*value)?)];
                    Some(Rectangle::new(corners, color.filled()))
                }))
            }
        };
        drawn
            .map_err(|why| told(&why))?
            .label(series.name.clone())
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 10, y + 5)], color.filled()));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .label_font((FONT, 16))
        .draw()
        .map_err(|why| told(&why))?;
    area.present().map_err(|why| told(&why))
}

/// The points of a series sorted by time, without missing values.
fn sorted(times: &[f64], series: &Series) -> Vec<(f64, f64)> {
    let pairs = times.iter().zip(&series.values);
    let mut points: Vec<(f64, f64)> = pairs.filter_map(|(t, v)| Some((*t, (*v)?))).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// Shortens a name to leave room for its neighbours.
fn short(name: &str) -> String {
    match name.char_indices().nth(18) {
        Some((at, _)) => format!("{}\u{2026}", &name[..at]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::cli::plot::figure::{Figure, Places, Series};

    fn figure() -> Figure {
        Figure {
            places: Places::Names(vec!["ash".into(), "<elm>".into()]),
            series: vec![Series {
                name: "count".into(),
                values: vec![Some(3.0), None],
            }],
            zone: chrono_tz::UTC,
        }
    }

    #[test]
    fn figures_are_written_as_their_names_say() {
        let dir = tempfile::tempdir().expect("a folder");
        let svg = dir.path().join("a.svg");
        write(&figure(), &svg).expect("a file");
        let text = std::fs::read_to_string(&svg).expect("a file");
        assert!(text.starts_with("<svg"), "{text}");
        assert!(
            text.contains("ash") && text.contains("&lt;elm&gt;"),
            "{text}"
        );
        let png = dir.path().join("a.PNG");
        write(&figure(), &png).expect("a file");
        let bytes = std::fs::read(&png).expect("a file");
        assert!(bytes.starts_with(b"\x89PNG\r\n"));
        assert!(write(&figure(), &dir.path().join("a.gif")).is_err());
    }
}
