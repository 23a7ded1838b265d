//! The command line as clap sees it. Only shapes are checked here; nothing is opened or read.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::examples;
use crate::cli::output::Format;
use crate::cli::value_parsers::{ModelArg, parse_model, parse_rule, parse_time, parse_zone};
use crate::detect::selection::Selection;
use crate::plan::tuning::RuleId;

/// Run Splunk's SPL and published detections on local files, without a Splunk server.
#[derive(Debug, Parser)]
#[command(
    name = "spelunk",
    version,
    max_term_width = 110,
    disable_help_subcommand = true,
    after_help = examples::TOP
)]
pub struct Cli {
    /// What to do; nothing starts the interactive prompt.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of every subcommand.
    #[command(flatten)]
    pub global: Global,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a search and print its rows
    #[command(after_help = examples::SEARCH)]
    Search(SearchArgs),
    /// Run detections and print their rows and risk events
    #[command(after_help = examples::RUN)]
    Run(RunArgs),
    /// Run the tests of detections: each must find something in its data
    #[command(after_help = examples::TEST)]
    Test(TestArgs),
    /// Show who is at risk: objects by score, or the risk events of one
    #[command(after_help = examples::RISK)]
    Risk(RiskArgs),
    /// Find out why a detection or a search found nothing: terms, nearest misses, rows after each pipe
    #[command(after_help = examples::WHY)]
    Why(WhyArgs),
    /// Run two versions of a detection on the same data: rows gained and lost, what changed in the search
    #[command(after_help = examples::DIFF)]
    Diff(DiffArgs),
    /// Search interactively, or answer a script on standard input
    #[command(after_help = examples::REPL)]
    Repl,
    /// Learn SPL: short lessons, each with a task on shipped data whose answer is checked
    #[command(after_help = examples::LEARN)]
    Learn(LearnArgs),
    /// Read raw logs or described data sets into the store and build the data model summaries
    #[command(after_help = examples::REPLAY)]
    Replay(ReplayArgs),
    /// Look after the store: statistics, verification, deletion, compaction, summaries
    #[command(after_help = examples::STORE)]
    Store(StoreArgs),
    /// Show what becomes of a search: macros, tree, plan, Polars; or the rows after every command
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Parse, resolve and lint searches or detection files without running them
    #[command(after_help = examples::CHECK)]
    Check(CheckArgs),
    /// Lay searches out: a command a line, long ones broken and aligned
    #[command(after_help = examples::FMT)]
    Fmt(FmtArgs),
    /// Explain an SPL command, a function or a topic
    #[command(after_help = examples::HELP)]
    Help(HelpArgs),
    /// List what is known: detections, macros, lookups, models, commands, fields, ...
    #[command(after_help = examples::LIST)]
    List(ListArgs),
    /// Print the completion script of a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual page
    #[command(after_help = examples::MAN)]
    Man,
}

/// A search, typed or in a file.
#[derive(Debug, Args)]
pub struct SplArgs {
    /// The search, in single quotes for the shell; `-` reads standard input
    #[arg(value_name = "SPL", required_unless_present = "file")]
    pub spl: Option<String>,
    /// Read the search from a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "spl")]
    pub file: Option<PathBuf>,
}

/// `search`
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What to search.
    #[command(flatten)]
    pub search: SplArgs,
    /// Show the rows after every command
    #[arg(long, conflicts_with_all = ["plot", "plot_file"])]
    pub steps: bool,
    /// Draw the rows: lines over _time, bars over names
    #[arg(long)]
    pub plot: bool,
    /// Draw the rows into a file, .svg or .png, and print them
    #[arg(long, value_name = "FILE")]
    pub plot_file: Option<PathBuf>,
}

/// `run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Names or ids of detections or saved searches, YAML, SPL or savedsearches.conf files, or folders of them
    #[arg(value_name = "DETECTION", required = true)]
    pub detections: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Search the time range of a saved search's schedule, not all data
    #[arg(long)]
    pub as_scheduled: bool,
    /// Let each detection read the data alone: slower, the rows are the same
    #[arg(long)]
    pub separately: bool,
    /// Also write an ATT&CK Navigator layer of what found something
    #[arg(long, value_name = "FILE")]
    pub navigator: Option<PathBuf>,
    /// Add the risk events to those the same detections made before, instead of replacing them
    #[arg(long)]
    pub keep_risk: bool,
    /// Do not keep the risk events in the store
    #[arg(long, conflicts_with = "keep_risk")]
    pub no_risk: bool,
}

