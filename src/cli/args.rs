//! The command line's arguments, parsed by clap. Checks only their form; opens and reads nothing.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::examples;
use crate::cli::output::Format;
use crate::cli::value_parsers::{
    ModelArg, parse_model, parse_now, parse_pair, parse_rule, parse_time, parse_zone,
};
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
    /// The command to run; without one, the interactive prompt starts
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
    /// Run the tests of detections: each must match in its own test data
    #[command(after_help = examples::TEST)]
    Test(TestArgs),
    /// Show risk scores by object, or the risk events of one object
    #[command(after_help = examples::RISK)]
    Risk(RiskArgs),
    /// Explain why a detection or a search found nothing: terms, nearest misses, rows after each pipe
    #[command(after_help = examples::WHY)]
    Why(WhyArgs),
    /// Compare two versions of a detection on the same data: rows gained and lost, changes in the search
    #[command(after_help = examples::DIFF)]
    Diff(DiffArgs),
    /// Search interactively, or answer a script on standard input
    #[command(after_help = examples::REPL)]
    Repl,
    /// Learn SPL in short lessons, each with a task on shipped data and a checked answer
    #[command(after_help = examples::LEARN)]
    Learn(LearnArgs),
    /// Read raw logs or described data sets into the store and build data model summaries
    #[command(after_help = examples::REPLAY)]
    Replay(ReplayArgs),
    /// Manage the store: statistics, verification, deletion, compaction, summaries
    #[command(after_help = examples::STORE)]
    Store(StoreArgs),
    /// Show how a search is expanded and planned: macros, tree, plan, Polars; or its rows after every command
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Parse, resolve and lint searches or detection files without running them
    #[command(after_help = examples::CHECK)]
    Check(CheckArgs),
    /// Format searches: one command per line, long ones wrapped and aligned
    #[command(after_help = examples::FMT)]
    Fmt(FmtArgs),
    /// Explain an SPL command, a function or a topic
    #[command(after_help = examples::HELP)]
    Help(HelpArgs),
    /// List detections, macros, lookups, models, commands, fields, ...
    #[command(after_help = examples::LIST)]
    List(ListArgs),
    /// Print a shell completion script
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual page
    #[command(after_help = examples::MAN)]
    Man,
}

/// A search, on the command line or in a file.
#[derive(Debug, Args)]
pub struct SplArgs {
    /// The search, in single quotes for the shell; `-` reads standard input
    #[arg(value_name = "SPL", required_unless_present_any = ["file", "panel"])]
    pub spl: Option<String>,
    /// Read the search from a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "spl")]
    pub file: Option<PathBuf>,
}

/// `search`
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// The search to run.
    #[command(flatten)]
    pub search: SplArgs,
    /// Run a search of a dashboard of --app or --apps instead
    #[arg(long, value_name = "VIEW/PANEL", conflicts_with_all = ["spl", "file", "steps"])]
    pub panel: Option<String>,
    /// Value of a token of the dashboard; by default that of its input (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair, requires = "panel")]
    pub token: Vec<(String, String)>,
    /// Show the rows after every command
    #[arg(long, conflicts_with_all = ["plot", "plot_file"])]
    pub steps: bool,
    /// Plot the rows: lines over _time, bars over names
    #[arg(long)]
    pub plot: bool,
    /// Plot the rows to a file (.svg or .png) and print them
    #[arg(long, value_name = "FILE")]
    pub plot_file: Option<PathBuf>,
}

/// `run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Detections or saved searches: names, ids, files (YAML, SPL, savedsearches.conf) or folders of them
    #[arg(value_name = "DETECTION", required = true)]
    pub detections: Vec<String>,
    /// Filters on the detections.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Use the time range of each saved search's schedule instead of all data
    #[arg(long)]
    pub as_scheduled: bool,
    /// Scan the data separately for each detection (slower, same results)
    #[arg(long)]
    pub separately: bool,
    /// Also write an ATT&CK Navigator layer of the techniques that matched
    #[arg(long, value_name = "FILE")]
    pub navigator: Option<PathBuf>,
    /// Add to the risk events of earlier runs of the same detections instead of replacing them
    #[arg(long)]
    pub keep_risk: bool,
    /// Do not write risk events to the store
    #[arg(long, conflicts_with = "keep_risk")]
    pub no_risk: bool,
}

