//! `JUnit` XML for build servers.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

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
    // Writing to memory can't fail, and the output is well-formed by construction.
    write(name, cases).unwrap_or_default()
}

fn write(name: &str, cases: &[Case]) -> std::io::Result<String> {
    let count = |wanted: fn(&Outcome) -> bool| {
        let found = cases.iter().filter(|case| wanted(&case.outcome)).count();
        found.to_string()
    };
    let seconds: f64 = cases.iter().map(|case| case.seconds).sum();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("testsuites")
        .write_inner_content(|writer| {
            writer
                .create_element("testsuite")
                .with_attributes([
                    ("name", name),
                    ("tests", cases.len().to_string().as_str()),
                    ("failures", &count(|o| matches!(o, Outcome::Failed(_)))),
                    ("errors", &count(|o| matches!(o, Outcome::Error(_)))),
                    ("skipped", &count(|o| matches!(o, Outcome::Skipped(_)))),
                    ("time", &format!("{seconds:.3}")),
                ])
                .write_inner_content(|writer| {
                    cases.iter().try_for_each(|case| write_case(writer, case))
                })?;
            Ok(())
        })?;
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &Case) -> std::io::Result<()> {
    let seconds = format!("{:.3}", case.seconds);
    let element = writer.create_element("testcase").with_attributes([
        ("name", printable(&case.name).as_str()),
        ("classname", printable(&case.file).as_str()),
        ("file", printable(&case.file).as_str()),
        ("time", &seconds),
    ]);
    let (kind, text) = match &case.outcome {
        Outcome::Passed => {
            element.write_empty()?;
            return Ok(());
        }
        Outcome::Skipped(why) => ("skipped", why),
        Outcome::Failed(why) => ("failure", why),
        Outcome::Error(why) => ("error", why),
    };
    let text = printable(text);
    let first = text.lines().next().unwrap_or_default().to_owned();
    element.write_inner_content(|writer| {
        writer
            .create_element(kind)
            .with_attribute(("message", first.as_str()))
            .write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}

/// Removes the control characters that XML 1.0 does not allow.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
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
        assert!(
            text.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0.750\""),
            "{text}"
        );
        assert!(
            text.contains("name=\"a&lt;b&gt;&amp;&quot;c&quot;\""),
            "{text}"
        );
        assert!(text.contains("message=\"no rows &lt;here&gt;\""), "{text}");
        assert!(
            text.contains(">no rows &lt;here&gt;\nmore</failure>"),
            "{text}"
        );
    }
}