/// `risk`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RiskArgs {
    /// Show the risk events of this host, user or other object, `*` standing for anything
    #[arg(value_name = "OBJECT")]
    pub object: Option<String>,
    /// Only objects, or events of the object, with that score or a higher one
    #[arg(long, value_name = "N")]
    pub min_score: Option<f64>,
    /// Only risk events from here on, as --earliest
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_time,
        allow_hyphen_values = true
    )]
    pub since: Option<String>,
    /// What else to do.
    #[command(subcommand)]
    pub what: Option<RiskCommand>,
}

/// What `risk` does beside showing.
#[derive(Debug, Subcommand)]
pub enum RiskCommand {
    /// Remove all risk events from the store
    Clear {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// `test`
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Names or ids of detections, files, or folders of them [default: those of --content]
    #[arg(value_name = "DETECTION")]
    pub detections: Vec<String>,
    /// Where the data sets lie, in the layout of the public attack data; repeatable
    #[arg(long, value_name = "DIR")]
    pub attack_data: Vec<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Only what changed since a revision of the repository, or whose macros or lookups did
    #[arg(long, value_name = "REV")]
    pub changed_since: Option<String>,
    /// Run tests again whose search, knowledge and data are as they were
    #[arg(long)]
    pub no_cache: bool,
    /// Succeed even if the data of all tests is missing
    #[arg(long, conflicts_with = "against_benign")]
    pub allow_missing_data: bool,
    /// Fetch data that is not there from this address or folder into the first --attack-data
    #[arg(long, value_name = "URLBASE", requires = "attack_data")]
    pub fetch: Option<String>,
    /// Instead of the tests, count the alerts on data that should be quiet, by day and host
    #[arg(long, value_name = "PATH", conflicts_with_all = ["fetch", "changed_since"])]
    pub against_benign: Option<PathBuf>,
    /// There, fail if a detection has more alerts than that on one day
    #[arg(long, value_name = "N", requires = "against_benign")]
    pub max_per_day: Option<u64>,
}

/// `why`
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// Name or id of a detection or a saved search, or its file
    #[arg(value_name = "DETECTION", required_unless_present = "search")]
    pub detection: Option<String>,
    /// A search instead
    #[arg(long, value_name = "SPL", conflicts_with = "detection")]
    pub search: Option<String>,
    /// Look only at the events, or rows of the data set, that this selects: 'dest=dc1 process_name=cmd.exe'
    #[arg(long = "where", value_name = "CONDITION")]
    pub only: Option<String>,
}

/// `diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A detection: file, name, id, or REV:path for a file of a revision of the repository
    #[arg(value_name = "BEFORE")]
    pub before: String,
    /// The version it is compared with
    #[arg(value_name = "AFTER")]
    pub after: String,
    /// End with exit code 1 if searches or rows differ
    #[arg(long)]
    pub exit_code: bool,
}

/// Which detections of many; letter case does not matter, commas separate alternatives.
#[derive(Debug, Default, Args)]
pub struct SelectionArgs {
    /// Only of that type: TTP, Anomaly, Hunting, Correlation
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub kinds: Vec<String>,
    /// Only of that status: production, experimental, deprecated
    #[arg(
        long,
        value_name = "STATUS",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub status: Vec<String>,
    /// Only of analytic stories with that in their names
    #[arg(
        long,
        value_name = "TEXT",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub story: Vec<String>,
    /// Only of that ATT&CK technique: T1059 (with its sub-techniques), T1059.001
    #[arg(
        long,
        value_name = "ID",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub technique: Vec<String>,
    /// Only those that read that data model: Endpoint, Endpoint.Processes
    #[arg(
        long,
        value_name = "MODEL",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub datamodel: Vec<String>,
    /// Only of data sources with that in their names
    #[arg(
        long,
        value_name = "TEXT",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub source: Vec<String>,
}

impl SelectionArgs {
    /// What the options ask for.
    pub fn selection(&self) -> Selection {
        Selection {
            kinds: self.kinds.clone(),
            statuses: self.status.clone(),
            stories: self.story.clone(),
            techniques: self.technique.clone(),
            models: self.datamodel.clone(),
            sources: self.source.clone(),
        }
    }
}

/// `learn`
#[derive(Debug, Args)]
pub struct LearnArgs {
    /// A lesson's number or name; `list` shows them, `reset` forgets which are done [default: the next one]
    #[arg(value_name = "LESSON")]
    pub lesson: Option<String>,
}

