//! Configuration files, models and content: each is read or refused by its name, and what is read can be
//! written so that it reads the same.

use std::path::{Path, PathBuf};

use spelunk_spl::knowledge::Catalog;
use spelunk_spl::knowledge::conf::Layers;
use spelunk_spl::knowledge::dataset::DataSets;
use spelunk_spl::knowledge::detection::Detection;
use spelunk_spl::knowledge::fault::{Fault, Faults};

use crate::explore::pieces::Writer;
use crate::explore::{Subject, explored, fewer};
use crate::mutation::{self, Chance};
use crate::support;

#[rustfmt::skip]
const STANZAS: &[&str] = &[
    "default", "st", "source::...x*", "source::a|b(c", "host::h*", "(?::){0}s*", "a]b", "", " ", "é", "eventtype=t",
    "rule::r", "t1", "t2", "m", "m(1)", "m( 2 )", "m(x)", "m(99999999999999999999)", "source::[", "delayedrule::q",
    "x=y", "look",
];

#[rustfmt::skip]
const KEYS: &[&str] = &[
    "EXTRACT-a", "EXTRACT-é", "EXTRACT-", "REPORT-a", "KV_MODE", "FIELDALIAS-a", "EVAL-x", "EVAL-a.b", "EVAL-",
    "LOOKUP-a", "TRANSFORMS-a", "SEDCMD-a", "RULESET-a", "rename", "priority", "TIME_FORMAT", "TIME_PREFIX",
    "MAX_TIMESTAMP_LOOKAHEAD", "LINE_BREAKER", "SHOULD_LINEMERGE", "TRUNCATE", "TZ", "INDEXED_EXTRACTIONS",
    "FIELD_NAMES", "HEADER_FIELD_LINE_NUMBER", "REGEX", "FORMAT", "DELIMS", "FIELDS", "SOURCE_KEY", "DEST_KEY",
    "MV_ADD", "CLEAN_KEYS", "INGEST_EVAL", "filename", "match_type", "max_matches", "time_field",
    "case_sensitive_match", "search", "tags", "definition", "args", "iseval", "validation", "cron_schedule",
    "dispatch.earliest_time", "maxspan", "subsearch_maxout", "disabled", "enabled", "é", "", "default_match",
    "min_matches", "BREAK_ONLY_BEFORE", "EVENT_BREAKER", "FIELD_DELIMITER", "MAX_DAYS_AGO",
];

#[rustfmt::skip]
const VALUES: &[&str] = &[
    "1", "0", "-1", "true", "False", "é", "", "\"", "(?<a>\\w+) in b", "(?<é>x)", "(", "(?<n>a)(?<n>b)", "([a-z]+)+$",
    "$1::$2", "a::\"$1\" $2::b", "\"|\", \"=\"", "\",\"", "a, b, \"c d\"", "a AS b c ASNEW d", "a AS",
    "look k OUTPUT v AS w", "look k AS", "t1, t2", "t1,,", "auto", "json", "xml", "multi", "none", "auto_escaped",
    "nosuch", "%Y-%m-%d %H:%M:%S.%3N %z", "%", "%Q%é", "99999999999999999999", "-99999999999999999999", "([\\r\\n]+)",
    "()", "(?=a)", "s/a/b/g", "y/abc/é/", "s/(/x/", "MetaData:Sourcetype", "sourcetype::$1", "queue", "nullQueue",
    "x=1, y:=if(a=1, \"é\", null())", "x=(", "index=a OR b", "CSV", "PSV", "W3C", "HEC", "JSON", "\\t", "tab",
    "Europe/Berlin", "XX/YY", "n.csv", "../n.csv", "/etc/passwd", "WILDCARD(a)", "CIDR(", "| stats", "`m`",
    "*/5 * * * *", "$result.x$", "a\\", "\\", "x \\\n  y", "x\\\n\\\n", "\u{feff}", "\0", "_raw", "field:a", "1e400",
    "NaN", "a=b=c", "[x]", "# no", "ab\u{301}",
];

