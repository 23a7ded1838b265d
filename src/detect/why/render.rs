//! The result of `why` as text.

use std::fmt::Write as _;

use chrono_tz::Tz;

use crate::detect::why::{Counted, Failed, Filter, NearMiss, Why};
use crate::time::strftime;

/// Maximum number of failing alternatives shown of a list.
const ALTERNATIVES: usize = 8;

/// Maximum width of a value or a command in characters.
const WIDTH: usize = 140;

/// Renders the text; `zone` applies to times, `color` marks failures with ANSI escape sequences.
pub fn render(why: &Why, zone: Tz, color: bool) -> String {
    let mut out = String::new();
    let rows = why.steps.iter().map(|step| grouped(step.rows).len()).max();
    let width = rows.unwrap_or(0).max("rows".len());
    let _ = writeln!(out, "{:>width$}  after", "rows");
    for (at, step) in why.steps.iter().enumerate() {
        let mark = if why.lost == Some(at) {
            marked("  <- no rows left after this", color)
        } else {
            String::new()
        };
        let command = cut(&step.command);
        let _ = writeln!(out, "{:>width$}  {command}{mark}", grouped(step.rows));
    }
    for filter in &why.filters {
        let command = why.steps.get(filter.step).map_or("", |step| &step.command);
        draw(&mut out, filter, command, zone, color);
    }
    if !why.notes.is_empty() {
        out.push('\n');
    }
    for note in &why.notes {
        let _ = writeln!(out, "{note}");
    }
    out
}

fn draw(out: &mut String, filter: &Filter, command: &str, zone: Tz, color: bool) {
    let (rows, pass) = (grouped(filter.rows), grouped(filter.pass));
    let name = command.trim_start_matches(['|', ' ']);
    let name = name.split(' ').next().unwrap_or(name);
    let _ = writeln!(
        out,
        "\nthe condition of command {} ({name}): {pass} of {rows} {} pass\n",
        filter.step + 1,
        filter.over
    );
    let width = rows.len().max("so far".len());
    let _ = writeln!(
        out,
        "{:>width$} {:>width$} {:>width$}",
        "pass", "so far", "only"
    );
    branch(out, &filter.tree, 0, width, color);
    let _ = writeln!(
        out,
        "\n  pass: rows that pass this term; so far: rows that pass it and all above; only: rows that only this term removes"
    );
    if !filter.nowhere.is_empty() {
        let _ = writeln!(out, "\nno row has");
        for (field, near) in &filter.nowhere {
            let near = near
                .as_ref()
                .map_or(String::new(), |n| format!("  (there is {n})"));
            let _ = writeln!(out, "  {field}{near}");
        }
    }
    if !filter.near.is_empty() {
        let _ = writeln!(out, "\nalmost matches (case, quotes, slashes)");
        let mut term = "";
        for near in &filter.near {
            if near.term != term {
                term = &near.term;
                let _ = writeln!(out, "  {}", cut(term));
            }
            let rows = counted(near.rows, "row");
            let (field, value, differs) = (&near.field, cut(&near.value), &near.differs);
            let _ = writeln!(
                out,
                "    {rows}: {field} is {value}, which differs in {differs}"
            );
        }
    }
    if !filter.values.is_empty() {
        let _ = writeln!(out, "\nmost common values");
        for (field, values) in &filter.values {
            let shown = values
                .iter()
                .map(|(value, n)| format!("{} ({})", cut(value), grouped(*n)));
            let _ = writeln!(out, "  {field}: {}", shown.collect::<Vec<_>>().join(", "));
        }
    }
    if !filter.misses.is_empty() {
        let _ = writeln!(out, "\nnearest misses");
        for miss in &filter.misses {
            missed(out, miss, zone, color);
        }
    }
}

fn branch(out: &mut String, part: &Counted, depth: usize, width: usize, color: bool) {
    let number = |n: Option<usize>| n.map_or(String::new(), grouped);
    let text = format!("{}{}", "  ".repeat(depth), cut(&part.text));
    let text = if part.pass == 0 {
        marked(&text, color)
    } else {
        text
    };
    let _ = writeln!(
        out,
        "{:>width$} {:>width$} {:>width$}  {text}",
        grouped(part.pass),
        number(part.so_far),
        number(part.alone.filter(|n| *n > 0)),
    );
    // Of many alternatives that no row passes, show only some.
    let any = part.text == "any of" && !part.term;
    let (mut shown, mut left) = (0, 0);
    for inner in &part.parts {
        if any && inner.pass == 0 {
            shown += 1;
            if shown > ALTERNATIVES {
                left += 1;
                continue;
            }
        }
        branch(out, inner, depth + 1, width, color);
    }
    if left > 0 {
        let blank = 3 * width + 2;
        let indent = "  ".repeat(depth + 1);
        let _ = writeln!(
            out,
            "{:blank$}  {indent}and {left} more that no row passes",
            ""
        );
    }
}

fn missed(out: &mut String, miss: &NearMiss, zone: Tz, color: bool) {
    let like = if miss.like > 1 {
        format!(", as {} more", counted(miss.like - 1, "row"))
    } else {
        String::new()
    };
    let _ = writeln!(out, "  {} short{like}", counted(miss.short, "term"));
    let width = miss
        .fields
        .iter()
        .map(|(field, _)| field.chars().count())
        .max();
    let width = width.unwrap_or(0);
    for (field, value) in &miss.fields {
        let value = match value {
            Some(value) if field == "_time" => time(value, zone),
            Some(value) => cut(value),
            None => "(none)".to_owned(),
        };
        let here = |f: &&Failed| f.field.as_deref() == Some(field.as_str());
        let terms: Vec<String> = miss.failing.iter().filter(here).map(fails).collect();
        let mark = if terms.is_empty() { "    " } else { "  x " };
        let line = format!("  {mark}{field:width$}  {value}");
        if terms.is_empty() {
            let _ = writeln!(out, "{line}");
            continue;
        }
        let _ = writeln!(out, "{}", marked(&line, color));
        for term in terms {
            let _ = writeln!(out, "      {:width$}  {term}", "");
        }
    }
    for failed in miss.failing.iter().filter(|f| f.field.is_none()) {
        let _ = writeln!(
            out,
            "  {}",
            marked(&format!("  x {}", fails(failed)), color)
        );
    }
}

fn fails(failed: &Failed) -> String {
    let term = cut(&failed.term);
    match failed.others {
        0 => format!("fails {term}"),
        others => format!("fails {term} and {}", counted(others, "alternative")),
    }
}

fn time(value: &str, zone: Tz) -> String {
    let seconds = value.parse::<f64>().ok();
    let shown = seconds.and_then(|seconds| strftime(seconds, "%Y-%m-%d %H:%M:%S", zone));
    shown.unwrap_or_else(|| value.to_owned())
}

fn marked(text: &str, color: bool) -> String {
    if color {
        format!("\u{1b}[31m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count))
}

fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Shortens to one line of limited width.
fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line,
    }
}
