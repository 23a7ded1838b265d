//! `test --against-benign`: counts the alerts that detections raise on data that should be quiet.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::args::TestArgs;
use crate::cli::error::CliError;
use crate::cli::output::counted;
use crate::cli::output::listing::Listing;
use crate::cli::setup::{CliContext, note, searched};
use crate::detect::risk_index::time_of;
use crate::detect::{DetectionResult, Status};
use crate::error::Error;
use crate::session::{RiskRetention, RunChoice};
use crate::time::strftime;
use crate::value::{Type, Value};

/// Fields that name a row's host; the first with a value counts.
const HOSTS: [&str; 8] = [
    "dest",
    "host",
    "orig_host",
    "ComputerName",
    "Computer",
    "dvc",
    "device",
    "src",
];

/// Alerts by day and host.
type Alerts = BTreeMap<(String, String), u64>;

/// Counts the rows of detections on the data of `path`. Returns an error if a detection exceeds
/// `--max-per-day` on a day or could not run.
pub fn against(
    path: &Path,
    selectors: &[String],
    args: &TestArgs,
    setup: &CliContext,
) -> Result<(), CliError> {
    if !path.exists() {
        return Err(Error::file(path, "no such data").into());
    }
    let mut setup = setup.clone();
    setup.options.data = vec![path.to_owned()];
    let session = setup.open()?;
    let choice = RunChoice {
        selection: args.selection.selection(),
        risk: RiskRetention::Forget,
        ..RunChoice::default()
    };
    let mut rows = Listing::new(&[
        ("name", Type::Text),
        ("id", Type::Text),
        ("file", Type::Text),
        ("type", Type::Text),
        ("day", Type::Text),
        ("host", Type::Text),
        ("alerts", Type::Number),
        ("risk_score", Type::Number),
    ]);
    let mut ran = Ran::default();
    let zone = setup.options.zone;
    let summary = session.run(selectors, &choice, &mut |result| {
        let alerts = alerts(result, zone);
        ran.add(result, &alerts);
        let detection = &result.detection;
        for ((day, host), count) in alerts {
            rows.push(vec![
                Value::text(detection.name.clone()),
                Value::text(detection.id.clone()),
                Value::text(detection.path.display().to_string()),
                detection.kind.clone().map_or(Value::Null, Value::text),
                Value::text(day),
                Value::text(host),
                Value::Num(count as f64),
                Value::Num(detection.risk().score * count as f64),
            ]);
        }
    })?;
    setup.notices(&summary.notices);
    setup.write_table(&rows)?;
    if !setup.quiet {
        note(&ran.sums());
        note(&searched(summary.searched, summary.elapsed));
    }
    let mut bad = !ran.errors.is_empty();
    for error in &ran.errors {
        note(&format!("error: {error}"));
    }
    for (name, day, count) in &ran.days {
        if args.max_per_day.is_some_and(|most| *count > most) {
            let count = counted(*count, "alert");
            note(&format!("error: {name}: {count} on {day}"));
            bad = true;
        }
    }
    if bad { Err(CliError::Reported) } else { Ok(()) }
}

/// The totals of the run.
#[derive(Default)]
struct Ran {
    detections: u64,
    alerting: u64,
    refused: u64,
    alerts: u64,
    /// Alerts of each detection and day.
    days: Vec<(String, String, u64)>,
    errors: Vec<String>,
}

impl Ran {
    fn add(&mut self, result: &DetectionResult, alerts: &Alerts) {
        let name = &result.detection.name;
        self.detections += 1;
        match result.status {
            Status::Rows => self.alerting += 1,
            Status::Empty => {}
            Status::Refused => self.refused += 1,
            Status::Error => {
                let why = result.reason.as_deref().unwrap_or_default();
                self.errors.push(format!("{name}: {why}"));
            }
        }
        let mut by_day: BTreeMap<&String, u64> = BTreeMap::new();
        for ((day, _), count) in alerts {
            *by_day.entry(day).or_default() += count;
            self.alerts += count;
        }
        let days = by_day.into_iter();
        self.days
            .extend(days.map(|(day, count)| (name.clone(), day.clone(), count)));
    }

    /// `4 detections: 2 with 31 alerts, 0 refused, 0 with errors; most on a day: 24 of X on 2024-03-12`
    fn sums(&self) -> String {
        let mut text = format!(
            "{}: {} with {}, {} refused, {} with errors",
            counted(self.detections, "detection"),
            self.alerting,
            counted(self.alerts, "alert"),
            self.refused,
            self.errors.len()
        );
        let most = self.days.iter().max_by_key(|(_, _, count)| *count);
        if let Some((name, day, count)) = most {
            text.push_str(&format!("; most on a day: {count} of {name} on {day}"));
        }
        text
    }
}

/// The rows of a result by day and host; an empty text for a day or host that the search dropped.
fn alerts(result: &DetectionResult, zone: chrono_tz::Tz) -> Alerts {
    let mut alerts = Alerts::new();
    let Some(rows) = &result.rows else {
        return alerts;
    };
    let names = rows.names();
    for row in 0..rows.len() {
        let day = time_of(rows, row).and_then(|time| strftime(time, "%Y-%m-%d", zone));
        let host = HOSTS.iter().find_map(|wanted| {
            let column = names.iter().position(|name| name == wanted)?;
            rows.value(row, column).into_text()
        });
        let host = host.map(|host| host.into_owned()).unwrap_or_default();
        *alerts.entry((day.unwrap_or_default(), host)).or_default() += 1;
    }
    alerts
}
