//! Text to tree and back: the pest grammar, the parser, the printer. Knows no command and no function by name.

pub mod ast;
