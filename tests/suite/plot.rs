//! Figures of rows, and rows after every command.

use crate::drive::Place;

fn place() -> Place {
    let place = Place::new();
    let rows: String = (0..120)
        .map(|n| {
            let user = if n % 3 == 0 { "ann" } else { "bo" };
            let time = 1_699_990_000 + n * 60;
            format!("{{\"_time\":{time},\"user\":\"{user}\",\"n\":{n}}}\n")
        })
        .collect();
    place.write("e.ndjson", rows);
    place
}

const DATA: [&str; 4] = ["--data", "e.ndjson", "--now", "1700000000"];

#[test]
fn bars_are_drawn_for_names() {
    let place = place();
    let mut args = vec!["search", "* | top user", "--plot"];
    args.extend(DATA);
    let run = place.run(&args);
    run.fine();
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 2, "{}", run.out);
    assert!(
        lines[0].starts_with(" bo \u{2502}\u{2588}") && lines[0].ends_with(" 80"),
        "{}",
        run.out
    );
    assert!(
        lines[1].starts_with("ann \u{2502}\u{2588}") && lines[1].ends_with(" 40"),
        "{}",
        run.out
    );
    let length = |line: &str| line.matches('\u{2588}').count();
    assert_eq!(length(lines[0]) / 2, length(lines[1]), "{}", run.out);
}

#[test]
fn lines_are_drawn_over_time() {
    let place = place();
    let mut args = vec!["search", "* | timechart span=10m count BY user", "--plot"];
    args.extend(DATA);
    let run = place.run(&args);
    run.fine();
    let names: Vec<&str> = run
        .out
        .lines()
        .filter(|l| ["ann", "bo"].contains(l))
        .collect();
    assert_eq!(names, ["ann", "bo"], "{}", run.out);
    assert!(run.out.contains("19:20"), "{}", run.out);
    // Braille dots, more than an axis of them.
    let dots = run
        .out
        .chars()
        .filter(|c| ('\u{2801}'..='\u{28ff}').contains(c))
        .count();
    assert!(dots > 60, "{}", run.out);
}

#[test]
fn figures_are_written_to_files() {
    let place = place();
    for (search, file) in [
        ("* | timechart span=10m count BY user", "t.svg"),
        ("* | stats sum(n) AS total BY user", "b.png"),
    ] {
        let mut args = vec!["search", search, "--plot-file", file, "--format", "csv"];
        args.extend(DATA);
        let run = place.run(&args);
        assert!(
            run.fine().out.contains("user") || run.out.contains("ann"),
            "{}",
            run.out
        );
        assert!(run.err.contains(&format!("wrote {file}")), "{}", run.err);
    }
    let svg = place.read("t.svg");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains("<polyline") && svg.contains("ann"), "{svg}");
    let png = std::fs::read(place.path().join("b.png")).expect("a file");
    assert!(
        png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 2000,
        "{}",
        png.len()
    );
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let place = place();
    let fails = |search: &str, option: &[&str], code: i32, says: &str| {
        let mut args = vec!["search", search];
        args.extend(option);
        args.extend(DATA);
        place.run(&args).fails(code, &[says]);
    };
    fails(
        "* | table user",
        &["--plot"],
        2,
        "no numeric column to plot",
    );
    fails(
        "user=nobody | table user n",
        &["--plot"],
        2,
        "no rows to plot",
    );
    fails(
        "* | top user",
        &["--plot-file", "x.gif"],
        2,
        "a figure is written as .svg or .png",
    );
}

#[test]
fn the_prompt_draws_and_shows_steps() {
    let place = place();
    let script = ".plot\n* | top user\n.plot\n.plot top.svg\n.steps\n";
    let mut args = vec!["repl"];
    args.extend(DATA);
    let run = place.feed(&args, script.as_bytes());
    // The first has no rows yet.
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("no rows yet"), "{}", run.err);
    assert!(run.out.contains(" bo \u{2502}\u{2588}"), "{}", run.out);
    assert!(place.read("top.svg").starts_with("<svg"));
    assert!(run.out.contains("| top user"), "{}", run.out);
}

#[test]
fn a_search_shows_its_steps() {
    let place = place();
    let mut args = vec![
        "search",
        "--steps",
        "user=ann | stats count BY user | where count>3",
    ];
    args.extend(DATA);
    let run = place.run(&args);
    run.fine();
    let commands: Vec<&str> = run
        .out
        .lines()
        .filter(|l| l.starts_with("| ") && !l.ends_with('|'))
        .collect();
    assert_eq!(commands.len(), 3, "{}", run.out);
    assert!(
        commands[1].starts_with("| stats count") && commands[2].starts_with("| where"),
        "{}",
        run.out
    );
    assert!(run.out.contains("40 rows (5 shown)"), "{}", run.out);
}
