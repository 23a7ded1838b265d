//! Searches made by chance, shape by shape: what is written in the wild, and what nobody writes.

use crate::mutation::Chance;

/// Names that are words, keywords, beyond ASCII, or no words at all.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "a", "b", "user", "_time", "x1", "src_ip", "a.b", "a.b.c", "a{}", "a{}.b", "a{0}", "ns::key", "oRé", "or", "AND",
    "notá", "not", "xor", "likeÉ", "like", "in", "IN", "by", "BYé", "as", "over", "where", "output", "null", "desc",
    "d", "größe", "名前", "e\u{301}", "or\u{301}", "😀", "“q”", "a—b", "\u{200b}z", "*", "a*", "*b*", "count", "sum",
    "eval", "search", "true", "5", "5a", "1e5", "-x", "+x", "a-b", "a:b", "a@b", "a/b", "$t$", "<<FIELD>>", "auto",
    "ip", "max(x)", "a(b)c", "span", "earliest", "tag::host", "_raw",
];

/// Names that only quotes can hold.
#[rustfmt::skip]
const ODD_NAMES: &[&str] = &[
    "a b", "first name", " a", "a ", "a,b", "a=b", "a|b", "it's", "a\"b", "a\\b", "a\\", "\\", "'", "''", "\"", "a(b",
    "a)b", "[x]", "a[0]", "a'b'c", "a\\'b", "é ü", "a\tb", "a\u{a0}b", "a\nb", "<a>", "a!=b", "or not", "by x",
    "a AS b", "", " ", "\u{3000}", "{", "}", "{}", "{a}", "a{b}", "a``b", "a```b", "`m`", "$", "%", "#",
];

#[rustfmt::skip]
const VALUES: &[&str] = &[
    "0", "1", "-1", "5", "1.50", ".5", "5.", "1e3", "1E-3", "-2.5e+7", "1e308", "1e309", "1e-400", "0x1F", "007",
    "99999999999999999999", "18446744073709551616", "-9223372036854775808", "0.1", "٣", "1_000", "1,000", "true", "f",
    "a*", "*", "**", "a b*", "10.0.0.0/8", "fe80::1", "C:\\\\Windows\\\\*", "*\\system32\\*", "http://x?a=b&c=<d>",
    "-1d@d", "now", "@w0", "+3mon", "1h", "5m", "2log3", "1-5", "-10--5", "a(b)c", "x$y$z", "%Y-%m", "é", "名前*",
    "NaN", "inf", "-", "+", ",", "a\\|b", "a\\\"b", "\\\\", "or", "AND", "not", "in", "by",
];

#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "", " ", "a", "a  b", "x | y", "[z", "z]", "(", ")", "`m`", "```", "'", "a 'b' c", "say \"x\"", "C:\\x\\", "\\",
    "\\\\", "\\\"", "\n", "\t", "é", "e\u{301}😀", "\u{0}", "$x$", "<<FIELD>>", "%", "*", "a*b", "OR", "eval(a  =1)",
    "(?<é>.)", "(a+)+$", "(((((((((((a", "[[:alpha:]]", "\\d{1,99999}", "s/a/b/g", "a,b\n1,2",
    "{\"k\":[1,{\"l\":null}]}", "\u{feff}", "\u{200b}", "\u{85}", "\u{2028}",
];

#[rustfmt::skip]
const BLANKS: &[&str] = &[
    " ", " ", " ", " ", " ", " ", "  ", "\n", "\t", "\r\n", "\u{a0}", "\u{3000}", "\u{85}", " ```c``` ",
    "```a | b```", "\n   ",
];

/// Where blanks need not be.
const GAPS: &[&str] = &[
    "", "", "", "", "", " ", " ", "  ", "\n", "\u{a0}", "```c```",
];

#[rustfmt::skip]
const FUNCTIONS: &[&str] = &[
    "if", "case", "coalesce", "len", "lower", "match", "replace", "split", "mvindex", "tonumber", "strftime",
    "strptime", "null", "like", "in", "searchmatch", "cidrmatch", "round", "LOWER", "nofun", "fé", "éf", "or_", "a.b",
];

#[rustfmt::skip]
const AGGREGATES: &[&str] = &[
    "count", "c", "sum", "avg", "values", "list", "dc", "min", "max", "p95", "perc99.9", "first", "latest", "sumé",
    "stdev", "mode", "range", "sparkline", "eval", "by", "as", "nosuch",
];

#[rustfmt::skip]
const OPTIONS: &[&str] = &[
    "limit", "span", "field", "mode", "type", "window", "current", "prestats", "max_match", "keepempty", "sep",
    "delim", "allnum", "append", "override", "maxspan", "startswith", "endswith", "reset_after", "keeplast", "null",
    "grün", "x.y", "a-b", "summariesonly", "tokenizer", "format", "data",
];

