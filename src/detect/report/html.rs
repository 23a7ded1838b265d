//! The HTML report: detections that fired, their techniques, a timeline, and each detection with its search,
//! its rows and their meaning. The page is self-contained.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::detect::Status;
use crate::detect::mitre::{TACTICS, technique};
use crate::detect::report::{Finding, Ran};
use crate::time::strftime;
use crate::value::format_number;

/// Width of the timeline, in SVG units.
const WIDTH: f64 = 1000.0;

/// The page.
pub fn page(findings: &[Finding], ran: &Ran) -> String {
    let mut out = String::new();
    out.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<link rel=\"icon\" href=\"data:,\">\n<title>Detections</title>\n<style>\n");
    out.push_str(include_str!("page.css"));
    out.push_str("</style>\n</head>\n<body>\n");
    head(&mut out, findings, ran);
    matrix(&mut out, findings);
    timeline(&mut out, findings, ran);
    risk(&mut out, findings);
    out.push_str("<h2>Detections</h2>\n<p class=\"tools\"><input id=\"filter\" type=\"search\" ");
    out.push_str("placeholder=\"name, technique, field value\" aria-label=\"Filter\"><label>");
    out.push_str(
        "<input id=\"quiet\" type=\"checkbox\" style=\"width:auto\"> also those without rows",
    );
    out.push_str("</label> <span id=\"shown\" class=\"dim\"></span></p>\n");
    for (at, finding) in findings.iter().enumerate() {
        detection(&mut out, at, finding, ran);
    }
    out.push_str("<script>\n");
    out.push_str(include_str!("page.js"));
    out.push_str("</script>\n</body>\n</html>\n");
    out
}

fn count(findings: &[Finding], status: Status) -> usize {
    findings.iter().filter(|f| f.status == status).count()
}

fn head(out: &mut String, findings: &[Finding], ran: &Ran) {
    let rows: usize = findings.iter().map(|f| f.count).sum();
    let risk: usize = findings.iter().map(|f| f.risk.len()).sum();
    let _ = write!(
        out,
        "<h1>Detections</h1>\n<p class=\"dim\">{}</p>\n<div class=\"cards\">",
        escape(&ran.searched)
    );
    for (number, what) in [
        (findings.len(), "detections"),
        (count(findings, Status::Rows), "with rows"),
        (count(findings, Status::Empty), "without rows"),
        (count(findings, Status::Refused), "refused"),
        (count(findings, Status::Error), "with errors"),
        (rows, "rows"),
        (risk, "risk events"),
    ] {
        let _ = write!(out, "<div class=\"card\"><b>{number}</b>{what}</div>");
    }
    out.push_str("</div>\n");
}

/// The techniques of detections that fired, by tactic.
fn matrix(out: &mut String, findings: &[Finding]) {
    // By technique: the indices of its detections.
    let mut fired: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        if finding.status == Status::Rows {
            for id in &finding.detection.tags.mitre_attack_id {
                fired.entry(id).or_default().push(at);
            }
        }
    }
    if fired.is_empty() {
        return;
    }
    out.push_str("<h2>ATT&amp;CK</h2>\n<div class=\"scroll\"><div class=\"matrix\">");
    let cell = |out: &mut String, id: &str, name: &str, at: &[usize]| {
        let first = at.first().copied().unwrap_or_default();
        let what = if at.len() == 1 {
            "detection"
        } else {
            "detections"
        };
        let _ = write!(
            out,
            "<a class=\"technique\" href=\"#d{first}\"><b>{}</b> {}<br>{} {what}</a>",
            escape(id),
            escape(name),
            at.len()
        );
    };
    for tactic in TACTICS {
        let of_tactic: Vec<_> = fired
            .iter()
            .filter_map(|(id, at)| Some((id, technique(id)?, at)))
            .filter(|(_, technique, _)| technique.tactics.iter().any(|(t, _)| *t == tactic))
            .collect();
        if of_tactic.is_empty() {
            continue;
        }
        let _ = write!(
            out,
            "<div class=\"tactic\"><h3>{}</h3>",
            tactic.replace('-', " ")
        );
        for (id, technique, at) in of_tactic {
            cell(out, id, technique.name, at);
        }
        out.push_str("</div>");
    }
    let unknown: Vec<_> = fired
        .iter()
        .filter(|(id, _)| technique(id).is_none())
        .collect();
    if !unknown.is_empty() {
        out.push_str("<div class=\"tactic\"><h3>other</h3>");
        for (id, at) in unknown {
            cell(out, id, "", at);
        }
        out.push_str("</div>");
    }
    out.push_str("</div></div>\n");
}

