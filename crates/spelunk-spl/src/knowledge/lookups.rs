//! Lookups: stanzas of `transforms.conf`, YAML files of published content, and bare CSV files.
//!
//! `transforms.conf`, "Lookup tables"; Knowledge Manager Manual, "About lookups".

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};

use super::conf::Stanza;
use super::fault::{Fault, FaultKind, Faults};
use super::settings;
use super::shipped;
use super::yaml::{self, Flag, Origin, Words, parse_bool, split_list};

/// A lookup, before its table is read.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupDefinition {
    /// Its name in searches.
    pub name: String,
    /// Source of its rows.
    pub kind: LookupKind,
    /// Columns that are compared other than by equality.
    pub match_type: Vec<(String, MatchType)>,
    /// Maximum number of rows that a value matches; several make a multivalue.
    pub max_matches: usize,
    /// With fewer matches than this, `default_match` fills up.
    pub min_matches: usize,
    /// Output value when nothing matched and `min_matches` is above 0.
    pub default_match: Option<String>,
    /// Whether comparison is case-sensitive.
    pub case_sensitive: bool,
    /// Column with the time from which a row is valid (temporal lookup).
    pub time_field: Option<String>,
    /// Format of that column; epoch seconds by default.
    pub time_format: Option<String>,
    /// Maximum number of seconds by which an event may be later than the row.
    pub max_offset: Option<f64>,
    /// Minimum number of seconds by which an event must be later than the row.
    pub min_offset: f64,
    /// A condition on rows, in the syntax of `where`.
    pub filter: Option<String>,
    /// Where it was defined.
    pub origin: Origin,
}

/// Source of a lookup's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupKind {
    /// A CSV file.
    File(PathBuf),
    /// A KV-store collection, kept as a table under the home folder.
    Collection {
        /// The collection's name.
        collection: String,
        /// Its fields, in addition to `_key`.
        fields: Vec<String>,
    },
    /// A source that is not available offline, and so a table without rows: a script, a geospatial database, a
    /// model.
    External {
        /// Its kind, for messages.
        what: String,
        /// Its columns, as far as they are known.
        columns: Vec<String>,
    },
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchType {
    /// The whole value.
    Exact,
    /// The row's value may contain `*`.
    Wildcard,
    /// The row's value is a network.
    Cidr,
}

/// A lookup's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookupTable {
    /// Names of the columns, in the order of the file.
    pub columns: Vec<String>,
    /// Rows. An empty cell, or one beyond the end of a short row, is `None`.
    pub rows: Vec<Vec<Option<String>>>,
}

impl LookupDefinition {
    /// A CSV file without a definition: exact, case-sensitive matching with up to 1000 matches.
    pub fn file(name: &str, path: &Path) -> LookupDefinition {
        LookupDefinition {
            name: name.to_owned(),
            kind: LookupKind::File(path.to_owned()),
            match_type: Vec::new(),
            max_matches: 1000,
            min_matches: 0,
            default_match: None,
            case_sensitive: true,
            time_field: None,
            time_format: None,
            max_offset: None,
            min_offset: 0.0,
            filter: None,
            origin: Origin {
                path: path.to_owned(),
                line: 0,
            },
        }
    }

    /// Reads the rows of a CSV file. A collection has no rows here: its table is in the store.
    ///
    /// # Errors
    /// If the file can't be read or is not CSV, or the lookup is external.
    pub fn load(&self) -> Result<LookupTable> {
        match &self.kind {
            LookupKind::File(path) => {
                let bytes = match shipped::file(path) {
                    Some(file) => file.bytes().to_vec(),
                    None => std::fs::read(path).map_err(|why| Error::file(path, why))?,
                };
                match is_compressed(path) {
                    true => read_csv(path, &inflated(path, &bytes)?),
                    false => read_csv(path, &bytes),
                }
            }
            LookupKind::Collection { fields, .. } => Ok(LookupTable {
                columns: fields.clone(),
                rows: Vec::new(),
            }),
            LookupKind::External { columns, .. } => Ok(LookupTable {
                columns: columns.clone(),
                rows: Vec::new(),
            }),
        }
    }

