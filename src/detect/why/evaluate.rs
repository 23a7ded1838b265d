//! Combines the results of a condition's terms on each row.

use std::collections::{BTreeMap, HashMap};

use crate::detect::why::near::near;
use crate::detect::why::tree::{Condition, Node};
use crate::detect::why::{Counted, Failed, Filter, NearMiss};
use crate::error::nearest;
use crate::exec::diagnose::term_eval::TermResults;
use crate::exec::frame::result::Rows;

/// Maximum number of distinct values that are counted per field.
const DISTINCT: usize = 10_000;

/// Values shown per field.
const VALUES: usize = 5;

/// Analyses a condition on rows on which its terms were evaluated. `known` are the existing fields, `misses`
/// the maximum number of near misses to show.
pub fn filter(
    condition: &Condition,
    tried: &TermResults,
    known: &[String],
    (step, over): (usize, String),
    misses: usize,
) -> Filter {
    let height = tried.rows.len();
    let judged = judge(&condition.root, tried, height);
    let tree = counted(condition, &condition.root, &judged, height);
    let pass = judged.pass.iter().filter(|pass| **pass).count();
    let fields = fields(condition);
    let values = Values::of(&tried.rows, &fields);
    let zero = |leaf: usize| tried.passes[leaf].iter().all(|pass| !pass);
    let unmet: Vec<usize> = (0..condition.leaves.len()).filter(|at| zero(*at)).collect();
    let nowhere = fields
        .iter()
        .filter(|f| !values.by_field.contains_key(f.as_str()));
    let nowhere = nowhere.map(|field| {
        let others = known.iter().filter(|k| *k != field).map(String::as_str);
        let there = others.filter(|_| !known.contains(field));
        (field.clone(), nearest(field, there).map(str::to_owned))
    });
    let nothing = HashMap::new();
    let near = unmet.iter().flat_map(|&at| {
        let leaf = &condition.leaves[at];
        let field = leaf.wanted.as_ref().map(|wanted| wanted.field.as_str());
        let values = field.and_then(|field| values.by_field.get(field));
        near(leaf, values.unwrap_or(&nothing))
    });
    let mut shown: BTreeMap<&str, Vec<(String, usize)>> = BTreeMap::new();
    if pass == 0 {
        for &at in &unmet {
            for field in &condition.leaves[at].fields {
                if let Some(values) = values.by_field.get(field.as_str()) {
                    shown.insert(field, most(values));
                }
            }
        }
    }
    let shown = shown.into_iter();
    Filter {
        step,
        over,
        rows: height,
        pass,
        nowhere: if height > 0 {
            nowhere.collect()
        } else {
            Vec::new()
        },
        near: near.collect(),
        values: shown
            .map(|(field, values)| (field.to_owned(), values))
            .collect(),
        misses: if pass == 0 {
            nearest_rows(condition, tried, &judged, &fields, misses)
        } else {
            Vec::new()
        },
        tree,
    }
}

/// The columns among `wanted` in which no row has a value.
pub fn missing_everywhere(rows: &Rows, wanted: &[String]) -> Vec<String> {
    let names = rows.names();
    let empty = |field: &&String| match names.iter().position(|name| name == field) {
        Some(column) => (0..rows.len()).all(|row| rows.value(row, column).is_null()),
        None => true,
    };
    wanted.iter().filter(empty).cloned().collect()
}

/// A part of a condition evaluated on each row: whether the row passes, and how many terms it fails.
struct Judged {
    pass: Vec<bool>,
    short: Vec<u16>,
    parts: Vec<Judged>,
}

fn judge(node: &Node, tried: &TermResults, height: usize) -> Judged {
    match node {
        Node::Leaf(at) => {
            let pass = tried.passes[*at].clone();
            Judged {
                short: pass.iter().map(|pass| u16::from(!pass)).collect(),
                pass,
                parts: Vec::new(),
            }
        }
        Node::All(nodes) | Node::Any(nodes) => {
            let parts: Vec<Judged> = nodes.iter().map(|n| judge(n, tried, height)).collect();
            let all = matches!(node, Node::All(_));
            let short = (0..height).map(|row| {
                let each = parts.iter().map(|part| part.short[row]);
                if all {
                    each.fold(0u16, u16::saturating_add)
                } else {
                    each.min().unwrap_or(0)
                }
            });
            let short: Vec<u16> = short.collect();
            Judged {
                pass: short.iter().map(|short| *short == 0).collect(),
                short,
                parts,
            }
        }
    }
}

