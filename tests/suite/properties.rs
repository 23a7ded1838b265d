//! Laws that hold for every table: what a search gives for one search tells what it must give for
//! another.

use std::collections::BTreeMap;

use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use serde_json::{Map, Value as Json, json};
use spelunk::session::Session;

use crate::explore::{self, Subject};
use crate::mutation::Chance;
use crate::support::{self, Row};
use crate::testing;

/// How many tables each law is tried on.
const CASES: u32 = 24;

/// A value as it stands in data: numbers, numbers as text, words, the empty text, nothing.
fn cell() -> impl Strategy<Value = Option<Json>> {
    prop_oneof![
        2 => Just(None),
        3 => (-5i32..20).prop_map(|n| Some(json!(n))),
        1 => (-50i32..50).prop_map(|n| Some(json!(f64::from(n) / 4.0))),
        2 => "[a-d]{1,2}".prop_map(|t| Some(json!(t))),
        1 => (0i32..5).prop_map(|n| Some(json!(n.to_string()))),
        1 => "[ -~é]{0,6}".prop_map(|t| Some(json!(t))),
    ]
}

/// Rows with the fields `k`, `v`, `w`, any of which may be missing, and `id`, which never is.
fn table() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((cell(), cell(), cell()), 0..30).prop_map(|rows| {
        rows.into_iter()
            .enumerate()
            .map(|(id, (k, v, w))| {
                let mut row = Map::new();
                row.insert("id".to_owned(), json!(id));
                for (name, value) in [("k", k), ("v", v), ("w", w)] {
                    if let Some(value) = value {
                        row.insert(name.to_owned(), value);
                    }
                }
                row
            })
            .collect()
    })
}

/// Searches over one table.
struct Bench<'s> {
    session: &'s Session,
    source: String,
}

impl Bench<'_> {
    fn rows(&self, search: &str) -> Result<Vec<Row>, TestCaseError> {
        let spl = format!("{} {search}", self.source);
        match self.session.search(&spl) {
            Ok(answer) => Ok(support::rows(&support::ndjson(&answer.rows))),
            Err(failure) => Err(TestCaseError::fail(format!(
                "{spl}\n{}",
                support::drawn(&failure)
            ))),
        }
    }

    fn count(&self, search: &str) -> Result<usize, TestCaseError> {
        Ok(self.rows(search)?.len())
    }
}

/// What holds for a table.
type Law = fn(&Bench<'_>, &[Row]) -> Result<(), TestCaseError>;

/// Tries a law on generated tables.
fn tried(law: Law, config: Config) -> Result<(), TestError<Vec<Row>>> {
    let dir = support::folder();
    let session = Session::open(support::options(dir.path())).expect("a session opens");
    TestRunner::new(config).run(&table(), |rows| {
        let data = serde_json::to_string(&rows).expect("rows are JSON");
        let quoted = data.replace('\\', "\\\\").replace('"', "\\\"");
        let bench = Bench {
            session: &session,
            source: format!("| makeresults format=json data=\"{quoted}\""),
        };
        law(&bench, &rows)
    })
}

/// A test of each law, and the list of all.
macro_rules! laws {
    ($($law:ident,)*) => {
        mod hold {
            $(
                #[test]
                fn $law() {
                    let tried = super::tried(super::$law, crate::testing::chance(super::CASES));
                    tried.unwrap_or_else(|why| panic!("{why}"));
                }
            )*
        }

        const LAWS: &[(&str, Law)] = &[$((stringify!($law), $law)),*];
    };
}

laws! {
    eval_keeps_the_number_of_rows,
    sort_is_a_permutation_and_idempotent,
    counts_by_a_field_sum_to_the_rows_that_have_it,
    eventstats_keeps_rows_and_agrees_with_stats,
    append_adds_and_dedup_never_grows,
    a_filter_and_its_negation_split_the_rows,
    head_tail_and_reverse_agree,
    fillnull_leaves_nothing_missing,
    values_taken_apart_come_together_again,
    a_transaction_holds_every_event_once,
    json_made_of_rows_gives_their_fields_back,
    transposed_twice_is_the_same,
    streamstats_ends_where_stats_does,
    a_chart_holds_what_stats_counts,
    values_joined_and_split_are_the_same,
    rows_that_differ_in_one_field_combine_and_expand,
}

/// All laws in turn, on new tables.
struct Laws;

impl Subject for Laws {
    type Input = (usize, u64);

    fn make(&self, chance: &mut Chance) -> (usize, u64) {
        (chance.below(LAWS.len()), chance.below(usize::MAX) as u64)
    }

    fn judge(&mut self, (law, seed): &(usize, u64)) -> Result<(), String> {
        let config = Config {
            rng_seed: RngSeed::Fixed(*seed),
            ..testing::chance(CASES)
        };
        tried(LAWS[*law].1, config).map_err(|why| why.to_string())
    }

    fn show(&self, (law, _): &(usize, u64)) -> String {
        LAWS[*law].0.to_owned()
    }
}

#[test]
#[ignore = "goes on by chance for SPELUNK_EXPLORE seconds: CONTRIBUTING.md"]
fn explore_laws() {
    explore::by_chance("explore_laws", Laws);
}

/// The ids of rows, sorted.
fn ids(rows: &[Row]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|row| row["id"].to_string()).collect();
    ids.sort();
    ids
}