/// `risk`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RiskArgs {
    /// Show the risk events of this host, user or other object (`*` is a wildcard)
    #[arg(value_name = "OBJECT")]
    pub object: Option<String>,
    /// Only objects, or risk events of the object, with at least this score
    #[arg(long, value_name = "N")]
    pub min_score: Option<f64>,
    /// Only risk events from this time on; takes the same forms as --earliest
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_time,
        allow_hyphen_values = true
    )]
    pub since: Option<String>,
    /// A subcommand instead of the listing.
    #[command(subcommand)]
    pub what: Option<RiskCommand>,
}

/// The subcommands of `risk`.
#[derive(Debug, Subcommand)]
pub enum RiskCommand {
    /// Remove all risk events from the store
    Clear {
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

/// `test`
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Detections: names, ids, files or folders of them [default: all detections of --content]
    #[arg(value_name = "DETECTION")]
    pub detections: Vec<String>,
    /// A folder of data sets in the layout of Splunk's attack_data repository (repeatable)
    #[arg(long, value_name = "DIR")]
    pub attack_data: Vec<PathBuf>,
    /// Filters on the detections.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Only detections changed since this git revision, including by their macros or lookups
    #[arg(long, value_name = "REV")]
    pub changed_since: Option<String>,
    /// Rerun tests even if their search, knowledge and data are unchanged
    #[arg(long)]
    pub no_cache: bool,
    /// Succeed even if the data of every test is missing
    #[arg(long, conflicts_with = "against_benign")]
    pub allow_missing_data: bool,
    /// Download missing data from this URL or folder into the first --attack-data
    #[arg(long, value_name = "URLBASE", requires = "attack_data")]
    pub fetch: Option<String>,
    /// Instead of running tests, count alerts by day and host on data that should be quiet
    #[arg(long, value_name = "PATH", conflicts_with_all = ["fetch", "changed_since"])]
    pub against_benign: Option<PathBuf>,
    /// With --against-benign, fail if a detection raises more than N alerts on any day
    #[arg(long, value_name = "N", requires = "against_benign")]
    pub max_per_day: Option<u64>,
}

/// `why`
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// Name or id of a detection or a saved search, or its file
    #[arg(value_name = "DETECTION", required_unless_present = "search")]
    pub detection: Option<String>,
    /// A search instead of a detection
    #[arg(long, value_name = "SPL", conflicts_with = "detection")]
    pub search: Option<String>,
    /// Examine only the events, or data model rows, that this matches: 'dest=dc1 process_name=cmd.exe'
    #[arg(long = "where", value_name = "CONDITION")]
    pub only: Option<String>,
}

/// `diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The old version: a file, a name, an id, or REV:path for a file at a git revision
    #[arg(value_name = "BEFORE")]
    pub before: String,
    /// The new version
    #[arg(value_name = "AFTER")]
    pub after: String,
    /// Exit with code 1 if the searches or their rows differ
    #[arg(long)]
    pub exit_code: bool,
}

/// Filters on detections. Letter case is ignored; commas separate alternatives.
#[derive(Debug, Default, Args)]
pub struct SelectionArgs {
    /// Only detections of this type: TTP, Anomaly, Hunting, Correlation
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub kinds: Vec<String>,
    /// Only detections with this status: production, experimental, deprecated
    #[arg(
        long,
        value_name = "STATUS",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub status: Vec<String>,
    /// Only detections whose analytic story contains this text
    #[arg(
        long,
        value_name = "TEXT",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub story: Vec<String>,
    /// Only detections of this ATT&CK technique: T1059 (with its sub-techniques), T1059.001
    #[arg(
        long,
        value_name = "ID",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub technique: Vec<String>,
    /// Only detections that read this data model or data set: Endpoint, Endpoint.Processes
    #[arg(
        long,
        value_name = "MODEL",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub datamodel: Vec<String>,
    /// Only detections whose data source contains this text
    #[arg(
        long,
        value_name = "TEXT",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub source: Vec<String>,
}