fn counted(condition: &Condition, node: &Node, judged: &Judged, height: usize) -> Counted {
    let pass = judged.pass.iter().filter(|pass| **pass).count();
    let (text, nodes, all) = match node {
        Node::Leaf(at) => (condition.leaves[*at].text.clone(), [].as_slice(), false),
        Node::All(nodes) => ("all of".to_owned(), nodes.as_slice(), true),
        Node::Any(nodes) => ("any of".to_owned(), nodes.as_slice(), false),
    };
    let mut parts: Vec<Counted> = nodes
        .iter()
        .zip(&judged.parts)
        .map(|(node, judged)| counted(condition, node, judged, height))
        .collect();
    if all {
        let mut so_far = vec![true; height];
        for (part, judged) in parts.iter_mut().zip(&judged.parts) {
            let pairs = so_far.iter_mut().zip(&judged.pass);
            pairs.for_each(|(so_far, pass)| *so_far &= pass);
            part.so_far = Some(so_far.iter().filter(|so_far| **so_far).count());
        }
        let mut alone = vec![0; parts.len()];
        for row in 0..height {
            let mut failing = (0..parts.len()).filter(|at| !judged.parts[*at].pass[row]);
            if let (Some(only), None) = (failing.next(), failing.next()) {
                alone[only] += 1;
            }
        }
        for (part, alone) in parts.iter_mut().zip(alone) {
            part.alone = Some(alone);
        }
    }
    Counted {
        text,
        term: matches!(node, Node::Leaf(_)),
        pass,
        so_far: None,
        alone: None,
        parts,
    }
}

/// The distinct fields that the terms read.
fn fields(condition: &Condition) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in condition.leaves.iter().flat_map(|leaf| &leaf.fields) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Value counts of fields.
struct Values {
    by_field: HashMap<String, HashMap<String, usize>>,
}

impl Values {
    fn of(rows: &Rows, fields: &[String]) -> Values {
        let names = rows.names();
        let mut by_field = HashMap::new();
        for field in fields {
            let Some(column) = names.iter().position(|name| name == field) else {
                continue;
            };
            let mut counts: HashMap<String, usize> = HashMap::new();
            for row in 0..rows.len() {
                for value in rows.value(row, column).into_values() {
                    if let Some(count) = counts.get_mut(value.as_ref()) {
                        *count += 1;
                    } else if counts.len() < DISTINCT {
                        counts.insert(value.into_owned(), 1);
                    }
                }
            }
            if !counts.is_empty() {
                by_field.insert(field.clone(), counts);
            }
        }
        Values { by_field }
    }
}

fn most(values: &HashMap<String, usize>) -> Vec<(String, usize)> {
    let mut all: Vec<(String, usize)> = values.iter().map(|(v, n)| (v.clone(), *n)).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.truncate(VALUES);
    all
}

/// The rows that fail the fewest terms, one for each set of failed terms.
fn nearest_rows(
    condition: &Condition,
    tried: &TermResults,
    judged: &Judged,
    fields: &[String],
    most: usize,
) -> Vec<NearMiss> {
    let mut order: Vec<usize> = (0..judged.short.len()).collect();
    order.sort_by_key(|row| judged.short[*row]);
    let mut groups: Vec<(Vec<Failing>, usize, usize)> = Vec::new();
    for row in order {
        let short = judged.short[row];
        let worse = groups
            .last()
            .is_some_and(|last| judged.short[last.1] < short);
        if worse && groups.len() >= most {
            break;
        }
        let failing = failing(&condition.root, judged, row);
        if let Some(group) = groups.iter_mut().find(|group| group.0 == failing) {
            group.2 += 1;
        } else if groups.len() < most {
            groups.push((failing, row, 1));
        }
    }
    let names = tried.rows.names();
    let value = |row: usize, field: &str| {
        let column = names.iter().position(|name| *name == field)?;
        let values = tried.rows.value(row, column).into_values();
        (!values.is_empty()).then(|| values.join(", "))
    };
    let time = names.contains(&"_time").then(|| "_time".to_owned());
    let shown: Vec<String> = time
        .into_iter()
        .chain(fields.iter().filter(|f| *f != "_time").cloned())
        .collect();
    let each = groups.into_iter().map(|(failing, row, like)| NearMiss {
        short: usize::from(judged.short[row]),
        like,
        fields: shown.iter().map(|f| (f.clone(), value(row, f))).collect(),
        failing: failing
            .into_iter()
            .map(|failing| {
                let leaf = &condition.leaves[failing.term];
                Failed {
                    term: leaf.text.clone(),
                    field: leaf.fields.first().cloned(),
                    others: failing.others,
                }
            })
            .collect(),
    });
    each.collect()
}

/// A term that a row fails.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Failing {
    term: usize,
    /// The number of alternatives to it.
    others: usize,
}

/// The terms that a row fails; of alternatives, the one with the fewest failed terms.
fn failing(node: &Node, judged: &Judged, row: usize) -> Vec<Failing> {
    if judged.pass[row] {
        return Vec::new();
    }
    match node {
        Node::Leaf(at) => vec![Failing {
            term: *at,
            others: 0,
        }],
        Node::All(nodes) => {
            let each = nodes.iter().zip(&judged.parts);
            each.flat_map(|(node, judged)| failing(node, judged, row))
                .collect()
        }
        Node::Any(nodes) => {
            let each = nodes.iter().zip(&judged.parts);
            let best = each.min_by_key(|(_, judged)| judged.short[row]);
            let best = best.map_or(Vec::new(), |(node, judged)| failing(node, judged, row));
            let others = |failing: Failing| Failing {
                others: failing.others + nodes.len() - 1,
                ..failing
            };
            best.into_iter().map(others).collect()
        }
    }
}
