//! Draws errors: the line, a caret, what is wrong, what to do.
