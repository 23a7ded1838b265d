//! Models of the machine-learning toolkit: made by one search, applied by another, listed, removed;
//! a published kind of detection with its baseline, end to end.

use std::fmt::Write as _;

use crate::drive::Place;

/// Names of hosts that were asked for: 300 of everyday length, and one long one.
fn place() -> Place {
    let place = Place::new();
    let mut rows = String::new();
    for n in 0..300 {
        let name = "a".repeat(10 + (n * 7) % 11);
        let kind = if n % 3 == 0 { "AAAA" } else { "A" };
        let _ = writeln!(
            rows,
            r#"{{"_time":{},"query":"{name}.example","record_type":"{kind}","src":"10.0.0.{}"}}"#,
            1_699_990_000 + n,
            n % 5
        );
    }
    place.write("usual.ndjson", &rows);
    let long = "q".repeat(180);
    let _ = writeln!(
        rows,
        r#"{{"_time":1699995000,"query":"{long}.example","record_type":"A","src":"10.0.0.9"}}"#
    );
    place.write("today.ndjson", &rows);
    place.write(
        "content/baselines/lengths.yml",
        concat!(
            "name: Lengths of queries\nid: 11111111-1111-4111-8111-111111111111\ntype: Baseline\nstatus: production\n",
            "search: '| tstats count from datamodel=Network_Resolution by DNS.query DNS.record_type\n",
            "  | `drop_dm_object_name(DNS)` | eval query_length = len(query)\n",
            "  | fit DensityFunction query_length by record_type into dns_query_pdfmodel'\n",
        ),
    );
    place.write("content/detections/.keep", "");
    place
}

const BASELINE: &str = "| tstats count from datamodel=Network_Resolution by DNS.query DNS.record_type \
    | `drop_dm_object_name(DNS)` | eval query_length=len(query) \
    | fit DensityFunction query_length by record_type into dns_query_pdfmodel | stats count";

const DETECTION: &str = "| tstats count values(DNS.src) as src from datamodel=Network_Resolution by DNS.query DNS.record_type \
    | search DNS.record_type=* | `drop_dm_object_name(DNS)` | eval query_length=len(query) \
    | apply dns_query_pdfmodel threshold=0.01 | rename \"IsOutlier(query_length)\" as isOutlier \
    | search isOutlier > 0 | sort -query_length | table src record_type query_length";

fn model(file: &str) -> [String; 2] {
    [
        "--model".to_owned(),
        format!("Network_Resolution.DNS={file}"),
    ]
}

#[test]
fn a_baseline_makes_the_model_that_a_detection_applies() {
    let place = place();
    let usual = model("usual.ndjson");
    let today = model("today.ndjson");
    let usual: Vec<&str> = usual.iter().map(String::as_str).collect();
    let today: Vec<&str> = today.iter().map(String::as_str).collect();

    // Before: the error names the model and the baseline that makes it.
    let mut with_content = today.clone();
    with_content.extend(["--content", "content"]);
    place.search(&with_content, DETECTION).fails(
        1,
        &[
            "unknown model `dns_query_pdfmodel`",
            "the baseline `Lengths of queries` makes it",
        ],
    );
    place
        .search(&today, DETECTION)
        .fails(1, &["into dns_query_pdfmodel` makes it"]);

    let made = place.rows(&usual, BASELINE);
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(
        place.rows(&[], "| listmodels"),
        [r#"{"name":"dns_query_pdfmodel","type":"DensityFunction","options":""}"#]
    );
    let known = place.rows(
        &[],
        "| summary app:dns_query_pdfmodel | table record_type type min max cardinality",
    );
    assert_eq!(known.len(), 2, "{known:?}");
    assert!(known.iter().all(|row| row.contains("Auto: ")), "{known:?}");

    // Only the long query lies where hardly any do.
    assert_eq!(
        place.rows(&today, DETECTION),
        [r#"{"src":"10.0.0.9","record_type":"A","query_length":188}"#]
    );
    let ranges = place.rows(
        &today,
        &DETECTION.replace(
            "table src record_type query_length",
            "eval from=tonumber(mvindex(split(mvindex(BoundaryRanges,-1),\":\"),0)) | eval ok=if(from>27 AND from<60,1,0) | table ok",
        ),
    );
    assert_eq!(ranges, [r#"{"ok":1}"#]);

    place.rows(&[], "| deletemodel dns_query_pdfmodel");
    assert_eq!(
        place.rows(&[], "| listmodels | stats count"),
        [r#"{"count":0}"#]
    );
    place
        .search(&[], "| deletemodel dns_query_pdfmodel")
        .fails(1, &["unknown model"]);
}

#[test]
fn models_keep_what_they_learned() {
    let place = Place::new();
    let rows: String = (1..=20)
        .map(|x| format!("{{\"x\":{x},\"y\":{},\"c\":\"k{}\"}}\n", 3 * x + 1, x % 2))
        .collect();
    place.write("t.ndjson", &rows);
    let data = &["--data", "t.ndjson"];
    for (fit, after) in [
        ("LinearRegression y from x", "round('predicted(y)',6)"),
        ("Ridge y from x c alpha=0.1", "round('predicted(y)',6)"),
        ("Lasso y from x alpha=0.1", "round('predicted(y)',6)"),
        ("StandardScaler x y", "round(SS_x,6).\" \".round(SS_y,6)"),
        ("RobustScaler x", "round(RS_x,6)"),
        ("PCA x y k=1", "round(PC_1,6)"),
        ("KMeans x y k=3", "cluster.\" \".round(cluster_distance,6)"),
        (
            "DensityFunction x dist=gaussian_kde threshold=0.2",
            "'IsOutlier(x)'.mvjoin(BoundaryRanges,\" \")",
        ),
        (
            "DensityFunction x dist=beta threshold=0.2",
            "'IsOutlier(x)'.mvjoin(BoundaryRanges,\" \")",
        ),
        (
            "DensityFunction x by c",
            "'IsOutlier(x)'.mvjoin(BoundaryRanges,\" \")",
        ),
    ] {
        let shown = format!("eval shown={after} | table shown");
        let fitted = place.rows(data, &format!("* | fit {fit} into m | {shown}"));
        let applied = place.rows(data, &format!("* | apply m | {shown}"));
        assert_eq!(fitted, applied, "{fit}");
        assert_eq!(fitted.len(), 20, "{fit}");
        assert!(!fitted[0].contains("{}"), "{fit}: {fitted:?}");
        assert!(!place.rows(&[], "| summary m").is_empty(), "{fit}");
    }
    // A failed search leaves the model as it was.
    let before = place.read(".spelunk/learned/m.json");
    place
        .search(data, "* | fit KMeans x k=2 into m | fit KMeans x k=99")
        .fails(1, &["20 rows can't make 99 clusters"]);
    assert_eq!(place.read(".spelunk/learned/m.json"), before);
}
