//! Parses `(*...)`: options at the start of a pattern, and backtracking verbs.

use super::ast::{Newline, Verb, What};
use super::parse::Parser;
use super::problem::Problem;

impl Parser<'_> {
    /// Parses `(*UTF8)`, `(*ANYCRLF)` and similar options; stops before anything else.
    pub(super) fn start_options(&mut self) -> Result<(), Problem> {
        while let Some(rest) = self.rest().strip_prefix("(*") {
            let Some(end) = rest.find(')') else {
                return Ok(());
            };
            let name = &rest[..end];
            let after = self.at + "(*".len() + end + ")".len();
            match name {
                "UCP" => self.out.unicode_classes = true,
                "CR" => self.out.newline = Newline::Cr,
                "LF" => self.out.newline = Newline::Lf,
                "CRLF" => self.out.newline = Newline::CrLf,
                "ANYCRLF" => self.out.newline = Newline::AnyCrLf,
                "ANY" => self.out.newline = Newline::Any,
                "NUL" => self.out.newline = Newline::Nul,
                "BSR_ANYCRLF" => self.out.plain_breaks = true,
                "BSR_UNICODE" => self.out.plain_breaks = false,
                // Text is always UTF-8; the others only affect how PCRE works.
                "UTF" | "UTF8" | "NO_AUTO_POSSESS" | "NO_DOTSTAR_ANCHOR" | "NO_JIT"
                | "NO_START_OPT" => {}
                "NOTEMPTY" | "NOTEMPTY_ATSTART" => {
                    let what = format!("(*{name}) is not supported");
                    return Err(Problem::unsupported(after, what));
                }
                // Matching has its own limits.
                limit if limit.starts_with("LIMIT_") => {
                    let (word, value) = limit.split_once('=').unwrap_or((limit, ""));
                    let known = [
                        "LIMIT_MATCH",
                        "LIMIT_DEPTH",
                        "LIMIT_RECURSION",
                        "LIMIT_HEAP",
                    ];
                    if !known.contains(&word) || value.parse::<u32>().is_err() {
                        return Err(Problem::pcre(after - 1, 160));
                    }
                }
                _ => return Ok(()),
            }
            self.at = after;
        }
        Ok(())
    }

    /// Parses after a parenthesis at `from` that is followed by an asterisk.
    pub(super) fn starred(&mut self, from: usize) -> Result<Option<What>, Problem> {
        self.at += 1;
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        let argument = self.eat(":");
        if word.starts_with(|c: char| c.is_ascii_lowercase()) {
            if !argument {
                return Err(self.pcre(195));
            }
            return self.worded(from, word);
        }
        let mut named = false;
        if argument {
            let Some(close) = self.rest().find(')') else {
                self.at = self.text.len();
                return Err(self.pcre(160));
            };
            named = close > 0;
            self.at += close;
        }
        if !self.eat(")") {
            return Err(self.pcre(160));
        }
        let verb = match word {
            "MARK" | "" if !named => return Err(Problem::pcre(self.at - 1, 166)),
            "MARK" | "" => return Ok(None),
            "F" | "FAIL" => Verb::Fail,
            "ACCEPT" => Verb::Accept,
            "COMMIT" => Verb::Commit,
            "PRUNE" => Verb::Prune,
            "THEN" => Verb::Then,
            "SKIP" if named => {
                let what = "(*SKIP) to a mark is not supported";
                return Err(Problem::unsupported(self.at, what));
            }
            "SKIP" => Verb::Skip,
            _ => return Err(Problem::pcre(self.at - 1, 160)),
        };
        Ok(Some(What::Verb(verb)))
    }
}
