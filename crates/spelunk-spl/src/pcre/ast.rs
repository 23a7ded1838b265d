//! The syntax tree of a PCRE pattern.

/// Options that inline groups such as `(?i)` set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// `i`
    pub(super) caseless: bool,
    /// `m`
    pub(super) multiline: bool,
    /// `s`
    pub(super) dot_all: bool,
    /// `x`
    pub(super) extended: bool,
    /// `xx`
    pub(super) extended_more: bool,
    /// `n`
    pub(super) no_capture: bool,
    /// `U`
    pub(super) ungreedy: bool,
    /// `J`
    pub(super) duplicate_names: bool,
}

/// A byte range of the pattern, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Alternatives, each a sequence of nodes.
pub(super) type Branches = Vec<Vec<Node>>;

/// A node of a pattern and its position.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) what: What,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum What {
    /// `(?i)`: options from here to the end of the group.
    Flags(Flags),
    /// One character; `quoted` if it is between `\Q` and `\E`.
    Literal {
        is: char,
        quoted: bool,
    },
    /// `.`
    Dot {
        all: bool,
    },
    /// `\N`
    NotNewline,
    /// `\C`
    Unit,
    /// `\R`
    LineBreak,
    /// `\X`
    Grapheme,
    /// One character of a set: `[...]`, `\d`, `\p{L}`.
    Set(Set),
    Assertion(Assertion),
    /// `\K`
    Keep,
    Group(Box<Group>),
    Repeat(Box<Repeat>),
    Backreference(Reference),
    /// `(?1)`, `(?&name)`, `(?R)`
    Call(Reference),
    Conditional(Box<Conditional>),
    Verb(Verb),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assertion {
    /// `^`
    Start { multiline: bool },
    /// `$`
    End { multiline: bool },
    /// `\A`
    TextStart,
    /// `\z`
    TextEnd,
    /// `\Z`
    LastLine,
    /// `\G`
    Continue,
    /// `\b`
    Word,
    /// `\B`
    NotWord,
}

/// A set of characters.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) negated: bool,
    pub(super) items: Vec<Item>,
    /// The engine reads the set as written in the same way as PCRE.
    pub(super) verbatim: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Item {
    Char(char),
    Range(char, char),
    Shorthand { is: Shorthand, negated: bool },
    Posix { name: &'static str, negated: bool },
    Property { name: String, negated: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shorthand {
    Digit,
    Space,
    Word,
    /// `\h`
    Horizontal,
    /// `\v`
    Vertical,
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) kind: GroupKind,
    pub(super) body: Branches,
    /// Options at the start of the body.
    pub(super) flags: Flags,
    /// The opening of the group, up to its body.
    pub(super) open: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupKind {
    Capture(u32),
    Plain,
    Atomic,
    /// `(?|...)`
    BranchReset,
    Look {
        behind: bool,
        negated: bool,
    },
}

#[derive(Debug)]
pub(super) struct Repeat {
    pub(super) item: Node,
    pub(super) min: u32,
    /// `None` means no limit.
    pub(super) max: Option<u32>,
    pub(super) greed: Greed,
    /// The quantifier as written, if the engine reads it in the same way.
    pub(super) written: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

/// A reference to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Number(u32),
    Name(String),
}

#[derive(Debug)]
pub(super) struct Conditional {
    pub(super) condition: Condition,
    pub(super) yes: Vec<Node>,
    pub(super) no: Vec<Node>,
}

#[derive(Debug)]
pub(super) enum Condition {
    /// The group is set.
    Group(Reference),
    /// A lookaround such as `(?=...)`.
    Look(Node),
    /// `DEFINE`: never.
    Define,
    /// `R`, `R1`, `R&name`: inside a call, of any group or of this one.
    Inside(Option<Reference>),
    /// `VERSION>=10`: known when the pattern is parsed.
    Known(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Fail,
    Accept,
    Commit,
    Prune,
    Skip,
    Then,
}

/// Line endings: `(*ANYCRLF)` and similar options at the start of a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Newline {
    #[default]
    Lf,
    Cr,
    CrLf,
    AnyCrLf,
    Any,
    Nul,
}

/// A parsed pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) body: Branches,
    /// The names of the groups; group 0 is the whole match.
    pub(super) names: Vec<Option<String>>,
    pub(super) newline: Newline,
    /// `(*BSR_ANYCRLF)`: `\R` is CR, LF or both.
    pub(super) plain_breaks: bool,
    /// `(*UCP)`: POSIX classes use Unicode.
    pub(super) unicode_classes: bool,
    /// Names of Unicode properties, and their positions.
    pub(super) properties: Vec<(String, usize)>,
}

impl Pattern {
    /// The groups that a reference names; several with `(?J)`.
    pub(super) fn groups(&self, reference: &Reference) -> Vec<u32> {
        match reference {
            Reference::Number(number) => vec![*number],
            Reference::Name(name) => (0..)
                .zip(&self.names)
                .filter(|(_, known)| known.as_deref() == Some(name))
                .map(|(number, _)| number)
                .collect(),
        }
    }
}
