//! The HTML report: detections that fired, their techniques, a timeline, and each detection with its search,
//! its rows and their meaning. The page is self-contained.

use std::borrow::Cow;
use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::detect::Status;
use crate::detect::mitre::{TACTICS, technique};
use crate::detect::report::{Finding, Ran};
use crate::time::strftime;
use crate::value::format_number;

/// Width of the timeline, in SVG units.
const WIDTH: f64 = 1000.0;

/// The number of risk objects shown.
const MOST_OBJECTS: usize = 50;

/// The page.
pub fn page(findings: &[Finding], ran: &Ran) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="icon" href="data:,";
                title { "Detections" }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                (summary(findings, ran))
                (matrix(findings))
                (timeline(findings, ran))
                (risk(findings))
                h2 { "Detections" }
                p.tools {
                    input #filter type="search" placeholder="name, technique, field value" aria-label="Filter";
                    label {
                        input #quiet type="checkbox" style="width:auto";
                        " also those without rows"
                    }
                    " " span #shown.dim {}
                }
                @for (at, finding) in findings.iter().enumerate() { (detection(at, finding, ran)) }
                script { (PreEscaped(include_str!("page.js"))) }
            }
        }
    };
    page.into_string()
}

fn count(findings: &[Finding], status: Status) -> usize {
    findings.iter().filter(|f| f.status == status).count()
}

fn summary(findings: &[Finding], ran: &Ran) -> Markup {
    let rows: usize = findings.iter().map(|f| f.count).sum();
    let risk: usize = findings.iter().map(|f| f.risk.len()).sum();
    let cards = [
        (findings.len(), "detections"),
        (count(findings, Status::Rows), "with rows"),
        (count(findings, Status::Empty), "without rows"),
        (count(findings, Status::Refused), "refused"),
        (count(findings, Status::Error), "with errors"),
        (rows, "rows"),
        (risk, "risk events"),
    ];
    html! {
        h1 { "Detections" }
        p.dim { (clean(&ran.searched)) }
        div.cards {
            @for (number, what) in cards { div.card { b { (number) } (what) } }
        }
    }
}

/// The techniques of detections that fired, by tactic.
fn matrix(findings: &[Finding]) -> Markup {
    // By technique: the indices of its detections.
    let mut fired: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        if finding.status == Status::Rows {
            for id in &finding.detection.tags.mitre_attack_id {
                fired.entry(id).or_default().push(at);
            }
        }
    }
    let cell = |id: &str, name: &str, at: &[usize]| {
        let first = at.first().copied().unwrap_or_default();
        let what = if at.len() == 1 {
            "detection"
        } else {
            "detections"
        };
        html! {
            a.technique href={ "#d" (first) } {
                b { (clean(id)) } " " (name) br; (at.len()) " " (what)
            }
        }
    };
    let mut tactics: Vec<(String, Vec<Markup>)> = TACTICS
        .iter()
        .map(|tactic| {
            let cells = fired.iter().filter_map(|(id, at)| {
                let technique = technique(id)?;
                let fits = technique.tactics.iter().any(|(name, _)| name == tactic);
                fits.then(|| cell(id, technique.name, at))
            });
            (tactic.replace('-', " "), cells.collect())
        })
        .collect();
    let unknown = fired.iter().filter(|(id, _)| technique(id).is_none());
    let unknown = unknown.map(|(id, at)| cell(id, "", at)).collect();
    tactics.push(("other".to_owned(), unknown));
    tactics.retain(|(_, cells)| !cells.is_empty());
    html! {
        @if !tactics.is_empty() {
            h2 { "ATT&CK" }
            div.scroll {
                div.matrix {
                    @for (tactic, cells) in &tactics {
                        div.tactic {
                            h3 { (tactic) }
                            @for cell in cells { (cell) }
                        }
                    }
                }
            }
        }
    }
}

/// A bar from the first to the last event of each detection that fired.
fn timeline(findings: &[Finding], ran: &Ran) -> Markup {
    let bars: Vec<(&Finding, usize, f64, f64)> = findings
        .iter()
        .enumerate()
        .filter_map(|(at, f)| Some((f, at, f.first?, f.last?)))
        .collect();
    let Some(start) = bars.iter().map(|bar| bar.2).reduce(f64::min) else {
        return Markup::default();
    };
    let end = bars.iter().map(|bar| bar.3).fold(start, f64::max);
    let span = (end - start).max(1.0);
    let bar = |line: usize, finding: &Finding, at: usize, first: f64, last: f64| {
        let x = (first - start) / span * (WIDTH - 20.0) + 5.0;
        let width = ((last - first) / span * (WIDTH - 20.0)).max(4.0);
        let y = line * 24;
        // The label goes to the side that has room.
        let (anchor, label, label_y, bar_y) = if x > WIDTH / 2.0 {
            ("end", x - 6.0, y + 14, y + 6)
        } else {
            ("start", x.max(5.0), y + 11, y + 14)
        };
        let name = clean(&finding.detection.name);
        html! {
            a href={ "#d" (at) } {
                rect x=(format_args!("{x:.1}")) y=(bar_y) width=(format_args!("{width:.1}")) height="7" rx="3"
                    fill="#c2410c" {
                    title { (name) ": " (time(first, ran)) " to " (time(last, ran)) }
                }
                text x=(format_args!("{label:.1}")) y=(label_y) font-size="11" text-anchor=(anchor) { (name) }
            }
        }
    };
    let y = 24 * bars.len() + 16;
    html! {
        h2 { "Timeline" }
        svg viewBox={ "0 0 " (WIDTH) " " (y + 8) } role="img" aria-label="Timeline" {
            @for (line, (finding, at, first, last)) in bars.iter().enumerate() {
                (bar(line, finding, *at, *first, *last))
            }
            text x="5" y=(y) font-size="11" fill="#667085" { (time(start, ran)) }
            text x=(WIDTH - 5.0) y=(y) font-size="11" fill="#667085" text-anchor="end" { (time(end, ran)) }
        }
    }
}

