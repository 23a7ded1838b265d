//! Maps an offset in a detection's search to a line of its file.

/// A position in a file, starting at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// The position of byte `offset` of the search in the YAML text whose key `search` is at `line`.
///
/// YAML folds lines and doubles quotes, but the search's characters occur in the file in the same order, with
/// other blanks and with escapes between them, so they are matched one by one.
pub fn in_yaml(yaml: &str, line: usize, search: &str, offset: usize) -> Place {
    let start: usize = yaml
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut at = start
        + yaml[start..]
            .find("search:")
            .map_or(0, |at| at + "search:".len());
    // The indicator of a block (`|-`, `>`) or the opening quote.
    let rest = yaml[at..].trim_start_matches(' ');
    at = yaml.len() - rest.len();
    if rest.starts_with(['|', '>']) && rest[1..].trim_start_matches(['-', '+']).starts_with('\n')
        || rest.starts_with(['\'', '"'])
    {
        at += 1;
    }
    let end = search.len().min(offset);
    let letter = |c: &char| !c.is_whitespace();
    let before = search[..end].chars().filter(letter).count();
    let mut found = at;
    for wanted in search.chars().filter(letter).take(before + 1) {
        let Some(skipped) = yaml[at..].find(wanted) else {
            break;
        };
        found = at + skipped;
        at = found + wanted.len_utf8();
    }
    place(yaml, found)
}

/// The line with a text as a value (`field: <text>`), else the first line that contains it, else the first
/// line.
pub fn of_text(yaml: &str, text: &str) -> Place {
    let named = |line: &str| {
        let value = line.trim_start_matches([' ', '-']);
        let value = value.split_once(": ").map_or("", |(_, value)| value.trim());
        value.trim_matches(['"', '\'']) == text
    };
    let line = yaml.lines().position(named);
    let line = line.or_else(|| yaml.lines().position(|line| line.contains(text)));
    Place {
        line: line.map_or(1, |line| line + 1),
        column: 1,
    }
}

fn place(text: &str, offset: usize) -> Place {
    let (line, column) = crate::source::line_column(text, offset);
    Place { line, column }
}

#[cfg(test)]
mod tests {
    use super::{Place, in_yaml};

    #[test]
    fn places_are_found_in_folded_and_quoted_texts() {
        let search = "| tstats count from datamodel=E.P where P.a=\"it's\" by P.b | head 3";
        let at = search.find("head").unwrap();
        for (yaml, line, column) in [
            (
                "name: x\nsearch: '| tstats count from datamodel=E.P where\n  P.a=\"it''s\" by P.b\n  | head 3'\n",
                4,
                5,
            ),
            (
                "name: x\nsearch: |-\n  | tstats count from datamodel=E.P\n  where P.a=\"it's\"\n  by P.b\n  | head 3\n",
                6,
                5,
            ),
        ] {
            assert_eq!(
                in_yaml(yaml, 2, search, at),
                Place { line, column },
                "{yaml}"
            );
        }
        assert_eq!(
            in_yaml("search: a=1\n", 1, "a=1", 0),
            Place { line: 1, column: 9 }
        );
    }
}
