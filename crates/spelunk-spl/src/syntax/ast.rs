//! The tree of a search: pipelines of stages whose arguments are given by shape, not by command.

use crate::source::Span;

/// A name with its place: of a command, a function, a field, an option.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name, without its quotes.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// `search a=1 | stats count`: stages joined by `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The stages in order. The implicit leading `search` is spelled out.
    pub stages: Vec<Stage>,
    /// All of it.
    pub span: Span,
}

/// One command with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The command's name as typed.
    pub name: Name,
    /// Its arguments in order.
    pub args: Vec<Arg>,
    /// The whole stage.
    pub span: Span,
}

/// One argument, by shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// What it is.
    pub kind: ArgKind,
    /// Where it stands.
    pub span: Span,
}

/// The shapes of arguments.
#[allow(missing_docs)] // the names of the fields say it
#[derive(Clone, Debug, PartialEq)]
pub enum ArgKind {
    /// `limit=3`: an option and its value.
    Option { name: Name, value: Literal },
    /// A field name, or a pattern of field names with `*`; quoted or not.
    Field(Name),
    /// A literal that is no field: `5`, `"text"`.
    Literal(Literal),
    /// `+` or `-` before a list of fields (`fields - a`, `sort - a`); before one field (`sort -a`) it is in [`ArgKind::SortKey`].
    Sign(char),
    /// A keyword of the command: `BY`, `AS`, `OVER`, `OUTPUT`, `OUTPUTNEW`, `WHERE`, `FROM`, `SORTBY`, `WITH`, upper-cased; after `chart ... where` also `IN`, `NOTIN` and comparison signs; at the end of `sort` `DESC`.
    Keyword(String),
    /// `startswith=eval(x>1)`, `reset_before=(x>1)`: an option whose value is an expression.
    OptionExpr { name: Name, value: Expr },
    /// `startswith=(action=in)`: an option whose value is a search expression.
    OptionSearch { name: Name, value: Search },
    /// `x=1+2`: an assignment of `eval`.
    Assign { field: Name, value: Expr },
    /// An expression on its own: `where`'s argument, `reset_before=(...)`.
    Expr(Expr),
    /// `sum(x) AS y`, `count`, `count(eval(a=1))`.
    Aggregate(Aggregate),
    /// A search expression: the argument of `search`, of `tstats ... where`.
    Search(Search),
    /// `[ ... ]`.
    Subsearch(Pipeline),
    /// The text between the brackets of `foreach` and `map`, where tokens (`<<FIELD>>`, `$x$`)
    /// must be put in before it is parsed with [`crate::syntax::parse_fragment`].
    Template(String),
    /// All arguments of a command whose shape is not known, as they stand.
    Raw(String),
    /// `-num(size)`: a key of `sort`.
    SortKey {
        descending: bool,
        /// `auto`, `num`, `str`, `ip`.
        function: Option<Name>,
        field: Name,
    },
    /// `a AS b`, as in `rename`, `lookup`; both may hold `*`.
    Pair { from: Name, to: Name },
    /// `ctime(x) AS y`: a function over a field or field pattern, as in `convert`.
    Call {
        function: Name,
        args: Vec<Name>,
        alias: Option<Name>,
    },
    /// `a=b` where both are fields or patterns (`regex f="..."`, `regex f!="..."`, `rename`-like): operator and right side as text.
    Comparison {
        field: Name,
        op: CompareOp,
        value: Literal,
    },
}

/// A value written out.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// The text, without quotes and with `\"` and `\\` resolved.
    pub text: String,
    /// Whether it stood in double quotes.
    pub quoted: bool,
    /// Where it stands.
    pub span: Span,
}

/// An aggregation of `stats` and its kin.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The function as typed: `count`, `perc95`, `c`.
    pub function: Name,
    /// What it aggregates.
    pub arg: AggregateArg,
    /// `AS name`.
    pub alias: Option<Name>,
    /// The name of the result column without `AS`: as typed, `count(eval(x=1))`.
    pub label: String,
    /// Where it stands, without the alias.
    pub span: Span,
}

/// The argument of an aggregation.
#[derive(Clone, Debug, PartialEq)]
pub enum AggregateArg {
    /// `count` or `count()`.
    None,
    /// `sum(x)`, `avg(*)`, `values(Processes.user)`.
    Field(Name),
    /// `count(eval(x>1))`, `sum(eval(a*b))`.
    Eval(Expr),
    /// `sparkline(count, 1h)`: an aggregation and a span.
    Nested(Box<Aggregate>, Option<Literal>),
}

/// An expression of `eval` and `where`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1.50`, with the text as typed (its digits count in `sigfig` and decimal products).
    Number(f64, String),
    /// `"text"`, escapes resolved.
    Text(String),
    /// `field` or `'odd field'`.
    Field(String),
    /// `-x`, `NOT x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`, `a AND b`, `a LIKE b`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `x IN (a, b)`.
    In(Box<Expr>, Vec<Expr>),
    /// `f(a, b)`.
    Call(Name, Vec<Expr>),
    /// `a.b` without blanks: the field `a.b` where the schema knows it (the segments joined by
    /// dots), else the fields `a` and `b` joined. Two segments or more.
    Dotted(Vec<Name>),
    /// `[ ... ]`, replaced by its formatted result.
    Subsearch(Pipeline),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `+`
    Plus,
    /// `NOT`
    Not,
}

/// Operators with two operands, loosest binding first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `XOR`
    Xor,
    /// `OR`
    Or,
    /// `AND`
    And,
    /// `=`, `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `LIKE`
    Like,
    /// `.`
    Concat,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
}

/// A search expression: what `search`, `tstats ... where`, event types and constraints take.
#[allow(missing_docs)] // the names of the fields say it
#[derive(Clone, Debug, PartialEq)]
pub enum Search {
    /// All of them; empty matches everything.
    And(Vec<Search>),
    /// One of them.
    Or(Vec<Search>),
    /// Not.
    Not(Box<Search>),
    /// `field=value`.
    Compare {
        field: Name,
        op: CompareOp,
        value: Literal,
    },
    /// `field IN (a, b*)`.
    In { field: Name, values: Vec<Literal> },
    /// A bare word or a quoted phrase, matched in `_raw`.
    Term(Literal),
    /// `TERM(x)`.
    ExactTerm(Literal),
    /// `CASE(x)`.
    CaseTerm(Literal),
    /// `[ ... ]`, replaced by its formatted result.
    Subsearch(Pipeline),
    /// `earliest=[ ... ]`: compared with what the subsearch returns; a `list` is one of the values
    /// in `IN ([ ... ])`.
    CompareSubsearch {
        field: Name,
        op: CompareOp,
        pipeline: Pipeline,
        list: bool,
    },
}

/// Comparisons of a search expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `=`, `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl BinaryOp {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Xor => "XOR",
            BinaryOp::Or => "OR",
            BinaryOp::And => "AND",
            BinaryOp::Eq => "=",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Like => "LIKE",
            BinaryOp::Concat => ".",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
        }
    }
}

impl CompareOp {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Eq => "=",
            CompareOp::Ne => "!=",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }
}