impl SelectionArgs {
    /// The selection that these options describe.
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
    /// A lesson's number or name; `list` shows them, `reset` clears the progress [default: the next one]
    #[arg(value_name = "LESSON")]
    pub lesson: Option<String>,
}

/// `replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Raw logs, folders of them, or YAML files that describe data sets
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// The index of all events [default: as the data says, or main]
    #[arg(long, value_name = "NAME")]
    pub index: Option<String>,
    /// The source of all events, overriding the data
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The sourcetype of all events, overriding the data
    #[arg(long, value_name = "NAME")]
    pub sourcetype: Option<String>,
    /// The host of all events, overriding the data
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

/// The subcommands of `store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Show the store's contents: events, data model rows, files, bytes
    Stats,
    /// Read the whole store and report damage and how to repair it
    Verify,
    /// Delete events, and their rows in data model summaries
    Delete(DeleteArgs),
    /// Merge small files into larger ones
    Compact,
    /// Rebuild data model summaries that are missing or out of date
    Summarize,
}

/// `store delete`
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Events of this index (`*` is a wildcard)
    #[arg(
        long,
        value_name = "PATTERN",
        required_unless_present_any = ["source", "sourcetype"]
    )]
    pub index: Option<String>,
    /// Events of this source (`*` is a wildcard)
    #[arg(long, value_name = "PATTERN")]
    pub source: Option<String>,
    /// Events of this sourcetype (`*` is a wildcard)
    #[arg(long, value_name = "PATTERN")]
    pub sourcetype: Option<String>,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
}

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The search, in single quotes for the shell; `-` reads standard input; with --fields, or a data file
    #[arg(value_name = "SPL", required_unless_present_any = ["file", "fields"])]
    pub spl: Option<String>,
    /// Read the search from a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "spl")]
    pub file: Option<PathBuf>,
    /// The planning stage to show
    #[arg(long, value_enum, default_value_t = StageArg::Plan)]
    pub stage: StageArg,
    /// Run the search and show columns and rows after every command
    #[arg(long, conflicts_with = "stage")]
    pub steps: bool,
    /// Show which rule set each field, in the events that the search selects or in all events
    #[arg(long, conflicts_with_all = ["stage", "steps"])]
    pub fields: bool,
}

/// The planning stages of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StageArg {
    /// The search with its macros expanded
    Macros,
    /// The syntax tree
    Ast,
    /// The plan of its commands
    Plan,
    /// The plan after the logical optimizer rules
    Optimized,
    /// The plan after the physical optimizer rules: what runs
    Physical,
    /// The Polars query plan
    Polars,
}

/// `check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Searches, detection files, apps, or folders of them; without any, checks the knowledge added by --app,
    /// --apps, --content and --macros
    #[arg(value_name = "SPL_OR_PATH")]
    pub what: Vec<String>,
    /// Value of a token of dashboards; by default that of its input (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub token: Vec<(String, String)>,
    /// Fail if this lint reports something: a code, a name, or `warnings` for all warnings
    #[arg(long, value_name = "LINT", value_delimiter = ',')]
    pub deny: Vec<String>,
    /// Disable a lint: a code, a name, or `all`
    #[arg(long, value_name = "LINT", value_delimiter = ',')]
    pub allow: Vec<String>,
}

