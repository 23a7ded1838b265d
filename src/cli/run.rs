//! `run`: runs detections and shows their rows and risk events.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::cli::args::RunArgs;
use crate::cli::error::CliError;
use crate::cli::output::listing::Listing;
use crate::cli::output::sink::{Sink, send};
use crate::cli::output::{Format, counted, csv, json, write};
use crate::cli::risk_events::RiskEvents;
use crate::cli::setup::{CliContext, searched};
use crate::detect::report::{self, Finding};
use crate::detect::{DetectionResult, Status};
use crate::error::Error;
use crate::exec::frame::result::Rows;
use crate::session::{RiskRetention, RunChoice};
use crate::time::strftime;
use crate::value::{Type, Value, format_number};

/// Rows per detection that a report shows, unless `--limit` is given.
const ROWS: usize = 100;

/// Runs detections. Returns an error if one of them failed.
pub fn run(args: &RunArgs, setup: &CliContext) -> Result<(), CliError> {
    let format = setup.format.unwrap_or(Format::Table);
    if format == Format::Parquet {
        return Err(Error::usage(
            "run writes table, vertical, markdown, json, ndjson, csv, html, junit or sarif, not parquet",
        )
        .into());
    }
    let session = setup.open()?;
    let stop = session.cancel_handle();
    let mut printer = Printer::new(format, setup)?;
    let mut failed_write = None;
    let choice = RunChoice {
        selection: args.selection.selection(),
        as_scheduled: args.as_scheduled,
        separately: args.separately,
        risk: match (args.keep_risk, args.no_risk) {
            (true, _) => RiskRetention::Add,
            (_, true) => RiskRetention::Forget,
            (false, false) => RiskRetention::Replace,
        },
    };
    let mut findings = Vec::new();
    let summary = session.run(&args.detections, &choice, &mut |result| {
        if format.is_report() || args.navigator.is_some() {
            findings.push(Finding::of(result, setup.limit.unwrap_or(ROWS)));
        }
        if failed_write.is_none()
            && let Err(problem) = printer.print(result)
        {
            // The reader is gone or the disk is full, so the rest need not be computed.
            failed_write = Some(problem);
            stop.cancel();
        }
    });
    if let Some(problem) = failed_write {
        return Err(problem);
    }
    let summary = summary?;
    setup.notices(&summary.notices);
    let ran = report::Ran {
        searched: searched(summary.searched, summary.elapsed),
        zone: setup.options.zone,
    };
    if let Some(path) = &args.navigator {
        let layer = report::navigator::layer(&findings);
        send(Some(path), |out| out.write_all(layer.as_bytes()))?;
    }
    match format {
        Format::Html => printer.whole(&report::html::page(&findings, &ran))?,
        Format::Junit => printer.whole(&report::junit::of_run(&findings))?,
        Format::Sarif => printer.whole(&report::sarif::of_run(&findings))?,
        Format::Table
        | Format::Vertical
        | Format::Json
        | Format::Ndjson
        | Format::Csv
        | Format::Markdown
        | Format::Parquet => {}
    }
    let errors = printer.counts.errors;
    printer.finish(&searched(summary.searched, summary.elapsed))?;
    if errors > 0 {
        Err(CliError::Reported)
    } else {
        Ok(())
    }
}

/// Counts of detections by outcome.
#[derive(Default)]
struct Counts {
    rows: u64,
    empty: u64,
    refused: u64,
    errors: u64,
}

struct Printer<'a> {
    format: Format,
    setup: &'a CliContext,
    sink: Sink,
    counts: Counts,
    /// One line per detection, for CSV.
    lines: Listing,
}

