//! Resynchronization after a damaged JSON object: a missing quote or brace makes the objects after it look
//! like a part of it.

/// Maximum bytes of a file that are read again because of damage.
const MOST: usize = 256 << 20;

/// Finds the object after a damaged one by its column.
#[derive(Default)]
pub struct Resync {
    /// Bytes before the object on its line.
    column: usize,
    /// Bytes that were returned to be read again.
    again: usize,
}

impl Resync {
    /// An object begins after these bytes.
    pub fn begins(&mut self, before: &[u8]) {
        let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        self.column = before.len() - line;
    }

    /// Returns where the next object begins in the bytes of a damaged one: the first brace on a later line
    /// with only blanks, a comma or a bracket before it, and no more of them than the damaged object has.
    /// Anything deeper is part of the object. Also returns `None` when too many bytes would be read again.
    pub fn after(&mut self, damaged: &[u8]) -> Option<usize> {
        let begins = |end: usize| {
            let line = damaged[end + 1..].iter().take(self.column + 1);
            let before = |b: &&u8| matches!(b, b' ' | b'\t' | b',' | b'[');
            let at = end + 1 + line.take_while(before).count();
            (damaged.get(at) == Some(&b'{') && at - end - 1 <= self.column).then_some(at)
        };
        let at = memchr::memchr_iter(b'\n', damaged).find_map(begins)?;
        self.again += damaged.len() - at;
        (self.again <= MOST).then_some(at)
    }
}