fn eval_keeps_the_number_of_rows(bench: &Bench<'_>, rows: &[Row]) -> Result<(), TestCaseError> {
    for eval in [
        "x=k.v",
        "x=k+v",
        "id=null()",
        "x=if(k>v, w, k), y=len(x)",
        "x=split(k, \"a\")",
    ] {
        prop_assert_eq!(bench.count(&format!("| eval {eval}, one=1"))?, rows.len());
    }
    Ok(())
}

fn sort_is_a_permutation_and_idempotent(
    bench: &Bench<'_>,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    for keys in ["k", "-k", "k, -v", "-num(v)", "str(k) w", "ip(k)"] {
        let once = bench.rows(&format!("| sort 0 {keys}"))?;
        prop_assert_eq!(ids(&once), ids(rows), "sort {}", keys);
        let twice = bench.rows(&format!("| sort 0 {keys} | sort 0 {keys}"))?;
        prop_assert_eq!(twice, once, "sort {}", keys);
    }
    Ok(())
}

fn counts_by_a_field_sum_to_the_rows_that_have_it(
    bench: &Bench<'_>,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    let groups = bench.rows("| stats count by k")?;
    let sum: u64 = groups.iter().filter_map(|g| g["count"].as_u64()).sum();
    prop_assert_eq!(
        sum as usize,
        rows.iter().filter(|r| r.contains_key("k")).count()
    );
    let mut seen = BTreeMap::new();
    for group in &groups {
        let key = match &group["k"] {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        *seen.entry(key).or_insert(0) += 1;
    }
    prop_assert!(seen.values().all(|n| *n == 1), "{seen:?}");
    let whole = bench.rows("| stats count, count(v) AS v, dc(v) AS d")?;
    prop_assert_eq!(whole[0]["count"].as_u64(), Some(rows.len() as u64));
    let with_v = rows.iter().filter(|r| r.contains_key("v")).count() as u64;
    prop_assert_eq!(whole[0]["v"].as_u64(), Some(with_v));
    prop_assert!(whole[0]["d"].as_u64() <= Some(with_v));
    Ok(())
}

fn eventstats_keeps_rows_and_agrees_with_stats(
    bench: &Bench<'_>,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    let beside = bench.rows("| eventstats count AS n by k")?;
    prop_assert_eq!(ids(&beside), ids(rows));
    let counted = bench.rows("| stats count AS n by k")?;
    let again =
        bench.rows("| eventstats count AS n by k | where isnotnull(k) | stats max(n) AS n by k")?;
    prop_assert_eq!(again, counted);
    Ok(())
}

fn append_adds_and_dedup_never_grows(bench: &Bench<'_>, rows: &[Row]) -> Result<(), TestCaseError> {
    let appended = bench.count("| append [| makeresults count=3]")?;
    prop_assert_eq!(appended, rows.len() + 3);
    let unique = bench.rows("| dedup k")?;
    prop_assert!(unique.len() <= rows.len());
    prop_assert_eq!(unique.len(), bench.count("| stats count by k")?);
    prop_assert_eq!(bench.rows("| dedup k | dedup k")?, unique);
    let all = bench.count("| dedup k keepempty=true")?;
    let without = rows.iter().filter(|r| !r.contains_key("k")).count();
    prop_assert_eq!(all, bench.count("| dedup k")? + without);
    Ok(())
}

fn a_filter_and_its_negation_split_the_rows(
    bench: &Bench<'_>,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    for search in ["k=a*", "v>3", "k=5 OR w=b", "v!=2", "k IN (a, 1, b*)"] {
        let yes = bench.count(&format!("| search {search}"))?;
        let no = bench.count(&format!("| search NOT ({search})"))?;
        prop_assert_eq!(yes + no, rows.len(), "{}", search);
    }
    for condition in ["k=\"a\"", "v>3", "like(k, \"a%\")", "v<w"] {
        let there = "isnotnull(k) AND isnotnull(v) AND isnotnull(w)";
        let whole = bench.count(&format!("| where {there}"))?;
        let yes = bench.count(&format!("| where {there} | where {condition}"))?;
        let no = bench.count(&format!("| where {there} | where NOT ({condition})"))?;
        prop_assert_eq!(yes + no, whole, "{}", condition);
    }
    Ok(())
}