/// `replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Raw logs, folders of them, or the YAML files that describe data sets
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// The index of all events [default: what the data says, or main]
    #[arg(long, value_name = "NAME")]
    pub index: Option<String>,
    /// The source of all events, whatever the data says
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The sourcetype of all events, whatever the data says
    #[arg(long, value_name = "NAME")]
    pub sourcetype: Option<String>,
    /// The host of all events, whatever the data says
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
}

/// `store`
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// What to do with the store
    #[command(subcommand)]
    pub what: StoreCommand,
}

/// What `store` does.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Show what is stored: events, rows of data models, files, bytes
    Stats,
    /// Read all that is stored and tell what is damaged, and what helps
    Verify,
    /// Remove events, and what summaries hold of them
    Delete(DeleteArgs),
    /// Merge small files into larger ones
    Compact,
    /// Make summaries of data models anew that are missing or were made with other knowledge
    Summarize,
}

/// `store delete`
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Events of this index, `*` standing for anything
    #[arg(
        long,
        value_name = "PATTERN",
        required_unless_present_any = ["source", "sourcetype"]
    )]
    pub index: Option<String>,
    /// Events of this source, `*` standing for anything
    #[arg(long, value_name = "PATTERN")]
    pub source: Option<String>,
    /// Events of this sourcetype, `*` standing for anything
    #[arg(long, value_name = "PATTERN")]
    pub sourcetype: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The search, in single quotes for the shell; `-` reads standard input; with --fields it may be a file
    #[arg(value_name = "SPL", required_unless_present_any = ["file", "fields"])]
    pub spl: Option<String>,
    /// Read the search from a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "spl")]
    pub file: Option<PathBuf>,
    /// How far to follow the search on its way to the engine
    #[arg(long, value_enum, default_value_t = StageArg::Plan)]
    pub stage: StageArg,
    /// Run the search and show columns and rows after every command
    #[arg(long, conflicts_with = "stage")]
    pub steps: bool,
    /// Show which rule gave which field its value, in the events the search selects or in all
    #[arg(long, conflicts_with_all = ["stage", "steps"])]
    pub fields: bool,
}

/// The forms a search passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StageArg {
    /// The text with its macros expanded
    Macros,
    /// The tree the grammar makes of it
    Ast,
    /// The plan its commands make
    Plan,
    /// The plan after the logical rules
    Optimized,
    /// The plan after the physical rules: what runs
    Physical,
    /// What Polars is asked to do
    Polars,
}

/// `check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Searches, detection files, or folders of them; without any, the knowledge that --app, --apps,
    /// --content and --macros add is checked
    #[arg(value_name = "SPL_OR_PATH")]
    pub what: Vec<String>,
    /// Fail when that lint finds something: a code, a name, or `warnings` for all warnings
    #[arg(long, value_name = "LINT", value_delimiter = ',')]
    pub deny: Vec<String>,
    /// Do not look for that: a code, a name, or `all`
    #[arg(long, value_name = "LINT", value_delimiter = ',')]
    pub allow: Vec<String>,
}

/// `fmt`
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// Files (.spl, .yml, .yaml, .conf), folders of them, or a search in quotes; nothing or `-` reads standard input
    #[arg(value_name = "SPL_OR_PATH")]
    pub what: Vec<String>,
    /// Change nothing; name what would be laid out differently, and fail if there is any
    #[arg(long)]
    pub check: bool,
    /// Write the files instead of standard output
    #[arg(short, long, conflicts_with = "check")]
    pub write: bool,
}

/// `help`
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command of SPL, a function, a topic or a subcommand; nothing lists the topics
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// `list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to list
    #[arg(value_enum, value_name = "WHAT")]
    pub what: ListKind,
    /// Only names that match, `*` standing for anything, whatever the case
    #[arg(value_name = "PATTERN")]
    pub pattern: Option<String>,
}

