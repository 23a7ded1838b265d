//! `spelunk fmt` on files: only searches change, and only how they are laid out.

use crate::drive::{Place, Run};
use crate::{support, testing};

/// What the file `name` is after `fmt -w`, which must end well. Doing it again changes nothing,
/// and with other ends of lines, or without the last one, it is the same.
#[track_caller]
fn formatted(name: &str, before: &str) -> String {
    let place = Place::new();
    let written = |text: &str| {
        place.write(name, text);
        place.run(&["fmt", "-w", name]).fine();
        place.read(name)
    };
    let after = written(before);
    assert_eq!(written(&after), after, "formatted twice");
    place.run(&["fmt", "--check", name]).fine();
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(written(&windows(before)), windows(&after), "with CRLF");
    assert_eq!(
        written(&format!("\u{feff}{before}")),
        format!("\u{feff}{after}"),
        "with a byte order mark"
    );
    place.write(name, before);
    assert_eq!(place.run(&["fmt", name]).fine().out, after, "printed");
    assert_eq!(place.read(name), before, "printed only");
    after
}

/// `fmt -w` leaves the file as it is, says this, and ends with 1.
#[track_caller]
fn refused(name: &str, text: &str, says: &[&str]) -> Run {
    let place = Place::new();
    place.write(name, text);
    let run = place.run(&["fmt", "-w", name]);
    run.fails(1, says);
    assert_eq!(place.read(name), text, "{name}");
    run
}

const HEAD: &str =
    "# a detection\nname:   'Odd  spacing'   # kept\nid: \"5\"\ntags: {a: [b,c],  d:  e}\n";
const TAIL: &str =
    "\nhow_to_implement: |\n   keep\n     this\n\n# the end\ntests:\n-   name: 'x'\n";

/// A detection with that search, and with what it becomes.
#[track_caller]
fn search_becomes(before: &str, after: &str) {
    let file = |search: &str| format!("{HEAD}{search}{TAIL}");
    assert_eq!(formatted("x.yml", &file(before)), file(after));
    // At the end of the file, with nothing after the last line.
    let last = |search: &str| format!("{HEAD}{search}");
    assert_eq!(formatted("x.yaml", &last(before)), last(after));
}

#[test]
fn blocks_keep_their_header_and_indentation() {
    for header in ["|", "|-", "|+", "| # why", "|  "] {
        search_becomes(
            &format!("search: {header}\n    index=a|stats   count by b\n    |  head 3"),
            &format!("search: {header}\n    index=a\n    | stats count by b\n    | head 3"),
        );
    }
    for header in [">", ">-", ">+  # why"] {
        search_becomes(
            &format!("search: {header}\n  index=a|stats   count by b\n  |  head 3"),
            &format!("search: {header}\n  index=a\n  | stats count by b\n  | head 3"),
        );
    }
    search_becomes(
        "search: |2-\n    index=a|head 3\n\n  | head 4",
        "search: |2-\n  index=a\n  | head 3\n  | head 4",
    );
    // A text in quotes, a comment and what looks like one are parts of the search.
    search_becomes(
        "search: |\n  index=a \"b\n     c  \n\n  d\"\n  # 5|```why\n  so```  head 3\n # a comment\n",
        "search: |\n  index=a \"b\n     c  \n\n  d\" # 5\n  | ```why\n  so``` head 3\n # a comment\n",
    );
}

#[test]
fn plain_and_quoted_searches_stay_so() {
    search_becomes(
        "? search\n:   'index=a|stats   count by b'",
        "? search\n:   'index=a\n  | stats count by b'",
    );
    search_becomes(
        "search: 'a=\"b\n\n   c\n\n d\"|  head 3'",
        "search: 'a=\"b\n\n  c\n\n  d\"\n  | head 3'",
    );
    search_becomes(
        "search:   index=a|stats   count by b   # why",
        "search:   index=a\n  | stats count by b   # why",
    );
    search_becomes(
        "search: index=a\n    |stats   count\n    by b",
        "search: index=a\n  | stats count by b",
    );
    search_becomes(
        "search:\n    index=a|head 3",
        "search:\n    index=a\n    | head 3",
    );
    search_becomes(
        "search: '|makeresults |  eval a=\"it''s  # : {\"'",
        "search: '| makeresults\n  | eval a=\"it''s  # : {\"'",
    );
    search_becomes(
        "search: \"|makeresults |  eval a=\\\"\\\\\\\\d\\t\\u00fc # x\\\"\"",
        "search: \"| makeresults\n  | eval a=\\\"\\\\\\\\d\\tü # x\\\"\"",
    );
    search_becomes(
        "search: \"index=a|head 3\\n|  head 4\"",
        "search: \"index=a\\n| head 3\\n| head 4\"",
    );
    search_becomes(
        "search: &s !!str 'index=a|head 3'",
        "search: &s !!str 'index=a\n  | head 3'",
    );
    search_becomes(
        "\"search\"  : 'index=a \"b\n\n  c\" | head 3'",
        "\"search\"  : 'index=a \"b\n\n  c\"\n  | head 3'",
    );
}

