//! The prompt's session: answers one input after the other.

use crate::cli::args::StageArg;
use crate::cli::error::CliError;
use crate::cli::help;
use crate::cli::interrupt;
use crate::cli::list::{datasets, macros, matches, names};
use crate::cli::output::listing::Listing;
use crate::cli::output::sink::send;
use crate::cli::output::{Format, Table, is_time, time};
use crate::cli::plot;
use crate::cli::repl::PromptLoop;
use crate::cli::repl::dot::{self, Dot};
use crate::cli::repl::names::Names;
use crate::cli::search;
use crate::cli::setup::CliContext;
use crate::cli::why;
use crate::error::Error;
use crate::session::{ModelFile, NameKind, SearchResult, Session};
use crate::value::{Type, Value};

/// Whether the prompt continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Read the next input.
    Next,
    /// `.quit`
    Leave,
}

/// The state kept between inputs.
pub struct State {
    setup: CliContext,
    session: Session,
    names: Names,
    timing: bool,
    last_search: Option<String>,
    last_answer: Option<SearchResult>,
}

impl PromptLoop for State {
    fn setup(&self) -> &CliContext {
        &self.setup
    }

    fn names(&self) -> &Names {
        &self.names
    }

    fn greeting(&self) -> Option<&str> {
        Some("spelunk: .help lists the commands of the prompt, Ctrl-D leaves")
    }

    /// Answers a search or a dot command.
    fn answer(&mut self, input: &str) -> Result<Flow, CliError> {
        interrupt::reset();
        if input.starts_with('.') {
            let dot = dot::parse(input).map_err(Error::usage)?;
            return self.dot(dot);
        }
        self.last_search = Some(input.to_owned());
        let answer = self.session.search(input)?;
        self.setup.write_rows(&answer.rows)?;
        if self.timing {
            self.setup.tell(&answer);
        } else {
            self.setup.notices(&answer.warnings);
        }
        self.names.see_fields(Table::names(&answer.rows));
        self.last_answer = Some(answer);
        Ok(Flow::Next)
    }
}

impl State {
    /// Opens the session.
    pub fn open(setup: CliContext) -> Result<State, CliError> {
        let session = setup.open()?;
        Ok(State {
            names: Names::of(&session),
            timing: !setup.quiet,
            setup,
            session,
            last_search: None,
            last_answer: None,
        })
    }

    fn dot(&mut self, dot: Dot) -> Result<Flow, CliError> {
        match dot {
            Dot::Quit => return Ok(Flow::Leave),
            Dot::Help(None) => self.say(dot::HELP)?,
            Dot::Help(Some(name)) => self.say(&help::text(&name)?)?,
            Dot::ShowData => self.show_data()?,
            Dot::ForgetData => self.reopen(|setup| setup.options.data.clear())?,
            Dot::AddData(path) => {
                // Fails now rather than at every later search.
                std::fs::metadata(&path).map_err(|why| Error::file(&path, why))?;
                self.reopen(|setup| setup.options.data.push(path))?;
            }
            Dot::ShowModels => {
                let rows = datasets(&self.session, "*")?;
                self.setup.write_table(&rows)?;
            }
            Dot::AddModel(model) => self.reopen(|setup| {
                setup.options.models.push(ModelFile {
                    model: model.model,
                    dataset: model.dataset,
                    path: model.path,
                });
            })?,
            Dot::Fields(pattern) => self.fields(&pattern)?,
            Dot::Macros(pattern) => {
                let rows = macros(&self.session, &pattern);
                self.setup.write_table(&rows)?;
            }
            Dot::Explain(stage, spl) => self.explain(stage, spl)?,
            Dot::Steps(spl) => {
                let spl = self.given_or_last(spl)?;
                search::steps(&self.session, &spl, &self.setup, None)?;
            }
            Dot::Why(spl) => {
                let spl = self.given_or_last(spl)?;
                why::tell(&self.session, &spl, None, &self.setup)?;
            }
            Dot::Plot(path) => {
                let Some(answer) = &self.last_answer else {
                    return Err(Error::usage("no rows yet: run a search first").into());
                };
                match path {
                    Some(path) => plot::save(&answer.rows, &path, &self.setup)?,
                    None => plot::show(&answer.rows, &self.setup)?,
                }
            }
            Dot::ShowFormat => {
                let format = self.setup.format;
                self.say(&format.map_or("auto".to_owned(), |f| format!("{f:?}").to_lowercase()))?;
            }
            Dot::Format(format) => self.setup.format = format,
            Dot::Timing(on) => {
                self.timing = on.unwrap_or(!self.timing);
                self.say(if self.timing {
                    "timing on"
                } else {
                    "timing off"
                })?;
            }
            Dot::ShowLimit => match self.setup.style(Format::Table).limit {
                Some(limit) if limit < usize::MAX => self.say(&limit.to_string())?,
                Some(_) | None => self.say("all")?,
            },
            Dot::Limit(limit) => self.setup.limit = Some(limit.unwrap_or(usize::MAX)),
            Dot::Save(path) => {
                let Some(answer) = &self.last_answer else {
                    return Err(Error::usage("no rows yet: run a search first").into());
                };
                let format = Format::of_path(&path).ok_or_else(|| {
                    Error::usage("the file name's extension selects the format")
                        .hint("known are .csv .json .ndjson .jsonl .md .parquet .txt")
                })?;
                let saving = CliContext {
                    format: Some(format),
                    output: Some(path),
                    limit: None,
                    terminal: false,
                    color: false,
                    ..self.setup.clone()
                };
                saving.write_rows(&answer.rows)?;
            }
        }
        Ok(Flow::Next)
    }

