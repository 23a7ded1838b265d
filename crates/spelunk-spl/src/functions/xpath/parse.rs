//! Parses an XPath expression into a tree.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Text(String),
    Number(f64),
    Binary(Op, Box<Expr>, Box<Expr>),
    Negative(Box<Expr>),
    Call(String, Vec<Expr>),
    Path { start: Start, steps: Vec<Step> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Union,
}

/// Where a path begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Start {
    Root,
    Here,
    /// The filtered value of an expression.
    Of(Box<Expr>, Vec<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub axis: Axis,
    pub test: Test,
    pub predicates: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Itself,
    Parent,
    Ancestor,
    AncestorOrSelf,
    Attribute,
    FollowingSibling,
    PrecedingSibling,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// `*`
    Any,
    Name(String),
    /// `node()`
    Node,
    /// `text()`
    Text,
}

/// More deeply nested expressions are rejected.
const MAX_DEPTH: usize = 60;

/// Parses an expression.
///
/// # Errors
/// A description of the syntax error, with its position.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let expr = parser.level(0)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.wrong("unexpected"));
    }
    Ok(expr)
}

/// Operators by precedence, lowest first; a word operator must not continue as a name.
const LEVELS: &[&[(&str, Op)]] = &[
    &[("or", Op::Or)],
    &[("and", Op::And)],
    &[("!=", Op::Unequal), ("=", Op::Equal)],
    &[
        ("<=", Op::LessOrEqual),
        ("<", Op::Less),
        (">=", Op::GreaterOrEqual),
        (">", Op::Greater),
    ],
    &[("+", Op::Add), ("-", Op::Subtract)],
    &[
        ("*", Op::Multiply),
        ("div", Op::Divide),
        ("mod", Op::Remainder),
    ],
    &[("|", Op::Union)],
];

