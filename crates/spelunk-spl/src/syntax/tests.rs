//! Tests the grammar from text to AST and back, on searches as written in practice.

use super::ast::{AggregateArg, ArgKind, BinaryOp, ExprKind, Pipeline, Search};
use super::print::{self, Layout};
use super::{Rule, command_at, parse, parse_expression, parse_fragment, parse_search};
use crate::error::{Error, ErrorKind};
use crate::source::{SourceId, Span};

fn shape(name: &str) -> Option<Rule> {
    let rule = format!("{}_args", name.to_lowercase());
    Rule::all_rules()
        .iter()
        .copied()
        .find(|r| format!("{r:?}") == rule)
}

fn read(text: &str) -> Pipeline {
    match parse(SourceId(0), text, &shape) {
        Ok(pipeline) => pipeline,
        Err(error) => panic!("{text}: {error} at {:?}", error.span),
    }
}

fn fails(text: &str) -> Error {
    match parse(SourceId(0), text, &shape) {
        Ok(pipeline) => panic!("{text} was read as {pipeline:?}"),
        Err(error) => error,
    }
}

fn printed(text: &str) -> String {
    print::pipeline(&read(text), Layout::Line)
}

/// The AST without its spans.
fn shown(tree: &impl std::fmt::Debug) -> String {
    let text = format!("{tree:?}");
    let mut pieces = text.split("Span { source: SourceId(");
    let mut out = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        out.push_str(piece.split_once('}').map_or(piece, |(_, after)| after));
    }
    out
}

#[test]
fn what_is_printed_reads_as_the_same_tree() {
    for line in include_str!("tests.spl")
        .lines()
        .filter(|line| !line.is_empty())
    {
        let tree = read(line);
        for layout in [Layout::Line, Layout::Lines] {
            let text = print::pipeline(&tree, layout);
            assert_eq!(
                shown(&read(&text)),
                shown(&tree),
                "{line}
{text}"
            );
            assert_eq!(print::pipeline(&read(&text), layout), text, "{line}");
        }
    }
}

#[test]
fn in_a_search_or_binds_tighter_than_and() {
    for (typed, canonical) in [
        ("a=1 b=2 OR c=3", "search a=1 (b=2 OR c=3)"),
        ("NOT a=1 OR b=2 c", "search (NOT a=1 OR b=2) c"),
        ("(a b) c AND NOT(d e)", "search a b c NOT (d e)"),
        ("not x or y and z", "search (NOT x OR y) z"),
        ("host=(a OR b)", "search (host=a OR host=b)"),
    ] {
        let wanted = canonical.replace("search (host=a OR host=b)", "search host=a OR host=b");
        assert_eq!(printed(typed), wanted);
    }
}