/// A bar from the first to the last event of each detection that fired.
fn timeline(out: &mut String, findings: &[Finding], ran: &Ran) {
    let bars: Vec<(&Finding, usize, f64, f64)> = findings
        .iter()
        .enumerate()
        .filter_map(|(at, f)| Some((f, at, f.first?, f.last?)))
        .collect();
    let Some(start) = bars.iter().map(|bar| bar.2).reduce(f64::min) else {
        return;
    };
    let end = bars.iter().map(|bar| bar.3).fold(start, f64::max);
    let span = (end - start).max(1.0);
    let height = 24 * bars.len() + 24;
    let _ = write!(
        out,
        "<h2>Timeline</h2>\n<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Timeline\">"
    );
    for (line, (finding, at, first, last)) in bars.iter().enumerate() {
        let x = (first - start) / span * (WIDTH - 20.0) + 5.0;
        let width = ((last - first) / span * (WIDTH - 20.0)).max(4.0);
        let y = line * 24;
        // The label goes to the side that has room.
        let (anchor, label) = if x > WIDTH / 2.0 {
            ("end", x - 6.0)
        } else {
            ("start", x.max(5.0))
        };
        let label_y = if anchor == "end" { y + 14 } else { y + 11 };
        let bar_y = if anchor == "end" { y + 6 } else { y + 14 };
        let _ = write!(
            out,
            "<a href=\"#d{at}\"><rect x=\"{x:.1}\" y=\"{bar_y}\" width=\"{width:.1}\" height=\"7\" rx=\"3\" \
             fill=\"#c2410c\"><title>{}: {} to {}</title></rect><text x=\"{label:.1}\" y=\"{label_y}\" \
             font-size=\"11\" text-anchor=\"{anchor}\">{}</text></a>",
            escape(&finding.detection.name),
            time(*first, ran),
            time(*last, ran),
            escape(&finding.detection.name),
        );
    }
    let y = 24 * bars.len() + 16;
    let _ = writeln!(
        out,
        "<text x=\"5\" y=\"{y}\" font-size=\"11\" fill=\"#667085\">{}</text>\
         <text x=\"{:.0}\" y=\"{y}\" font-size=\"11\" fill=\"#667085\" text-anchor=\"end\">{}</text></svg>",
        time(start, ran),
        WIDTH - 5.0,
        time(end, ran)
    );
}

/// The risk objects, highest scores first.
fn risk(out: &mut String, findings: &[Finding]) {
    let mut objects: BTreeMap<(&str, &str), (f64, usize)> = BTreeMap::new();
    for event in findings.iter().flat_map(|f| &f.risk) {
        let entry = objects
            .entry((&event.object, &event.object_type))
            .or_default();
        entry.0 += event.score;
        entry.1 += 1;
    }
    if objects.is_empty() {
        return;
    }
    let mut objects: Vec<_> = objects.into_iter().collect();
    objects.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
    out.push_str("<h2>Risk</h2>\n<div class=\"scroll\"><table><tr><th>Object</th><th>Type</th>");
    out.push_str("<th>Score</th><th>Events</th></tr>");
    for ((object, kind), (score, events)) in objects.iter().take(50) {
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{events}</td></tr>",
            escape(object),
            escape(kind),
            format_number(*score)
        );
    }
    out.push_str("</table></div>\n");
    if objects.len() > 50 {
        let _ = writeln!(out, "<p class=\"dim\">and {} more</p>", objects.len() - 50);
    }
}

fn detection(out: &mut String, at: usize, finding: &Finding, ran: &Ran) {
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
    words.extend(
        finding
            .rows
            .iter()
            .flatten()
            .map(|cell| cell.to_lowercase()),
    );
    let _ = writeln!(
        out,
        "<details class=\"detection {status}\" id=\"d{at}\" data-text=\"{}\"><summary><span class=\"status\">{status}</span> \
         <h3>{}</h3> <span class=\"dim\">{}</span></summary>",
        escape(&words.join(" ")),
        escape(&detection.name),
        escape(&facts(finding, ran)),
    );
    if let Some(reason) = &finding.reason {
        let _ = writeln!(out, "<p>{}</p>", escape(reason));
    }
    rows(out, finding);
    if !finding.risk.is_empty() {
        out.push_str("<p><b>Risk messages</b></p><ul>");
        let mut messages: Vec<&str> = finding.risk.iter().map(|e| e.message.as_ref()).collect();
        messages.dedup();
        for message in messages.iter().take(20) {
            let _ = write!(out, "<li>{}</li>", escape(message));
        }
        out.push_str("</ul>\n");
    }
    for (title, text) in [
        ("Why it matters", &detection.description),
        ("False positives", &detection.known_false_positives),
    ] {
        if let Some(text) = text {
            let _ = writeln!(out, "<p><b>{title}</b><br>{}</p>", escape(text.trim()));
        }
    }
    let _ = writeln!(
        out,
        "<p><b>Search</b></p><pre>{}</pre>",
        escape(detection.search.trim())
    );
    if !detection.references.is_empty() {
        out.push_str("<p><b>References</b></p><ul>");
        for link in &detection.references {
            // Only web addresses become links.
            let safe = link.starts_with("https://") || link.starts_with("http://");
            let text = escape(link);
            let _ = if safe {
                write!(
                    out,
                    "<li><a href=\"{text}\" rel=\"noreferrer\">{text}</a></li>"
                )
            } else {
                write!(out, "<li>{text}</li>")
            };
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</details>\n");
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

fn rows(out: &mut String, finding: &Finding) {
    if finding.rows.is_empty() {
        return;
    }
    out.push_str("<div class=\"scroll\"><table><tr>");
    for column in &finding.columns {
        let _ = write!(out, "<th>{}</th>", escape(column));
    }
    out.push_str("</tr>");
    for row in &finding.rows {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{}</td>", escape(cell));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table></div>\n");
    if finding.count > finding.rows.len() {
        let _ = writeln!(
            out,
            "<p class=\"dim\">the first {} of {} rows</p>",
            finding.rows.len(),
            finding.count
        );
    }
}

fn time(seconds: f64, ran: &Ran) -> String {
    strftime(seconds, "%Y-%m-%d %H:%M:%S", ran.zone).unwrap_or_else(|| format_number(seconds))
}

/// Escapes text for HTML, including quoted attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
