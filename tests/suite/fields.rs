//! `list fields` and `explain --fields`: what fields there are, and which rule gave them.

use crate::drive::Place;

/// A place with an app and a log of two events.
fn place() -> Place {
    let place = Place::new();
    place.write(
        "app/default/props.conf",
        "[kiosk]\n\
         EXTRACT-item = sold (?<item>\\w+)\n\
         REPORT-paid = paid\n\
         FIELDALIAS-what = item AS what\n\
         EVAL-item = upper(item)\n\
         LOOKUP-price = prices item AS what OUTPUT price\n",
    );
    place.write(
        "app/default/transforms.conf",
        "[paid]\nREGEX = \\[(\\w+)~(\\w+)\\]\nFORMAT = $1::$2\n[prices]\nfilename = prices.csv\n",
    );
    place.write("app/lookups/prices.csv", "item,price\ntea,2\n");
    place.write(
        "log.ndjson",
        "{\"_raw\":\"sold tea [by~card]\",\"sourcetype\":\"kiosk\",\"till\":1}\n\
         {\"_raw\":\"closed\",\"sourcetype\":\"kiosk\",\"till\":2}\n",
    );
    place
}

#[test]
fn each_rule_tells_the_fields_it_gave() {
    let place = place();
    let run = place.run(&[
        "explain",
        "--fields",
        "log.ndjson",
        "--app",
        "app",
        "--format",
        "csv",
    ]);
    run.fine();
    let lines: Vec<&str> = run.out.lines().filter(|l| l.starts_with("kiosk")).collect();
    let given: Vec<&&str> = lines.iter().filter(|l| !l.contains(",as read,")).collect();
    let expected = [
        "kiosk,item,EXTRACT-item,[kiosk],app/default/props.conf:2,1,tea",
        "kiosk,by,REPORT-paid (paid),[kiosk],app/default/props.conf:3,1,card",
        "kiosk,what,FIELDALIAS-what,[kiosk],app/default/props.conf:4,1,tea",
        "kiosk,item,EVAL-item,[kiosk],app/default/props.conf:5,1,TEA",
        "kiosk,price,LOOKUP-price,[kiosk],app/default/props.conf:6,1,2",
    ];
    assert_eq!(given.len(), expected.len(), "{}", run.out);
    for (line, expected) in given.iter().zip(expected) {
        assert_eq!(**line, expected);
    }
    assert!(lines.contains(&"kiosk,till,as read,,,2,1"), "{}", run.out);
}

#[test]
fn a_search_chooses_the_events_that_are_explained() {
    let place = place();
    let options = ["--app", "app", "--data", "log.ndjson", "--format", "csv"];
    let mut args = vec!["explain", "--fields", "till=2 | stats count"];
    args.extend(options);
    let run = place.run(&args);
    run.fine();
    assert!(run.out.contains("kiosk,till,as read,,,1,2"), "{}", run.out);
    assert!(!run.out.contains("EXTRACT-item"), "{}", run.out);
}

#[test]
fn fields_are_listed_with_their_use() {
    let place = place();
    let run = place.run(&[
        "list",
        "fields",
        "--app",
        "app",
        "--data",
        "log.ndjson",
        "--format",
        "ndjson",
    ]);
    run.fine();
    for line in [
        r#"{"name":"item","sourcetypes":"kiosk","rows":1,"example":"TEA"}"#,
        r#"{"name":"till","sourcetypes":"kiosk","rows":2,"example":1}"#,
    ] {
        assert!(run.out.contains(line), "{line} in\n{}", run.out);
    }
}

#[test]
fn fields_that_only_event_types_ask_for_are_not_told_to_be_missing() {
    let place = place();
    place.write(
        "app/default/eventtypes.conf",
        "[till_shares]\nsearch = sourcetype=kiosk (share=a OR till=1)\n",
    );
    let search = |spl: &str| {
        place.run(&[
            "search",
            "--data",
            "log.ndjson",
            "--app",
            "app",
            "--format",
            "csv",
            spl,
        ])
    };
    let run = search("* | stats count by till eventtype");
    assert_eq!(run.out, "till,eventtype,count\n1,till_shares,1\n");
    assert!(!run.err.contains("share"), "{run:?}");
    search("share=a").says(&["no row has the field `share`"]);
}