/// The precedence level after which a sign may occur.
const SIGNED: usize = 6;

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn wrong(&self, what: &str) -> String {
        let rest = self.rest();
        let rest: String = rest.chars().take(20).collect();
        if rest.is_empty() {
            format!("the path `{}` ends too early", self.text)
        } else {
            format!("{what} `{rest}` in the path `{}`", self.text)
        }
    }

    /// Consumes a sign or word if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        self.blanks();
        let is_word = sign.starts_with(|c: char| c.is_alphabetic());
        let goes_on = |rest: &str| rest.starts_with(is_name_character);
        match self.rest().strip_prefix(sign) {
            Some(rest) if !(is_word && goes_on(rest)) => {
                self.at += sign.len();
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(self.wrong(&format!("expected `{sign}`, found")))
    }

    fn level(&mut self, level: usize) -> Result<Expr, String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.path();
        };
        if level == SIGNED && self.takes("-") {
            return self.deeper(|p| Ok(Expr::Negative(Box::new(p.level(SIGNED)?))));
        }
        let mut left = self.level(level + 1)?;
        while let Some((_, op)) = operators.iter().find(|(sign, _)| self.takes(sign)) {
            let right = if level + 1 == SIGNED {
                self.level(SIGNED)?
            } else {
                self.level(level + 1)?
            };
            left = Expr::Binary(*op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth == MAX_DEPTH {
            return Err("the path is nested too deeply".to_owned());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn path(&mut self) -> Result<Expr, String> {
        self.blanks();
        let mut steps = Vec::new();
        let start = if self.takes("//") {
            steps.push(anywhere());
            steps.push(self.step()?);
            Start::Root
        } else if self.takes("/") {
            self.blanks();
            if self.rest().is_empty() || self.rest().starts_with([']', ')', ',', '|', '=']) {
                return Ok(Expr::Path {
                    start: Start::Root,
                    steps,
                });
            }
            steps.push(self.step()?);
            Start::Root
        } else if let Some(primary) = self.primary()? {
            let predicates = self.predicates()?;
            self.blanks();
            if predicates.is_empty() && !self.rest().starts_with('/') {
                return Ok(primary);
            }
            Start::Of(Box::new(primary), predicates)
        } else {
            steps.push(self.step()?);
            Start::Here
        };
        loop {
            if self.takes("//") {
                steps.push(anywhere());
            } else if !self.takes("/") {
                return Ok(Expr::Path { start, steps });
            }
            steps.push(self.step()?);
        }
    }

    /// Parses a literal, a number, a group or a function call, if one comes next.
    fn primary(&mut self) -> Result<Option<Expr>, String> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Err(self.wrong("unexpected"));
        };
        match first {
            '"' | '\'' => {
                let Some(end) = rest[1..].find(first) else {
                    return Err(self.wrong("the text is not closed:"));
                };
                self.at += end + 2;
                Ok(Some(Expr::Text(rest[1..=end].to_owned())))
            }
            '(' => {
                self.at += 1;
                let inner = self.deeper(|p| p.level(0))?;
                self.expect(")")?;
                Ok(Some(inner))
            }
            c if c.is_ascii_digit()
                || c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                let end = rest
                    .find(|c: char| !c.is_ascii_digit() && c != '.')
                    .unwrap_or(rest.len());
                let number = rest[..end].parse().map_err(|_| self.wrong("bad number"))?;
                self.at += end;
                Ok(Some(Expr::Number(number)))
            }
            _ => self.call(),
        }
    }

    fn call(&mut self) -> Result<Option<Expr>, String> {
        let start = self.at;
        let name = self.name();
        self.blanks();
        let is_call = !name.is_empty()
            && self.rest().starts_with('(')
            && !matches!(name, "text" | "node" | "comment" | "processing-instruction");
        if !is_call {
            self.at = start;
            return Ok(None);
        }
        self.at += 1;
        let mut args = Vec::new();
        if !self.takes(")") {
            loop {
                args.push(self.deeper(|p| p.level(0))?);
                if self.takes(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        super::evaluate::check_call(name, args.len())?;
        Ok(Some(Expr::Call(name.to_owned(), args)))
    }

    /// Parses a name with its optional prefix; empty if none comes next.
    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return "";
        }
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            // `::` ends the name of an axis.
            if !is_name_character(c) && (c != ':' || rest[at..].starts_with("::")) {
                break;
            }
            end = at + c.len_utf8();
        }
        self.at += end;
        &rest[..end]
    }

    fn step(&mut self) -> Result<Step, String> {
        self.blanks();
        let simple = |axis| Step {
            axis,
            test: Test::Node,
            predicates: Vec::new(),
        };
        if self.takes("..") {
            return Ok(simple(Axis::Parent));
        }
        if self.takes(".") {
            return Ok(simple(Axis::Itself));
        }
        let mut axis = Axis::Child;
        if self.takes("@") {
            axis = Axis::Attribute;
        } else {
            let start = self.at;
            let name = self.name();
            if self.takes("::") {
                axis = named_axis(name)
                    .ok_or_else(|| format!("the axis `{name}` is not supported"))?;
            } else {
                self.at = start;
            }
        }
        self.blanks();
        let test = if self.takes("*") {
            Test::Any
        } else {
            let name = self.name();
            if name.is_empty() {
                return Err(self.wrong("expected a name, found"));
            }
            if self.takes("(") {
                self.expect(")")?;
                match name {
                    "text" => Test::Text,
                    "node" => Test::Node,
                    _ => return Err(format!("`{name}()` is not supported in a path")),
                }
            } else {
                Test::Name(name.to_owned())
            }
        };
        Ok(Step {
            axis,
            test,
            predicates: self.predicates()?,
        })
    }

    fn predicates(&mut self) -> Result<Vec<Expr>, String> {
        let mut found = Vec::new();
        while self.takes("[") {
            found.push(self.deeper(|p| p.level(0))?);
            self.expect("]")?;
        }
        Ok(found)
    }
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The step that `//` abbreviates.
fn anywhere() -> Step {
    Step {
        axis: Axis::DescendantOrSelf,
        test: Test::Node,
        predicates: Vec::new(),
    }
}

fn named_axis(name: &str) -> Option<Axis> {
    Some(match name {
        "child" => Axis::Child,
        "descendant" => Axis::Descendant,
        "descendant-or-self" => Axis::DescendantOrSelf,
        "self" => Axis::Itself,
        "parent" => Axis::Parent,
        "ancestor" => Axis::Ancestor,
        "ancestor-or-self" => Axis::AncestorOrSelf,
        "attribute" => Axis::Attribute,
        "following-sibling" => Axis::FollowingSibling,
        "preceding-sibling" => Axis::PrecedingSibling,
        _ => return None,
    })
}
