//! The AST of a search: pipelines of stages whose arguments are described by shape, not by command.

use crate::source::Span;

/// A name with its span: of a command, a function, a field or an option.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name, without its quotes.
    pub text: String,
    /// Its span.
    pub span: Span,
    /// Whether it was quoted.
    pub quoted: bool,
}

/// `search a=1 | stats count`: stages joined by `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The stages in order. The implicit leading `search` is made explicit.
    pub stages: Vec<Stage>,
    /// Span of the whole pipeline.
    pub span: Span,
}

/// One command with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The command's name as typed.
    pub name: Name,
    /// Its arguments in order.
    pub args: Vec<Arg>,
    /// Span of the whole stage.
    pub span: Span,
}

/// One argument, by shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// Its kind.
    pub kind: ArgKind,
    /// Its span.
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
    /// A literal that is not a field: `5`, `"text"`.
    Literal(Literal),
    /// `+` or `-` before a list of fields (`fields - a`, `sort - a`). Before a single field (`sort -a`) it is
    /// part of [`ArgKind::SortKey`].
    Sign(char),
    /// A keyword of the command, in upper case: `BY`, `AS`, `OVER`, `OUTPUT`, `OUTPUTNEW`, `WHERE`, `FROM`,
    /// `SORTBY`, `WITH`; after `chart ... where` also `IN`, `NOTIN` and comparison operators; at the end of
    /// `sort` also `DESC`.
    Keyword(String),
    /// `startswith=eval(x>1)`, `reset_before=(x>1)`: an option whose value is an expression.
    OptionExpr { name: Name, value: Expr },
    /// `startswith=(action=in)`: an option whose value is a search expression.
    OptionSearch { name: Name, value: Search },
    /// `x=1+2`: an assignment of `eval`.
    Assign { field: Name, value: Expr },
    /// A bare expression: the argument of `where`, `reset_before=(...)`.
    Expr(Expr),
    /// `sum(x) AS y`, `count`, `count(eval(a=1))`.
    Aggregate(Aggregate),
    /// A search expression: the argument of `search` or of `tstats ... where`.
    Search(Search),
    /// `[ ... ]`.
    Subsearch(Pipeline),
    /// The text between the brackets of `foreach` and `map`, whose tokens (`<<FIELD>>`, `$x$`) must be
    /// substituted before it is parsed with [`crate::syntax::parse_fragment`].
    Template(String),
    /// Text with subsearches whose results, as text, take their places before it is parsed:
    /// `head [| makeresults | return $n]`.
    Splice(Vec<SplicePart>),
    /// The unparsed arguments of a command whose shape is unknown.
    Raw(String),
    /// `-num(size)`: a key of `sort`.
    SortKey {
        descending: bool,
        /// `auto`, `num`, `str`, `ip`.
        function: Option<Name>,
        field: Name,
    },
    /// `a AS b`, as in `rename`, `lookup`; both may contain `*`.
    Pair { from: Name, to: Name },
    /// `ctime(x) AS y`: a function over a field or field pattern, as in `convert`.
    Call {
        function: Name,
        args: Vec<Name>,
        alias: Option<Name>,
    },
    /// `a=b` with a field or pattern on both sides (`regex f="..."`, `regex f!="..."`, like `rename`):
    /// operator and right side as text.
    Comparison {
        field: Name,
        op: CompareOp,
        value: Literal,
    },
}

/// A part of [`ArgKind::Splice`].
#[derive(Clone, Debug, PartialEq)]
pub enum SplicePart {
    /// Text as written.
    Text(String),
    /// A subsearch.
    Subsearch(Pipeline),
}

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// The text, without quotes and with `\"` and `\\` unescaped.
    pub text: String,
    /// Whether it was in double quotes.
    pub quoted: bool,
    /// Its span.
    pub span: Span,
}

/// An aggregation of `stats` and related commands.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The function as typed: `count`, `perc95`, `c`.
    pub function: Name,
    /// Its argument.
    pub arg: AggregateArg,
    /// `AS name`.
    pub alias: Option<Name>,
    /// The name of the result column without `AS`: as typed, `count(eval(x=1))`.
    pub label: String,
    /// Its span, without the alias.
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
    /// Its kind.
    pub kind: ExprKind,
    /// Its span.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1.50`, with the text as typed (its digits count in `sigfig` and decimal products).
    Number(f64, String),
    /// `"text"`, unescaped.
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
    /// `a.b` without blanks, with two or more segments: the field `a.b` if the schema contains it (the
    /// segments joined by dots), otherwise the concatenation of fields `a` and `b`.
    Dotted(Vec<Name>),
    /// `[ ... ]`, replaced with its formatted result.
    Subsearch(Pipeline),
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `+`
    Plus,
    /// `NOT`
    Not,
}

/// Binary operators, lowest precedence first.
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

/// A search expression, as used by `search`, `tstats ... where`, event types and constraints.
#[allow(missing_docs)] // the names of the fields say it
#[derive(Clone, Debug, PartialEq)]
pub enum Search {
    /// Conjunction; empty matches everything.
    And(Vec<Search>),
    /// Disjunction.
    Or(Vec<Search>),
    /// Negation.
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
    /// `[ ... ]`, replaced with its formatted result.
    Subsearch(Pipeline),
    /// `earliest=[ ... ]`: a comparison with the subsearch's result. If `list` is set, it is one of the
    /// values in `IN ([ ... ])`.
    CompareSubsearch {
        field: Name,
        op: CompareOp,
        pipeline: Pipeline,
        list: bool,
    },
}

/// Comparison operators of a search expression.
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
    /// The operator as written.
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
    /// The operator as written.
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