#[rustfmt::skip]
const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", ".", "=", "==", "!=", "<", "<=", ">", ">=", " AND ", " or ", " XOR ", " LIKE ",
    " not like ", " AND NOT ", "AND", "or", "-(", ".-",
];

#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "BY", "by", "AS", "as", "OVER", "WHERE", "OUTPUT", "OUTPUTNEW", "FROM", "SORTBY", "WITH", "IN", "notin", "desc",
    "d", "groupby", "byé",
];

/// Commands of every shape, each more likely to be met with arguments of its own shape.
#[rustfmt::skip]
const COMMANDS: &[&str] = &[
    "search", "where", "eval", "fieldformat", "stats", "eventstats", "streamstats", "tstats", "mstats", "chart",
    "timechart", "table", "fields", "rename", "sort", "dedup", "head", "tail", "top", "rare", "fillnull", "convert",
    "replace", "rex", "regex", "bin", "strcat", "return", "transpose", "makeresults", "inputlookup", "lookup",
    "append", "join", "union", "set", "foreach", "map", "from", "transaction", "makemv", "mvexpand", "spath", "xpath",
    "tojson", "iplocation", "xyseries", "addtotals", "rangemap", "sample", "anomalies", "predict", "x11", "trendline",
    "timewrap", "geostats", "pivot", "searchtxn", "format", "collect", "multisearch", "appendpipe", "outputlookup",
    "delta", "autoregress", "highlight", "datamodel", "erex", "frob", "évé", "reverse", "metadata", "setfields",
    "gauge",
];

/// Writes searches.
pub struct Writer<'c> {
    chance: &'c mut Chance,
    /// How much may still be nested.
    depth: usize,
}

