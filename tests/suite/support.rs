//! What several tests need: sessions in temporary folders, rows as JSON, their comparison.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};
use spelunk::cli::output::{Style, json};
use spelunk::internal::Rows;
use spelunk::session::{Failure, Options, Session, Stage};
use spelunk_spl::commands;
use spelunk_spl::report;
use spelunk_spl::source::SourceId;
use spelunk_spl::syntax::{self, print};

/// One row as JSON, its columns in order.
pub type Row = Map<String, Json>;

/// What `now()` is in every test that does not say otherwise: 2024-05-15 12:00:00 UTC.
pub const NOW: f64 = 1_715_774_400.0;

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Options for a session whose store is below `dir`.
pub fn options(dir: &Path) -> Options {
    Options {
        now: Some(NOW),
        ..Options::new(dir.join("home"))
    }
}

/// A new temporary folder, gone when the value is dropped.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, text: impl AsRef<[u8]>) {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).expect("a folder can be made");
    }
    std::fs::write(path, text).expect("a file can be written");
}

/// The error as a user sees it.
pub fn drawn(failure: &Failure) -> String {
    report::render(&failure.error, &failure.sources, false)
}

/// The rows as the command line writes them with `--format ndjson`.
pub fn ndjson(rows: &Rows) -> String {
    let style = Style {
        limit: None,
        width: None,
        zone: chrono_tz::UTC,
        color: false,
        boxes: false,
    };
    let mut out = Vec::new();
    json::write_ndjson(rows, &style, &mut out).expect("writing to memory does not fail");
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// NDJSON read back.
pub fn rows(text: &str) -> Vec<Row> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).expect("each line is an object"))
        .collect()
}

/// Rows as NDJSON.
pub fn lines(rows: &[Row]) -> String {
    rows.iter()
        .map(|row| serde_json::to_string(row).expect("a row is JSON") + "\n")
        .collect()
}

/// Reads YAML in which only `true` and `false` are truth values: `y` and `no` are text.
pub fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options)
}

/// Whether two values are the same; numbers up to what printing a double loses.
pub fn same(expected: &Json, actual: &Json) -> bool {
    match (expected, actual) {
        (Json::Number(a), Json::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
            _ => a == b,
        },
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => expected == actual,
    }
}

/// Whether two rows have the same fields with the same values. A field that is null in `expected`
/// must be missing.
pub fn same_row(expected: &Row, actual: &Row) -> bool {
    let wanted = |row: &Row| row.iter().filter(|(_, v)| !v.is_null()).count();
    wanted(expected) == wanted(actual)
        && expected
            .iter()
            .filter(|(_, value)| !value.is_null())
            .all(|(name, value)| actual.get(name).is_some_and(|a| same(value, a)))
}

/// Whether two lists of rows are the same, in any order if `unordered`.
pub fn same_rows(expected: &[Row], actual: &[Row], unordered: bool) -> bool {
    if expected.len() != actual.len() {
        return false;
    }
    if !unordered {
        return expected.iter().zip(actual).all(|(e, a)| same_row(e, a));
    }
    let mut left: Vec<&Row> = actual.iter().collect();
    expected.iter().all(|e| {
        let found = left.iter().position(|a| same_row(e, a));
        found.map(|at| left.remove(at)).is_some()
    })
}

/// The search laid out, after it was seen that laying it out again changes nothing.
pub fn laid_out(spl: &str) -> Result<String, String> {
    let format = |text: &str| syntax::format::format(SourceId(0), text).map_err(|e| e.to_string());
    let once = format(spl)?;
    let twice = format(&once)?;
    if once != twice {
        return Err(format!("once:\n{once}\ntwice:\n{twice}"));
    }
    Ok(once)
}

/// The search printed, after it was seen that parsing what is printed gives the same text and the
/// same plan.
pub fn printed(session: &Session, spl: &str) -> Result<String, String> {
    let expanded = session.explain(spl, Stage::Macros).map_err(|f| drawn(&f))?;
    let print = |text: &str| {
        syntax::parse(SourceId(0), text, &commands::shape_of)
            .map(|p| print::pipeline(&p, print::Layout::Line))
            .map_err(|e| format!("{e} in\n  {text}"))
    };
    let once = print(&expanded)?;
    let twice = print(&once)?;
    if once != twice {
        return Err(format!(
            "printed once:\n  {once}\nprinted twice:\n  {twice}"
        ));
    }
    let plan = |spl: &str| session.explain(spl, Stage::Plan);
    match (plan(&expanded), plan(&once)) {
        (Ok(before), Ok(after)) if before != after => Err(format!(
            "printed as\n  {once}\nthe plan\n{before}\nbecomes\n{after}"
        )),
        (Ok(_), Err(failure)) => Err(drawn(&failure)),
        _ => Ok(once),
    }
}
