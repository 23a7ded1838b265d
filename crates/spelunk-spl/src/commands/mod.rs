//! The commands, one file each: a row, its arguments, its plan.
//!
//! A new command is a file here, its name in `commands!`, and its own rule `<name>_args` in
//! `grammar/commands.pest`.

mod algorithms;
mod args;
mod dataset;
mod eventtypes;
mod indexes;
mod learning;
pub mod lookup_call;
mod planner;
mod prestats;
mod rank;
mod series;
mod series_terms;
mod splice;
mod template;
mod unsupported;

pub use planner::{Planner, plan_text};
pub use unsupported::{refused, why_refused};

use crate::error::{Error, ErrorKind, Result};
use crate::knowledge::Catalog;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

/// One command.
pub struct Command {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// Its heading in the list of commands.
    pub category: Category,
    /// `head [<N> | (<condition>)] [limit=<N>]`
    pub synopsis: &'static str,
    /// Its options: name, default, meaning.
    pub options: &'static [OptionRow],
    /// Description.
    pub doc: &'static str,
    /// Searches with the rows they return as NDJSON; run by a test.
    pub examples: &'static [(&'static str, &'static str)],
    /// The documentation page that it follows.
    pub page: &'static str,
    /// The shape of its arguments.
    pub args: Rule,
    /// Plans the command over its input; a generating command has no input.
    pub plan: fn(&mut Planner<'_>, &Stage, Option<Plan>) -> Result<Plan>,
}

/// An option of a command: name, default (empty for none), meaning.
pub type OptionRow = (&'static str, &'static str, &'static str);

/// Headings of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Generates rows.
    Generating,
    /// Keeps or drops rows.
    Filtering,
    /// Adds or changes fields.
    Fields,
    /// Aggregates rows.
    Reporting,
    /// Orders rows.
    Ordering,
    /// Combines rows or fields.
    Combining,
}

impl Category {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Category::Generating => "Generating rows",
            Category::Filtering => "Filtering",
            Category::Fields => "Fields",
            Category::Reporting => "Reporting",
            Category::Ordering => "Ordering",
            Category::Combining => "Combining",
        }
    }
}

/// Defaults for the fields that most rows omit.
const DEFAULT: Command = Command {
    name: "",
    aliases: &[],
    category: Category::Fields,
    synopsis: "",
    options: &[],
    doc: "",
    examples: &[],
    page: "",
    args: Rule::EOI,
    plan: no_plan,
};

fn no_plan(_: &mut Planner<'_>, stage: &Stage, _: Option<Plan>) -> Result<Plan> {
    Err(Error::internal(format!(
        "`{}` has no plan",
        stage.name.text
    )))
}

macro_rules! commands {
    ($($module:ident),* $(,)?) => {
        $(pub(crate) mod $module;)*
        const TABLE: &[&Command] = &[$(&$module::COMMAND),*];
    };
}

commands! {
    abstract_, accum, addcoltotals, addinfo, addtotals, analyzefields, anomalies,
    anomalousvalue, anomalydetection, append, appendcols, appendpipe, apply, arules, associate,
    autoregress, bin, bucketdir, chart, cluster, cofilter, collect, concurrency, contingency, convert,
    correlate, datamodel, dbinspect, dedup, deletemodel, delta, diff, erex, eval, eventcount, eventstats, extract,
    fieldformat, fields, fieldsummary, filldown, fillnull, findtypes, fit, folderize, foreach, format, from, fromjson,
    gauge, gentimes, geostats, head, highlight, history, inputcsv, inputlookup, iplocation, join, kmeans, kvform,
    listmodels, loadjob, localize, localop, lookup, makecontinuous, makejson, makemv, makeresults, map, mcatalog, mcollect,
    metadata, metasearch, mpreview, mstats, multikv, mvcombine, mvexpand, nomv, outlier, outputcsv, outputlookup,
    outputtext, overlap, pivot, predict, rangemap, rare, regex, relevancy, reltime, rename, replace, require,
    rest, return_, reverse, rex, rtorder, sample, savedsearch, score, scrub, search, searchtxn, selfjoin, set, setfields, sichart, sirare, sistats,
    sitimechart, sitop, sort, spath, stats, strcat, streamstats, summary, table, tags, tail, timechart,
    timewrap, tojson, top, transaction, transpose, trendline, tstats, typeahead, typelearner, typer, union,
    uniq, untable, walklex, where_, x11, xmlkv, xmlunescape, xpath, xyseries,
}

/// All commands, by name.
pub fn all() -> impl Iterator<Item = &'static Command> {
    TABLE.iter().copied()
}

/// Why a custom search command is unsupported.
pub fn custom_command(app: &str) -> String {
    format!("it is a program of the app `{app}` (commands.conf), and programs of apps are not run")
}

/// The command with this name or alias, ignoring case.
pub fn command(name: &str) -> Option<&'static Command> {
    all().find(|c| {
        c.name.eq_ignore_ascii_case(name) || c.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))
    })
}

/// The argument shape of the command with this name.
pub fn shape_of(name: &str) -> Option<Rule> {
    command(name).map(|c| c.args)
}

/// Splunk commands without a row here, with the reason.
pub fn unsupported() -> impl Iterator<Item = (&'static str, &'static str)> {
    refused().filter(|(name, _)| command(name).is_none())
}

/// The error for a command without a row.
pub fn unknown(stage: &Stage, catalog: &Catalog) -> Error {
    let name = &stage.name.text;
    if let Some(app) = catalog.custom_command(name) {
        return Error::new(ErrorKind::UnsupportedCommand {
            name: name.clone(),
            why: custom_command(&app),
        })
        .at(stage.name.span);
    }
    if let Some(why) = why_refused(name) {
        return Error::new(ErrorKind::UnsupportedCommand {
            name: name.to_ascii_lowercase(),
            why: why.to_owned(),
        })
        .at(stage.name.span);
    }
    Error::new(ErrorKind::UnknownCommand(name.clone()))
        .at(stage.name.span)
        .did_you_mean(name, all().map(|c| c.name))
}