impl<'a> Printer<'a> {
    fn new(format: Format, setup: &'a CliContext) -> Result<Printer<'a>, CliError> {
        Ok(Printer {
            format,
            setup,
            sink: Sink::open(setup.output.as_deref())?,
            counts: Counts::default(),
            lines: Listing::new(&[
                ("name", Type::Text),
                ("id", Type::Text),
                ("file", Type::Text),
                ("status", Type::Text),
                ("reason", Type::Text),
                ("rows", Type::Number),
                ("risk_events", Type::Number),
                ("seconds", Type::Number),
                ("type", Type::Text),
                ("technique", Type::Multi),
                ("risk_score", Type::Number),
                ("first_time", Type::Text),
                ("last_time", Type::Text),
            ]),
        })
    }

    fn print(&mut self, result: &DetectionResult) -> Result<(), CliError> {
        let before = self.counts.total();
        match result.status {
            Status::Rows => self.counts.rows += 1,
            Status::Empty => self.counts.empty += 1,
            Status::Refused => self.counts.refused += 1,
            Status::Error => self.counts.errors += 1,
        }
        match self.format {
            Format::Ndjson => self.sink.write(|out| {
                write_object(result, out)?;
                out.write_all(b"\n")
            }),
            Format::Json => self.sink.write(|out| {
                out.write_all(if before == 0 { b"[\n" } else { b",\n" })?;
                write_object(result, out)
            }),
            Format::Csv => {
                self.lines.push(line(result));
                Ok(())
            }
            Format::Html | Format::Junit | Format::Sarif => Ok(()),
            Format::Table | Format::Vertical | Format::Markdown | Format::Parquet => {
                self.print_block(result)
            }
        }
    }

    /// Writes a complete report.
    fn whole(&mut self, text: &str) -> Result<(), CliError> {
        self.sink.write(|out| out.write_all(text.as_bytes()))
    }

    /// A title, the rows, the risk events.
    fn print_block(&mut self, result: &DetectionResult) -> Result<(), CliError> {
        let setup = self.setup;
        if setup.quiet && matches!(result.status, Status::Empty | Status::Refused) {
            return Ok(());
        }
        let columns = result.rows.as_ref().map_or(0, |rows| rows.names().len());
        let format = setup.format_for(columns);
        let style = setup.style(format);
        let bold = setup.color && format != Format::Markdown;
        self.sink.write(|out| {
            write_title(result, bold, format, out)?;
            if let (Status::Rows, Some(rows)) = (result.status, &result.rows) {
                write(rows, format, &style, out)?;
                if !result.risk.is_empty() {
                    writeln!(out, "\nRisk events:")?;
                    write(&RiskEvents(&result.risk), format, &style, out)?;
                }
                writeln!(out)?;
            }
            Ok(())
        })?;
        if let Some(failure) = &result.failure
            && result.status == Status::Error
        {
            setup.complain(&failure.clone().into());
        }
        Ok(())
    }

    /// Writes the end of the output and completes an output file.
    fn finish(mut self, searched: &str) -> Result<(), CliError> {
        let Counts {
            rows,
            empty,
            refused,
            errors,
        } = self.counts;
        let total = counted(self.counts.total(), "detection");
        match self.format {
            Format::Json => {
                let open = if self.counts.total() == 0 { "[" } else { "\n" };
                self.sink.write(|out| writeln!(out, "{open}]"))?;
            }
            Format::Csv => {
                let style = self.setup.style(Format::Csv);
                let lines = &self.lines;
                self.sink.write(|out| csv::write_csv(lines, &style, out))?;
            }
            Format::Ndjson | Format::Html | Format::Junit | Format::Sarif => {}
            Format::Table | Format::Vertical | Format::Markdown | Format::Parquet => {
                self.sink.write(|out| {
                    writeln!(
                        out,
                        "{total}: {rows} matched, {empty} no match, {refused} unsupported, \
                         {errors} with errors; {searched}"
                    )
                })?;
            }
        }
        self.sink.finish()
    }
}

impl Counts {
    fn total(&self) -> u64 {
        self.rows + self.empty + self.refused + self.errors
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Rows => "rows",
        Status::Empty => "empty",
        Status::Refused => "refused",
        Status::Error => "error",
    }
}

fn write_title(
    result: &DetectionResult,
    bold: bool,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (before, after) = match (format, bold) {
        (Format::Markdown, _) => ("## ", ""),
        (_, true) => ("\u{1b}[1m", "\u{1b}[0m"),
        (_, false) => ("", ""),
    };
    write!(out, "{before}{}{after}", result.detection.name)?;
    match (result.status, &result.reason) {
        (Status::Rows, _) => writeln!(out, "{}", facts(result))?,
        (Status::Empty, _) => writeln!(out, ": no rows")?,
        (Status::Refused, reason) => {
            writeln!(out, ": refused: {}", reason.as_deref().unwrap_or(""))?;
        }
        (Status::Error, reason) => {
            writeln!(out, ": error: {}", reason.as_deref().unwrap_or(""))?;
        }
    }
    if format == Format::Markdown {
        writeln!(out)?;
    }
    Ok(())
}

/// `: TTP, risk 49, T1047, 2 rows from 2024-03-02T09:10:11 to 2024-03-02T10:11:12`
fn facts(result: &DetectionResult) -> String {
    let detection = &result.detection;
    let mut facts: Vec<String> = detection.kind.iter().cloned().collect();
    let score = detection.risk().score;
    if score > 0.0 {
        facts.push(format!("risk {}", format_number(score)));
    }
    facts.extend(detection.tags.mitre_attack_id.iter().cloned());
    let rows = result.rows.as_ref().map_or(0, Rows::len);
    let mut found = counted(rows as u64, "row");
    if let (Some(first), Some(last)) = (result.first, result.last) {
        let (first, last) = (iso(first), iso(last));
        found.push_str(&if first == last {
            format!(" at {first}")
        } else {
            format!(" from {first} to {last}")
        });
    }
    facts.push(found);
    format!(": {}", facts.join(", "))
}

fn iso(seconds: f64) -> String {
    strftime(seconds, "%Y-%m-%dT%H:%M:%SZ", chrono_tz::UTC)
        .unwrap_or_else(|| format_number(seconds))
}

fn texts<'a>(texts: impl Iterator<Item = &'a String>) -> Value<'static> {
    Value::multi(texts.map(|text| Cow::Owned(text.clone())).collect())
}

