//! `why`: how many rows each condition of a search passes, and where the last row is lost.

use crate::cli::args::WhyArgs;
use crate::cli::error::CliError;
use crate::cli::output::Format;
use crate::cli::output::sink::send;
use crate::cli::setup::{CliContext, note};
use crate::detect::why::{self, Why};
use crate::error::Error;
use crate::session::{MISSES, Session};

/// Explains why a detection or a search found nothing.
pub fn why(args: &WhyArgs, setup: &CliContext) -> Result<(), CliError> {
    let session = setup.open()?;
    let search = match (&args.search, &args.detection) {
        (Some(search), _) => search.clone(),
        (None, Some(name)) => {
            let detections = session.catalog().load_detections(name)?;
            let [detection] = detections.as_slice() else {
                let count = detections.len();
                let why = format!("`{name}` is {count} detections; why is asked of one");
                return Err(Error::usage(why).into());
            };
            session.replay_tests_of(detection)?;
            detection.search.clone()
        }
        (None, None) => return Err(Error::usage("name a detection, or give --search").into()),
    };
    tell(&session, &search, args.only.as_deref(), setup)
}

/// Explains it for one search and writes the result.
pub fn tell(
    session: &Session,
    search: &str,
    only: Option<&str>,
    setup: &CliContext,
) -> Result<(), CliError> {
    let found = session.why(search, only, setup.limit.unwrap_or(MISSES))?;
    let text = written(&found, setup)?;
    send(setup.output.as_deref(), |out| {
        writeln!(out, "{}", text.trim_end())
    })?;
    setup.notices(&session.take_data_notices());
    if found.lost.is_none() && found.steps.last().is_some_and(|step| step.rows > 0) && !setup.quiet
    {
        note("note: the search finds something");
    }
    Ok(())
}

fn written(found: &Why, setup: &CliContext) -> Result<String, CliError> {
    Ok(match setup.format.unwrap_or(Format::Table) {
        Format::Table | Format::Vertical => why::render(found, setup.options.zone, setup.color),
        Format::Json => format!("{:#}", why::json(found)),
        Format::Ndjson => why::json(found).to_string(),
        Format::Csv
        | Format::Markdown
        | Format::Parquet
        | Format::Html
        | Format::Junit
        | Format::Sarif => return Err(Error::usage("why writes text, json or ndjson").into()),
    })
}
