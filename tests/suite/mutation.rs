//! Chance that a seed decides, and texts and bytes changed by it.

/// Chance that begins with a seed and is the same on every machine (SplitMix64).
pub struct Chance(u64);

impl Chance {
    /// The chance that begins so.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`; 0 when there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        match limit {
            0 => 0,
            _ => (self.next() % limit as u64) as usize,
        }
    }

    /// One of several.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// One of several that are large.
    pub fn among<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Two places in order, at most `most` apart.
    fn range(&mut self, length: usize, most: usize) -> (usize, usize) {
        let start = self.below(length + 1);
        let end = start + self.below(most.min(length - start) + 1);
        (start, end)
    }
}

/// Bytes changed in one to four places: bits turned, numbers set to their bounds, pieces cut out,
/// doubled, put in from another text, or the end cut off.
pub fn bytes(chance: &mut Chance, of: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = of.to_vec();
    for _ in 0..=chance.below(4) {
        let (start, end) = chance.range(out.len(), 400);
        match chance.below(8) {
            0 if start < out.len() => out[start] ^= 1 << chance.below(8),
            1 if start < out.len() => out[start] = chance.below(256) as u8,
            2 => {
                let numbers: [u32; 6] = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, 0xffff];
                let number = chance.one(&numbers).to_le_bytes();
                for (place, byte) in out.iter_mut().skip(start).zip(number) {
                    *place = byte;
                }
            }
            3 => drop(out.drain(start..end)),
            4 => {
                let piece = out[start..end].to_vec();
                out.splice(start..start, piece);
            }
            5 => {
                let (from, to) = chance.range(other.len(), 400);
                out.splice(start..end, other[from..to].iter().copied());
            }
            6 => out.truncate(start),
            _ => {
                let pieces: [&[u8]; 12] = [
                    b"\"", b"\n", b"{", b"]", b"<", b"\0", b"\xff", b"\\", b",", b"&#0;", b"1e999",
                    b"-",
                ];
                out.splice(start..start, chance.one(&pieces).iter().copied());
            }
        }
    }
    out
}

/// A search cut into words, blanks, quoted texts and single signs.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '*');
        let length = if word(first) {
            rest.find(|c| !word(c))
        } else if first.is_whitespace() {
            rest.find(|c: char| !c.is_whitespace())
        } else if first == '"' {
            rest[1..].find('"').map(|at| at + 2)
        } else {
            Some(first.len_utf8())
        };
        let (token, after) = rest.split_at(length.unwrap_or(rest.len()));
        found.push(token);
        rest = after;
    }
    found
}

/// A search changed by characters, by tokens, or by stages and brackets of another.
pub fn search(chance: &mut Chance, of: &str, other: &str) -> String {
    const SIGNS: [&str; 40] = [
        "|", "[", "]", "(", ")", "\"", "'", "`", "=", "!=", "<", ",", ".", "*", "\\", "$x$", "```",
        " BY ", " AS ", " OR ", " NOT ", " IN ", "-1", "0", "1e400", "99999", "0.5", "null()",
        "{}", "%", "é", "\n", "span=1h", "limit=0", "@d", "x", "_time", "count", "true", "\"\"",
    ];
    let mut text = of.to_owned();
    for _ in 0..=chance.below(3) {
        let mut pieces: Vec<&str> = tokens(&text);
        let at = chance.below(pieces.len());
        match chance.below(8) {
            0 if !pieces.is_empty() => drop(pieces.remove(at)),
            1 if !pieces.is_empty() => pieces.insert(at, pieces[at]),
            2 if !pieces.is_empty() => {
                let to = chance.below(pieces.len());
                pieces.swap(at, to);
            }
            3 => pieces.insert(at, chance.one(&SIGNS)),
            4 if !pieces.is_empty() => pieces[at] = chance.one(&SIGNS),
            5 => {
                let others = tokens(other);
                if !pieces.is_empty() && !others.is_empty() {
                    pieces[at] = chance.one(&others);
                }
            }
            6 => {
                let stages: Vec<&str> = text.split('|').collect();
                let others: Vec<&str> = other.split('|').collect();
                let mut made = stages.clone();
                let to = chance.below(made.len() + 1);
                made.insert(to, chance.one(&others));
                text = made.join("|");
                continue;
            }
            _ => {
                let mut letters: Vec<char> = text.chars().collect();
                if !letters.is_empty() {
                    let at = chance.below(letters.len());
                    match chance.below(2) {
                        0 => drop(letters.remove(at)),
                        _ => letters
                            .insert(at, chance.one(&['"', ' ', '(', '\\', '=', 'a', '\u{301}'])),
                    }
                }
                text = letters.into_iter().collect();
                continue;
            }
        }
        text = pieces.concat();
    }
    text
}