/// The risk objects, highest scores first.
fn risk(findings: &[Finding]) -> Markup {
    let mut objects: BTreeMap<(&str, &str), (f64, usize)> = BTreeMap::new();
    for event in findings.iter().flat_map(|f| &f.risk) {
        let entry = objects
            .entry((&event.object, &event.object_type))
            .or_default();
        entry.0 += event.score;
        entry.1 += 1;
    }
    let mut objects: Vec<_> = objects.into_iter().collect();
    objects.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
    html! {
        @if !objects.is_empty() {
            h2 { "Risk" }
            div.scroll {
                table {
                    tr { th { "Object" } th { "Type" } th { "Score" } th { "Events" } }
                    @for ((object, kind), (score, events)) in objects.iter().take(MOST_OBJECTS) {
                        tr {
                            td { (clean(object)) } td { (clean(kind)) }
                            td { (format_number(*score)) } td { (events) }
                        }
                    }
                }
            }
            @if let Some(more) = objects.len().checked_sub(MOST_OBJECTS).filter(|more| *more > 0) {
                p.dim { "and " (more) " more" }
            }
        }
    }
}

fn detection(at: usize, finding: &Finding, ran: &Ran) -> Markup {
    let detection = &finding.detection;
    let status = match finding.status {
        Status::Rows => "rows",
        Status::Empty => "empty",
        Status::Refused => "refused",
        Status::Error => "error",
    };
    let mut words = vec![
        detection.name.to_lowercase(),
        detection.tags.mitre_attack_id.join(" ").to_lowercase(),
        detection.kind.clone().unwrap_or_default().to_lowercase(),
    ];
    let cells = finding.rows.iter().flatten();
    words.extend(cells.map(|cell| cell.to_lowercase()));
    let mut messages: Vec<&str> = finding.risk.iter().map(|e| e.message.as_ref()).collect();
    messages.dedup();
    let texts = [
        ("Why it matters", &detection.description),
        ("False positives", &detection.known_false_positives),
    ];
    html! {
        details class={ "detection " (status) } id={ "d" (at) } data-text=(clean(&words.join(" "))) {
            summary {
                span.status { (status) } " "
                h3 { (clean(&detection.name)) } " "
                span.dim { (clean(&facts(finding, ran))) }
            }
            @if let Some(reason) = &finding.reason { p { (clean(reason)) } }
            (rows(finding))
            @if !messages.is_empty() {
                p { b { "Risk messages" } }
                ul { @for message in messages.iter().take(20) { li { (clean(message)) } } }
            }
            @for (title, text) in texts {
                @if let Some(text) = text { p { b { (title) } br; (clean(text.trim())) } }
            }
            p { b { "Search" } }
            pre { (clean(detection.search.trim())) }
            @if !detection.references.is_empty() {
                p { b { "References" } }
                ul { @for link in &detection.references { li { (reference(link)) } } }
            }
        }
    }
}

/// A link, if it is a web address.
fn reference(address: &str) -> Markup {
    let text = clean(address);
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    html! {
        @if is_web { a href=(text) rel="noreferrer" { (text) } } @else { (text) }
    }
}

fn facts(finding: &Finding, ran: &Ran) -> String {
    let detection = &finding.detection;
    let mut facts: Vec<String> = detection.kind.iter().cloned().collect();
    if finding.score() > 0.0 {
        facts.push(format!("risk {}", format_number(finding.score())));
    }
    facts.extend(detection.tags.mitre_attack_id.iter().cloned());
    if finding.count > 0 {
        facts.push(format!("{} rows", finding.count));
    }
    if let (Some(first), Some(last)) = (finding.first, finding.last) {
        facts.push(format!("{} to {}", time(first, ran), time(last, ran)));
    }
    facts.push(format!("{:.3} s", finding.seconds));
    facts.join(" · ")
}

fn rows(finding: &Finding) -> Markup {
    html! {
        @if !finding.rows.is_empty() {
            div.scroll {
                table {
                    tr { @for column in &finding.columns { th { (clean(column)) } } }
                    @for row in &finding.rows {
                        tr { @for cell in row { td { (clean(cell)) } } }
                    }
                }
            }
            @if finding.count > finding.rows.len() {
                p.dim { "the first " (finding.rows.len()) " of " (finding.count) " rows" }
            }
        }
    }
}

fn time(seconds: f64, ran: &Ran) -> String {
    strftime(seconds, "%Y-%m-%d %H:%M:%S", ran.zone).unwrap_or_else(|| format_number(seconds))
}

/// Replaces control characters, which HTML does not allow.
fn clean(text: &str) -> Cow<'_, str> {
    let is_allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let allowed = |c| if is_allowed(c) { c } else { '\u{fffd}' };
    Cow::Owned(text.chars().map(allowed).collect())
}