/// `fmt`
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// Files (.spl, .yml, .yaml, .conf), folders, or a search in quotes; standard input for `-` or nothing
    #[arg(value_name = "SPL_OR_PATH")]
    pub what: Vec<String>,
    /// Only list what is not formatted; exit with code 1 if there is any
    #[arg(long)]
    pub check: bool,
    /// Write the files in place instead of printing to standard output
    #[arg(short, long, conflicts_with = "check")]
    pub write: bool,
}

/// `help`
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// An SPL command, a function, a topic or a subcommand; without one, lists the topics
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// `list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to list
    #[arg(value_enum, value_name = "WHAT")]
    pub what: ListKind,
    /// Only names that match this pattern (`*` is a wildcard; case is ignored)
    #[arg(value_name = "PATTERN")]
    pub pattern: Option<String>,
}

/// The kinds of names that `list` shows.
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
    /// The data sets of data models
    Datasets,
    /// SPL commands
    Commands,
    /// Functions of eval and stats
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
    /// Folder for the store and the history [env: SPELUNK_HOME] [default: .spelunk]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Data")]
    pub home: Option<PathBuf>,
    /// A MaxMind database (.mmdb) for iplocation [env: SPELUNK_GEOIP]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Data")]
    pub geoip: Option<PathBuf>,
    /// Search this file or folder instead of the store (repeatable)
    #[arg(long, global = true, value_name = "PATH", help_heading = "Data")]
    pub data: Vec<PathBuf>,
    /// Rows of a data model's data set: Parquet, NDJSON or CSV, columns without the data set's name
    /// (repeatable)
    #[arg(
        long,
        global = true,
        value_name = "MODEL.DATASET=PATH",
        value_parser = parse_model,
        help_heading = "Data"
    )]
    pub model: Vec<ModelArg>,

    /// Ignore conditions on the index, for searches that name indexes of another installation
    #[arg(long, global = true, help_heading = "Data")]
    pub any_index: bool,

    /// Load none of the shipped apps: no data models and field rules but those of --app and --apps
    #[arg(long, global = true, help_heading = "Knowledge")]
    pub no_shipped_apps: bool,
    /// Add an app directory: default/, local/, lookups/ (repeatable; the last wins). An app that tags events replaces
    /// the shipped mapping of its sources
    #[arg(long, global = true, value_name = "DIR", help_heading = "Knowledge")]
    pub app: Vec<PathBuf>,
    /// Add all apps of a folder, in the order of their names; the last wins (repeatable)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Knowledge")]
    pub apps: Vec<PathBuf>,
    /// Add a detection repository: detections/, macros/, lookups/ (repeatable)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Knowledge")]
    pub content: Vec<PathBuf>,
    /// Add a folder of macros as YAML files (repeatable)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Knowledge")]
    pub macros: Vec<PathBuf>,

    /// Only events from this time on: -24h@h, an epoch, 2024-05-01T12:00:00 or %m/%d/%Y:%H:%M:%S
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
    /// Current time to assume; `latest` is just after the last event [default: the clock]
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = parse_now,
        allow_hyphen_values = true,
        help_heading = "Time"
    )]
    pub now: Option<String>,
    /// Time zone for input without one, and for display: UTC, Europe/Berlin, ...
    #[arg(
        long,
        global = true,
        value_name = "ZONE",
        value_parser = parse_zone,
        default_value = "UTC",
        help_heading = "Time"
    )]
    pub tz: chrono_tz::Tz,

    /// Output format [default: table, or as the name of --output says]
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
    /// Show at most N rows [default: 1000 for a table on a terminal, else all]
    #[arg(long, global = true, value_name = "N", help_heading = "Output")]
    pub limit: Option<usize>,
    /// No progress, notices or timing on standard error
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Disable an optimizer rule (may be repeated; same results)
    #[arg(
        long,
        global = true,
        value_name = "RULE",
        value_parser = parse_rule,
        hide_short_help = true,
        help_heading = "Output"
    )]
    pub disable_rule: Vec<RuleId>,
    /// Show all notices
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "quiet",
        help_heading = "Output"
    )]
    pub verbose: bool,
    /// When to use colours
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
