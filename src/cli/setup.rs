//! Values derived once from the command line: the session's options and the output's style.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::args::{ColorArg, Global, SplArgs};
use crate::cli::error::CliError;
use crate::cli::interrupt;
use crate::cli::output::rows::write_parquet;
use crate::cli::output::sink::send;
use crate::cli::output::{Format, Style, Table, counted, duration, table, write};
use crate::cli::progress::Bars;
use crate::cli::value_parsers::LATEST;
use crate::error::Error;
use crate::exec::frame::result::Rows;
use crate::knowledge::fault::Faults;
use crate::plan::tuning::Tuning;
use crate::session::{ModelFile, Options, SearchResult, Session};
use crate::source::line_column;
use crate::time::time_modifier;

/// Row limit of a table on a terminal, unless `--limit` is given.
const TERMINAL_LIMIT: usize = 1000;

/// Notices shown per search; `-v` shows them all.
const NOTICES: usize = 5;

/// Faults of knowledge objects printed at a time; `-v` prints them all.
const FAULTS: usize = 5;

/// The shared context of all subcommands.
#[derive(Clone, Debug)]
pub struct CliContext {
    /// The options to open the session with.
    pub options: Options,
    /// `--format`, or as the name of `--output` says; `None` if neither decides.
    pub format: Option<Format>,
    /// `--output`
    pub output: Option<PathBuf>,
    /// `--limit`
    pub limit: Option<usize>,
    /// `--quiet`
    pub quiet: bool,
    /// Whether standard output is a terminal and there is no output file.
    pub terminal: bool,
    /// Colours on standard output.
    pub color: bool,
    /// Colours on standard error.
    pub error_color: bool,
    /// The knowledge faults of the most recently opened session.
    pub(super) faults: Arc<Mutex<Faults>>,
}

impl CliContext {
    /// Builds the context; reads nothing but the environment.
    pub fn new(global: Global) -> Result<CliContext, CliError> {
        let format = global
            .format
            .or_else(|| Format::of_path(global.output.as_deref()?));
        if format == Some(Format::Parquet) && global.output.is_none() {
            return Err(Error::usage("Parquet is written to a file: add --output FILE").into());
        }
        let terminal = global.output.is_none() && io::stdout().is_terminal();
        Ok(CliContext {
            color: colored(global.color, terminal),
            error_color: colored(global.color, io::stderr().is_terminal()),
            options: options(&global)?,
            format,
            output: global.output,
            limit: global.limit,
            quiet: global.quiet,
            terminal,
            faults: Arc::default(),
        })
    }

    /// Opens the session, with progress on standard error and Ctrl-C stopping its searches.
    pub fn open(&self) -> Result<Session, CliError> {
        self.open_with(std::iter::empty())
    }

    /// Opens the session with further apps, unless they are loaded already.
    pub fn open_with(&self, apps: impl Iterator<Item = PathBuf>) -> Result<Session, CliError> {
        let mut options = self.options.clone();
        for app in apps {
            if !options.apps.contains(&app) {
                options.apps.push(app);
            }
        }
        let session = Session::open(options)?;
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) =
            session.catalog().faults().clone();
        if !self.quiet && io::stderr().is_terminal() {
            session.set_progress(Arc::new(Bars::default()));
        }
        interrupt::stops(session.cancel_handle());
        Ok(session)
    }

    /// The style of rows in `format`.
    pub fn style(&self, format: Format) -> Style {
        let default_limit = (self.terminal && format.is_for_people()).then_some(TERMINAL_LIMIT);
        Style {
            limit: self.limit.or(default_limit),
            width: self.terminal.then(table::terminal_width).flatten(),
            zone: self.options.zone,
            color: self.color,
            boxes: self.terminal,
        }
    }

    /// The format for a table of that many columns: the requested one, else a table, or one field per line if
    /// the terminal is too narrow for it.
    pub fn format_for(&self, columns: usize) -> Format {
        self.format.unwrap_or_else(|| {
            if table::fits(columns, self.style(Format::Table).width) {
                Format::Table
            } else {
                Format::Vertical
            }
        })
    }

    /// Writes one table to the output.
    pub fn write_table(&self, rows: &dyn Table) -> Result<(), CliError> {
        let format = self.format_for(rows.names().len());
        if format == Format::Parquet {
            return Err(Error::usage("only the rows of a search are written as Parquet").into());
        }
        if format.is_report() {
            return Err(Error::usage(
                "html, junit and sarif are reports of detections: use them with `run` or `test`",
            )
            .into());
        }
        let style = self.style(format);
        send(self.output.as_deref(), |out| {
            write(rows, format, &style, out)
        })
    }

    /// Writes a search's rows to the output.
    pub fn write_rows(&self, rows: &Rows) -> Result<(), CliError> {
        match (self.format, &self.output) {
            (Some(Format::Parquet), Some(path)) => Ok(write_parquet(rows, self.limit, path)?),
            _ => self.write_table(rows),
        }
    }

    /// Prints notices, the number of events searched and the elapsed time on standard error.
    pub fn tell(&self, answer: &SearchResult) {
        self.notices(&answer.warnings);
        let for_people = self.format.is_none_or(Format::is_for_people);
        if for_people && !self.quiet {
            note(&searched(answer.events_scanned, answer.elapsed));
        }
    }

    /// Prints notices on standard error.
    pub fn notices(&self, notices: &[impl AsRef<str>]) {
        if self.quiet {
            return;
        }
        let most = if self.options.verbose {
            notices.len()
        } else {
            NOTICES
        };
        for notice in notices.iter().take(most) {
            note(&format!("note: {}", notice.as_ref()));
        }
        if notices.len() > most {
            let more = notices.len() - most;
            note(&format!("note: and {more} more (-v shows all)"));
        }
    }

    /// Warns on standard error of knowledge faults found since the last call.
    pub fn warn(&self) {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let new = faults.take_new();
        if self.quiet {
            return;
        }
        let most = if self.options.verbose {
            new.len()
        } else {
            FAULTS
        };
        for fault in new.iter().take(most) {
            note(&format!("warning: {fault}"));
        }
        if new.len() > most {
            let more = new.len() - most;
            let added = &self.options;
            let option = match added.apps.is_empty() && added.app_folders.is_empty() {
                true => "--content",
                false => "--app",
            };
            note(&format!(
                "warning: and {more} more; `spelunk check {option} DIR` lists them"
            ));
        }
    }

    /// Prints an error on standard error.
    pub fn complain(&self, problem: &CliError) {
        if let Some(text) = problem.text(self.error_color) {
            note(text.trim_end());
        }
    }
}

