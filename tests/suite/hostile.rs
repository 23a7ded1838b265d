//! What the fuzz targets in `fuzz/` do, on generated texts: nothing panics, and what is made can be
//! read again.

use proptest::prelude::{Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use spelunk::commands::shape_of;
use spelunk::functions::xpath::XPath;
use spelunk::functions::{json, xml};
use spelunk::plan::pairs;
use spelunk::read::{event_fields, leading_json_fields, xml_fields};
use spelunk::source::SourceId;
use spelunk::syntax::format::format;
use spelunk::syntax::{parse, print};
use spelunk::time::{LogSpan, Span, strftime, strptime, time_modifier};

/// Texts made of the pieces that mean something, in any order.
fn pieces(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::collection::vec(prop::sample::select(from), 0..40).prop_map(|p| p.concat()),
        1 => any::<String>(),
    ]
}

fn search() -> impl Strategy<Value = String> {
    pieces(&[
        "search",
        "stats",
        "count",
        "eval",
        "x=",
        "by",
        "|",
        "|",
        "[",
        "]",
        "(",
        ")",
        " ",
        " ",
        "  ",
        "\n",
        "\"a  b\"",
        "'c  d'",
        "'",
        "`m(1,  2)`",
        "```note | x```",
        ",",
        ", ",
        "eval(a  =1)",
        "TERM(b  c)",
        "CASE(x,  1)",
        "\\|",
        "\\\"",
        "é",
        "rex",
        "append",
        "field=a*",
        "[a|b]+",
        "-",
        "OR",
        "NOT",
        "AND",
        "where",
        "1",
        "join",
        "a_long_name_of_a_field_that_fills_the_line_of_a_search=\"and a value that is as long\"",
    ])
}

fn document() -> impl Strategy<Value = String> {
    pieces(&[
        "{",
        "}",
        "[",
        "]",
        "\"a\"",
        ":",
        ",",
        "1",
        "-0.5e3",
        "true",
        "null",
        "\"\\u00e9\"",
        "<a>",
        "</a>",
        "<b c='d'>",
        "</b>",
        "<e/>",
        "&lt;",
        "&#65;",
        "<![CDATA[x]]>",
        "<!--",
        "-->",
        "<?xml version='1.0'?>",
        "text",
        " ",
        "k=v",
        "k=\"v w\"",
        "<Event",
        ">",
        "\n",
    ])
}

fn path() -> impl Strategy<Value = String> {
    pieces(&[
        "a",
        "b",
        ".",
        "{}",
        "{1}",
        "{@c}",
        "/",
        "//",
        "*",
        "[",
        "]",
        "@c",
        "text()",
        "(",
        ")",
        "last()",
        "=",
        "'d'",
        "1",
        " and ",
        " or ",
        "not(",
        "count(",
        "..",
        "|",
        "-",
        "::",
        "child",
        "position()",
        ",",
        ";",
        "\"",
    ])
}

proptest! {
    #[test]
    fn laying_out_changes_nothing_that_is_read(text in search()) {
        let Ok(once) = format(SourceId(0), &text) else {
            return Ok(());
        };
        let twice = format(SourceId(0), &once).map_err(|e| e.to_string());
        prop_assert_eq!(twice, Ok(once.clone()), "{}", text);
        // Arguments of unknown commands stand in the tree as they are typed.
        let read = |text: &str| {
            parse(SourceId(0), text, &shape_of).map(|tree| {
                let printed = print::pipeline(&tree, print::Layout::Line);
                if format!("{tree:?}").contains("Raw(") {
                    printed.split_whitespace().collect()
                } else {
                    printed
                }
            })
        };
        if let Ok(before) = read(&text) {
            let after = read(&once).map_err(|e| e.to_string());
            prop_assert_eq!(after, Ok(before), "{} -> {}", text, once);
        }
    }

    #[test]
    fn documents_and_paths_do_not_panic(document in document(), path in path()) {
        leading_json_fields(&document);
        xml_fields(&document);
        event_fields(&document);
        xml::find(&document, &path);
        if let (Some(found), Some(steps)) = (json::container(&document), json::path(&path)) {
            json::find(&found, &steps);
        }
        if let Ok(path) = XPath::new(&path) {
            path.find(&document);
        }
        pairs::split(&document, &path);
        pairs::by_delimiters(&document, &path, "=");
    }

    #[test]
    fn times_do_not_panic(
        text in "[-+@0-9a-z.:/ ]{0,20}",
        form in "[%YmdHMSNQzZs:0-9a-z ]{0,20}",
        seconds in any::<f64>(),
    ) {
        let utc = chrono_tz::UTC;
        let _ = time_modifier(&text, seconds, utc);
        let _ = strptime(&text, &form, seconds, utc);
        let _ = strftime(seconds, &form, utc);
        if let Ok(span) = Span::parse(&text) {
            span.floor(seconds as i64, utc, None);
        }
        if let Some(span) = LogSpan::parse(&text) {
            span.range(seconds);
        }
    }
}