/// One CSV line.
fn line(result: &DetectionResult) -> Vec<Value<'static>> {
    let rows = result.rows.as_ref().map_or(0, |rows| rows.len());
    vec![
        Value::text(result.detection.name.clone()),
        Value::text(result.detection.id.clone()),
        Value::text(result.detection.path.display().to_string()),
        Value::text(status(result.status)),
        result.reason.clone().map_or(Value::Null, Value::text),
        Value::Num(rows as f64),
        Value::Num(result.risk.len() as f64),
        Value::Num(result.seconds),
        result
            .detection
            .kind
            .clone()
            .map_or(Value::Null, Value::text),
        texts(result.detection.tags.mitre_attack_id.iter()),
        Value::Num(result.detection.risk().score),
        result.first.map_or(Value::Null, |t| Value::text(iso(t))),
        result.last.map_or(Value::Null, |t| Value::text(iso(t))),
    ]
}

/// `name, id, file, status, reason, rows, risk_events, seconds`
fn write_object(result: &DetectionResult, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"{\"name\":")?;
    json::write_string(&result.detection.name, out)?;
    out.write_all(b",\"id\":")?;
    json::write_string(&result.detection.id, out)?;
    out.write_all(b",\"file\":")?;
    json::write_string(&result.detection.path.display().to_string(), out)?;
    write!(out, ",\"status\":\"{}\"", status(result.status))?;
    out.write_all(b",\"reason\":")?;
    match &result.reason {
        Some(reason) => json::write_string(reason, out)?,
        None => out.write_all(b"null")?,
    }
    out.write_all(b",\"rows\":")?;
    match &result.rows {
        Some(rows) => json::write_inline_array(rows, out)?,
        None => out.write_all(b"[]")?,
    }
    out.write_all(b",\"risk_events\":")?;
    json::write_inline_array(&RiskEvents(&result.risk), out)?;
    write!(out, ",\"seconds\":{}", format_number(result.seconds))?;
    let detection = &result.detection;
    let more = serde_json::json!({
        "type": detection.kind,
        "technique": detection.tags.mitre_attack_id,
        "risk_score": detection.risk().score,
        "first_time": result.first.map(iso),
        "last_time": result.last.map(iso),
    });
    let more = more.to_string();
    write!(out, ",{}", more.trim_start_matches('{'))
}