#[test]
fn json_and_the_first_form_are_yaml() {
    let json = |search: &str| {
        format!("{{\"name\": \"n\",  \"id\":\"i\",\n \"search\": \"{search}\", \"a\":  [1,2]}}\n")
    };
    assert_eq!(
        formatted("x.yml", &json("index=a|stats   count|  head 3")),
        json("index=a | stats count | head 3")
    );
    let first = |search: &str| {
        format!(
            "name: n\nid: i\ndetect:\n  splunk:\n    correlation_rule:\n      search: {search}\n      \
             risk: {{risk_object: a}}\nmappings:\n  search:   x|y\n"
        )
    };
    assert_eq!(
        formatted("x.yml", &first("index=a|  head 3")),
        first("index=a\n        | head 3")
    );
}

#[test]
fn files_may_look_unusual() {
    let text = |search: &str| {
        format!(
            "%YAML 1.2\n--- # here\n\n  name: n\n  id: i\n\n  search: {search}\n  more:\n  - a\n...\n"
        )
    };
    for (before, after) in [
        ("'a|  b'", "'a\n    | b'"),
        (
            "|\n     a|  b\n   # no comment\n",
            "|\n     a\n     | b\n   # no comment\n",
        ),
        ("\ta|  b\t# tabs", "\ta\n    | b\t# tabs"),
    ] {
        assert_eq!(formatted("x.yml", &text(before)), text(after));
    }
}

#[test]
fn other_searches_of_a_detection_stay() {
    let text = "name: n\nid: i\nsearch: index=a\ndrilldown_searches:\n- name: d\n  search: a|  b $c$\n\
                description: |\n  search:  a|  b\n";
    assert_eq!(formatted("x.yml", text), text);
    for text in [
        "name: n\ndefinition: a|  b\n",
        "search:\n  a:  1\n",
        "search:\n",
        "- search: a|  b\n",
        "",
    ] {
        assert_eq!(formatted("x.yml", text), text, "{text}");
    }
}

#[test]
fn what_can_not_be_written_in_yaml_stays() {
    let with = |search: &str| format!("name: n\nid: i\n{search}\n");
    for (search, says) in [
        (
            "other: &s index=a|  head 3\nsearch: *s",
            "x.yml:4:9: the search is an alias",
        ),
        (
            "search: &s index=a|  head 3\nother: *s",
            "by its anchor (`&`)",
        ),
        ("base: &b\n  search: a|  b\n<<: *b", "a merge key (`<<`)"),
        ("search: a|  b\nsearch: c|  d", "`search` is there twice"),
        ("search: a|  b\nname: again", "x.yml:4"),
        ("search: a|  b\n---\nname: m", "several YAML documents"),
        // A colon at the end of a line would begin a mapping.
        ("search: a b:|  head 3", "would change the meaning"),
        (
            "search: >\n  a=\"b\n     c\n  d\"|  head 3",
            "next to spaces",
        ),
        ("search: a|  b\nother: [", "x.yml:"),
        ("search: |\n  a=1 |  eval b=(1\nother: 1", "x.yml:4:"),
        (
            "search: |\n  a=1 |  eval b=\"c\nother: 1",
            "unbalanced quote",
        ),
        ("search: 'a=1\n  |   eval   b=)'", "x.yml:4:"),
    ] {
        refused("x.yml", &with(search), &[says, "x.yml"]);
    }
    // What is laid out already may be an anchor's.
    let text = with("search: &s index=a\nother: *s");
    assert_eq!(formatted("x.yml", &text), text);
}

#[test]
fn macros_may_be_unknown() {
    let text = |search: &str| format!("name: n\nid: i\nsearch: |\n  {search}\n");
    assert_eq!(
        formatted(
            "x.yml",
            &text("`nobody(\"a  b\", 1)`   c=1|tstats `options` count   from x|`n_filter`")
        ),
        text("`nobody(\"a  b\", 1)` c=1\n  | tstats `options` count from x\n  | `n_filter`")
    );
    refused("x.yml", &text("`nobody`|eval a=(1|`nobody`"), &["x.yml:4:"]);
}

