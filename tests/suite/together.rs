//! Detections that look at the data together find what each finds alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use spelunk::session::{RiskRetention, RunChoice, Session};

use crate::drive::Place;
use crate::support;
use crate::testing::{say, shared};

/// What `run` gave, by detection; how long it took is left out.
fn ran(place: &Place, args: &[&str]) -> BTreeMap<String, Json> {
    let mut all = vec!["--format", "ndjson", "--quiet"];
    all.extend(args);
    let out = place.run(&all).fine().out.clone();
    let lines = out.lines().map(|line| {
        let mut found: Json = serde_json::from_str(line).expect("a line is an object");
        let object = found.as_object_mut().expect("a line is an object");
        object.remove("seconds");
        (format!("{} {}", object["name"], object["file"]), found)
    });
    lines.collect()
}

/// Runs both ways and compares; gives how many had rows.
fn both_ways(place: &Place, args: &[&str]) -> usize {
    let together = ran(place, args);
    let apart: Vec<&str> = args.iter().copied().chain(["--separately"]).collect();
    let apart = ran(place, &apart);
    assert_eq!(together.len(), apart.len());
    for (name, found) in &together {
        assert_eq!(found, &apart[name], "{name}");
    }
    let with_rows = together.values().filter(|found| found["status"] == "rows");
    with_rows.count()
}

fn detections(place: &Place, searches: &[&str]) {
    for (at, search) in searches.iter().enumerate() {
        let search = Json::from(*search);
        let text = format!("name: search {at:02}\nid: id-{at}\ntype: Hunting\nsearch: {search}\n");
        place.write(&format!("detections/d{at:02}.yml"), text);
    }
}

/// Processes in which names differ in case, are missing, or hold several values.
fn processes() -> String {
    let names = [
        "wmic.exe",
        "WMIC.EXE",
        "cmd.exe",
        "",
        "powershell.exe",
        "*",
        "10.1.2.3",
    ];
    let mut text = String::new();
    for n in 0..600 {
        let mut row = json!({
            "_time": 1_700_000_000 + (n * 37) % 5000,
            "process": format!("{} /node:host{} process call create \"x{}\"", names[n % 7], n % 5, n / 3),
            "process_id": n % 17,
            "dest": format!("host{}", n % 5),
            "user": if n % 11 == 0 { json!(["root", "alice"]) } else { json!("bob") },
        });
        if n % 4 != 0 {
            row["process_name"] = json!(names[n % 7]);
        }
        let _ = writeln!(text, "{row}");
    }
    text
}

