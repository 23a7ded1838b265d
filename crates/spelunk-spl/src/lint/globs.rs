//! Static relations between patterns with `*`.

/// Whether `outer` matches everything that `inner` matches, ignoring case. `true` is certain; `false` is not.
pub fn covers(outer: &str, inner: &str) -> bool {
    let (outer, inner) = (folded(outer), folded(inner));
    // A `*` of the inner pattern is a letter that only a `*` of the outer one matches.
    matches(&outer, &inner, |p, t| p == t && t != '*')
}

/// Whether some text matches both patterns, ignoring case.
pub fn overlap(a: &str, b: &str) -> bool {
    let (a, b) = (folded(a), folded(b));
    let mut seen = vec![vec![false; b.len() + 1]; a.len() + 1];
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        if i > a.len() || j > b.len() || std::mem::replace(&mut seen[i][j], true) {
            continue;
        }
        if i == a.len() && j == b.len() {
            return true;
        }
        let (x, y) = (a.get(i), b.get(j));
        if x == Some(&'*') {
            open.push((i + 1, j));
            if j < b.len() {
                open.push((i, j + 1));
            }
        }
        if y == Some(&'*') {
            open.push((i, j + 1));
            if i < a.len() {
                open.push((i + 1, j));
            }
        }
        if x.is_some() && x == y {
            open.push((i + 1, j + 1));
        }
    }
    false
}

fn folded(text: &str) -> Vec<char> {
    let mut out: Vec<char> = text.to_lowercase().chars().collect();
    out.dedup_by(|a, b| *a == '*' && *b == '*');
    out
}

fn matches(pattern: &[char], text: &[char], same: impl Fn(char, char) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            back = Some((p, t));
            p += 1;
        } else if p < pattern.len() && same(pattern[p], text[t]) {
            p += 1;
            t += 1;
        } else if let Some((star, from)) = back {
            back = Some((star, from + 1));
            p = star + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::{covers, overlap};

    #[test]
    fn a_pattern_covers_what_it_always_matches() {
        for (outer, inner) in [("*", ""), ("a*", "AB*c"), ("*x*", "*wxyz*"), ("ab", "ab")] {
            assert!(covers(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in [("ab", "a*"), ("a*c", "a*"), ("*x", "x*"), ("", "*")] {
            assert!(!covers(outer, inner), "{outer} {inner}");
        }
    }

    #[test]
    fn patterns_overlap_where_a_text_fits_both() {
        for (a, b) in [
            ("a*", "*b"),
            ("*x*", "*y*"),
            ("", "*"),
            ("a*c", "ab*"),
            ("A", "a"),
        ] {
            assert!(overlap(a, b) && overlap(b, a), "{a} {b}");
        }
        for (a, b) in [("a", "b"), ("a*", "b*"), ("*.exe", "*.dll"), ("", "a*")] {
            assert!(!overlap(a, b) && !overlap(b, a), "{a} {b}");
        }
    }
}
