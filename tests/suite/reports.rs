//! Reports of detections, and which of many are run.

use quick_xml::events::Event;
use serde_json::Value as Json;

use crate::drive::Place;
use crate::testing::skip;

const ROWS: &str = "process_name,process,dest,user,_time\n\
    wmic.exe,wmic <b>&amp;</b> call,web-1,bob,2024-03-01T10:00:00\n\
    wmic.exe,wmic os,web-2,eve,2024-03-01T12:30:00\n\
    cmd.exe,cmd /c dir,web-1,bob,2024-03-01T11:00:00\n";

fn detection(name: &str, kind: &str, technique: &str, process: &str) -> String {
    format!(
        "name: {name}\nid: 00000000-0000-4000-8000-{:012}\nstatus: production\ntype: {kind}\n\
         description: Says <i>why</i>.\nsearch: '| tstats count min(_time) as firstTime max(_time) as lastTime \
         values(Processes.process) as process from datamodel=Endpoint.Processes where \
         Processes.process_name={process} by Processes.dest Processes.user | `drop_dm_object_name(Processes)`'\n\
         known_false_positives: Few.\nreferences: [https://example.test/a, 'javascript:alert(1)']\n\
         rba:\n  message: $user$ on $dest$\n  risk_objects:\n  - {{field: dest, type: system, score: 40}}\n  \
         - {{field: user, type: user, score: 20}}\n  threat_objects:\n  - {{field: process, type: process}}\n\
         tags:\n  analytic_story: [Living Off The Land]\n  mitre_attack_id: [{technique}]\n",
        name.len()
    )
}

fn place() -> Place {
    let place = Place::new();
    place.write("rows.csv", ROWS);
    place.write(
        "d/fires.yml",
        detection("Fires <once> & \"more\"", "TTP", "T1047", "wmic.exe"),
    );
    place.write(
        "d/quiet.yml",
        detection("Quiet", "Anomaly", "T1059.001", "powershell.exe"),
    );
    place.write("d/broken.yml", "name: Broken\nid: b\nsearch: '| eval x='\n");
    place.write("d/plain.spl", "| makeresults | eval a=1 | table a\n");
    place
}

fn run(place: &Place, more: &[&str]) -> crate::drive::Run {
    let mut args = vec!["run", "d", "--model", "Endpoint.Processes=rows.csv"];
    args.extend(more);
    place.run(&args)
}

#[test]
fn results_tell_type_technique_times_and_threats() {
    let place = place();
    let out = run(&place, &["--type", "ttp", "--format", "ndjson"]);
    let json: Json = serde_json::from_str(out.fine().out.trim()).expect("one object");
    assert_eq!(json["type"], "TTP");
    assert_eq!(json["technique"][0], "T1047");
    assert_eq!(json["risk_score"], 40.0);
    assert_eq!(json["first_time"], "2024-03-01T10:00:00Z");
    assert_eq!(json["last_time"], "2024-03-01T12:30:00Z");
    let risk = &json["risk_events"];
    assert_eq!(risk.as_array().map(Vec::len), Some(4), "{risk}");
    assert_eq!(risk[0]["threat_object_type"], "process");
    assert_eq!(risk[0]["risk_message"], "bob on web-1");
}

#[test]
fn selections_combine_and_say_what_there_is() {
    let place = place();
    let names = |more: &[&str]| -> Vec<String> {
        let out = run(&place, &[&["--format", "csv"], more].concat());
        let names = out.out.lines().skip(1).map(|line| {
            let name = line.split(",0").next().unwrap_or(line);
            name.split(',').next().unwrap_or_default().to_owned()
        });
        names.collect()
    };
    assert_eq!(names(&["--technique", "T1059"]), ["Quiet"]);
    assert_eq!(
        names(&["--status", "production", "--type", "Anomaly,Hunting"]),
        ["Quiet"]
    );
    assert_eq!(
        names(&["--story", "off the land", "--datamodel", "endpoint"]).len(),
        2
    );
    run(&place, &["--technique", "T1105"]).fails(
        2,
        &[
            "no detection matches --technique T1105 (4 loaded)",
            "T1047, T1059.001",
        ],
    );
}

#[test]
fn junit_is_xml_with_a_case_a_detection() {
    let place = place();
    let out = run(&place, &["--format", "junit"]);
    assert_eq!(out.code, Some(1), "a broken detection is an error: {out:?}");
    let mut reader = quick_xml::Reader::from_str(&out.out);
    let (mut cases, mut errors) = (0, 0);
    loop {
        match reader.read_event().expect("the report is XML") {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                "testcase" => cases += 1,
                "error" => errors += 1,
                _ => {}
            },
            _ => {}
        }
    }
    assert_eq!((cases, errors), (4, 1), "{}", out.out);
}