fn head_tail_and_reverse_agree(bench: &Bench<'_>, rows: &[Row]) -> Result<(), TestCaseError> {
    let all = bench.rows("")?;
    prop_assert_eq!(all.len(), rows.len());
    let mut backwards = all.clone();
    backwards.reverse();
    prop_assert_eq!(&bench.rows("| reverse")?, &backwards);
    prop_assert_eq!(&bench.rows("| reverse | reverse")?, &all);
    for n in [0, 1, 7, 100] {
        let head = bench.rows(&format!("| head {n}"))?;
        prop_assert_eq!(head.as_slice(), &all[..n.min(all.len())]);
        if n > 0 {
            let tail = bench.rows(&format!("| tail {n}"))?;
            prop_assert_eq!(tail.as_slice(), &backwards[..n.min(all.len())]);
        }
    }
    Ok(())
}

fn fillnull_leaves_nothing_missing(bench: &Bench<'_>, rows: &[Row]) -> Result<(), TestCaseError> {
    let filled = bench.rows("| fillnull value=none k v w x")?;
    prop_assert_eq!(filled.len(), rows.len());
    for row in &filled {
        prop_assert!(
            ["k", "v", "w", "x"].iter().all(|f| row.contains_key(*f)),
            "{row:?}"
        );
    }
    let kept = bench.rows("| fillnull value=none k | where k!=\"none\" | stats count")?;
    let had = rows
        .iter()
        .filter(|r| r.get("k").is_some_and(|k| k != "none"))
        .count();
    prop_assert_eq!(kept[0]["count"].as_u64(), Some(had as u64));
    Ok(())
}

fn values_taken_apart_come_together_again(
    bench: &Bench<'_>,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    let apart = bench.rows("| eval m=mvappend(k, v, w) | mvexpand m | where isnotnull(m)")?;
    let values: usize = rows.iter().map(|r| r.len() - 1).sum();
    prop_assert_eq!(apart.len(), values);
    let together = bench.rows(
        "| eval m=mvappend(k, v, w), n=mvcount(m) | mvexpand m | where isnotnull(m) \
         | stats count, max(n) AS n by id | where count!=n",
    )?;
    prop_assert!(together.is_empty(), "{together:?}");
    Ok(())
}

fn a_transaction_holds_every_event_once(
    bench: &Bench<'_>,
    rows: &[Row],
) -> Result<(), TestCaseError> {
    let events = bench.rows("| eval _time=id | transaction k maxevents=3 | stats sum(eventcount) AS n, max(eventcount) AS most")?;
    let with_k = rows.iter().filter(|r| r.contains_key("k")).count();
    let n = events[0].get("n").and_then(Json::as_u64).unwrap_or(0);
    prop_assert_eq!(n as usize, with_k);
    let most = events[0].get("most").and_then(Json::as_u64).unwrap_or(0);
    prop_assert!(most <= 3);
    Ok(())
}

fn json_made_of_rows_gives_their_fields_back(
    bench: &Bench<'_>,
    _: &[Row],
) -> Result<(), TestCaseError> {
    let back = bench.rows("| tojson str(*) output_field=j | table id j | rename id AS at | fromjson j | fields - j, at")?;
    let as_text = |rows: &[Row]| -> Vec<BTreeMap<String, String>> {
        let text = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        rows.iter()
            .map(|r| r.iter().map(|(k, v)| (k.clone(), text(v))).collect())
            .collect()
    };
    let original = bench.rows("")?;
    prop_assert_eq!(as_text(&back), as_text(&original));
    Ok(())
}

/// Rows by the texts of their fields: what goes through names of columns or several values is text.
fn as_texts(rows: &[Row]) -> Vec<BTreeMap<String, String>> {
    let text = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let mut all: Vec<BTreeMap<String, String>> = rows
        .iter()
        .map(|r| r.iter().map(|(k, v)| (k.clone(), text(v))).collect())
        .collect();
    all.sort();
    all
}