const FILES: &[&str] = &[
    "props.conf",
    "transforms.conf",
    "macros.conf",
    "eventtypes.conf",
    "tags.conf",
    "savedsearches.conf",
    "limits.conf",
    "transactiontypes.conf",
];

/// Files of an app or of a folder of content, by their path.
type Files = Vec<(&'static str, Vec<u8>)>;

fn conf(chance: &mut Chance) -> String {
    let mut out = String::new();
    for _ in 0..chance.below(12) {
        let end = chance.one(&[
            "\n",
            "\n",
            "\n",
            "\r\n",
            "\n\n",
            " \n",
            "\n\u{feff}",
            "",
            "\r",
        ]);
        match chance.below(6) {
            0 => out += &format!("[{}]{end}", chance.one(STANZAS)),
            1 => {
                out += &format!(
                    "{}{end}",
                    chance.one(&[
                        "# note",
                        "[open",
                        "no equals",
                        "\u{a0}",
                        " # x",
                        "[a] b",
                        ";c",
                        "\u{feff}[st]"
                    ])
                )
            }
            _ => {
                let equals = chance.one(&["=", " = ", "= ", " ="]);
                let value = match chance.below(8) {
                    0 => Writer::new(chance).expression(),
                    1 => Writer::new(chance).search(),
                    _ => chance.one(VALUES).to_owned(),
                };
                out += &format!("{}{equals}{value}{end}", chance.one(KEYS));
            }
        }
    }
    out
}

const MODEL: &str = r#"{"modelName":"M","displayName":"M","objects":[{"objectName":"R","displayName":"R","parentName":"BaseEvent","fields":[{"fieldName":"f","type":"string","fieldSearch":"","displayName":"f"}],"calculations":[{"outputFields":[{"fieldName":"c","displayName":"c","type":"number"}],"inputField":"","calculationType":"Eval","expression":"len(f)"}],"constraints":[{"search":"tag=x \"q\" OR a=b*","owner":"R"}]},{"objectName":"C","parentName":"R","constraints":[{"search":"f=1"}]}]}"#;

const DETECTION: &str = "name: One\nid: 00000000-0000-4000-8000-000000000001\nversion: 3\nstatus: production\ntype: TTP\ndescription: Says why.\nsearch: '| makeresults | stats count by user | `one_filter`'\nhow_to_implement: So.\ntags:\n  mitre_attack_id: [T1047]\n  risk_score: 5\n  observable:\n  - {name: user, type: User, role: [Victim]}\nrba:\n  message: $user$ did\n  risk_objects:\n  - {field: user, type: user, score: 5}\ntests:\n- name: T\n  attack_data:\n  - data: x.log\n    source: s\n    sourcetype: t\n";

const CONTENT: &[(&str, &str)] = &[
    ("detections/x/one.yml", DETECTION),
    (
        "macros/m.yml",
        "name: m\ndefinition: search $a$\narguments: [a]\ndescription: one\n",
    ),
    (
        "lookups/n.yml",
        "name: n\nfilename: n.csv\nmatch_type: WILDCARD(k)\nmin_matches: 1\ncase_sensitive_match: 'false'\n",
    ),
    ("lookups/n.csv", "k,v\na,1\n\"b,c\",\"d\"\"e\"\n"),
    (
        "lookups/kvstore/kv.yml",
        "name: kv\ncollection: kv\nfields_list: a, b\nlookup_type: kvstore\n",
    ),
];

/// Whether all faults say where they are.
fn are_named(catalog: &Catalog, files: &Files) -> Result<(), String> {
    let faults = catalog.faults().all();
    faults.iter().try_for_each(|fault| is_named(fault, files))
}

fn is_named(fault: &impl ToString, files: &Files) -> Result<(), String> {
    let text = fault.to_string();
    if text.trim().is_empty() {
        return Err("a fault without words".to_owned());
    }
    let names = files
        .iter()
        .filter_map(|(path, _)| Path::new(path).file_name()?.to_str());
    let mut names = names.map(|name| name.trim_end_matches(".yml"));
    names
        .any(|name| text.contains(name))
        .then_some(())
        .ok_or_else(|| format!("a fault that names no file: {text}"))
}

/// A folder that is filled again for every input.
struct Folder {
    place: tempfile::TempDir,
}

impl Folder {
    fn new() -> Folder {
        Folder {
            place: support::folder(),
        }
    }

    fn filled(&self, files: &Files) -> PathBuf {
        let dir = self.place.path().join("app");
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).expect("a folder can be made");
        for (path, bytes) in files {
            support::write(&dir.join(path), bytes);
        }
        dir
    }
}

