//! Searches that are wrong, too large, or meant to do harm: each gets a clear error and its exit
//! code, never a panic, a hang or a stack overflow.

use crate::drive::Place;

const MIB: usize = 1 << 20;

/// The search fails with exit code 1, nothing on standard output, and says all of that.
#[track_caller]
fn wrong(spl: &str, says: &[&str]) {
    Place::new().search(&[], spl).fails(1, says);
}

/// As [`wrong`], for a text too long for the command line.
#[track_caller]
fn too_much(spl: &str, says: &[&str]) {
    let run = Place::new().search_file(&[], spl);
    run.fails(1, says);
    assert!(run.err.len() < 20_000, "a long search is not drawn whole");
}

/// A search that is only long is answered.
#[track_caller]
fn enough(spl: &str) {
    let place = Place::new();
    place.write("data.ndjson", "{\"a\":1}\n{\"a\":2}\n");
    let run = place.search_file(&["--data", "data.ndjson", "--limit", "1"], spl);
    run.fine();
    assert!(run.err.len() < 20_000, "{}", run.err.len());
}

#[test]
fn unknown_names_are_shown_with_the_nearest() {
    for (spl, says) in [
        (
            "| makeresults | hed 3",
            &[
                "unknown command `hed`",
                "search:1:17",
                "^^^",
                "did you mean `head`?",
            ][..],
        ),
        (
            "| xyzzyplugh",
            &["unknown command", "spelunk list commands"],
        ),
        (
            "| makeresults | eval x=coalesc(a, 1)",
            &[
                "unknown function `coalesc`",
                "1:24",
                "did you mean `coalesce`?",
            ],
        ),
        (
            "| makeresults | stats summ(x)",
            &["unknown function `summ`", "1:23", "did you mean `sum`?"],
        ),
        (
            "| makeresults | `drop_dm_objct_name(x)`",
            &[
                "unknown macro",
                "1:17",
                "did you mean `drop_dm_object_name`?",
            ],
        ),
        (
            "| makeresults | `qqq`",
            &["unknown macro `qqq`", "list macros"],
        ),
        (
            "| tstats count from datamodel=Endpont.Processes",
            &[
                "unknown data model `Endpont`",
                "1:31",
                "did you mean `Endpoint`?",
            ],
        ),
        (
            "| tstats count from datamodel=Endpoint.Proceses",
            &[
                "no data set `Proceses`",
                "1:40",
                "did you mean `Processes`?",
            ],
        ),
        (
            "| inputlookup strict=true nope.csv",
            &["unknown lookup `nope.csv`", "1:27", "list lookups"],
        ),
        (
            "| makeresults | lookup nope x",
            &["unknown lookup `nope`", "1:24"],
        ),
        (
            "| makeresults | head limt=3",
            &["no option `limt`", "1:22", "did you mean `limit`?"],
        ),
    ] {
        wrong(spl, says);
    }
    let place = Place::new();
    place
        .run(&["run", "remote_process_instantiation_via_wm"])
        .fails(
            1,
            &[
                "unknown detection",
                "did you mean `remote_process_instantiation_via_wmi`?",
            ],
        );
    place
        .run(&["run", "nosuch.yml"])
        .fails(1, &["unknown detection `nosuch.yml`", "--content"]);
}

#[test]
fn a_slip_of_the_pen_is_pointed_at() {
    for (spl, says) in [
        (
            "| makeresults | eval x=\"abc",
            &["unbalanced quote", "search:1:24", "^"][..],
        ),
        ("| makeresults | eval x=(1", &["`)` is missing", "1:24"]),
        (
            "| makeresults | eval x=1)",
            &["`)` without a matching `(`", "1:25"],
        ),
        ("| append [| makeresults", &["`]` is missing", "1:10"]),
        ("| makeresults ]", &["`]` without a matching `[`", "1:15"]),
        ("| makeresults | `x", &["backtick", "1:17"]),
        (
            "| makeresults | eval x=",
            &["expected an expression", "1:23"],
        ),
        ("| makeresults | eval", &["expected a field name", "1:21"]),
        (
            "| makeresults | stats by x",
            &["needs an aggregation", "1:17", "stats count BY host"],
        ),
        ("| makeresults | where", &["expected an expression"]),
        ("| makeresults | | head", &["expected a command after `|`"]),
        ("| | makeresults", &["expected a command"]),
        ("", &["the search is empty"]),
        ("   ", &["the search is empty"]),
        (
            "| makeresults count=many",
            &["whole number", "not `many`", "1:21"],
        ),
        ("| makeresults count=-1", &["at least 0", "1:21"]),
        (
            "| makeresults | eval y=abs(1,2,3)",
            &["abs takes 1 argument, not 3", "1:24"],
        ),
        (
            "| makeresults | `drop_dm_object_name`",
            &["takes 1 argument, 0 given", "1:17"],
        ),
        ("| makeresults\n| eval y=1\n| sort 5 -- y )", &["search:3:"]),
    ] {
        wrong(spl, says);
    }
}

