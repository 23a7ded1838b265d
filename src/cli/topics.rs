//! Help topics other than commands and functions.

/// A page of help.
pub struct Topic {
    /// The name it is requested by.
    pub name: &'static str,
    /// A one-line description.
    pub about: &'static str,
    /// The page.
    pub text: &'static str,
}

/// The page of that name, ignoring case.
pub fn topic(name: &str) -> Option<&'static Topic> {
    TOPICS
        .iter()
        .find(|topic| topic.name.eq_ignore_ascii_case(name))
}

/// All pages.
pub const TOPICS: &[Topic] = &[
    Topic {
        name: "data",
        about: "the searched data: files and the store",
        text: "\
data: files and the store

  --data PATH reads a file or a whole folder for this run. Known are .ndjson .jsonl .json .csv .parquet .evtx
  .xml .log .txt, also inside .gz .zst .zip .tar.gz; the content decides, the name only helps.
  A row of plain JSON or CSV becomes an event with its keys as fields; _time may be an epoch or an ISO time.
  Windows events come out with the fields of Splunk's Windows XML input, whatever they were kept in.

  Without --data the store is searched: the folder of --home, filled by spelunk replay.
  It holds plain Parquet files by index and source; reading a source again replaces it. Only files that may
  hold what a search looks for are opened: index=, source=, sourcetype= and the time range say which.
  spelunk store stats shows what there is, verify looks whether it is whole, delete removes some of it.",
    },
    Topic {
        name: "models",
        about: "data models and their rows",
        text: "\
models: data models

  | tstats count from datamodel=Endpoint.Processes by Processes.dest
  | from datamodel:Endpoint.Processes

  Rows of a data set are computed from the events by its constraints and fields, or come from a summary that
  spelunk replay built; tstats gives the same either way. Where the knowledge has changed since, events are
  read until spelunk replay or spelunk store summarize renews the summaries. summariesonly=true leaves out
  events that were never summarised. --model Endpoint.Processes=rows.ndjson gives rows directly, as Parquet,
  NDJSON or CSV with columns without the prefix: process_name, dest, _time.

  spelunk list models, spelunk list datasets show what there is.",
    },
    Topic {
        name: "knowledge",
        about: "macros, lookups and configuration of one's own",
        text: "\
knowledge: macros, lookups, configuration

  --app DIR      an app as Splunk has it: default/ and local/ with macros.conf, props.conf, transforms.conf,
                 eventtypes.conf, tags.conf, savedsearches.conf, data/models/*.json, and lookups/
  --content DIR  a repository of detections in YAML: detections/ macros/ lookups/ data_sources/ stories/
  --macros DIR   more macros, as YAML files

  Each may be given several times. What comes later wins, local/ wins over default/, and all of it over what
  is built in.",
    },
    Topic {
        name: "time",
        about: "time ranges, the clock and zones",
        text: "\
time: time ranges, the clock and zones

  --earliest and --latest limit every search without its own earliest= or latest=.
  Times are relative (-24h, -1d@d, @w1, now), an epoch, 2024-05-01T12:00:00Z or 05/01/2024:12:00:00.
  Relative times count from now(), which --now sets; old data is searched as if it were the day:

  spelunk search --data logs/ --now 2024-05-01T18:00:00 'earliest=-4h error | timechart count'

  --tz is the zone of times that name none, of strftime and of what tables show. The default is UTC.",
    },
    Topic {
        name: "formats",
        about: "how rows are written",
        text: "\
formats: how rows are written

  table      columns that fit the terminal, several values on lines of their own
  vertical   one field a line, missing fields left out
  ndjson     one object a line, fields in column order; numbers are numbers, several values an array of
             strings, missing fields left out, _time in epoch seconds
  json       the same objects in one array
  csv        a header and a record a row; several values joined by line breaks, _time as in Splunk's exports
  markdown   a table for a report
  parquet    a file, named by --output

  --output FILE chooses the format by its name. --limit N writes the first N rows.
  Progress, notes and errors go to standard error.",
    },
    Topic {
        name: "detections",
        about: "running published detections",
        text: "\
detections: running published detections

  spelunk run --data logs/ --content security_content 'Creation of Shadow Copy'

  A detection is a YAML file with a search, named by its name, id or path; a folder means all below it.
  It ends with rows, empty, refused (it needs what cannot be had offline, and the reason says what) or with an
  error. Its risk events are its risk objects, scores and the message with the fields of each row filled in.",
    },
    Topic {
        name: "prompt",
        about: "the interactive prompt and its dot commands",
        text: crate::cli::repl::dot::HELP,
    },
];

#[cfg(test)]
mod tests {
    use super::TOPICS;

    #[test]
    fn pages_have_unique_names_and_short_lines() {
        for (i, topic) in TOPICS.iter().enumerate() {
            assert!(TOPICS[i + 1..].iter().all(|t| t.name != topic.name));
            assert!(topic.text.lines().all(|l| l.len() <= 112), "{}", topic.name);
        }
    }
}