fn show(input: &Files) -> String {
    let file =
        |(path, bytes): &(&str, Vec<u8>)| format!("{path}: {:?}", String::from_utf8_lossy(bytes));
    input.iter().map(file).collect::<Vec<_>>().join("\n    ")
}

fn smaller(input: &Files) -> Vec<Files> {
    let mut out = Vec::new();
    for at in 0..input.len() {
        let mut less = input.clone();
        less.remove(at);
        out.push(less);
    }
    for (at, (_, bytes)) in input.iter().enumerate() {
        for fewer in fewer(bytes) {
            let mut less = input.clone();
            less[at].1 = fewer;
            out.push(less);
        }
    }
    out
}

/// An app whose files are made by chance.
struct Apps(Folder);

impl Subject for Apps {
    type Input = Files;

    fn make(&self, chance: &mut Chance) -> Files {
        let mut files = Files::new();
        for _ in 0..1 + chance.below(3) {
            let path: &'static str = chance.one(FILES);
            let bytes = conf(chance).into_bytes();
            let bytes = match chance.below(10) {
                0 => mutation::bytes(chance, &bytes, b"\xff\xfe[a]\n"),
                _ => bytes,
            };
            let place: &'static str = match path {
                "props.conf" => chance.one(&["default/props.conf", "local/props.conf"]),
                "transforms.conf" => {
                    chance.one(&["default/transforms.conf", "local/transforms.conf"])
                }
                "macros.conf" => "default/macros.conf",
                "eventtypes.conf" => "default/eventtypes.conf",
                "tags.conf" => "local/tags.conf",
                "savedsearches.conf" => "default/savedsearches.conf",
                "limits.conf" => "local/limits.conf",
                _ => "default/transactiontypes.conf",
            };
            files.retain(|(path, _)| *path != place);
            files.push((place, bytes));
        }
        if chance.below(4) == 0 {
            let bytes = mutation::bytes(chance, MODEL.as_bytes(), DETECTION.as_bytes());
            files.push(("default/data/models/M.json", bytes));
        }
        if chance.below(4) == 0 {
            let bytes = mutation::bytes(chance, b"k,v\na,1\n\"b,c\",\"d\"\"e\"\n", b"\"\0");
            files.push(("lookups/n.csv", bytes));
        }
        files
    }

    fn judge(&mut self, input: &Files) -> Result<(), String> {
        let dir = self.0.filled(input);
        let mut catalog = Catalog::default();
        if let Err(error) = catalog.add_app(&dir) {
            return is_named(&error, input);
        }
        for (sourcetype, source, host) in [("st", "/var/x1", "h1"), ("", "", ""), ("é", "a", "é")]
        {
            catalog.field_rules(sourcetype, source, host);
            catalog.index_rules(sourcetype, source, host);
            let settings = catalog.props.text_settings(sourcetype, source, host);
            settings.flag("SHOULD_LINEMERGE", catalog.faults());
            settings.number("TRUNCATE", catalog.faults());
        }
        for lookup in catalog.lookups() {
            if let Err(error) = lookup.load()
                && error.to_string().trim().is_empty()
            {
                return Err("a lookup is refused without words".to_owned());
            }
        }
        for model in catalog.models.iter() {
            for dataset in model.datasets() {
                dataset.node();
                dataset.root();
            }
        }
        are_named(&catalog, input)
    }

    fn show(&self, input: &Files) -> String {
        show(input)
    }

    fn smaller(&self, input: &Files) -> Vec<Files> {
        smaller(input)
    }
}

/// A folder of content whose files are changed.
struct Content(Folder);

impl Subject for Content {
    type Input = Files;