#[test]
fn sarif_points_at_the_search() {
    let place = place();
    let out = run(&place, &["--format", "sarif"]);
    let log: Json = serde_json::from_str(&out.out).expect("the report is JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let of = |level: &str| {
        results
            .iter()
            .find(|r| r["level"] == level)
            .expect("it is there")
    };
    let place = &of("error")["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "d/broken.yml");
    assert_eq!(place["region"]["startLine"], 3);
    assert_eq!(
        of("warning")["locations"][0]["physicalLocation"]["region"]["startLine"],
        6
    );
}

#[test]
fn the_page_escapes_what_data_and_files_say() {
    let place = place();
    let out = run(
        &place,
        &[
            "--output",
            "r.html",
            "--navigator",
            "layer.json",
            "--type",
            "TTP,Anomaly",
        ],
    );
    out.fine();
    let page = place.read("r.html");
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("Fires &lt;once&gt; &amp; &quot;more&quot;"));
    assert!(page.contains("wmic &lt;b&gt;&amp;amp;&lt;/b&gt; call"));
    assert!(page.contains("Says &lt;i&gt;why&lt;/i&gt;."));
    assert!(
        page.contains("Windows Management Instrumentation"),
        "the matrix"
    );
    assert!(page.contains("href=\"https://example.test/a\""));
    assert!(!page.contains("href=\"javascript"));
    assert!(
        !page.contains("src=\"http"),
        "the page needs nothing but itself"
    );
    let layer: Json = serde_json::from_str(&place.read("layer.json")).expect("JSON");
    assert_eq!(layer["techniques"][0]["techniqueID"], "T1047");
    assert_eq!(layer["techniques"].as_array().map(Vec::len), Some(1));
}

#[test]
fn saved_searches_are_run_as_scheduled_when_asked() {
    let place = Place::new();
    place.write(
        "app/default/savedsearches.conf",
        "[Recent logons]\nsearch = index=* | table _time a\ndispatch.earliest_time = -1h\n\
         dispatch.latest_time = now\naction.risk.param._risk_message = saw $a$\n\
         action.risk.param._risk = [{\"risk_object_field\": \"a\", \"risk_object_type\": \"system\", \"risk_score\": 7}]\n",
    );
    place.write(
        "e.ndjson",
        "{\"_time\":1700000000,\"a\":\"new\"}\n{\"_time\":1600000000,\"a\":\"old\"}\n",
    );
    let rows = |more: &[&str]| -> Json {
        let mut args = vec!["run", "app", "--data", "e.ndjson", "--now", "1700000060"];
        args.extend(["--format", "ndjson"]);
        args.extend(more);
        let out = place.run(&args);
        serde_json::from_str(out.fine().out.trim()).expect("one object")
    };
    assert_eq!(rows(&[])["rows"].as_array().map(Vec::len), Some(2));
    let scheduled = rows(&["--as-scheduled"]);
    assert_eq!(scheduled["rows"].as_array().map(Vec::len), Some(1));
    assert_eq!(scheduled["risk_events"][0]["risk_message"], "saw new");
}

/// Looks at the page from inside, and leaves what it saw where the test finds it.
const LOOK: &str = "<script>
var items = document.querySelectorAll('details.detection');
function seen() {
  return Array.prototype.filter.call(items, function (item) { return getComputedStyle(item).display !== 'none'; }).length;
}
function set(id, key, value, event) {
  var input = document.getElementById(id);
  input[key] = value;
  input.dispatchEvent(new Event(event));
  return seen();
}
var found = { all: items.length, first: seen() };
found.quiet = set('quiet', 'checked', true, 'change');
found.eve = set('filter', 'value', 'EVE', 'input');
found.none = set('filter', 'value', 'nothing-like-it', 'input');
found.problems = problems;
document.documentElement.setAttribute('data-found', JSON.stringify(found));
</script>
</body>";

/// Collects what goes wrong, from before anything else on the page.
const WATCH: &str = "<meta charset=\"utf-8\">
<script>
var problems = [];
window.addEventListener('error', function (event) { problems.push(String(event.message)); }, true);
console.error = function () { problems.push(Array.prototype.join.call(arguments, ' ')); };
</script>";

/// A Chromium that is installed, or the one that `CHROMIUM` names.
fn chromium() -> Option<std::path::PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(chromium) = chromium() else {
        skip("no chromium is installed; CHROMIUM names one");
        return;
    };
    let place = place();
    let page = run(&place, &["--format", "html"]).out;
    let page = page.replacen("<meta charset=\"utf-8\">", WATCH, 1);
    let page = place.write("page.html", page.replace("</body>", LOOK));
    let shot = place.path().join("page.png");
    let browse = |what: &str| {
        let url = format!("file://{}", page.display());
        let profile = format!("--user-data-dir={}", place.path().join("profile").display());
        let dom = std::fs::File::create(place.path().join("dom.html")).expect("a file can be made");
        let mut child = std::process::Command::new(&chromium)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--virtual-time-budget=3000",
            ])
            .args([profile.as_str(), what, url.as_str()])
            .stdout(dom)
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the browser starts");
        for _ in 0..600 {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                assert!(status.success(), "{status}");
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        child.kill().expect("it can be ended");
        panic!("the browser does not end");
    };
    browse("--dump-dom");
    let dom = place.read("dom.html");
    let found = dom
        .split("data-found=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let found = found
        .expect("the page was looked at")
        .replace("&quot;", "\"");
    let found: Json = serde_json::from_str(&found).expect("what was seen");
    let wanted = serde_json::json!({
        "all": 4, "first": 3, "quiet": 4, "eve": 1, "none": 0, "problems": []
    });
    assert_eq!(found, wanted);
    browse(&format!("--screenshot={}", shot.display()));
    let size = std::fs::metadata(&shot)
        .expect("there is a screenshot")
        .len();
    assert!(size > 5_000, "the screenshot has {size} bytes");
}
