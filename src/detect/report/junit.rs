//! `JUnit` XML for build servers.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::detect::Status;
use crate::detect::report::Finding;

/// One test case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The test's name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The run time.
    pub seconds: f64,
    /// The outcome.
    pub outcome: Outcome,
}

impl Case {
    fn time(&self) -> Duration {
        Duration::try_from_secs_f64(self.seconds).unwrap_or_default()
    }
}

/// The outcome of a test case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// Not run; the reason.
    Skipped(String),
    /// It failed; the reason.
    Failed(String),
    /// It could not run; the error.
    Error(String),
}

/// A run of detections: those with rows passed, unsupported ones were skipped.
pub fn of_run(findings: &[Finding]) -> String {
    let cases: Vec<Case> = findings
        .iter()
        .map(|finding| {
            let reason = || finding.reason.clone().unwrap_or_default();
            Case {
                name: finding.detection.name.clone(),
                file: finding.detection.path.display().to_string(),
                seconds: finding.seconds,
                outcome: match finding.status {
                    Status::Rows | Status::Empty => Outcome::Passed,
                    Status::Refused => Outcome::Skipped(reason()),
                    Status::Error => Outcome::Error(reason()),
                },
            }
        })
        .collect();
    suite("detections", &cases)
}

/// A test suite.
pub fn suite(name: &str, cases: &[Case]) -> String {
    let skipped = cases
        .iter()
        .filter(|case| matches!(case.outcome, Outcome::Skipped(_)));
    let mut suite = TestSuite::new(name);
    suite
        .extra
        .insert("skipped".into(), skipped.count().to_string().into());
    suite.set_time(cases.iter().map(Case::time).sum());
    suite.add_test_cases(cases.iter().map(test_case));
    let mut report = Report::new(name);
    report.add_test_suite(suite);
    // Writing to memory can't fail, and all texts are stripped of what XML does not allow.
    report.to_string().unwrap_or_default()
}

fn test_case(case: &Case) -> TestCase {
    let (mut status, text) = match &case.outcome {
        Outcome::Passed => (TestCaseStatus::success(), ""),
        Outcome::Skipped(why) => (TestCaseStatus::skipped(), why.as_str()),
        Outcome::Failed(why) => (
            TestCaseStatus::non_success(NonSuccessKind::Failure),
            why.as_str(),
        ),
        Outcome::Error(why) => (
            TestCaseStatus::non_success(NonSuccessKind::Error),
            why.as_str(),
        ),
    };
    if let Some(first) = text.lines().next() {
        status.set_message(first);
        status.set_description(text);
    }
    let mut test = TestCase::new(case.name.as_str(), status);
    test.set_classname(case.file.as_str());
    test.extra.insert("file".into(), case.file.as_str().into());
    test.set_time(case.time());
    test
}

#[cfg(test)]
mod tests {
    use super::{Case, Outcome, suite};

    #[test]
    fn what_is_reserved_is_escaped_and_control_characters_left_out() {
        let case = |name: &str, outcome| Case {
            name: name.to_owned(),
            file: "a/b.yml".to_owned(),
            seconds: 0.25,
            outcome,
        };
        let text = suite(
            "s",
            &[
                case("a<b>&\"c\"", Outcome::Passed),
                case("d", Outcome::Failed("no\u{1} rows <here>\nmore".to_owned())),
                case("e", Outcome::Skipped("later".to_owned())),
            ],
        );
        for part in [
            "tests=\"3\"",
            "failures=\"1\"",
            "errors=\"0\"",
            "skipped=\"1\"",
            "time=\"0.750\"",
            "name=\"a&lt;b&gt;&amp;&quot;c&quot;\"",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("message=\"no rows &lt;here&gt;\""), "{text}");
        assert!(
            text.contains(">no rows &lt;here&gt;\nmore</failure>"),
            "{text}"
        );
    }
}