    fn explain(&self, stage: StageArg, spl: Option<String>) -> Result<(), CliError> {
        let spl = self.given_or_last(spl)?;
        let text = self.session.explain(&spl, search::stage(stage))?;
        self.say(&text)
    }

    fn given_or_last(&self, spl: Option<String>) -> Result<String, CliError> {
        spl.or_else(|| self.last_search.clone())
            .ok_or_else(|| Error::usage("no search yet").into())
    }

    /// Reopens the session with changed options; keeps the old one if that fails.
    fn reopen(&mut self, change: impl FnOnce(&mut CliContext)) -> Result<(), CliError> {
        let mut setup = self.setup.clone();
        change(&mut setup);
        let session = setup.open()?;
        let fields = std::mem::take(&mut self.names.fields);
        self.names = Names::of(&session);
        self.names.fields = fields;
        self.session = session;
        self.setup = setup;
        Ok(())
    }

    fn show_data(&self) -> Result<(), CliError> {
        let options = &self.setup.options;
        let mut text = String::new();
        for path in &options.data {
            text.push_str(&format!("{}\n", path.display()));
        }
        for model in &options.models {
            let (name, dataset, path) = (&model.model, &model.dataset, model.path.display());
            text.push_str(&format!("{name}.{dataset}={path}\n"));
        }
        if options.data.is_empty() {
            text.push_str(&format!("the store in {}\n", options.home.display()));
        }
        self.say(&text)
    }

    /// The columns of the last result: type, how many rows have them, and an example value.
    fn fields(&self, pattern: &str) -> Result<(), CliError> {
        let Some(answer) = &self.last_answer else {
            let rows = names(&self.session, NameKind::Field, pattern)?;
            return self.setup.write_table(&rows);
        };
        let rows: &dyn Table = &answer.rows;
        let mut listing = Listing::new(&[
            ("field", Type::Text),
            ("type", Type::Text),
            ("rows", Type::Number),
            ("example", Type::Multi),
        ]);
        for (column, (name, kind)) in rows.names().iter().zip(rows.types()).enumerate() {
            if !matches(name, pattern) {
                continue;
            }
            let mut count = 0.0;
            let mut example = Value::Null;
            for row in 0..rows.height() {
                let value = rows.value(row, column);
                if !value.is_null() {
                    count += 1.0;
                    if example.is_null() {
                        example = match value {
                            Value::Num(seconds) if is_time(name, *kind) => {
                                Value::text(time::readable(seconds, self.setup.options.zone))
                            }
                            value => value.into_owned(),
                        };
                    }
                }
            }
            listing.push(vec![
                Value::text((*name).to_owned()),
                Value::text(kind.name()),
                Value::Num(count),
                example,
            ]);
        }
        self.setup.write_table(&listing)
    }

    fn say(&self, text: &str) -> Result<(), CliError> {
        send(None, |out| writeln!(out, "{}", text.trim_end()))
    }
}
