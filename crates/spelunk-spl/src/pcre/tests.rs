use super::measure::Groups;
use super::parse::parse;
use super::write::write;
use super::{Regex, is_match, regex};

/// The engine's form of a pattern, for text that does not end with a line feed or (`exact`) for text that
/// does.
fn engine(pattern: &str, exact: bool) -> String {
    let tree = parse(pattern).expect("a pattern");
    let groups = Groups::of(&tree);
    write(pattern, &tree, &groups, exact)
        .expect("can be written")
        .text
}

/// The groups of the first match, `-` for one that is not set.
fn groups(pattern: &str, text: &str) -> Option<Vec<String>> {
    let regex = Regex::new(pattern).unwrap_or_else(|why| panic!("{why}"));
    let found = regex.captures(text).expect("does not give up")?;
    let shown = |group| found.get(group).map_or("-", |m| m.as_str()).to_owned();
    Some((0..found.len()).map(shown).collect())
}

#[test]
fn what_means_the_same_stays_as_it_is() {
    for pattern in [
        r"(?i)user=(?<user>\w+)\s+id=(?P<id>\d{1,5})",
        r"^(?:[^,]*,){3}(?<x>[^,\r\n]+?)$",
        r#"\"name\":\s*\"(?<name>[^\"]+)\""#,
        r"(?m)^\[(?<t>[^\]]+)\]\s(?:a|b|)c{2,}d*+e{3}?",
        r"(?<=a)b(?!c)(?>d|e)\bf\Bg\Ah\zi\x41\x{263A}\t\/\.\-",
        r"[\w.\-]+@[\d.]+[a-z&]~[^\s\]]\p{Lu}[[:alpha:]_]",
        r"(?s:.*)(?-i:a)(?i)b|c(?<n>d)\k<n>(?P=n)\1(?(1)e|f)",
        r#"{"id": {1,2}"#,
        r"C:\\Windows\\(?'dir'.+)\.exe",
        "",
        "é+ü",
    ] {
        assert_eq!(engine(pattern, false), pattern);
    }
}

#[test]
fn what_does_not_is_rewritten() {
    for (pattern, expected) in [
        (r"[\w-.]", r"[\w\-\.]"),
        (r"[]a[]", r"[\]a\[]"),
        (r"a(?)b", "ab"),
        (r"\<a\>", "<a>"),
        (r"(?=x)?y", "(?:(?=x)|)y"),
        (r"a{,5}", r"a\{,5}"),
        (r"\b{a", r"\b\{a"),
        (r"(?x) a b # c", "ab"),
        (r"(?U)a+b*?", "a+?b*"),
        (r"(a)\g{1}0", r"(a)\1\x{30}"),
        (r"(?n)(a)(?<b>c)", "(?:a)(?<b>c)"),
        (r"a\Z", r"a\z"),
        (r"(*UTF8)a(*F)", "a(?!)"),
        (r"(?<a>x)(?&a)", "(?<a>x)(?:x|(?!))"),
        (r"(?|(a)|(b))\1", r"(?:(a)|(b))(?(1)\1|(?(2)\2|(?!)))"),
        (r"(?(DEFINE)(?<d>\d))(?&d)", r"(?:\d|(?!))"),
        (r"a(*PRUNE)b|c", r"(?:(?>a)b|(?!a)c)"),
        (
            r"a(*SKIP)(*F)|b",
            r"\G(?:(?>a)|(?!a)(?s:.))*?\K(?:(?>a)(?!)|(?!a)b)",
        ),
    ] {
        assert_eq!(engine(pattern, false), expected, "{pattern}");
    }
    assert_eq!(engine("a$", false), "a$");
    assert_eq!(engine("a$", true), r"a(?=\n?\z)");
}