#[test]
fn in_eval_and_binds_tighter_than_or_and_concatenation_binds_as_plus() {
    for (typed, grouped) in [
        ("a=1 OR b=2 AND c=3", "a=1 OR (b=2 AND c=3)"),
        ("NOT a=1 AND b", "(NOT (a=1)) AND b"),
        ("a XOR b OR c", "a XOR (b OR c)"),
        ("1+2*3-4", "(1+(2*3))-4"),
        ("-a*b", "(-a)*b"),
        (r#"1+2 . "x" . 3*4"#, r#"((1+2) . "x") . (3*4)"#),
        ("a NOT IN (1)", "NOT (a IN (1))"),
    ] {
        let tree = |text| shown(&parse_expression(SourceId(0), text, 0).expect(text));
        assert_eq!(tree(typed), tree(grouped), "{typed}");
    }
}

#[test]
fn names_joined_by_dots_are_left_to_the_schema() {
    let kind = |text| parse_expression(SourceId(0), text, 0).expect(text).kind;
    assert!(matches!(kind("a.b{}.c"), ExprKind::Dotted(names) if names.len() == 3));
    for text in [r#"a."b""#, "a . b", r#""a".b"#, "a.f(b)", "a.1"] {
        let is_concat = matches!(kind(text), ExprKind::Binary(BinaryOp::Concat, ..));
        assert!(is_concat, "{text}");
    }
    assert_eq!(kind("'a.b'"), ExprKind::Field("a.b".into()));
}

#[test]
fn backslashes_follow_one_rule() {
    let value = |text: &str| match parse_search(SourceId(0), text).expect(text) {
        Search::Compare { value, .. } => value.text,
        other => panic!("{other:?}"),
    };
    assert_eq!(value(r#"p="*\\system32\\*""#), r"*\system32\*");
    assert_eq!(value(r#"p="*\system32\*""#), r"*\system32\*");
    assert_eq!(value(r"p=*\system32\*"), r"*\system32\*");
    assert_eq!(value(r#"p="say \"x\"""#), r#"say "x""#);
    assert_eq!(value(r"p=a\|b"), "a|b");
}

#[test]
fn result_columns_are_named_as_typed() {
    let labels: Vec<String> = read(
        r#"x | stats count c( x ) min(_time) avg(*) sum("a b") count(eval(x = 1)) sparkline(count, 1h)"#,
    )
    .stages[1]
        .args
        .iter()
        .map(|arg| match &arg.kind {
            ArgKind::Aggregate(aggregate) => aggregate.label.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let wanted = "count|c(x)|min(_time)|avg(*)|sum(a b)|count(eval(x = 1))|sparkline(count, 1h)";
    assert_eq!(labels.join("|"), wanted);
    let eval = read("x | timechart eval(round(avg(v),1)) by k");
    let is_eval = matches!(&eval.stages[1].args[0].kind,
        ArgKind::Aggregate(a) if a.function.text == "eval" && matches!(a.arg, AggregateArg::Eval(_)));
    assert!(is_eval);
}

#[test]
fn unknown_commands_keep_their_arguments_and_the_rest_is_still_checked() {
    let frob = &read("x | frob a=(1 | table y").stages[1];
    assert_eq!(frob.args[0].kind, ArgKind::Raw("a=(1".into()));
    let error = fails("x | eval y= | frob | stats count by");
    assert_eq!(error.others.len(), 1);
    let body = parse_fragment(SourceId(0), "eval x=1", 7, &shape).expect("a body");
    assert_eq!(body.stages[0].name.span, Span::new(SourceId(0), 7..11));
}

#[test]
fn spans_count_from_the_whole_text_through_comments_and_subsearches() {
    let text = "a ```x | y```| append [ search é | eval b=1 ]| stats``` ```count";
    let tree = read(text);
    let ArgKind::Subsearch(inner) = &tree.stages[1].args[0].kind else {
        panic!("{tree:?}");
    };
    assert_eq!(&text[inner.stages[1].args[0].span.range()], "b=1");
    assert_eq!(&text[tree.stages[2].args[0].span.range()], "count");
    assert_eq!(
        command_at(text, text.find("b=1").unwrap_or(0)).as_deref(),
        Some("eval")
    );
    assert_eq!(command_at(text, 0).as_deref(), Some("search"));
}

#[test]
fn errors_are_said_in_words_of_spl_at_the_place() {
    for (text, message, place) in [
        (
            "x | stats count by",
            "expected a field name after `by`",
            "by",
        ),
        ("x | eval y=", "expected an expression after `=`", "="),
        (
            "x | eval y=(1",
            "`)` is missing: this parenthesis is not closed",
            "(",
        ),
        ("x | eval y=1)", "`)` without a matching `(`", ")"),
        ("x | where a b", "unexpected `b`", "b"),
        (
            "x | eval y",
            "expected an assignment such as `x=1`, found `y`",
            "y",
        ),
        ("x | rename a", "expected `AS` after `a`", "a"),
        ("x | | y", "expected a command after `|`, found `|`", "|"),
        ("a OR", "expected a search term after `OR`", "OR"),
        ("a=", "expected a value after `=`", "="),
        (
            "x | table \"abc",
            "unbalanced quote: this one is not closed",
            "\"",
        ),
        (
            "x | append [search y",
            "`]` is missing: this bracket is not closed",
            "[",
        ),
        ("x ] y", "`]` without a matching `[`", "]"),
        ("x | `foo", "unbalanced backtick", "`"),
        ("x | reverse y", "unexpected `y`", "y"),
        (" ", "the search is empty", " "),
    ] {
        let error = fails(text);
        let span = error.span.expect("a place");
        assert_eq!(
            (error.to_string().as_str(), &text[span.range()]),
            (message, place),
            "{text}"
        );
    }
}

#[test]
fn hostile_texts_are_refused_at_once() {
    let many = 200_000;
    for text in [
        "(".repeat(many),
        "[".repeat(many),
        "NOT ".repeat(many) + "a",
        format!("| where {}1", "-".repeat(many)),
        format!("| where {}", "f(".repeat(many)),
        format!("| eval x={}1", "1+".repeat(many)),
        format!("| stats {}", "sum(".repeat(many)),
    ] {
        assert!(
            matches!(*fails(&text).kind, ErrorKind::TooLarge(_)),
            "{}",
            &text[..20]
        );
    }
    for open in ["(", "f(", "a IN (", "not (", "sum(", "x=("] {
        for start in [
            "",
            "| where ",
            "| stats ",
            "| table ",
            "| head ",
            "| transaction a=",
        ] {
            fails(&format!("{start}{}", open.repeat(90)));
        }
    }
}

#[test]
fn long_lists_stay_flat() {
    let terms: Vec<String> = (0..5_000).map(|i| format!("a{i}=\"b\"")).collect();
    for separator in [" OR ", " "] {
        read(&terms.join(separator));
    }
    let text = format!("| where {}", terms.join(" OR "));
    assert_eq!(printed(&text).matches(" OR ").count(), 4_999);
}

#[test]
fn names_that_begin_as_keywords_are_names() {
    for field in [
        "oRé",
        "andÉ",
        "not\u{301}",
        "xor中",
        "or{}",
        "and{0}",
        "like😀",
    ] {
        let tree = parse_expression(SourceId(0), field, 0).expect(field);
        assert_eq!(tree.kind, ExprKind::Field(field.into()), "{field}");
        assert_eq!(print::expr(&tree), field);
    }
    for field in ["or", "AND", "a b", "5a", "a::", "a{b}", "é\u{a0}"] {
        assert_eq!(print::expression_field(field), format!("'{field}'"));
    }
}

/// Texts that were once printed so that they parsed differently.
#[test]
fn what_chance_found_is_printed_as_it_reads() {
    for (typed, expected) in [
        (", IN", "search (IN)"),
        ("xor OR (XOR)", "search xor OR XOR"),
        (r#"a\|b\"c=1"#, r#"search a\|b\"c=1"#),
        (
            r#"TERM(" a") CASE("x]") TERM("") TERM(a b)"#,
            r#"search TERM(" a") CASE("x]") TERM("") TERM(a b)"#,
        ),
        ("| dedup ,3", "| dedup , 3"),
        ("| sort +-a, ++b, --c, -d, e", "| sort +-a, ++b, --c, -d, e"),
        ("| delta x AS, y", "| delta x AS, y"),
        ("a! =b", "search a! =b"),
        ("a or'b OR'c=d", "search a or'b OR'c=d"),
        ("| fields ,-, -a", "| fields , - -a"),
        ("| bin a, AS b", "| bin a, AS b"),
        ("| delta a, as as b", "| delta a, as AS b"),
        ("| sort +5, +d, -d, +desc", "| sort +5, +d, -d, +desc"),
        ("| stats sum(l()) max(l)", "| stats sum(l()), max(l)"),
        ("| searchtxn(0)", "| searchtxn (0)"),
        ("| searchtxn t max_terms==a", "| searchtxn t (max_terms=a)"),
        (
            "| makemv tokenizer=(\\S+) x",
            "| makemv tokenizer=(\\\\S+) x",
        ),
        ("| strcat 'a b' \"a b\" c d", "| strcat 'a b' \"a b\" c d"),
        (
            "TERM(() CASE(a  b) TERM([a|b])",
            "search TERM(() CASE(a  b) TERM([a\\|b])",
        ),
        (
            "a=\"=b\" c IN (\"=d\", \",\") \"e::f\"",
            "search a=\"=b\" c IN (\"=d\", \",\") \"e::f\"",
        ),
        ("| dedup 3 5", "| dedup 3 5"),
    ] {
        assert_eq!(printed(typed), expected);
        assert_eq!(shown(&read(expected)), shown(&read(typed)), "{typed}");
    }
    fails("| tstats count WHERE x groupby =s");
}