#[test]
fn saved_searches_are_continued_by_backslashes() {
    let text = |first: &str, second: &str| {
        format!(
            "# ours\n[default]\nsearch = {first}\n\n  [one  two]  \nsearch   =   {second}\n\
             description = search = a|  b\ncron_schedule =  */5 *  * * *\naction.email.message = a \\\n  b|  c\\\n\
             [three]\nsearch =\n#search = a|  b\n"
        )
    };
    assert_eq!(
        formatted(
            "savedsearches.conf",
            &text(
                "a=1|  head 3",
                "a=\"b \\\n   c\"|stats   count \\\n\\\n|  head $n$"
            )
        ),
        text(
            "a=1 \\\n| head 3",
            "a=\"b \\\n   c\" \\\n| stats count \\\n| head $n$"
        )
    );
    let types = "[t]\nsearch = a=1   b=2\ncolor = et_blue\n";
    assert_eq!(
        formatted("eventtypes.conf", types),
        types.replace("   ", " ")
    );
    let guided = "[c]\nsearch = {\"a\":   [1,  2], \"b\": \"x|y\"}\n";
    assert_eq!(formatted("correlationsearches.conf", guided), guided);
    // No file of Splunk's, and none with a search.
    let other = "server {\n  listen 80;\n}\n";
    assert_eq!(formatted("nginx.conf", other), other);
}

#[test]
fn only_macros_that_are_searches_are_laid_out() {
    let text = |search: &str, pipeline: &str| {
        format!(
            "[s(1)]\nargs = x\ndefinition = {search}\n[p(2)]\nargs = f, v\ndefinition = {pipeline}\niseval = 0\n\
             [e(1)]\nargs = x\ndefinition = \"a  b\".  $x$|  c\niseval = 1\n\
             [expression]\ndefinition = if(a  = 1,  \"x\",   b)\n\
             [fragment]\ndefinition = (  a|  b\nvalidation = len($x$)  > 1\n"
        )
    };
    assert_eq!(
        formatted(
            "macros.conf",
            &text("index=a   user=$x$", "stats   count by $f$|where   $v$ > 1")
        ),
        text("index=a user=$x$", "stats count by $f$ \\\n| where $v$ > 1")
    );
}

#[test]
fn what_can_not_be_written_in_a_conf_file_stays() {
    let place = Place::new();
    let text = "[a]\nsearch = a|  b\n[b]\nsearch = a=1|eval b=(1\n[c]\nsearch = a \\  \n|  b\n";
    place.write("savedsearches.conf", text);
    let run = place.run(&["fmt", "-w", "savedsearches.conf"]);
    run.fails(
        1,
        &[
            "savedsearches.conf:4:",
            "savedsearches.conf:6:",
            "a backslash and blanks",
            "1 formatted",
            "1 with errors",
        ],
    );
    assert_eq!(
        place.read("savedsearches.conf"),
        text.replace("a|  b", "a \\\n| b")
    );
    // Settings below a header that is not closed are skipped.
    let text = "[a\nsearch = a|  b\n[c]\nx = y\n";
    assert_eq!(formatted("a.conf", text), text);
}

#[test]
fn spl_files_are_laid_out_as_a_whole() {
    assert_eq!(
        formatted("x.spl", "a=1|  stats count\n"),
        "a=1\n| stats count\n"
    );
    refused("x.spl", "a=1 |  eval b=(1\n", &["x.spl:1:"]);
    let place = Place::new();
    place.write("x.spl", "a=1\n| head 3");
    place.run(&["fmt", "--check", "x.spl"]).fine();
    place.run(&["fmt", "-w", "x.spl"]).fine();
    assert_eq!(place.read("x.spl"), "a=1\n| head 3");
    let fed = place.feed(&["fmt", "-"], b"a=1|  head 3");
    assert_eq!(fed.fine().out, "a=1\n| head 3\n");
}

#[test]
fn files_of_other_kinds_are_refused_by_name() {
    let place = Place::new();
    let others = [
        "Cargo.toml",
        "a.py",
        "notes.txt",
        "Makefile",
        "a.json",
        "x.yml.bak",
    ];
    for name in others {
        place.write(name, "a = 1   # b|  c\nsearch = d|  e\n");
    }
    place.write("x.spl", "a|  b\n");
    for options in [&["fmt", "-w"][..], &["fmt", "--check"], &["fmt"]] {
        let mut args = options.to_vec();
        args.extend(others);
        args.push("x.spl");
        let run = place.run(&args);
        assert_eq!(run.code, Some(1), "{run:?}");
        for name in others {
            run.says(&[&format!("{name}: only .spl, .yml, .yaml and .conf")]);
            assert_eq!(place.read(name), "a = 1   # b|  c\nsearch = d|  e\n");
        }
    }
    assert_eq!(place.read("x.spl"), "a\n| b\n");
    place.write("x.yml", b"name: n\nsearch: \xff\n");
    place.run(&["fmt", "-w", "x.yml"]).fails(1, &["x.yml:2:9"]);
}