#[test]
fn groups_are_those_of_pcre() {
    for (pattern, text, expected) in [
        ("(?|a(x)|b(y))(z)", "byz", &["byz", "y", "z"][..]),
        (r"(?J)(?<n>a)|(?<n>b)", "b", &["b", "-", "b"]),
        (r"(a)(?1)(b)", "aab", &["aab", "a", "b"]),
        (r"((.)\2)(?1)", "aabb", &["aabb", "aa", "a"]),
        (
            r"(?(DEFINE)(?<d>\d+))(?<v>(?&d))-(?&d)",
            "12-3",
            &["12-3", "-", "12"],
        ),
        (r"(\((?:[^()]++|(?1))*\))", "x(a(b))", &["(a(b))", "(a(b))"]),
        (r"(a){0}(b)", "b", &["b", "-", "b"]),
        (r"(?:(a)|b)*", "ab", &["ab", "a"]),
        (r#""[^"]*"(*SKIP)(*F)|(,)"#, r#""a,b",c"#, &[",", ","]),
        (r#"(["']).*?\1(*SKIP)(*F)|(\w)"#, "'a' b", &["b", "-", "b"]),
        (r"(?(?=\d)(\d)|(\w))x", "ax", &["ax", "-", "a"]),
        (r"(?(<n>)a|(?<n>b))", "b", &["b", "b"]),
        (r"(a+?)*c", "aac", &["aac", "a"]),
        (r"foo\Kbar", "foobar", &["bar"]),
        (r"\X", "e\u{301}x", &["e\u{301}"]),
        (r"(?i)(a)(?-i)b(?1)", "AbA", &["AbA", "A"]),
    ] {
        let expected: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(groups(pattern, text), Some(expected), "{pattern}");
    }
}

#[test]
fn perl_ways_of_writing_work() {
    for (pattern, text, expected) in [
        (r"(?P<n>\d)(?<m>x)\k<n>", "1x1", true),
        (r"(?<=a)b(?!c)", "abd", true),
        (r"[[a]", "[", true),
        (r"[^]]", "]", false),
        (r"a\h+b", "a \tb", true),
        (r#"{"id":\s*(\d+)}"#, r#"{"id": 5}"#, true),
        (r"\Qa.b\E+", "a.bbb", true),
        (r"\Qa.b\E", "axb", false),
        (r"[a&&b]", "&", true),
        (r"x{2}y{,3}", "xxy{,3}", true),
        (r"\p{Lu}\x{41}", "BA", true),
        (r"[\w-]+@[\d.]+", "a-b@1.2", true),
        (r"(?i)POWER\.exe", "power.EXE", true),
        (r"a++b", "aab", true),
        (
            r#"\/\-\_\"\:\=\@\%\&\!\,\;\~\#\ \'\i"#,
            "/-_\":=@%&!,;~# 'i",
            true,
        ),
        (r"^[^[:space:]\[\]\-a-c]+$", "xyz", true),
        (r"(?:\Gx)*?c", "bbc", true),
        (r"b$", "ab\n", true),
        (r"b\z", "ab\n", false),
        (r"(?m)\n^\z", "a\n", false),
        (r"^\R\nb", "\r\nb", false),
        (r"a+(*COMMIT)b", "aacab", false),
    ] {
        assert_eq!(is_match(pattern, text), Ok(expected), "{pattern}");
    }
}

#[test]
fn mistakes_are_named_as_pcre_names_them() {
    for (pattern, expected) in [
        (
            "(",
            "missing closing parenthesis at offset 1, after \"(\" (PCRE2 error 114)",
        ),
        (
            "*a",
            "quantifier does not follow a repeatable item at offset 0",
        ),
        (
            "a{3,2}",
            "numbers out of order in {} quantifier at offset 5",
        ),
        ("[b-a]", "range out of order in character class at offset 3"),
        (
            "(?<1>a)",
            "subpattern name must start with a non-digit at offset 3",
        ),
        (
            "(?<a-b>c)",
            "syntax error in subpattern name (missing terminator?) at offset 4",
        ),
        (r"(a)\2", "reference to non-existent subpattern at offset 4"),
        (r"\p{Nope}", "unknown property after \\P or \\p at offset 8"),
        (
            "(?<=a*)b",
            "lookbehind assertion is not fixed length at offset 0",
        ),
        ("(a{1000}){1000}", "regular expression is too large"),
        (r"(\w{1000}){400}", "regular expression is too large"),
        ("(?:a(*SKIP)b)c", "(*SKIP) within a group"),
    ] {
        let why = regex(pattern).expect_err(pattern);
        assert!(why.contains("is not valid: "), "{why}");
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn hostile_patterns_are_refused_or_given_up() {
    let hard = is_match(r"((a|b|ab)+)\1c", &format!("c{}", "ab".repeat(64)));
    assert!(hard.is_err_and(|e| e.contains("backtracks")));
    // Deeper than recursion supports: an error rather than a missed match.
    let nested = format!("{}{}", "(".repeat(40), ")".repeat(40));
    assert_eq!(is_match(r"^(\((?1)*\))$", "((()))"), Ok(true));
    assert!(is_match(r"^(\((?1)*\))$", &nested).is_err());
    for pattern in [
        "(".repeat(1 << 20),
        "[".repeat(1 << 20),
        "(?(".repeat(1 << 20),
        "(?(?=".repeat(1 << 20),
        "(*atomic:".repeat(1 << 18),
        format!("{}{}", "(?:".repeat(200), ")".repeat(200)),
        format!("{}a{}", "(?i:".repeat(240), ")".repeat(240)),
        "(?<a>x)".repeat(100),
        "((?1)".repeat(300),
        "a{65535}".repeat(20),
    ] {
        assert!(Regex::new(&pattern).is_err(), "{}", &pattern[..20]);
    }
    // Calls of calls of calls.
    let mut doubling = String::from("(?<a0>x)");
    for n in 1..30 {
        doubling.push_str(&format!("(?<a{n}>(?&a{0})(?&a{0}))", n - 1));
    }
    assert!(Regex::new(&doubling).is_err_and(|why| why.contains("too large")));
    // The engine would measure the innermost group a million times.
    let mut nested = String::from("a");
    for n in (1..20).rev() {
        nested = format!(r"({nested})|(?({n})b|a\{n})");
    }
    assert!(Regex::new(&nested).is_err_and(|why| why.contains("too large")));
    let lookbehind = doubling.replace("(?<a29>", "(?<=");
    assert!(Regex::new(&lookbehind).is_err());
    let names: String = (0..5_000).map(|n| format!("(?<n{n}>x)|")).collect();
    let many = Regex::new(&names).expect("many names");
    assert_eq!(many.names().count(), 5_000);
    let words: String = (0..3_000).map(|n| format!("word{n}|")).collect();
    assert!(Regex::new(&format!(r"(?!(?:{words}x))(\w+) \1")).is_ok());
    for pattern in [
        "(?R)",
        "(?1)(?R)|(a)",
        "((?2))((?1))",
        r"(?:(\1?(?R)){1,2})+",
    ] {
        if let Ok(regex) = Regex::new(pattern) {
            let _ = regex.is_match("aaaa");
        }
    }
}

#[test]
fn matches_go_on_behind_one_another() {
    let all = |pattern: &str, text: &str| {
        let regex = Regex::new(pattern).expect("a pattern");
        let spans = regex.captures_iter(text).map(|found| {
            let whole = found.expect("does not give up").get(0).expect("matched");
            (whole.start(), whole.end())
        });
        spans.collect::<Vec<_>>()
    };
    assert_eq!(all("a*", "baac"), [(0, 0), (1, 3), (4, 4)]);
    assert_eq!(all("$", "é\n"), [(2, 2), (3, 3)]);
    assert_eq!(all(r"\Ga", "aab"), [(0, 1), (1, 2)]);
    assert_eq!(
        all(r"'.'(*SKIP)(*F)|\w", "a'b'c'd"),
        [(0, 1), (4, 5), (6, 7)]
    );
}
