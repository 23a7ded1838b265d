//! Apps as wholes: their dashboards, macros and custom commands are checked with their own knowledge.

use crate::drive::Place;

const FORM: &str = r#"<form version="1.1">
  <label>Ferries</label>
  <init><set token="index">main</set></init>
  <search id="base"><query>index=$index$ line=$line$ | stats count BY ship, load</query></search>
  <fieldset>
    <input type="dropdown" token="line"><default>north</default></input>
    <input type="text" token="free"/>
  </fieldset>
  <row>
    <panel><title>Heavy</title><table><search base="base"><query>where load&gt;10 | sort -count</query></search></table></panel>
    <panel><title>Free</title><table><search><query>index=main ship=$free|s$ | `mine(3)` | table ship n</query></search></table></panel>
    <panel><title>Wrong</title><table><search><query>index=main ship=$free$ | frobnicate</query></search></table></panel>
    <panel><title>Tides</title><table><search><query>index=main | tidecalc harbour=Norra</query></search></table></panel>
    <panel><title>Saved</title><table><search ref="no such search"/></table></panel>
  </row>
</form>
"#;

const STUDIO: &str = r#"<dashboard version="2"><definition><![CDATA[
{"dataSources":{"a":{"type":"ds.search","options":{"query":"index=main line=$line$ | stats count BY ship"}},
  "b":{"type":"ds.chain","options":{"extend":"a","query":"| where count>3 | evl x=1"}}},
 "inputs":{"i":{"type":"input.dropdown","options":{"token":"line","defaultValue":"north"}}}}
]]></definition></dashboard>
"#;

fn app(place: &Place) {
    for (path, text) in [
        ("app/default/data/ui/views/ferries.xml", FORM),
        ("app/default/data/ui/views/studio.xml", STUDIO),
        ("app/default/data/ui/views/broken.xml", "<form><row></form>"),
        ("app/default/data/ui/nav/default.xml", "<nav/>"),
        (
            "app/default/macros.conf",
            "[mine(1)]\nargs = n\ndefinition = eval n=$n$\n[calls]\ndefinition = `no_such_macro`\n",
        ),
        (
            "app/default/commands.conf",
            "[tidecalc]\nfilename = tidecalc.py\nchunked = true\n",
        ),
        ("app/default/eventtypes.conf", "[half]\nsearch = ship=\n"),
        (
            "app/default/savedsearches.conf",
            "[fine]\nsearch = index=main | `mine(3)` | stats count BY n\n",
        ),
    ] {
        place.write(path, text);
    }
}

#[test]
fn an_app_is_checked_with_its_own_knowledge() {
    let place = Place::new();
    app(&place);
    let run = place.run(&["check", "app"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    for text in [
        // The text with the token's placeholder is wrong whatever the token is, so nothing is said but that it has none.
        "the token $free$ without a value (--token): 2 searches",
        "command tidecalc: 1 search",
        "studio.xml [b]",
        "unknown command `evl`",
        "unknown saved search `no such search`",
        "broken.xml",
        "unknown macro `no_such_macro`",
        "event type [half]",
    ] {
        assert!(run.out.contains(text), "{text}: {}", run.out);
    }
    for text in ["mine", "[Heavy]", "[Free]", "[base]"] {
        assert!(!run.out.contains(text), "{text}: {}", run.out);
    }
    // With a value for the token, what is wrong is said.
    let run = place.run(&["check", "app", "--token", "free=Alma"]);
    assert!(run.out.contains("ferries.xml [Wrong]"), "{}", run.out);
    assert!(
        run.out.contains("unknown command `frobnicate`"),
        "{}",
        run.out
    );
    place
        .run(&["check", "app", "--token", "free"])
        .fails(2, &["expected name=value"]);
}

#[test]
fn custom_commands_of_an_app_are_listed_and_refused_by_name() {
    let place = Place::new();
    app(&place);
    let run = place.run(&[
        "list", "commands", "tide*", "--app", "app", "--format", "csv",
    ]);
    assert!(run.fine().out.contains("tidecalc,refused"), "{}", run.out);
    place
        .run(&[
            "search",
            "--app",
            "app",
            "| makeresults | tidecalc harbour=Norra",
        ])
        .fails(
            1,
            &["the command `tidecalc` is not supported", "the app `app`"],
        );
}

#[test]
fn a_panel_of_a_dashboard_is_run_by_name() {
    let place = Place::new();
    app(&place);
    place.write(
        "a.json",
        "{\"_time\":1,\"line\":\"north\",\"ship\":\"Alma\",\"load\":90}\n{\"_time\":2,\"line\":\"south\",\"ship\":\"Norra\",\"load\":95}\n",
    );
    let panel = |more: &[&str]| {
        let args = [
            "search", "--app", "app", "--data", "a.json", "--format", "ndjson", "--panel",
        ];
        place.run(&[&args, more].concat())
    };
    let run = panel(&["ferries/Heavy"]);
    assert_eq!(
        run.fine().out,
        "{\"ship\":\"Alma\",\"load\":90,\"count\":1}\n"
    );
    let run = panel(&["ferries/heavy", "--token", "line=south"]);
    assert_eq!(
        run.fine().out,
        "{\"ship\":\"Norra\",\"load\":95,\"count\":1}\n"
    );
    panel(&["ferries/Free"]).fails(
        2,
        &[
            "the token `free` of the dashboard has no value",
            "--token free=VALUE",
        ],
    );
    panel(&["ferries/Light"]).fails(2, &["has no panel `Light`", "Heavy"]);
    panel(&["ferries"]).fails(2, &["has several panels"]);
    panel(&["ferrys/Heavy"]).fails(
        2,
        &["there is no dashboard `ferrys`", "did you mean `ferries`?"],
    );
}