#[test]
fn all_errors_of_a_search_are_told() {
    let run = Place::new().search(&[], "| makeresults | hed 2 | eval x=1 | tial 3");
    run.fails(1, &["unknown command `hed`", "unknown command `tial`"]);
    assert_eq!(run.err.matches("error:").count(), 2);
    let run = Place::new().search(
        &[],
        "| makeresults | eval x=nofun(1) | where noway(x)>abs()",
    );
    run.fails(
        1,
        &[
            "unknown function `nofun`",
            "unknown function `noway`",
            "abs takes",
        ],
    );
}

#[test]
fn a_bad_regular_expression_is_pointed_at() {
    for (spl, place) in [
        ("| makeresults | regex x=\"(\"", "1:25"),
        ("| makeresults | rex field=x \"(?<a>[)\"", "1:29"),
        ("| makeresults | where match(x, \"*a\")", "1:32"),
        ("| makeresults | eval y=replace(\"a\", \"(\", \"\")", "1:37"),
        ("| makeresults | rex field=x mode=sed \"s/(/x/\"", "1:38"),
    ] {
        wrong(spl, &["regular expression", place]);
    }
    wrong(
        "| makeresults | rex field=x \"abc\"",
        &["no named group", "(?<field>...)"],
    );
    wrong(
        "| makeresults | regex x=\"(a{1000}){1000}\"",
        &["too large"],
    );
    let deep = format!("| makeresults | regex x=\"{}\"", "(".repeat(MIB));
    too_much(&deep, &["regular expression"]);
}

#[test]
fn a_regular_expression_that_would_run_for_ever_is_given_up() {
    let text = "a".repeat(20_000);
    for command in [
        "regex x=\"^(a+)+$\"",
        "rex field=x \"^(?<y>(a+)+)b$\"",
        "where match(x, \"(a*)*b\")",
        "eval y=replace(x, \"(a|aa)+$\", \"\")",
        "where like(x, \"%a%a%a%a%a%a%a%a%a%a%a%a%b\")",
        "search x=\"*a*a*a*a*a*a*a*a*a*a*a*a*a*b\"",
    ] {
        enough(&format!("| makeresults | eval x=\"{text}!\" | {command}"));
    }
    let text = format!("c{}", "ab".repeat(64));
    for command in [
        "regex x=\"((a|b|ab)+)\\\\1c\"",
        "rex field=x \"(?<y>(a|b|ab)+)\\\\1c\"",
        "rex field=x mode=sed \"s/((a|b|ab)+)\\\\1c/x/\"",
    ] {
        wrong(
            &format!("| makeresults | eval x=\"{text}\" | {command}"),
            &["backtracks too much", "more specific"],
        );
    }
}

#[test]
fn deep_nesting_is_refused() {
    for start in [
        "",
        "| makeresults | search ",
        "| makeresults | eval x=",
        "| makeresults | where ",
        "| makeresults | stats count(eval(",
        "| tstats count from datamodel=Endpoint.Processes where ",
    ] {
        for text in [
            "(".repeat(MIB),
            format!("{0}x{1}", "(".repeat(MIB / 2), ")".repeat(MIB / 2)),
        ] {
            too_much(
                &format!("{start}{text}"),
                &["nested more than 100 deep", "^"],
            );
        }
    }
    too_much(&"[".repeat(MIB), &["subsearches are nested"]);
    too_much(
        &format!(
            "{0}{1}",
            "| append [| makeresults ".repeat(20_000),
            "]".repeat(20_000)
        ),
        &["subsearches are nested"],
    );
    too_much(
        &format!(
            "| makeresults | eval x={}1{}",
            "abs(".repeat(MIB / 5),
            ")".repeat(MIB / 5)
        ),
        &["nested more than"],
    );
    too_much(
        &format!("{}x", "NOT ".repeat(MIB / 4)),
        &["`NOT`s in a row"],
    );
    too_much(
        &format!("| makeresults | where {}x", "NOT ".repeat(MIB / 4)),
        &["`NOT`s in a row"],
    );
    too_much(
        &format!("| makeresults | eval x={}1", "-".repeat(MIB)),
        &["in a row"],
    );
    too_much(
        &format!("| makeresults | eval x=1{}", "+1".repeat(MIB / 2)),
        &["operators deep"],
    );
    too_much(
        &format!("| makeresults | eval x=1{}", ".1".repeat(MIB / 2)),
        &["operators deep"],
    );
}

