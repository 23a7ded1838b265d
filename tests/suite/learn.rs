//! Lessons: every model answer is right, wrong ones are explained; a script of answers.

use spelunk::session::Session;
use spelunk_spl::knowledge::lessons::{self, Lesson};

use crate::drive::Place;
use crate::support;

fn all() -> Vec<Lesson> {
    lessons::lessons().expect("the lessons can be read")
}

/// The rows of `learn list`.
fn listed(place: &Place) -> Vec<String> {
    let run = place.run(&["learn", "list", "--format", "ndjson"]);
    run.fine().out.lines().map(str::to_owned).collect()
}

#[test]
fn every_lesson_takes_its_own_answer_and_no_other() {
    let lessons = all();
    assert!(lessons.len() >= 25, "{} lessons", lessons.len());
    let dir = support::folder();
    let session = Session::open_lesson(&support::options(dir.path()), &lessons[0])
        .expect("the data of lessons can be read");
    let mut wrong = Vec::new();
    for lesson in &lessons {
        assert_eq!(
            lesson.dataset, lessons[0].dataset,
            "they share a session here"
        );
        let attempt = match session.attempt(lesson, &lesson.answer) {
            Ok(attempt) => attempt,
            Err(failure) => {
                wrong.push(format!("{}: {}", lesson.name, support::drawn(&failure)));
                continue;
            }
        };
        if attempt.difference.is_some() || attempt.wanted.is_empty() {
            wrong.push(format!("{}: {:?}", lesson.name, attempt.difference));
        }
        // An answer that does next to nothing must not pass.
        for other in ["*", "| makeresults", &format!("{} | head 1", lesson.answer)] {
            let attempt = session.attempt(lesson, other);
            let passes = attempt.is_ok_and(|a| a.difference.is_none());
            if passes && lesson.name != "json" {
                wrong.push(format!("{}: `{other}` passes", lesson.name));
            }
        }
        if lesson.hints.is_empty() || lesson.hints.contains(&lesson.answer) {
            wrong.push(format!("{}: its hints", lesson.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn order_counts_where_it_is_the_point() {
    let lessons = all();
    let dir = support::folder();
    let session = Session::open_lesson(&support::options(dir.path()), &lessons[0])
        .expect("the data of lessons can be read");
    for lesson in lessons.iter().filter(|l| l.ordered) {
        let turned = format!("{} | reverse", lesson.answer);
        let difference = session
            .attempt(lesson, &turned)
            .expect("it runs")
            .difference
            .expect("the order counts");
        assert_eq!(difference.order, Some(0), "{}: {difference:?}", lesson.name);
    }
    // Where it does not count, it is not asked for.
    let lesson = lessons::find(&lessons, "stats-count").expect("it is there");
    let turned = session.attempt(lesson, &format!("{} | reverse", lesson.answer));
    assert_eq!(turned.expect("it runs").difference, None);
}

#[test]
fn a_script_of_answers_is_judged() {
    let place = Place::new();
    let script = "\
.hint
EventCode=23 | table _time host
EventCode=23 | table _time host file
EventCode=23 | table _time host TargetFilename | tabel host
EventCode=23 | table TargetFilename _time host
EventCode=23 | table host TargetFilename
EventCode=23 | head 3 | rename host AS machine, TargetFilename AS file | table machine file
.answer
.skip
.quit
";
    let run = place.feed(&["learn", "table"], script.as_bytes());
    run.fine();
    let out = &run.out;
    for said in [
        "Lesson 5 of",
        "Hint 1 of 2: ",
        "> EventCode=23 | table _time host\n",
        "Missing columns: TargetFilename",
        "did you mean `table`?",
        "Right. Another way:",
        "Lesson 6 of",
        "The column `host` holds what `machine` should.",
        "The column `TargetFilename` holds what `file` should.",
        "This search gives 3 rows; there should be 7.",
        "4 rows are missing",
        "    EventCode=23 | table host TargetFilename | rename host AS machine, TargetFilename AS file",
        "Lesson 7 of",
    ] {
        assert!(
            out.contains(said),
            "`{said}` is not in:\n{out}\n{}",
            run.err
        );
    }
    // What is done is kept, and only that.
    let done = listed(&place);
    assert!(done.len() >= 25, "{done:?}");
    let done: Vec<&String> = done.iter().filter(|row| row.contains("\"done\"")).collect();
    assert_eq!(done.len(), 1, "{done:?}");
    assert!(done[0].contains("\"name\":\"table\""), "{done:?}");
    // The next one is the first that is not done.
    let run = place.feed(&["learn"], b".quit\n");
    assert!(run.fine().out.contains("Lesson 1 of"), "{}", run.out);
    place.feed(&["learn", "reset"], b"").fine();
    let none = listed(&place);
    assert!(
        none.iter().all(|row| !row.contains("\"done\":\"done\"")),
        "{none:?}"
    );
    place
        .feed(&["learn", "tabel"], b"")
        .fails(2, &["did you mean `table`?"]);
    place
        .feed(&["learn", "99"], b"")
        .fails(2, &["unknown lesson `99`"]);
}

#[test]
fn rows_that_differ_are_shown_side_by_side() {
    let place = Place::new();
    let script = "EventCode=1 | stats dc(User) AS count BY User\n\
                  EventCode=1 | stats count BY User | append [| makeresults | eval User=\"x\", count=1 | table User count]\n\
                  EventCode=999 | stats count BY User\n";
    let run = place.feed(&["learn", "stats-count"], script.as_bytes());
    run.fine();
    for said in [
        "5 rows are missing, and 5 rows should not be there.",
        "The first row that differs (1):",
        "| field | should be | is |",
        "| count | 33        | 1  |",
        "All expected rows are there, plus 1 extra.",
        "The first that should not be there is row 6:",
        "This search finds nothing, and there are 5 rows to be found.",
    ] {
        assert!(run.out.contains(said), "`{said}` is not in:\n{}", run.out);
    }
}

#[test]
fn all_lessons_one_after_the_other() {
    let place = Place::new();
    let script: String = all()
        .iter()
        .map(|l| l.answer.replace('\n', " ") + "\n")
        .collect();
    let run = place.feed(&["learn"], script.as_bytes());
    run.fine();
    assert!(run.out.contains("That was the last one"), "{}", run.out);
    assert!(!run.out.contains("Not yet."), "{}", run.out);
    let run = place.feed(&["learn"], b"");
    assert!(
        run.fine().out.contains("All lessons are done"),
        "{}",
        run.out
    );
}