impl Writer<'_> {
    /// One that writes by that chance.
    pub fn new(chance: &mut Chance) -> Writer<'_> {
        let depth = match chance.below(20) {
            0 => 9,
            n => n % 4,
        };
        Writer { chance, depth }
    }

    fn one(&mut self, of: &[&'static str]) -> String {
        self.chance.one(of).to_owned()
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.chance.below(limit)
    }

    /// True once in so many times.
    pub fn odds(&mut self, of: usize) -> bool {
        self.chance.below(of) == 0
    }

    fn gap(&mut self) -> String {
        self.one(GAPS)
    }

    fn blank(&mut self) -> String {
        match self.odds(40) {
            true => String::new(),
            false => self.one(BLANKS),
        }
    }

    /// So many of them, with what stands between.
    fn list(
        &mut self,
        most: usize,
        between: &[&'static str],
        item: fn(&mut Self) -> String,
    ) -> String {
        let mut out = String::new();
        for n in 0..=self.chance.below(most) {
            if n > 0 {
                out += &self.one(between);
            }
            out += &item(self);
        }
        out
    }

    /// Writes what is nested, as long as something may be.
    fn nested(
        &mut self,
        write: fn(&mut Self) -> String,
        else_write: fn(&mut Self) -> String,
    ) -> String {
        if self.depth == 0 {
            return else_write(self);
        }
        self.depth -= 1;
        let out = write(self);
        self.depth += 1;
        out
    }

    fn quoted(&mut self, text: &str) -> String {
        match self.odds(6) {
            // As somebody writes who does not know of escapes.
            true => format!("\"{text}\""),
            false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }

    fn text(&mut self) -> String {
        let text = self.one(TEXTS);
        self.quoted(&text)
    }

    fn name(&mut self) -> String {
        match self.odds(4) {
            true => self.one(ODD_NAMES),
            false => self.one(NAMES),
        }
    }

    /// A field where names stand bare or in quotes.
    pub fn field(&mut self) -> String {
        match self.chance.below(8) {
            0 => {
                let name = self.name();
                self.quoted(&name)
            }
            1 => {
                let name = self.name();
                format!("'{}'", name.replace('\'', "\\'"))
            }
            2 => self.name(),
            _ => self.one(NAMES),
        }
    }

    fn value(&mut self) -> String {
        match self.chance.below(4) {
            0 => self.text(),
            1 => self.field(),
            _ => self.one(VALUES),
        }
    }

    /// An expression of `eval`.
    pub fn expression(&mut self) -> String {
        match self.chance.below(14) {
            0..=2 => self.field(),
            3 => self.text(),
            4 => self.one(VALUES),
            5 | 6 => self.nested(
                |w| {
                    [
                        w.expression(),
                        w.gap(),
                        w.one(OPERATORS),
                        w.gap(),
                        w.expression(),
                    ]
                    .concat()
                },
                Self::field,
            ),
            7 => self.nested(
                |w| format!("({}{}{})", w.gap(), w.expression(), w.gap()),
                Self::field,
            ),
            8 | 9 => self.nested(
                |w| {
                    let (function, gap) = (w.one(FUNCTIONS), w.gap());
                    let args = w.list(3, &[",", ", ", " , ", ",,"], Self::expression);
                    format!("{function}{gap}({args})")
                },
                Self::text,
            ),
            10 => self.nested(
                |w| {
                    let sign = w.one(&["-", "+", "NOT ", "!", "not", "- -", "NOT NOT ", "noté "]);
                    sign + &w.expression()
                },
                Self::field,
            ),
            11 => self.nested(
                |w| {
                    let (left, op) = (
                        w.expression(),
                        w.one(&[" IN ", " in", "in ", " NOT IN ", " notin "]),
                    );
                    format!(
                        "{left}{op}({})",
                        w.list(3, &[",", ", ", ",,"], Self::expression)
                    )
                },
                Self::field,
            ),
            12 => self.list(3, &["."], |w| w.one(NAMES)),
            _ => self.nested(|w| format!("[{}]", w.pipeline(false)), Self::field),
        }
    }

    /// A search expression.
    pub fn search(&mut self) -> String {
        match self.chance.below(14) {
            0 | 1 => self.value(),
            2..=4 => {
                let op = self.one(&["=", "==", "!=", "<", "<=", ">", ">=", " = ", "= ", "::"]);
                [self.field(), op, self.value()].concat()
            }
            5 => {
                let (field, word) = (self.field(), self.one(&[" IN ", " in", " NOT IN ", "in "]));
                format!(
                    "{field}{word}({})",
                    self.list(3, &[",", ", ", " "], Self::value)
                )
            }
            6 => {
                let (call, gap) = (self.one(&["TERM", "CASE", "term", "case"]), self.gap());
                format!("{call}({gap}{}{gap})", self.value())
            }
            7 => self.nested(|w| format!("({}{})", w.search(), w.gap()), Self::value),
            8 => self.nested(|w| format!("[{}]", w.pipeline(false)), Self::value),
            9 => self.nested(
                |w| w.one(&["NOT ", "not ", "NOT", "NOT NOT "]) + &w.search(),
                Self::value,
            ),
            10 => self.nested(
                |w| format!("{}=({} OR {})", w.field(), w.value(), w.value()),
                Self::value,
            ),
            _ => self.nested(
                |w| {
                    let between = w.one(&[
                        " ", " ", " OR ", " AND ", " or ", "OR", ", ", "\n", "\u{a0}",
                    ]);
                    [w.search(), between, w.search()].concat()
                },
                Self::value,
            ),
        }
    }

    fn option(&mut self) -> String {
        let (name, equals) = (
            self.one(OPTIONS),
            self.one(&["=", "=", "=", " = ", "= ", "=="]),
        );
        let value = match self.chance.below(6) {
            0 => format!("eval({})", self.nested(Self::expression, Self::field)),
            1 => format!("({})", self.nested(Self::search, Self::field)),
            2 => format!("\"({})\"", self.field()),
            _ => self.value(),
        };
        [name, equals, value].concat()
    }

    fn aggregate(&mut self) -> String {
        let function = self.one(AGGREGATES);
        let arg = match self.chance.below(8) {
            0 | 1 => String::new(),
            2 => format!(
                "({}eval({}))",
                self.gap(),
                self.nested(Self::expression, Self::field)
            ),
            3 => format!(
                "({}({}){})",
                self.one(AGGREGATES),
                self.field(),
                self.one(&["", ", 1h", ",1h"])
            ),
            4 => format!("({})", self.nested(Self::expression, Self::field)),
            _ => format!(
                "{}({}{}{})",
                self.gap(),
                self.gap(),
                self.field(),
                self.gap()
            ),
        };
        let alias = match self.chance.below(4) {
            0 => format!(
                "{}{}{}{}",
                self.blank(),
                self.one(&["AS", "as", "asé"]),
                self.blank(),
                self.field()
            ),
            _ => String::new(),
        };
        [function, arg, alias].concat()
    }

    /// An argument of any command.
    fn argument(&mut self) -> String {
        match self.chance.below(16) {
            0 | 1 => self.option(),
            2..=4 => self.field(),
            5 => self.one(KEYWORDS),
            6 | 7 => self.aggregate(),
            8 => self.value(),
            9 => self.text(),
            10 => self.nested(Self::expression, Self::field),
            11 => format!(
                "{}{}{}{}{}",
                self.field(),
                self.blank(),
                self.one(&["AS", "as"]),
                self.blank(),
                self.field()
            ),
            12 => self.nested(
                |w| format!("[{}{}{}]", w.gap(), w.pipeline(false), w.gap()),
                Self::field,
            ),
            13 => format!(
                "{}{}={}{}",
                self.field(),
                self.gap(),
                self.gap(),
                self.nested(Self::expression, Self::field)
            ),
            14 => format!("{}{}", self.one(&["-", "+", "- ", "+ "]), self.field()),
            _ => format!(
                "{}({})",
                self.one(&["ctime", "auto", "num", "ip", "sma5", "str"]),
                self.field()
            ),
        }
    }

    fn arguments(&mut self, command: &str) -> String {
        let by = |w: &mut Self| match w.odds(2) {
            true => String::new(),
            false => format!(
                "{}by{}{}",
                w.blank(),
                w.blank(),
                w.list(3, &[" ", ",", ", "], Self::field)
            ),
        };
        if self.odds(5) {
            return self.list(5, &[" ", " ", ",", ", ", ""], Self::argument);
        }
        match command {
            "search" | "tstats" if self.odds(2) => self.list(3, &[" "], Self::search),
            "where" | "regex" => self.expression(),
            "eval" | "fieldformat" => self.list(3, &[",", ", ", " , "], |w| {
                let (field, gap) = (w.field(), w.gap());
                format!("{field}{gap}={gap}{}", w.expression())
            }),
            "stats" | "eventstats" | "streamstats" | "tstats" | "mstats" | "chart"
            | "timechart" | "geostats" => {
                self.list(3, &[" ", ",", ", "], Self::aggregate) + &by(self)
            }
            "table" | "fields" | "mvexpand" | "gauge" => {
                self.list(4, &[" ", ",", ", "], Self::field)
            }
            "rename" | "bin" | "lookup" | "delta" | "predict" => {
                self.list(3, &[",", ", ", " "], |w| {
                    format!("{} AS {}", w.field(), w.field())
                })
            }
            "sort" | "dedup" => self.list(4, &[" ", ", ", ","], |w| {
                let sign = w.one(&["", "", "-", "+", "- ", "+ ", "--", "+-"]);
                match w.odds(4) {
                    true => format!(
                        "{sign}{}({})",
                        w.one(&["num", "str", "ip", "auto", "x"]),
                        w.field()
                    ),
                    false => sign + &w.field(),
                }
            }),
            "append" | "join" | "union" | "set" | "foreach" | "map" | "multisearch"
            | "appendpipe" => {
                let before = self.list(2, &[" "], Self::argument);
                let inside = self.nested(|w| w.pipeline(false), |_| "search x".to_owned());
                format!(
                    "{before}{}[{}{inside}{}]",
                    self.blank(),
                    self.gap(),
                    self.gap()
                )
            }
            "rex" => format!("field={} {}", self.field(), self.text()),
            _ => self.list(4, &[" ", " ", ", ", ","], Self::argument),
        }
    }

    /// Something nested up to the limits and beyond.
    pub fn deep(&mut self) -> String {
        const PAIRS: &[(&str, &str)] = &[
            ("(", ")"),
            ("f(", ")"),
            ("NOT ", ""),
            ("-", ""),
            ("1+(", ")"),
            ("a IN (", ")"),
            ("x=(", ")"),
            ("[search ", "]"),
            ("[| append ", "]"),
            ("if(a,b,", ")"),
            ("(a OR ", ")"),
            ("a.", ""),
            ("1-", ""),
            ("a AND ", ""),
        ];
        let (open, close) = self.chance.one(PAIRS);
        let depth = self.chance.one(&[18, 21, 49, 99, 100, 101, 249, 251, 1000]);
        let inside = self.field();
        [open.repeat(depth), inside, close.repeat(depth)].concat()
    }

    /// Pieces in any order, with few blanks between them.
    pub fn soup(&mut self) -> String {
        const SIGNS: &[&str] = &[
            "=", "!=", "(", ")", "[", "]", "|", "|", "| ", ",", "'", "\"", "\\", "`", "-", "+",
            "*", "::", "<", ".", " ", " ", " ",
        ];
        let mut out = String::new();
        for _ in 0..self.chance.below(25) {
            out += &match self.chance.below(12) {
                0 => self.one(NAMES),
                1 => self.one(KEYWORDS),
                2 => self.one(COMMANDS),
                3 => self.one(AGGREGATES),
                4 => self.one(OPTIONS),
                5 => self.one(OPERATORS),
                6 => self.one(VALUES),
                7 => self.text(),
                8 => self.one(BLANKS),
                _ => self.one(SIGNS),
            };
        }
        out
    }

    /// A pipeline; the first one of a search may begin with a search.
    pub fn pipeline(&mut self, outermost: bool) -> String {
        let mut out = String::new();
        if outermost && self.odds(2) {
            out += &self.list(2, &[" "], Self::search);
        }
        let stages = self.chance.below(if outermost { 4 } else { 3 });
        for stage in 0..=stages {
            if outermost || stage > 0 || self.odds(2) {
                out += &[self.gap(), "|".to_owned(), self.gap()].concat();
            }
            let command = self.one(COMMANDS);
            out += &command;
            out += &self.blank();
            out += &self.arguments(&command);
        }
        out
    }
}