#[test]
fn searches_of_a_data_model_find_the_same_together_and_alone() {
    let place = Place::new();
    place.write("processes.ndjson", processes());
    let by = "by Processes.dest Processes.user Processes.process_name Processes.process_id";
    let tests = [
        "Processes.process_name=wmic.exe",
        "Processes.process_name!=wmic.exe",
        "NOT Processes.process_name=wmic.exe",
        "Processes.process_name=* Processes.process=\"*/NODE:host1*\"",
        "NOT Processes.process_name=*",
        "Processes.process_name IN (cmd*, \"power*\") Processes.process_id>=9",
        "Processes.process_id<3 OR Processes.user=root",
        "Processes.user!=root",
        "Processes.process_name=10.0.0.0/8",
        "Processes.process_name=\"\"",
        "Processes.process=\"*create*x1*\" NOT (Processes.dest=host2 OR Processes.dest=host3)",
        "Processes.nothing=1 OR Processes.process_id=4",
        "earliest=1700001000 latest=1700002000 Processes.process_id=4",
        "Processes.process_name=nobody",
        "[| makeresults | eval \"Processes.dest\"=\"host4\" | fields Processes.dest] Processes.process_id=4",
    ];
    let mut searches: Vec<String> = tests
        .iter()
        .map(|test| {
            format!(
                "| tstats count min(_time) as firstTime values(Processes.process) as process \
                 from datamodel=Endpoint.Processes where {test} {by}"
            )
        })
        .collect();
    searches.push("| tstats count from datamodel=Endpoint.Processes".to_owned());
    searches.push(
        "| tstats count first(Processes.process) from datamodel=Endpoint.Processes where Processes.dest=host1 by Processes.user | append [| tstats values(Processes.*) from datamodel=Endpoint.Processes where Processes.process_id=3]".to_owned(),
    );
    detections(
        &place,
        &searches.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let model = "Endpoint.Processes=processes.ndjson";
    let with_rows = both_ways(&place, &["--model", model, "run", "detections"]);
    // All but those that nobody or rows without a name would satisfy.
    assert_eq!(with_rows, 15);
    let range = [
        "--earliest",
        "1700001500",
        "--model",
        model,
        "run",
        "detections",
    ];
    assert_eq!(both_ways(&place, &range), 15);
}

#[test]
fn searches_of_events_find_the_same_together_and_alone() {
    let place = Place::new();
    place.write("a/processes.ndjson", processes());
    let mut log = String::new();
    for n in 0..300 {
        let (code, word) = (n % 6, ["started", "failed", "denied"][n % 3]);
        let _ = writeln!(
            log,
            "2023-11-14T22:{:02}:{:02} app[{n}]: connection {word} code={code} user=u{}",
            n / 60,
            n % 60,
            n % 4
        );
    }
    place.write("a/app.log", log);
    // What a lookup may give several values of is a multivalue, also where it gives one.
    place.write(
        "app/default/props.conf",
        "[source::...app.log]\nLOOKUP-kind = kinds user OUTPUT kind process_id\n",
    );
    place.write(
        "app/default/transforms.conf",
        "[kinds]\nfilename = kinds.csv\n",
    );
    place.write(
        "app/lookups/kinds.csv",
        "user,kind,process_id\nu1,low,3\nu2,high,4\n",
    );
    detections(
        &place,
        &[
            "index=* failed | stats count by code",
            "search code=3 OR code=5 | table _time code user",
            "NOT code=* process_id=3 | stats count values(process) by dest",
            "denied user!=u1 | sort code | head 5",
            "TERM(code=2) | stats count",
            "\"connection started\" | timechart span=1m count by user",
            "* | stats count by sourcetype",
            "process_name=wmic.exe NOT process=\"*host3*\" | dedup dest | table dest process",
            "code>4 earliest=0 | transaction user maxspan=1m | table user eventcount",
            "source=*app.log code=1 [search user=u3 code=1 | head 1 | fields user]",
            "nothing=here",
            "kind=high OR process_id=3 | stats count values(kind) by process_id",
            "process_id=4 | table _time process_id kind dest",
            "date_hour=22 failed | stats count by date_minute",
            "user=u2 | join user [search user=u2 failed | stats count by user] | head 2 | table _raw user count",
            "(denied OR failed) | tail 4 | table _raw",
        ],
    );
    let with_rows = both_ways(
        &place,
        &["--app", "app", "--data", "a", "run", "detections"],
    );
    assert_eq!(with_rows, 15);
    place.run(&["--home", "home", "replay", "a"]).fine();
    let stored = [
        "--app",
        "app",
        "--home",
        "home",
        "run",
        "--no-risk",
        "detections",
    ];
    assert_eq!(both_ways(&place, &stored), 15);
}

/// The processes as NDJSON and as Parquet, which is read as it is needed, and an app with a lookup.
fn processes_in_files() -> Place {
    let place = Place::new();
    place.write("processes.ndjson", processes());
    place.write(
        "app/lookups/tools.csv",
        "name,kind\nwmic.exe,remote\npower*,shell\n",
    );
    place.write(
        "app/lookups/targets.csv",
        "target,why\nhost1,first\nhost4,last\n",
    );
    place.write(
        "app/default/transforms.conf",
        "[tools]\nfilename = tools.csv\nmatch_type = WILDCARD(name)\ncase_sensitive_match = false\n\
         [targets]\nfilename = targets.csv\n\
         [targets_or_none]\nfilename = targets.csv\nmin_matches = 1\ndefault_match = none\n",
    );
    let parquet = ["--data", "processes.ndjson", "--format", "parquet"];
    let parquet: Vec<&str> = parquet
        .into_iter()
        .chain(["--output", "p.parquet"])
        .collect();
    place
        .search(
            &parquet,
            "* | table _time process process_id dest user process_name",
        )
        .fine();
    place
}

#[test]
fn what_lookups_and_subsearches_ask_is_looked_for_together() {
    let place = processes_in_files();
    let from = "| tstats count min(_time) as first values(Processes.process_id) as ids from \
                datamodel=Endpoint.Processes by Processes.process_name Processes.process Processes.dest \
                | rename Processes.* as *";
    let filled = from.replace("| tstats", "| tstats fillnull_value=null");
    let where_ = |asked: &str| {
        format!(
            "| tstats count values(Processes.process) as process from datamodel=Endpoint.Processes \
             where {asked} by Processes.dest Processes.user"
        )
    };
    let ends = [
        "| lookup tools name as process_name OUTPUT kind | search kind=remote | sort process dest",
        "| lookup tools name as process_name OUTPUTNEW kind | where kind=\"shell\" | stats sum(count) by process_name",
        "| lookup tools name as process_name OUTPUT kind | where isnotnull(kind) AND count>0 | stats count by kind",
        "| lookup tools name as process_name OUTPUT kind | where isnull(kind) | stats count by process_name",
        "| lookup tools name as process_name OUTPUT kind as dest | search dest=shell | stats count",
        "| lookup targets target as dest OUTPUT why | lookup tools name as process_name OUTPUT kind | search why=last kind=* | stats count by dest kind",
        "| lookup tools name as process_name OUTPUT kind as why | lookup targets target as dest OUTPUTNEW why | search why=last | stats count by dest process_name",
        "| lookup targets_or_none target as dest OUTPUT why | search why=none | stats count by dest",
        "| lookup targets_or_none target as dest OUTPUT why | search why=f* | stats count by dest",
        "| search dest IN (host2, host3) process_name=cmd.exe | stats count by dest",
        "| search [| inputlookup targets | rename target as dest | fields dest] | stats count by dest",
        "| search NOT [| inputlookup targets | rename target as dest | fields dest] | stats count by dest",
        "| search [| inputlookup tools | rename name as process_name | fields process_name] process_name=*x* | stats count by dest",
        "| eval dest=upper(dest) | search dest=HOST1 | stats count by dest",
    ];
    let mut searches: Vec<String> = Vec::new();
    for end in ends {
        searches.extend([format!("{from} {end}"), format!("{filled} {end}")]);
    }
    searches.extend([
        where_("[| inputlookup targets | rename target as Processes.dest | fields Processes.dest] Processes.process_id=4"),
        where_("NOT [| inputlookup tools | eval Processes.process_name=name | fields Processes.process_name]"),
        where_("Processes.process IN (*a1*, *b2*, *c3*, *d4*, *x11*, *x12*, *x13*, *x14*, *x15*)"),
        where_("NOT Processes.process_name IN (a, b, c, d, e, f, g, h, wmic.exe)"),
        where_("Processes.dest=host1 OR Processes.dest=host2 OR Processes.user=root"),
    ]);
    // What is written by then is what the next one reads.
    searches.push("| makeresults | eval target=\"host2\", why=\"last\" | table target why | outputlookup append=t targets".to_owned());
    let (last, first) = ("search 99 again", searches[10].clone());
    let searches: Vec<&str> = searches.iter().map(String::as_str).collect();
    detections(&place, &searches);
    place.write(
        "detections/e.yml",
        format!(
            "name: {last}\nid: id-e\ntype: Hunting\nsearch: {}\n",
            Json::from(first)
        ),
    );
    let runs = [
        ("processes.ndjson", "home0", &["run"][..]),
        ("p.parquet", "home1", &["run", "--separately"][..]),
        ("p.parquet", "home2", &["run"][..]),
    ];
    let found = runs.map(|(file, home, run)| {
        let model = format!("Endpoint.Processes={file}");
        let mut args = vec!["--app", "app", "--home", home, "--model", &model];
        args.extend(run);
        args.push("detections");
        ran(&place, &args)
    });
    assert_eq!(found[0].len(), searches.len() + 1);
    for (name, together) in &found[2] {
        assert_eq!(together, &found[1][name], "{name}");
        assert_eq!(together, &found[0][name], "{name}");
    }
    let with_rows = found[2].values().filter(|found| found["status"] == "rows");
    assert_eq!(with_rows.count(), 35);
}

#[test]
fn groups_that_a_key_leaves_out_are_not_missed() {
    let place = processes_in_files();
    let from = "| tstats count min(_time) as first values(Processes.process_id) as ids from \
                datamodel=Endpoint.Processes by Processes.process_name Processes.process Processes.dest \
                | rename Processes.* as * | eval first=strftime(first, \"%T\")";
    // What is missing counts as a value where it is filled.
    let filled = from.replace("| tstats", "| tstats fillnull_value=null");
    let ends = [
        "| where process_name=\"null\" | stats sum(count)",
        "| eval first=lower(process_name) | search process_name=wmic.exe | sort process dest",
        "| lookup tools name as process_name OUTPUT kind | search kind=remote | sort process dest",
        "| lookup tools name as process_name OUTPUT kind | where kind=\"shell\" | stats sum(count) by process_name",
        "| eval low=lower(process_name) | search count=1 low=cmd.exe | stats count by dest",
        "| where like(process, \"%x1%\") | sort - process | head 4 | table process dest ids",
        "| search process_name!=* ",
        "| eval process_name=upper(process_name) | search process_name=CMD.EXE | stats sum(count)",
        "| rex field=process \"node:(?<node>\\\\w+)\" | search node=host3 process=*x3* | table process node first",
        "| where process_name=\"*\" | stats sum(count)",
    ];
    let mut found = 0;
    let both = ends.iter().map(|end| format!("{from} {end}"));
    let filled = ends.iter().map(|end| format!("{filled} {end}"));
    for spl in both.chain(filled) {
        let rows = |file: &str| {
            let model = format!("Endpoint.Processes={file}");
            place.rows(&["--app", "app", "--model", &model], &spl)
        };
        let (read_at_once, out_of_files) = (rows("processes.ndjson"), rows("p.parquet"));
        assert_eq!(read_at_once, out_of_files, "{spl}");
        found += usize::from(!out_of_files.is_empty());
    }
    assert_eq!(found, 18);
}

#[test]
fn all_published_detections_find_the_same_together_and_alone() {
    let (Some(content), Some(data)) = (shared("content"), shared("data")) else {
        return;
    };
    let dir = support::folder();
    let mut options = support::options(dir.path());
    options.content = vec![content.clone()];
    let opened = || Session::open(options.clone()).expect("a session opens");
    if let Err(why) = opened().replay(&[data]) {
        panic!("{why}");
    }
    let selected = [content.join("detections").display().to_string()];
    let found = |separately: bool| {
        let choice = RunChoice {
            separately,
            risk: RiskRetention::Forget,
            ..RunChoice::default()
        };
        let mut found = BTreeMap::new();
        let ran = opened().run(&selected, &choice, &mut |result| {
            let rows = result.rows.as_ref().map(support::ndjson);
            let name = result.detection.path.clone();
            found.insert(name, (rows, result.reason.clone(), result.risk.len()));
        });
        if let Err(failure) = ran {
            panic!("{}", support::drawn(&failure));
        }
        found
    };
    let (together, apart) = (found(false), found(true));
    assert_eq!(together.len(), apart.len());
    for (name, found) in &together {
        assert_eq!(found, &apart[name], "{}", name.display());
    }
    let is_found = |rows: &&Option<String>| rows.as_ref().is_some_and(|rows| !rows.is_empty());
    let with_rows = together.values().map(|(rows, ..)| rows).filter(is_found);
    let with_rows = with_rows.count();
    say(&format!("{with_rows} published detections found something"));
    assert!(with_rows > 40, "{with_rows}");
}