    /// Why the table has no rows, if its source is not available offline.
    pub fn unavailable(&self) -> Option<String> {
        match &self.kind {
            LookupKind::External { what, .. } => Some(format!(
                "the lookup `{}` is {what}, which does not run offline: it matches nothing",
                self.name
            )),
            LookupKind::File(_) | LookupKind::Collection { .. } => None,
        }
    }

    /// How a column is compared.
    pub fn match_type(&self, column: &str) -> MatchType {
        self.match_type
            .iter()
            .find(|(name, _)| name == column)
            .map_or(MatchType::Exact, |(_, kind)| *kind)
    }

    /// Reads a YAML file of published content; `dir` is the folder that contains its table.
    ///
    /// # Errors
    /// If it is not YAML, or names no lookup.
    pub(super) fn from_yaml(
        path: &Path,
        text: &str,
        dir: &Path,
        faults: &Faults,
    ) -> Result<LookupDefinition> {
        let file: LookupFile = yaml::parse(path, text)?;
        let origin = Origin {
            path: path.to_owned(),
            line: 1,
        };
        let fault = lookup_fault(faults, &origin, &file.name);
        let stored = file.lookup_type.as_deref() == Some("kvstore");
        let kind = match (&file.filename, file.collection) {
            (None, None) if stored => LookupKind::Collection {
                collection: file.name.clone(),
                fields: file.fields_list.or(file.fields).unwrap_or_default().0,
            },
            (_, Some(collection)) => LookupKind::Collection {
                collection,
                fields: file.fields_list.or(file.fields).unwrap_or_default().0,
            },
            (Some(filename), None) => table_file(plain_name(filename, &fault), dir),
            // The newer form names no file; the table has the name of the YAML file.
            (None, None) => {
                let kind = file.lookup_type.as_deref().unwrap_or("csv");
                let stem = path.file_stem().and_then(|s| s.to_str());
                let stem = stem.unwrap_or(&file.name);
                table_file(&format!("{stem}.{kind}"), dir)
            }
        };
        let mut lookup = LookupDefinition {
            kind,
            ..LookupDefinition::file(&file.name, path)
        };
        lookup.match_type = match_types(&file.match_type.unwrap_or_default().0, &fault);
        lookup.max_matches = file.max_matches.unwrap_or(lookup.max_matches);
        lookup.min_matches = file.min_matches.unwrap_or(lookup.min_matches);
        lookup.default_match = file.default_match;
        lookup.case_sensitive = file.case_sensitive_match.is_none_or(|flag| flag.0);
        lookup.time_field = file.time_field;
        lookup.time_format = file.time_format;
        lookup.origin.line = 1;
        Ok(lookup)
    }

    /// Reads a stanza of `transforms.conf`. Returns `None` if it is not a lookup. `find` returns which of the
    /// apps' folders contains a table.
    pub(super) fn from_stanza(
        stanza: &Stanza,
        find: &dyn Fn(&str) -> PathBuf,
        faults: &Faults,
    ) -> Option<LookupDefinition> {
        let fault = lookup_fault(faults, &stanza.origin, &stanza.name);
        let columns = split_list(stanza.text("fields_list").unwrap_or_default());
        let kind = if let Some(filename) = stanza.text("filename") {
            let filename = plain_name(filename, &fault);
            table_file(filename, &find(filename))
        } else if stanza.text("external_type") == Some("kvstore") {
            LookupKind::Collection {
                collection: stanza.text("collection").unwrap_or(&stanza.name).to_owned(),
                fields: columns,
            }
        } else if let Some(kind) = stanza.text("external_type") {
            let what = format!("an external lookup ({kind})");
            LookupKind::External { what, columns }
        } else if stanza.text("external_cmd").is_some() {
            let what = "a script".to_owned();
            LookupKind::External { what, columns }
        } else {
            return None;
        };
        let number = |key: &str, by_default: usize| {
            let setting = stanza.get(key).filter(|s| !s.value.trim().is_empty());
            setting.map_or(by_default, |setting| {
                let object = format!("lookup [{}] {key}", stanza.name);
                let found = settings::whole_number(setting, &object, faults);
                found
                    .and_then(|n| usize::try_from(n).ok())
                    .unwrap_or(by_default)
            })
        };
        let text = |key: &str| stanza.text(key).map(str::to_owned);
        let seconds = |key: &str| stanza.text(key).and_then(|n| n.parse::<f64>().ok());
        let mut lookup = LookupDefinition {
            kind,
            origin: stanza.origin.clone(),
            ..LookupDefinition::file(&stanza.name, &stanza.origin.path)
        };
        let types = split_types(stanza.text("match_type").unwrap_or_default());
        lookup.match_type = match_types(&types, &fault);
        lookup.time_field = text("time_field");
        // A temporal lookup returns a single row: the one valid at the event's time.
        let by_default = if lookup.time_field.is_some() { 1 } else { 1000 };
        lookup.max_matches = number("max_matches", by_default);
        lookup.min_matches = number("min_matches", 0);
        lookup.default_match = text("default_match");
        let case = stanza.text("case_sensitive_match").and_then(parse_bool);
        lookup.case_sensitive = case.unwrap_or(true);
        lookup.time_format = text("time_format");
        lookup.max_offset = seconds("max_offset_secs");
        lookup.min_offset = seconds("min_offset_secs").unwrap_or(0.0);
        lookup.filter = text("filter");
        Some(lookup)
    }
}