/// Prints a line on standard error, which may be closed.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// `1,204 events searched in 0.41 s`
pub fn searched(events: u64, elapsed: std::time::Duration) -> String {
    format!(
        "{} searched in {}",
        counted(events, "event"),
        duration(elapsed)
    )
}

/// The text of the search: from the command line, a file, or standard input.
pub fn spl(args: &SplArgs) -> Result<String, CliError> {
    let text = match (&args.spl, &args.file) {
        (Some(spl), _) if spl == "-" => {
            let mut bytes = Vec::new();
            let name = Path::new("standard input");
            io::stdin()
                .read_to_end(&mut bytes)
                .map_err(|why| Error::file(name, why))?;
            utf8(name, bytes)?
        }
        (Some(spl), _) => spl.clone(),
        (None, Some(path)) => {
            let bytes = std::fs::read(path).map_err(|why| Error::file(path, why))?;
            utf8(path, bytes)?
        }
        (None, None) => return Err(Error::usage("no search given").into()),
    };
    Ok(text)
}

/// Decodes a search's text, without a byte order mark.
pub fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String, Error> {
    let text = String::from_utf8(bytes).map_err(|why| {
        let valid = &why.as_bytes()[..why.utf8_error().valid_up_to()];
        let (line, column) = line_column(&String::from_utf8_lossy(valid), valid.len());
        Error::format(path, line, column, "a search must be UTF-8 text")
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn colored(when: ColorArg, terminal: bool) -> bool {
    match when {
        ColorArg::Always => true,
        ColorArg::Never => false,
        // https://no-color.org: set and not empty.
        ColorArg::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    }
}

fn options(global: &Global) -> Result<Options, Error> {
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    let now_is_latest = global.now.as_deref() == Some(LATEST);
    let now = global
        .now
        .as_deref()
        .filter(|_| !now_is_latest)
        .map(|text| time_modifier(text, clock, global.tz))
        .transpose()
        .map_err(|why| Error::usage(format!("--now: {why}")))?;
    let home = global.home.clone().or_else(|| {
        std::env::var_os("SPELUNK_HOME")
            .filter(|home| !home.is_empty())
            .map(PathBuf::from)
    });
    Ok(Options {
        home: home.unwrap_or_else(|| PathBuf::from(".spelunk")),
        data: global.data.clone(),
        models: global
            .model
            .iter()
            .map(|m| ModelFile {
                model: m.model.clone(),
                dataset: m.dataset.clone(),
                path: m.path.clone(),
            })
            .collect(),
        shipped_apps: !global.no_shipped_apps,
        app_folders: global.apps.clone(),
        apps: global.app.clone(),
        content: global.content.clone(),
        macros: global.macros.clone(),
        earliest: global.earliest.clone(),
        latest: global.latest.clone(),
        now,
        now_is_latest,
        any_index: global.any_index,
        zone: global.tz,
        geoip: global.geoip.clone().or_else(|| {
            std::env::var_os("SPELUNK_GEOIP")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        }),
        verbose: global.verbose,
        tuning: Tuning {
            disabled: global.disable_rule.iter().copied().collect(),
            ..Tuning::default()
        },
    })
}
