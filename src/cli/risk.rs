//! `risk`: risk objects by score, with the detections behind it and the times.

use crate::cli::args::{RiskArgs, RiskCommand};
use crate::cli::error::CliError;
use crate::cli::output::counted;
use crate::cli::setup::{CliContext, note};
use crate::cli::store::confirmed;

/// The time format.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%:z";

/// Shows objects by score, shows the events of one, or clears them all.
pub fn risk(args: &RiskArgs, setup: &CliContext) -> Result<(), CliError> {
    let mut setup = setup.clone();
    if let Some(since) = &args.since {
        setup.options.earliest = Some(since.clone());
    }
    if let Some(RiskCommand::Clear { yes }) = args.what {
        return clear(yes, &setup);
    }
    let least = args.min_score.unwrap_or(f64::NEG_INFINITY);
    let spl = match &args.object {
        Some(object) => events_of(object, least),
        None => objects(least),
    };
    let answer = setup.open()?.search(&spl)?;
    if answer.rows.is_empty() {
        let why = match &args.object {
            Some(object) => format!("nothing is known of risk of `{object}`"),
            None => "no risk events".to_owned(),
        };
        if !setup.quiet {
            note(&format!(
                "note: {why}: `spelunk run` makes risk events of what detections find"
            ));
        }
    }
    setup.write_rows(&answer.rows)
}

/// Objects whose names differ only in case are one, as in `normalized_risk_object`.
fn objects(least: f64) -> String {
    format!(
        "search index=risk risk_object=* \
         | eval key=lower(risk_object), search=coalesce(search_name, source) \
         | stats sum(risk_score) as risk_score count as events dc(search) as sources \
           values(annotations.mitre_attack) as techniques latest(risk_object) as risk_object \
           min(_time) as first_time max(_time) as last_time by key risk_object_type \
         {} | sort 0 -risk_score -events key \
         | eval first_time=strftime(first_time, \"{TIME}\"), last_time=strftime(last_time, \"{TIME}\") \
         | table risk_object risk_object_type risk_score events sources techniques first_time last_time",
        at_least(least)
    )
}

fn events_of(object: &str, least: f64) -> String {
    let object = object.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "search index=risk risk_object=\"{object}\" {} | sort 0 _time \
         | eval time=strftime(_time, \"{TIME}\"), search=coalesce(search_name, source) \
         | rename annotations.mitre_attack as techniques \
         | table time risk_object risk_object_type risk_score search risk_message threat_object \
           threat_object_type techniques",
        at_least(least)
    )
}

fn at_least(score: f64) -> String {
    if score.is_finite() {
        format!("| where risk_score >= {score}")
    } else {
        String::new()
    }
}

fn clear(yes: bool, setup: &CliContext) -> Result<(), CliError> {
    let session = setup.open()?;
    let cleared = session.clear_risk(|events| {
        let what = counted(events, "risk event");
        if yes { Ok(true) } else { confirmed(&what) }
    })?;
    if !setup.quiet {
        match cleared {
            0 => note("nothing was deleted"),
            events => note(&format!("deleted {}", counted(events, "risk event"))),
        }
    }
    Ok(())
}