/// Returns a function that adds a fault of one lookup, given reason and effect.
fn lookup_fault<'f>(
    faults: &'f Faults,
    origin: &'f Origin,
    name: &'f str,
) -> impl Fn(String, &'static str) + 'f {
    move |why, effect| {
        let object = format!("lookup `{name}`");
        faults.add(Fault::new(FaultKind::Lookup, origin, object, why, effect));
    }
}

#[derive(Deserialize)]
struct LookupFile {
    name: String,
    filename: Option<String>,
    collection: Option<String>,
    lookup_type: Option<String>,
    fields_list: Option<Words>,
    fields: Option<Words>,
    match_type: Option<Words>,
    max_matches: Option<usize>,
    min_matches: Option<usize>,
    default_match: Option<String>,
    case_sensitive_match: Option<Flag>,
    time_field: Option<String>,
    time_format: Option<String>,
}

/// The file name of a lookup without the folders that some apps put before it: Splunk looks for tables only
/// in `lookups/`.
fn plain_name<'n>(filename: &'n str, fault: &dyn Fn(String, &'static str)) -> &'n str {
    let filename = filename.trim();
    let last = filename.rsplit(['/', '\\']).next().unwrap_or(filename);
    if last != filename {
        fault(
            format!("`{filename}`: give the lookup's file without a folder"),
            "the folder is ignored",
        );
    }
    last
}

/// The table `filename` in `dir`.
fn table_file(filename: &str, dir: &Path) -> LookupKind {
    let lower = filename.to_ascii_lowercase();
    if is_table_name(filename) && is_plain_name(filename) {
        return LookupKind::File(dir.join(filename));
    }
    let what = match lower.rsplit('.').next() {
        Some("mlmodel") => "a machine learning model",
        Some("kmz" | "kml") => "a map",
        _ => "no CSV table",
    };
    LookupKind::External {
        what: format!("{what} ({filename})"),
        columns: Vec::new(),
    }
}

/// Whether the name of a file is that of a lookup table: it ends in `.csv` or `.csv.gz`.
pub fn is_table_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".csv") || lower.ends_with(".csv.gz")
}

/// Whether a table is compressed, by its name.
pub fn is_compressed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"))
}

/// The most bytes that a compressed table may have.
const MOST_BYTES: u64 = 1 << 30;

fn inflated(path: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(MOST_BYTES + 1);
    reader
        .read_to_end(&mut out)
        .map_err(|why| Error::file(path, why))?;
    match out.len() as u64 > MOST_BYTES {
        true => Err(Error::format(path, 0, 0, "the table has more than 1 GiB")),
        false => Ok(out),
    }
}

/// Whether a file with this name can only be in the searched folder itself.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\', ':', '\0']) && name != "." && name != ".."
}