/// Rows whose `k` and `w` can be names of columns.
const NAMED: &str = "| where match(k, \"^[a-d0-9]+$\") AND match(w, \"^[a-d0-9]+$\")";

fn transposed_twice_is_the_same(bench: &Bench<'_>, rows: &[Row]) -> Result<(), TestCaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let table = "| eval c=\"r\".id | table c k v w";
    let back = bench.rows(&format!(
        "{table} | transpose 0 header_field=c column_name=f | transpose 0 header_field=f column_name=c"
    ))?;
    prop_assert_eq!(as_texts(&back), as_texts(&bench.rows(table)?));
    Ok(())
}

fn streamstats_ends_where_stats_does(bench: &Bench<'_>, rows: &[Row]) -> Result<(), TestCaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let calls = "count, count(v) AS n, sum(v) AS s, min(v) AS lo, max(v) AS hi, dc(v) AS d, first(v) AS f, last(v) AS l";
    let names = "count n s lo hi d f l";
    let last = bench.rows(&format!("| streamstats {calls} | tail 1 | table {names}"))?;
    prop_assert_eq!(
        last,
        bench.rows(&format!("| stats {calls} | table {names}"))?
    );
    let by = bench.rows("| streamstats count AS n by k | stats max(n) AS n by k")?;
    prop_assert_eq!(by, bench.rows("| stats count AS n by k")?);
    let before = bench.rows("| streamstats current=f window=1 count AS n | stats sum(n) AS n")?;
    prop_assert_eq!(before[0]["n"].as_u64(), Some(rows.len() as u64 - 1));
    // A window as long as the table is no window.
    let wide = bench.rows("| streamstats window=1000 sum(v) AS s count by w | table id s count")?;
    prop_assert_eq!(
        wide,
        bench.rows("| streamstats sum(v) AS s count by w | table id s count")?
    );
    Ok(())
}

fn a_chart_holds_what_stats_counts(bench: &Bench<'_>, _: &[Row]) -> Result<(), TestCaseError> {
    let counted = as_texts(&bench.rows(&format!("{NAMED} | stats count by k w"))?);
    let charted = bench.rows(&format!(
        "{NAMED} | chart limit=0 count over k by w | untable k w count | where count>0"
    ))?;
    prop_assert_eq!(as_texts(&charted), counted.clone());
    let pivoted = bench.rows(&format!(
        "{NAMED} | stats count by k w | xyseries k w count | untable k w count"
    ))?;
    prop_assert_eq!(as_texts(&pivoted), counted);
    let whole = bench.rows(&format!("{NAMED} | chart count by k"))?;
    prop_assert_eq!(whole, bench.rows(&format!("{NAMED} | stats count by k"))?);
    Ok(())
}

fn values_joined_and_split_are_the_same(bench: &Bench<'_>, _: &[Row]) -> Result<(), TestCaseError> {
    let words = "where match(k, \"^[a-d0-9]+$\") AND match(w, \"^[a-d0-9]+$\")";
    for (join, split) in [
        ("nomv t", "makemv delim=\"\n\" t"),
        ("eval t=mvjoin(t, \";\")", "makemv delim=\";\" t"),
        ("eval t=mvjoin(t, \";\")", "makemv tokenizer=\"([^;]+)\" t"),
        ("eval t=mvjoin(t, \";\")", "eval t=split(t, \";\")"),
    ] {
        let wrong = bench.rows(&format!(
            "| {words} | eval m=mvappend(k, w, id), t=m | {join} | {split} \
             | where mvjoin(t, \"|\")!=mvjoin(m, \"|\") OR mvcount(t)!=3"
        ))?;
        prop_assert!(wrong.is_empty(), "{join} | {split}: {wrong:?}");
    }
    Ok(())
}

fn rows_that_differ_in_one_field_combine_and_expand(
    bench: &Bench<'_>,
    _: &[Row],
) -> Result<(), TestCaseError> {
    let pairs =
        bench.rows("| where isnotnull(k) AND isnotnull(v) | stats count by k v | fields k v")?;
    let back = bench.rows(
        "| where isnotnull(k) AND isnotnull(v) | stats count by k v | fields k v \
         | mvcombine v | mvexpand v | stats count by k v | fields k v",
    )?;
    // A field that held several values holds text.
    let texts = |rows: &[Row]| -> Vec<Vec<String>> {
        let text = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let mut all: Vec<Vec<String>> = rows
            .iter()
            .map(|r| r.values().map(text).collect())
            .collect();
        all.sort();
        all
    };
    prop_assert_eq!(texts(&back), texts(&pairs));
    Ok(())
}