#[test]
fn folders_are_walked_and_counted() {
    let place = Place::new();
    let loose = "name: n\nid: i\nsearch: a|  b\n";
    for name in [
        "d/a.yml",
        "d/e/b.YAML",
        "d/.git/c.yml",
        "d/.hidden.yml",
        "d/f.txt",
    ] {
        place.write(name, loose);
    }
    place.write("d/right.yml", "name: n\nid: i\nsearch: a\n");
    place.write("d/settings.yml", "search: a|  b\ntheme: dark\n");
    place.write("d/bad.yml", "name: n\nid: i\nsearch: a|  eval b=(1\n");
    place.write("d/default/savedsearches.conf", "[s]\nsearch = a|  b\n");
    place.write("d/x.spl", "a|  b\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", place.path().join("d/e/round")).expect("a link");
    let run = place.run(&["fmt", "--check", "d"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.out,
        "d/a.yml\nd/default/savedsearches.conf\nd/e/b.YAML\nd/x.spl\n"
    );
    run.says(&[
        "d/bad.yml:3:",
        "4 to be formatted, 1 right already, 1 without a search, 1 with errors",
    ]);
    assert_eq!(place.read("d/a.yml"), loose);
    let run = place.run(&["fmt", "-w", "d"]);
    run.fails(
        1,
        &["4 formatted, 1 right already, 1 without a search, 1 with errors"],
    );
    for name in ["d/a.yml", "d/e/b.YAML"] {
        assert_eq!(place.read(name), "name: n\nid: i\nsearch: a\n  | b\n");
    }
    for name in ["d/.git/c.yml", "d/.hidden.yml", "d/f.txt"] {
        assert_eq!(place.read(name), loose);
    }
    std::fs::remove_file(place.path().join("d/bad.yml")).expect("removed");
    place
        .run(&["fmt", "-w", "d"])
        .fine()
        .says(&["0 formatted, 5 right already"]);
    place.run(&["fmt", "--check", "d"]).fine();
    place.write("empty/f.txt", "");
    place
        .run(&["fmt", "-w", "empty"])
        .fails(1, &["empty: this folder contains no"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::new();
    let path = place.write("real/x.yml", "name: n\nid: i\nsearch: a|  b\n");
    let mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode));
    mode(0o640).expect("set");
    symlink("real/x.yml", place.path().join("x.yml")).expect("a link");
    place.run(&["fmt", "-w", "x.yml"]).fine();
    assert!(place.path().join("x.yml").is_symlink());
    assert_eq!(
        place.read("real/x.yml"),
        "name: n\nid: i\nsearch: a\n  | b\n"
    );
    let meta = std::fs::metadata(&path).expect("there");
    assert_eq!(meta.permissions().mode() & 0o777, 0o640);
    let left = std::fs::read_dir(place.path().join("real")).expect("there");
    assert_eq!(left.count(), 1, "nothing else is left");
}

/// Every published detection, with nothing but its search changed.
#[test]
fn published_detections_keep_everything_else() {
    let Some(content) = testing::shared("content/detections") else {
        return;
    };
    let place = Place::new();
    let mut files = Vec::new();
    let mut folders = vec![content.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.strip_prefix(&content) {
                Ok(_) if path.is_dir() => folders.push(path),
                Ok(name) if path.extension().is_some_and(|e| e == "yml") => {
                    let text = std::fs::read_to_string(&path).expect("text");
                    let name = format!("d/{}", name.display());
                    place.write(&name, &text);
                    files.push((name, text));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    assert!(files.len() > 500);
    place.run(&["fmt", "-w", "d"]).fine();
    for (name, before) in &files {
        let after = place.read(name);
        let read = |text: &str| -> serde_json::Map<String, serde_json::Value> {
            support::yaml(text).expect(name)
        };
        let (mut old, mut new) = (read(before), read(&after));
        let words = |value: Option<serde_json::Value>| -> String {
            let text = value.as_ref().and_then(|v| v.as_str()).unwrap_or_default();
            text.split_whitespace().collect()
        };
        assert_eq!(
            words(old.remove("search")),
            words(new.remove("search")),
            "{name}"
        );
        assert_eq!(old, new, "{name}");
    }
    place.run(&["fmt", "--check", "d"]).fine();
}