/// Parses `WILDCARD(a), CIDR(b)`; one type may list several columns: `WILDCARD(a, b)`. An undocumented type
/// compares exactly, as Splunk does by default.
fn match_types(items: &[String], fault: &dyn Fn(String, &'static str)) -> Vec<(String, MatchType)> {
    const EFFECT: &str = "the values are compared exactly";
    let mut found = Vec::new();
    for item in items.iter().flat_map(|item| split_types(item)) {
        let parts = item.strip_suffix(')').and_then(|item| item.split_once('('));
        let Some((name, columns)) = parts else {
            let why = format!("match_type: expected WILDCARD(<field>), found `{item}`");
            fault(why, EFFECT);
            continue;
        };
        let kind = match name.trim().to_ascii_uppercase().as_str() {
            "EXACT" => MatchType::Exact,
            "WILDCARD" => MatchType::Wildcard,
            "CIDR" => MatchType::Cidr,
            other => {
                let why = format!("match_type: `{other}` is not WILDCARD, CIDR or EXACT");
                fault(why, EFFECT);
                MatchType::Exact
            }
        };
        found.extend(split_list(columns).into_iter().map(|column| (column, kind)));
    }
    found
}

/// The items of a `match_type`, split at commas and blanks outside parentheses.
fn split_types(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match items.last_mut() {
            Some(last) if depth > 0 || !(c == ',' || c.is_whitespace()) => last.push(c),
            _ => items.push(String::new()),
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

/// Reads a table with a header line.
fn read_csv(path: &Path, bytes: &[u8]) -> Result<LookupTable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(at) = bytes.iter().position(|&b| b == 0) {
        let line = 1 + bytes[..at].iter().filter(|&&b| b == b'\n').count();
        return Err(Error::format(path, line, 0, "binary data, not a CSV table"));
    }
    if let Some(line) = unclosed_quote(bytes) {
        let why =
            "a quote that begins here is not closed: the rest of the table would be one value";
        return Err(Error::format(path, line, 0, why));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let at = |why: csv::Error| {
        let line = why
            .position()
            .and_then(|p| usize::try_from(p.line()).ok())
            .unwrap_or(0);
        Error::format(path, line, 0, why)
    };
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    let header = reader.byte_headers().map_err(at)?;
    let columns: Vec<String> = header.iter().map(|c| text(c).trim().to_owned()).collect();
    let mut rows = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(at)?;
        let cell = |n: usize| record.get(n).filter(|c| !c.is_empty()).map(text);
        rows.push((0..columns.len()).map(cell).collect());
    }
    Ok(LookupTable { columns, rows })
}

/// The line, from 1, of an unclosed quote at the beginning of a cell. A CSV reader takes everything after it
/// as its text.
fn unclosed_quote(bytes: &[u8]) -> Option<usize> {
    let mut line = 1;
    let mut opened: Option<usize> = None;
    let mut begins = true;
    let mut bytes = bytes
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(bytes)
        .iter()
        .peekable();
    while let Some(byte) = bytes.next() {
        match (byte, opened) {
            (b'\n', _) => line += 1,
            // A doubled quote is an escaped one.
            (b'"', Some(_)) if bytes.next_if(|next| **next == b'"').is_some() => continue,
            (b'"', Some(_)) => opened = None,
            (b'"', None) if begins => opened = Some(line),
            _ => {}
        }
        begins = opened.is_none() && matches!(byte, b',' | b'\n' | b'\r');
    }
    opened
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{LookupDefinition, LookupKind, MatchType, read_csv, unclosed_quote};
    use crate::knowledge::conf::Layers;
    use crate::knowledge::fault::Faults;

    fn stanza(text: &str) -> (Option<LookupDefinition>, Vec<String>) {
        let mut layers = Layers::default();
        let faults = Faults::default();
        layers.add(Path::new("transforms.conf"), text, &faults);
        let stanza = layers.stanzas().next().unwrap();
        let folder = |_: &str| PathBuf::from("/app/lookups");
        let lookup = LookupDefinition::from_stanza(stanza, &folder, &faults);
        let faults = faults.all().iter().map(ToString::to_string).collect();
        (lookup, faults)
    }

    #[test]
    fn a_stanza_defines_a_lookup() {
        let text = "[codes]\nfilename = codes.csv\nmatch_type = WILDCARD(a, b), CIDR(net)\n\
            min_matches = 1\ndefault_match = none\ncase_sensitive_match = false\n";
        let (lookup, faults) = stanza(text);
        let lookup = lookup.unwrap();
        assert!(faults.is_empty());
        assert_eq!(
            lookup.kind,
            LookupKind::File("/app/lookups/codes.csv".into())
        );
        assert_eq!(lookup.match_type("b"), MatchType::Wildcard);
        assert_eq!(lookup.match_type("net"), MatchType::Cidr);
        assert_eq!(lookup.match_type("x"), MatchType::Exact);
        assert!(!lookup.case_sensitive);
        assert_eq!((lookup.min_matches, lookup.max_matches), (1, 1000));
        let text = "[kv]\nexternal_type = kvstore\ncollection = c\nfields_list = _key, a\n";
        let kind = stanza(text).0.unwrap().kind;
        assert!(matches!(kind, LookupKind::Collection { fields, .. } if fields == ["_key", "a"]));
        assert_eq!(stanza("[x]\nREGEX = a\n").0, None);
    }

    #[test]
    fn a_faulty_setting_costs_itself() {
        let text = "[x]\nfilename = ../../etc/passwd.csv\nmatch_type = NEAR(a), b, WILDCARD(c)\n\
            max_matches = many\nmin_matches = 2 # at least\n";
        let (lookup, faults) = stanza(text);
        let lookup = lookup.unwrap();
        assert_eq!(
            lookup.kind,
            LookupKind::File("/app/lookups/passwd.csv".into())
        );
        let types = ["a", "b", "c"].map(|column| lookup.match_type(column));
        assert_eq!(
            types,
            [MatchType::Exact, MatchType::Exact, MatchType::Wildcard]
        );
        assert_eq!((lookup.min_matches, lookup.max_matches), (2, 1000));
        for (fault, part) in faults.iter().zip([
            "transforms.conf:1: lookup `x`: `../../etc/passwd.csv`: give the lookup's file",
            "transforms.conf:1: lookup `x`: match_type: `NEAR` is not WILDCARD",
            "transforms.conf:1: lookup `x`: match_type: expected",
            "transforms.conf:4: lookup [x] max_matches: `many` is not a whole number",
            "transforms.conf:5: lookup [x] min_matches: `2 # at least`",
        ]) {
            assert!(fault.starts_with(part), "{fault}");
        }
        assert_eq!(faults.len(), 5);
    }

    #[test]
    fn yaml_scalars_may_be_quoted() {
        let text = "name: n\nfilename: n.csv\ndefault_match: 'false'\nmin_matches: 1\n\
            match_type: WILDCARD(domain)\ncase_sensitive_match: 'false'\n";
        let path = Path::new("lookups/n.yml");
        let folder = Path::new("lookups");
        let lookup = LookupDefinition::from_yaml(path, text, folder, &Faults::default()).unwrap();
        assert_eq!(lookup.default_match.as_deref(), Some("false"));
        assert!(!lookup.case_sensitive);
        assert_eq!(lookup.match_type("domain"), MatchType::Wildcard);
    }

    #[test]
    fn cells_may_be_missing() {
        let table = read_csv(Path::new("t.csv"), b"\xef\xbb\xbfa,b\n1\n\"x,\ny\",\n").unwrap();
        assert_eq!(table.columns, ["a", "b"]);
        assert_eq!(table.rows[0], [Some("1".to_owned()), None]);
        assert_eq!(table.rows[1], [Some("x,\ny".to_owned()), None]);
    }

    #[test]
    fn quotes_that_do_not_close_are_found() {
        for (text, line) in [
            ("a,b\n1,\"x\ny\"\n", None),
            ("a,b\n1,\"say \"\"hi\"\"\"\n2,5\" tall\n", None),
            ("a,b\n1,2\n3,\"open\n4,5\n", Some(3)),
            ("\"a,b\n", Some(1)),
            ("a\n\"x\"\"\n", Some(2)),
        ] {
            assert_eq!(unclosed_quote(text.as_bytes()), line, "{text:?}");
        }
    }
}
