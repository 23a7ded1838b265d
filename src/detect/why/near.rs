//! Values that differ from a term only in case, quotes, blanks or slashes.

use std::collections::HashMap;

use crate::detect::why::NearMatch;
use crate::detect::why::tree::Leaf;
use crate::plan::expr::matching::FieldMatcher;
use crate::syntax::ast::CompareOp;

/// A spelling difference: its name, and a normalization that removes it.
type Writing = (&'static str, fn(&str) -> String);

const WRITINGS: [Writing; 4] = [
    ("case", |text| text.to_lowercase()),
    ("quotes", |text| text.replace(['"', '\'', '`'], "")),
    ("blanks", |text| text.split_whitespace().collect()),
    ("slashes", |text| {
        let mut out = String::with_capacity(text.len());
        for c in text.replace('\\', "/").chars() {
            if !(c == '/' && out.ends_with('/')) {
                out.push(c);
            }
        }
        out
    }),
];

/// Maximum number of values per term.
const MOST: usize = 3;

/// The values of a field that a term would match if case, quotes, blanks or slashes were ignored, with their
/// row counts.
pub(super) fn near(leaf: &Leaf, values: &HashMap<String, usize>) -> Vec<NearMatch> {
    let Some(wanted) = &leaf.wanted else {
        return Vec::new();
    };
    let fits = |pattern: &str, value: &str| {
        if wanted.wild {
            FieldMatcher::new(CompareOp::Eq, pattern).matches_text(value)
        } else {
            pattern == value
        }
    };
    let mut found: Vec<NearMatch> = Vec::new();
    for (value, rows) in values {
        let differs = wanted.values.iter().find_map(|pattern| {
            let one = WRITINGS.iter().find(|(_, same)| {
                let (p, v) = (same(pattern), same(value));
                (p != *pattern || v != *value) && fits(&p, &v)
            });
            if let Some((name, _)) = one {
                return Some((*name).to_owned());
            }
            let all = |text: &str| {
                WRITINGS
                    .iter()
                    .fold(text.to_owned(), |t, (_, same)| same(&t))
            };
            // The normalizations that are needed: the term does not match without them.
            let without = |left_out: usize, text: &str| {
                let rest = WRITINGS
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| *at != left_out);
                rest.fold(text.to_owned(), |t, (_, (_, same))| same(&t))
            };
            fits(&all(pattern), &all(value)).then(|| {
                let needed = WRITINGS
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| !fits(&without(*at, pattern), &without(*at, value)));
                let names: Vec<&str> = needed.map(|(_, (name, _))| *name).collect();
                names.join(" and ")
            })
        });
        if let Some(differs) = differs {
            found.push(NearMatch {
                term: leaf.text.clone(),
                field: wanted.field.clone(),
                value: value.clone(),
                rows: *rows,
                differs,
            });
        }
    }
    found.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.cmp(&b.value)));
    found.truncate(MOST);
    found
}
