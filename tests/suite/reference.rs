//! `docs/reference.md`: every page of the Search Reference as supported or refused, with the options that each command
//! takes.

use std::fmt::Write as _;

use spelunk_spl::commands;
use spelunk_spl::functions::{eval, stats};

use crate::support;

/// The commands of the Search Reference, version 10.
const COMMANDS: &str = "abstract accum addcoltotals addinfo addtotals analyzefields anomalies anomalousvalue \
    anomalydetection append appendcols appendpipe arules associate autoregress awssnsalert bin bucket bucketdir chart \
    cluster cofilter collect concurrency contingency convert correlate ctable datamodel datamodelsimple dbinspect \
    dbxquery dedup delete delta diff entitymerge erex eval eventcount eventstats extract fieldformat fields fieldsummary \
    filldown fillnull findtypes folderize foreach format from fromjson gauge gentimes geom geomfilter geostats head \
    highlight history iconify inputcsv inputintelligence inputlookup iplocation join kmeans kv kvform loadjob localize \
    localop lookup makecontinuous makemv makeresults map mcatalog mcollect metadata metasearch meventcollect mpreview \
    msearch mstats multikv multisearch mvcombine mvexpand nomv outlier outputcsv outputlookup outputtext overlap pivot \
    predict rangemap rare redistribute regex reltime rename replace require rest return reverse rex rtorder run \
    runshellscript savedsearch script scrub search searchtxn selfjoin sendalert sendemail set setfields sichart sirare \
    sistats sitimechart sitop snowevent snoweventstream snowincident snowincidentstream sort spath stats strcat \
    streamstats table tags tail timechart timewrap tojson top transaction transpose trendline tscollect tstats typeahead \
    typelearner typer union uniq untable walklex where x11 xmlkv xmlunescape xpath xsDisplayConcept xsDisplayContext \
    xsFindBestConcept xsListConcepts xsListContexts xsUpdateDDContext xyseries";

/// The evaluation functions of the Search Reference, version 10.
const EVAL: &str = "abs acos acosh asin asinh atan atan2 atanh avg bit_and bit_not bit_or bit_shift_left bit_shift_right \
    bit_xor case ceiling cidrmatch cluster coalesce commands cos cosh exact exp false floor getfields hypot if in ipmask \
    isarray isbool isdouble isint ismv isnotnull isnull isnum isobject isstr json json_append json_array \
    json_array_to_mv json_delete json_entries json_extend json_extract json_extract_exact json_has_key_exact json_keys \
    json_object json_set json_set_exact json_valid len like ln log lookup lower ltrim match max md5 min \
    mv_to_json_array mvappend mvcount mvdedup mvfilter mvfind mvindex mvjoin mvmap mvrange mvreverse mvsort mvzip now \
    null nullif pi pow printf random relative_time replace round rtrim searchmatch sha1 sha256 sha512 sigfig sin sinh \
    spath split sqrt strftime strptime substr sum tan tanh time toarray tobool todouble toint tomv tonumber toobject \
    tostring trim true typeof upper urldecode validate";

/// The statistical and charting functions of the Search Reference, version 10.
const STATS: &str = "avg count distinct_count estdc estdc_error exactperc95 max mean median min mode perc95 p95 range stdev \
    stdevp sum sumsq upperperc95 var varp first last list values earliest earliest_time latest latest_time per_day \
    per_hour per_minute per_second rate rate_avg rate_sum sparkline";

fn page() -> String {
    let mut out = String::from(
        "# The Search Reference, page by page\n\n\
         Every command and function of Splunk's Search Reference, version 10: supported, or refused and why. An option that a\n\
         command does not list is refused by name. `spelunk help NAME` says more. A test holds this page to the tables in the\n\
         code.\n\n## Commands\n\n| command | | options |\n|---|---|---|\n",
    );
    for name in COMMANDS.split_whitespace() {
        let (status, about) = match commands::command(name) {
            Some(command) => {
                let options: Vec<String> = command
                    .options
                    .iter()
                    .map(|option| format!("`{}`", option.0))
                    .collect();
                let alias = command.name != name;
                let status = match alias {
                    true => format!("supported, as `{}`", command.name),
                    false => "supported".to_owned(),
                };
                (
                    status,
                    if alias {
                        String::new()
                    } else {
                        options.join(" ")
                    },
                )
            }
            None => {
                let why = commands::why_refused(name);
                ("refused".to_owned(), why.unwrap_or("MISSING").to_owned())
            }
        };
        let _ = writeln!(out, "| `{name}` | {status} | {about} |");
    }
    for (title, names) in [
        ("Evaluation functions", EVAL),
        ("Statistical functions", STATS),
    ] {
        let _ = write!(out, "\n## {title}\n\n| function | |\n|---|---|\n");
        for name in names.split_whitespace() {
            let synopsis = match title.starts_with("Eval") {
                true => eval::all()
                    .find(|f| f.name == name || f.aliases.contains(&name))
                    .map(|f| f.synopsis),
                false if name == "sparkline" => Some("sparkline(<function>(<field>), <span>)"),
                false => stats::stats_function(name).map(|(function, _)| function.synopsis),
            };
            let _ = writeln!(out, "| `{name}` | `{}` |", synopsis.unwrap_or("MISSING"));
        }
    }
    out
}

#[test]
fn every_page_of_the_reference_is_supported_or_refused() {
    let page = page();
    let missing: Vec<&str> = page
        .lines()
        .filter(|line| line.contains("MISSING"))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let path = support::root().join("docs/reference.md");
    if std::env::var_os("UPDATE").is_some() {
        support::write(&path, &page);
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference.md differs from the tables; UPDATE=1 cargo test --release --test suite reference writes it"
    );
}