/// What `list` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListKind {
    /// Published and shipped detections
    Detections,
    /// Search macros, with their number of arguments
    Macros,
    /// Lookup tables and definitions
    Lookups,
    /// Data models
    Models,
    /// The data sets of the data models
    Datasets,
    /// Commands of SPL
    Commands,
    /// Functions of eval and of stats
    Functions,
    /// Fields of the data
    Fields,
    /// Source types of the data
    Sourcetypes,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Options of every subcommand.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Folder of the store and the history [env: SPELUNK_HOME] [default: .spelunk]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Data")]
    pub home: Option<PathBuf>,
    /// A MaxMind database (.mmdb) that tells where addresses are, for iplocation [env: SPELUNK_GEOIP]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Data")]
    pub geoip: Option<PathBuf>,
    /// Search this file or folder instead of the store (repeatable)
    #[arg(long, global = true, value_name = "PATH", help_heading = "Data")]
    pub data: Vec<PathBuf>,
    /// Rows of a data set of a data model, as Parquet, NDJSON or CSV, columns without the data set's name (repeatable)
    #[arg(
        long,
        global = true,
        value_name = "MODEL.DATASET=PATH",
        value_parser = parse_model,
        help_heading = "Data"
    )]
    pub model: Vec<ModelArg>,

    /// Add an app directory: default/, local/, lookups/ (repeatable; the last wins)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Knowledge")]
    pub app: Vec<PathBuf>,
    /// Add all apps of a folder; the last in the order of their names wins (repeatable)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Knowledge")]
    pub apps: Vec<PathBuf>,
    /// Add a repository of detections: detections/, macros/, lookups/ (repeatable)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Knowledge")]
    pub content: Vec<PathBuf>,
    /// Add macros: a folder of YAML files (repeatable)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Knowledge")]
    pub macros: Vec<PathBuf>,

    /// Only events from here on: -24h@h, an epoch, 2024-05-01T12:00:00 or %m/%d/%Y:%H:%M:%S
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = parse_time,
        allow_hyphen_values = true,
        help_heading = "Time"
    )]
    pub earliest: Option<String>,
    /// Only events before this time
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = parse_time,
        allow_hyphen_values = true,
        help_heading = "Time"
    )]
    pub latest: Option<String>,
    /// What now() is [default: the clock]
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = parse_time,
        allow_hyphen_values = true,
        help_heading = "Time"
    )]
    pub now: Option<String>,
    /// Time zone of what is read without one and of what is shown: UTC, Europe/Berlin, ...
    #[arg(
        long,
        global = true,
        value_name = "ZONE",
        value_parser = parse_zone,
        default_value = "UTC",
        help_heading = "Time"
    )]
    pub tz: chrono_tz::Tz,

    /// How rows are written [default: table, or what the name of --output says]
    #[arg(long, global = true, value_enum, help_heading = "Output")]
    pub format: Option<Format>,
    /// Write rows to a file instead of standard output
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Output"
    )]
    pub output: Option<PathBuf>,
    /// Show at most that many rows [default: 1000 for a table on a terminal, else all]
    #[arg(long, global = true, value_name = "N", help_heading = "Output")]
    pub limit: Option<usize>,
    /// No progress, notices or timing on standard error
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Leave out an optimizer rule; may be repeated. The rows are the same
    #[arg(long, global = true, value_name = "RULE", value_parser = parse_rule, hide_short_help = true, help_heading = "Output")]
    pub disable_rule: Vec<RuleId>,
    /// Tell all notices
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "quiet",
        help_heading = "Output"
    )]
    pub verbose: bool,
    /// Colours
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t = ColorArg::Auto,
        help_heading = "Output"
    )]
    pub color: ColorArg,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command};

    #[test]
    fn the_table_of_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_and_after_the_subcommand() {
        let cli = Cli::try_parse_from([
            "spelunk",
            "--tz",
            "europe/berlin",
            "search",
            "| makeresults",
            "--data",
            "a",
            "--data",
            "b",
            "--model",
            "Endpoint.Processes=p.csv",
            "--earliest",
            "-24h@h",
        ])
        .expect("the command line is right");
        assert_eq!(cli.global.tz, chrono_tz::Europe::Berlin);
        assert_eq!(cli.global.data.len(), 2);
        assert_eq!(cli.global.model[0].dataset, "Processes");
        assert_eq!(cli.global.earliest.as_deref(), Some("-24h@h"));
        assert!(matches!(cli.command, Some(Command::Search(_))));
    }

    #[test]
    fn wrong_usage_is_refused() {
        for wrong in [
            &["search"][..],
            &["search", "x", "--tz", "Nowhere/Land"],
            &["search", "x", "--model", "Endpoint=p.csv"],
            &["search", "x", "--now", "yesterday-ish"],
            &["search", "x", "--format", "xlsx"],
            &["explain", "x", "--steps", "--stage", "ast"],
            &["frobnicate"],
        ] {
            let words = std::iter::once("spelunk").chain(wrong.iter().copied());
            let error = Cli::try_parse_from(words).expect_err("wrong usage");
            assert_eq!(error.exit_code(), 2, "{wrong:?}");
        }
    }
}
