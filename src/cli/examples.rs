//! The examples under `--help`.

/// `spelunk --help`
pub const TOP: &str = "\
Examples:
  spelunk search --data sysmon.evtx 'EventCode=1 | stats count by Image'
  spelunk search --data logs/ '| tstats count from datamodel=Endpoint.Processes by Processes.dest'
  spelunk run --data logs/ detections/endpoint/
  spelunk explain 'index=main `my_macro` | stats count' --stage macros
  spelunk help stats
  spelunk --data sysmon.evtx                 the interactive prompt

Exit codes: 0 fine, also when nothing was found; 1 the search or the data is wrong; 2 wrong usage.";

/// `spelunk search --help`
pub const SEARCH: &str = "\
Examples:
  spelunk search --data access.csv 'status>=500 | top 5 uri'
  spelunk search --data app.ndjson.gz 'error | table _time host message' --format csv -o errors.csv
  spelunk search --model Endpoint.Processes=procs.parquet \\
      '| tstats count from datamodel=Endpoint.Processes by Processes.process_name'
  spelunk search --earliest -24h --now 2024-05-01T12:00:00 'index=main sourcetype=syslog'
  spelunk search -f hunt.spl --format ndjson | jq .host

  spelunk search --data auth.ndjson 'action=failure | timechart span=1h count' --plot
  spelunk search --data auth.ndjson '| top user' --plot-file top.svg
  spelunk search --data auth.ndjson --steps 'action=failure | stats count by user | where count>3'

A search that begins with a pipe generates its rows; otherwise it begins with the command search.";

/// `spelunk learn --help`
pub const LEARN: &str = "\
Examples:
  spelunk learn                    the next lesson that is not done
  spelunk learn list
  spelunk learn timechart
  spelunk learn 5 < answers.txt

Answer with a search: its rows are compared with those of a model answer. .hint gives a hint, .answer shows the
model answer, .skip moves on, .quit leaves. The data is shipped; progress is kept in the folder `learn` of --home.";

/// `spelunk run --help`
pub const RUN: &str = "\
Examples:
  spelunk run --data sysmon.evtx 'Creation of Shadow Copy'
  spelunk run --data logs/ --content security_content security_content/detections/endpoint
  spelunk run --data logs/ --format ndjson detections/ | jq 'select(.status == \"rows\") | .name'

--format ndjson prints one object a detection: name, id, file, status (rows, empty, refused, error), reason,
rows, risk_events, seconds. csv prints one line a detection, with counts.
A detection is refused if it uses something that is not available offline. Exit code 1 if one ended in an error;
refused detections alone leave it 0.

Detections that search risk events (type Correlation) run last and see the risk of the others. Searches of the
store keep their risk events in its index `risk`, replacing those of earlier runs of the same detections; `spelunk
risk` shows them. With --data or --model nothing is kept.";

/// `spelunk risk --help`
pub const RISK: &str = "\
Examples:
  spelunk risk --min-score 100
  spelunk risk --since -7d --format json
  spelunk risk TES-DC-01.tessarine.local
  spelunk search 'index=risk | stats sum(risk_score) by source'
  spelunk risk clear --yes

Objects are ordered by the total score of their risk events. `spelunk run` creates one for each row of a TTP or
Anomaly detection, with the score impact x confidence / 100 or the detection's own. To show an object named
`clear`, use `spelunk risk 'clear*'`.";

/// `spelunk test --help`
pub const TEST: &str = "\
Examples:
  spelunk test --content security_content --attack-data attack_data
  spelunk test my_detection.yml --content . --attack-data ../attack_data
  spelunk test --content . --attack-data ../attack_data --changed-since main --format junit --output tests.xml
  spelunk test --content . --attack-data data --fetch https://media.githubusercontent.com/media/splunk/attack_data/master
  spelunk test --content . --against-benign quiet_week/ --type TTP --max-per-day 5

A test passes when the detection finds at least one row, the fields of its risk objects and of its risk message
are in the rows, and its required fields are in the data. Baselines (CONTENT/baselines) run before the detections
that name them.
Exit code 1 if a test failed or could not be run, if no test was selected, or if the data of all tests is missing:
--allow-missing-data accepts the last. With --changed-since, no change is not an error.

--fetch downloads missing data and resumes interrupted downloads; a file that is a pointer to a large file is
checked against its size and SHA-256. --against-benign runs the detections on other data and counts their rows by
day and host; the exit code is 1 only if --max-per-day is exceeded or a search is wrong.";

/// `spelunk why --help`
pub const WHY: &str = "\
Examples:
  spelunk why --data sysmon.evtx 'Creation of Shadow Copy'
  spelunk why my_detection.yml --data logs/ --where 'dest=dc1 process_name=vssadmin.exe'
  spelunk why --data access.csv --search 'status=500 method=POST | stats count by uri'
  spelunk why my_detection.yml --format json | jq .filters[0].nearest_misses