    fn make(&self, chance: &mut Chance) -> Files {
        let changed = chance.below(CONTENT.len());
        let other = chance.one(CONTENT).1;
        let file = |(at, (path, text)): (usize, &(&'static str, &str))| {
            let bytes = match at == changed {
                true => mutation::bytes(chance, text.as_bytes(), other.as_bytes()),
                false => text.as_bytes().to_vec(),
            };
            (*path, bytes)
        };
        CONTENT.iter().enumerate().map(file).collect()
    }

    fn judge(&mut self, input: &Files) -> Result<(), String> {
        let dir = self.0.filled(input);
        let mut catalog = Catalog::default();
        if let Err(error) = catalog.add_content(&dir) {
            return is_named(&error, input);
        }
        for (path, bytes) in input
            .iter()
            .filter(|(path, _)| path.starts_with("detections"))
        {
            let Ok(text) = std::str::from_utf8(bytes) else {
                continue;
            };
            if let Err(error) = Detection::parse(Path::new(path), text) {
                is_named(&error, input)?;
            }
            Detection::of_text(Path::new(path), text).ok();
            DataSets::parse(Path::new(path), text).ok();
        }
        if let Err(error) = catalog.detections() {
            is_named(&error, input)?;
        }
        are_named(&catalog, input)
    }

    fn show(&self, input: &Files) -> String {
        show(input)
    }

    fn smaller(&self, input: &Files) -> Vec<Files> {
        smaller(input)
    }
}

/// Stanzas and their settings as a file that has them again.
fn rewritten(layers: &Layers) -> String {
    let mut out = String::new();
    for stanza in layers.stanzas() {
        out += &format!("[{}]\n", stanza.name);
        for (key, setting) in stanza.iter() {
            out += &format!("{key} = {}\n", setting.value.replace('\n', "\\\n"));
        }
    }
    out
}

fn settings(layers: &Layers) -> Vec<(String, Vec<(String, String)>)> {
    layers
        .stanzas()
        .map(|stanza| {
            let of = stanza
                .iter()
                .map(|(key, setting)| (key.to_owned(), setting.value.clone()));
            (stanza.name.clone(), of.collect())
        })
        .collect()
}

/// The text of one file.
struct Text;

impl Subject for Text {
    type Input = String;

    fn make(&self, chance: &mut Chance) -> String {
        let text = conf(chance);
        match chance.below(3) {
            0 => {
                let other = conf(chance);
                mutation::search(chance, &text, &other)
            }
            _ => text,
        }
    }

    fn judge(&mut self, input: &String) -> Result<(), String> {
        let (mut layers, faults) = (Layers::default(), Faults::default());
        layers.add(Path::new("x/props.conf"), input, &faults);
        let unnamed = |fault: &Fault| fault.why.is_empty() || fault.origin.line == 0;
        if let Some(fault) = faults.all().iter().find(|fault| unnamed(fault)) {
            return Err(format!("a fault without a place: {fault}"));
        }
        // A backslash at the end of a value can stand at the end of a file only.
        let mut values = layers.stanzas().flat_map(|stanza| stanza.iter());
        if values.any(|(_, setting)| setting.value.ends_with('\\')) {
            return Ok(());
        }
        let again = rewritten(&layers);
        let mut read = Layers::default();
        let faults = Faults::default();
        read.add(Path::new("x/props.conf"), &again, &faults);
        if let Some(fault) = faults.all().first() {
            return Err(format!("written again: {fault}\n{again:?}"));
        }
        (settings(&read) == settings(&layers))
            .then_some(())
            .ok_or_else(|| format!("{again:?}\n{:?}\n{:?}", settings(&layers), settings(&read)))
    }

    fn show(&self, input: &String) -> String {
        format!("{input:?}")
    }

    fn smaller(&self, input: &String) -> Vec<String> {
        crate::explore::shorter(input)
    }
}

explored! {
    configuration_is_read_as_it_is_written / explore_conf_text: 4000 of Text;
    apps_are_read_and_their_faults_named / explore_conf_apps: 1500 of Apps(Folder::new());
    content_is_read_and_its_faults_named / explore_conf_content: 800 of Content(Folder::new());
}