#[test]
fn a_mebibyte_of_one_sign_is_refused_or_read() {
    too_much(&"|".repeat(MIB), &["expected a command"]);
    too_much(&"`".repeat(MIB), &["not closed"]);
    too_much(&"`".repeat(MIB - 1), &["not closed"]);
    too_much(&"\"".repeat(MIB - 1), &["unbalanced quote"]);
    too_much(
        &format!("| makeresults | eval x={}", "'".repeat(MIB)),
        &["unexpected `'`"],
    );
    too_much(&"```".repeat(MIB / 6 * 2), &["the search is empty"]);
    too_much(&"\"".repeat(MIB), &["has 524288 terms, at most 100000"]);
    enough(&" ".repeat(MIB).replacen(' ', "a=1", 1));
    enough(&"*".repeat(MIB));
    too_much(
        &"x".repeat(MIB),
        &["the term is too long: 1048576 characters"],
    );
}

#[test]
fn long_searches_are_answered() {
    let join = |n: usize, sign: &str, term: &dyn Fn(usize) -> String| {
        (0..n).map(term).collect::<Vec<_>>().join(sign)
    };
    enough(&join(50_000, " OR ", &|n| format!("a{n}=b{n}")));
    enough(&join(50_000, " OR ", &|n| format!("a={n}")));
    enough(&join(50_000, " AND ", &|n| format!("a!={}", n + 9)));
    enough(&join(10_000, " ", &|n| format!("word{n}")));
    enough(&format!(
        "| makeresults | where {}",
        join(50_000, " OR ", &|n| format!("x={n}"))
    ));
    enough(&format!(
        "| makeresults | where x IN ({})",
        join(50_000, ",", &|n| n.to_string())
    ));
    enough(&format!(
        "| makeresults | eval {}",
        join(1_000, ",", &|n| format!("f{}=f{n}+1", n + 1))
    ));
    enough(&format!("| makeresults {}", "| eval x=1 ".repeat(10_000)));
    enough(&format!(
        "| makeresults {}",
        "| search _time=* ".repeat(10_000)
    ));
    enough(&format!(
        "| makeresults {}",
        "| append [| makeresults] ".repeat(1_000)
    ));
    enough(&format!("| makeresults | eval {}=1", "f".repeat(MIB)));
    enough(&format!("| makeresults | table {}", "f".repeat(MIB)));
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let place = Place::new();
    place
        .search_file(&[], b"| makeresults\n| eval x=\"caf\xe9\"")
        .fails(1, &["search.spl:2:14", "UTF-8"]);
    place
        .feed(&["search", "-"], b"\xff\xfe|")
        .fails(1, &["standard input", "UTF-8"]);
    #[cfg(unix)]
    {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let spl = OsStr::from_bytes(b"caf\xe9");
        place
            .feed(&[OsStr::new("search"), spl], b"")
            .fails(2, &["UTF-8"]);
    }
    place
        .search_file(&[], "| makeresults \0 | head")
        .fails(1, &["unexpected", "1:15"]);
    let run = place.search_file(
        &["--format", "ndjson"],
        "| makeresults | eval x=\"a\0b\" | table x",
    );
    assert_eq!(run.fine().out, "{\"x\":\"a\\u0000b\"}\n");
    let run = place.search_file(
        &["--format", "ndjson"],
        "\u{feff}| makeresults | eval x=1 | table x",
    );
    assert_eq!(run.fine().out, "{\"x\":1}\n");
}

#[test]
fn macros_that_call_themselves_or_grow_without_end_are_refused() {
    let place = Place::new();
    let define = |name: &str, text: &str| {
        place.write(
            &format!("m/{name}.yml"),
            format!("name: {name}\ndefinition: '{text}'\n"),
        );
    };
    define("one", "search `two`");
    define("two", "search a=1 `one`");
    define("itself", "`itself`");
    for n in 0..60 {
        define(&format!("grow{n}"), &format!("`grow{0}` `grow{0}`", n + 1));
    }
    define("grow60", "abcdefgh");
    define("inner", "eval x=coalesc(1)");
    define("outer", "head 5 | `inner`");
    let search = |spl: &str| place.search(&["--macros", "m"], spl);
    search("| makeresults | `one`")
        .fails(1, &["calls itself: one -> two -> one", "macro `two`:1:12"]);
    search("`itself`").fails(1, &["itself -> itself"]);
    search("`grow0`").fails(1, &["more than 10000 macros"]);
    search("| makeresults | `outer`").fails(
        1,
        &[
            "unknown function `coalesc`",
            "macro `inner`:1:8",
            "eval x=coalesc(1)",
            "head 5 | `inner`",
            "in this call of `inner`",
            "search:1:17",
            "| makeresults | `outer`",
            "did you mean `coalesce`?",
        ],
    );
}