Each condition (search expression, WHERE of tstats, where) is split into its terms, with the number of rows that
pass each term, each combination, and all terms but one. Then come the rows that fail the fewest terms (--limit N),
values that differ only in case, quotes, spaces or slashes, fields that no row has, and the command that drops the
last row.";

/// `spelunk diff --help`
pub const DIFF: &str = "\
Examples:
  spelunk diff --data logs/ old.yml new.yml
  spelunk diff --data logs/ HEAD:detections/endpoint/x.yml detections/endpoint/x.yml
  spelunk diff --data logs/ v4.1:detections/x.yml v4.2:detections/x.yml --exit-code --format json

REV:path uses the macros and lookups of that revision; a file below a folder detections/ uses those next to that
folder. Rows are compared by the columns that both versions have, in any order. Exit code 0 even if they differ,
unless --exit-code is given.";

/// `spelunk repl --help`
pub const REPL: &str = "\
Examples:
  spelunk repl --data sysmon.evtx
  spelunk repl --data sysmon.evtx --format ndjson < searches.spl

Open quotes, brackets, parentheses or backticks and a trailing pipe continue on the next line.
Ctrl-C stops a running search, Ctrl-D leaves, Tab completes, .help lists the dot commands.
A script has one search per line, with the same continuation rule; the exit code is 1 if any failed.";

/// `spelunk replay --help`
pub const REPLAY: &str = "\
Examples:
  spelunk replay logs/
  spelunk replay --index web --sourcetype access_combined access.log.gz
  spelunk replay datasets/attack_techniques/T1047/atomic_red_team/atomic_red_team.yml
  spelunk search 'index=* | stats count by sourcetype'

Reading a file again replaces its earlier events. Data set descriptions (YAML) list their files with source and
sourcetype; a folder is read with the descriptions in it.";

/// `spelunk store --help`
pub const STORE: &str = "\
Examples:
  spelunk store stats
  spelunk store verify
  spelunk store delete --index test --sourcetype 'Xml*'
  spelunk store compact
  spelunk store summarize --app my_addon";

/// `spelunk explain --help`
pub const EXPLAIN: &str = "\
Examples:
  spelunk explain 'index=main `my_macro(a)` | stats count' --stage macros
  spelunk explain '| makeresults count=3 | streamstats count' --stage polars
  spelunk explain --data access.csv 'status=500 | stats count by uri | sort -count' --steps
  spelunk explain --fields --app my_addon app.log
  spelunk explain --fields 'sourcetype=app:log level=error'";

/// `spelunk check --help`
pub const CHECK: &str = "\
Examples:
  spelunk check 'index=main | stats cont by host'
  spelunk check --content security_content security_content/detections
  spelunk check detections/ --deny warnings --format sarif -o check.sarif
  spelunk help SPL103

Besides errors, lints find likely mistakes and costly commands: docs/lints.md lists them. Switch a lint off with a
comment in the search (```spelunk: allow SPL103```) or in the detection's file (# spelunk: allow SPL103), with
--allow, or everywhere with spelunk.conf ([lint] allow = ...) in a content folder, in default or local of an app,
or in the folder of the store. Exit code 1 if a search does not run, or if a lint given to --deny reports anything.";

/// `spelunk fmt --help`
pub const FMT: &str = "\
Examples:
  spelunk fmt 'index=main|stats count by host|sort -count'
  spelunk fmt -w detections/ my_app/
  spelunk fmt --check searches/*.spl
  spelunk fmt detection.yml                  the file as -w would write it

In YAML only the value of `search` is formatted, in the style it has; in .conf files `search`, and in macros.conf
definitions that are searches; .spl files and standard input as a whole. Folders are searched for such files, hidden
ones left out; a file of another kind is refused. Macros, comments and quotes stay as they are.
A file is replaced as a whole, and only if it is read as before: the same tree of each search, the same value of
everything else. A search that does not parse, or can't be written so, stays as it is and is reported.
Exit code 1 if there was one, and with --check if any file would change.";

/// `spelunk help --help`
pub const HELP: &str = "\
Examples:
  spelunk help stats          a command
  spelunk help mvfilter       a function
  spelunk help models         a topic";

/// `spelunk list --help`
pub const LIST: &str = "\
Examples:
  spelunk list commands
  spelunk list detections '*shadow*' --content security_content
  spelunk list fields --data sysmon.evtx
  spelunk list functions --format ndjson";

/// `spelunk completions --help`
pub const COMPLETIONS: &str = "\
Examples:
  spelunk completions bash > ~/.local/share/bash-completion/completions/spelunk
  spelunk completions zsh > ~/.zfunc/_spelunk
  spelunk completions fish > ~/.config/fish/completions/spelunk.fish";

/// `spelunk man --help`
pub const MAN: &str = "\
Examples:
  spelunk man > ~/.local/share/man/man1/spelunk.1";
