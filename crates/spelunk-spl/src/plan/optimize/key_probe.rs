//! Builds the plan that finds the keys passing a filter, using only those keys and cheap aggregates. It runs before
//! the groups are aggregated in full.

use std::collections::BTreeSet;

use crate::functions::stats::stats_function;
use crate::plan::analysis::fields_of;
use crate::plan::optimize::filter_through_aggregate::{
    Column, column_lineage, is_deterministic, lineage_of, push_filter_through_aggregate,
};
use crate::plan::schema::Pattern;
use crate::plan::{
    AggregateCall, AggregateInput, Assignment, ByField, Plan, Predicate, Projection, Target, build,
};
use crate::source::Span;
use crate::syntax::SpecialField;
use crate::syntax::ast::Search;

/// A plan that finds the values of keys which a filter lets pass.
pub struct KeyProbe {
    /// Its rows have the values in the columns [`KeyProbe::keys`].
    pub plan: Plan,
    /// What keys are called where the filter is.
    pub keys: Vec<String>,
}

/// What groups are reduced to.
enum Restricted<'r> {
    /// Rows with these keys, not grouped.
    Rows(&'r BTreeSet<String>),
    /// Groups by these keys alone.
    Groups(&'r BTreeSet<String>),
    /// All groups, with these of their aggregates.
    Results(&'r BTreeSet<String>),
}

/// The probe of a filter over groups. Returns `None` if the filter depends neither on some of the keys nor on
/// cheap aggregates among expensive ones, so that a probe gains nothing. `is_single_text` says whether a
/// field holds at most one text per row.
pub fn key_probe(plan: &Plan, is_single_text: impl Fn(&str) -> bool) -> Option<KeyProbe> {
    let Plan::Filter { input, predicate } = plan else {
        return None;
    };
    let columns = column_lineage(input)?;
    let origin = lineage_of(&referenced_columns(predicate)?, &columns);
    if origin.more {
        return None;
    }
    let (by, calls) = groups_of(input)?;
    let (reduced, known) = if !origin.results.is_empty() {
        let is_known = |call: &&AggregateCall| origin.results.contains(&call.name);
        let (known, left): (Vec<_>, Vec<_>) = calls.iter().partition(is_known);
        let pays =
            known.iter().all(|c| is_decomposable(c)) && left.iter().any(|c| !is_decomposable(c));
        let all: BTreeSet<String> = by.iter().map(|by| by.name.clone()).collect();
        (pays.then_some(Restricted::Results(&origin.results))?, all)
    } else {
        let decide = !origin.keys.is_empty() && origin.keys.len() < by.len();
        let reduced = match origin.keys.iter().all(|key| is_single_text(key)) {
            true => Restricted::Rows(&origin.keys),
            false => Restricted::Groups(&origin.keys),
        };
        (decide.then_some(reduced)?, origin.keys.clone())
    };
    let is_known = |column: &Column| {
        let key = column.origin.only_key();
        column.same && key.is_some_and(|key| known.contains(key))
    };
    let keys = columns.iter().filter(|(_, column)| is_known(column));
    let keys: Vec<String> = keys.map(|(name, _)| name.clone()).collect();
    // Not tried when nothing could be left out in the end.
    push_filter_through_aggregate(plan, keys.first()?, &[])?;
    let mut probing = plan.clone();
    restrict_to_keys(&mut probing, &reduced, true)?;
    let plan = grouped(probing, keys.iter(), None)?;
    Some(KeyProbe { plan, keys })
}

/// The fields whose values alone decide whether a row passes, if that is known.
pub fn referenced_columns(predicate: &Predicate) -> Option<Vec<String>> {
    match predicate {
        Predicate::Search(search, plans) => {
            let mut fields = Vec::new();
            let all = plans.is_empty() && compared(search, &mut fields);
            all.then_some(fields)
        }
        Predicate::Expr(expr) => is_deterministic(expr).then(|| fields_of(expr)),
    }
}

/// Whether an aggregate is made without gathering the values of a group.
fn is_decomposable(call: &AggregateCall) -> bool {
    call.function.decomposable
        && (call.function.builtin.is_some() || matches!(call.arg, AggregateInput::Row))
}

/// The keys by which the groups below are made, and what is aggregated.
fn groups_of(plan: &Plan) -> Option<(&[ByField], &[AggregateCall])> {
    match plan {
        Plan::Aggregate { by, aggregates, .. } => Some((by, aggregates)),
        other => groups_of(other.inputs().first()?),
    }
}

/// Adds the fields that a search expression compares; false where it asks for anything else.
fn compared(search: &Search, fields: &mut Vec<String>) -> bool {
    let mut add = |name: &str| {
        fields.push(name.to_owned());
        SpecialField::of(name).is_none_or(|special| special == SpecialField::Server)
    };
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().all(|p| compared(p, fields)),
        Search::Not(inner) => compared(inner, fields),
        Search::Compare { field, .. } | Search::In { field, .. } => add(&field.text),
        Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => false,
    }
}

/// Makes less of the groups; other filters than the first are left out, since they may look at
/// what is not there then.
fn restrict_to_keys(plan: &mut Plan, to: &Restricted<'_>, first: bool) -> Option<()> {
    match plan {
        Plan::Filter { input, .. } if !first => {
            *plan = input.as_ref().clone();
            restrict_to_keys(plan, to, false)
        }
        Plan::Aggregate {
            input,
            aggregates,
            by,
            fill,
            ..
        } => {
            let names = aggregates.iter().map(|call| &call.name);
            let names = names.chain(by.iter().map(|by| &by.name));
            let is_gone = |name: &&String| match to {
                Restricted::Rows(keys) | Restricted::Groups(keys) => !keys.contains(*name),
                Restricted::Results(results) => {
                    !results.contains(*name) && by.iter().all(|by| by.name != **name)
                }
            };
            let columns = names.filter(is_gone).map(|name| Assignment {
                target: Target::Field(name.clone()),
                value: build::call("null", Vec::new()),
            });
            let columns: Vec<Assignment> = columns.collect();
            let less = match to {
                Restricted::Rows(keys) => {
                    let rows = Plan::Project {
                        input: input.clone(),
                        mode: Projection::Table,
                        fields: keys.iter().map(|key| Pattern::exact(key)).collect(),
                    };
                    let rows = Plan::PartialDistinct {
                        input: Box::new(rows),
                        fields: keys.iter().cloned().collect(),
                    };
                    match fill {
                        Some(fill) => {
                            rows.extend(keys.iter().map(|key| filled(key, fill)).collect())
                        }
                        None => rows,
                    }
                }
                Restricted::Groups(keys) => {
                    grouped(input.as_ref().clone(), keys.iter(), fill.clone())?
                }
                Restricted::Results(results) => Plan::Aggregate {
                    input: input.clone(),
                    aggregates: aggregates
                        .iter()
                        .filter(|call| results.contains(&call.name))
                        .cloned()
                        .collect(),
                    by: by.clone(),
                    fill: fill.clone(),
                    all_numbers: false,
                    sorted: true,
                },
            };
            *plan = less.extend(columns);
            Some(())
        }
        _ => {
            let mut inputs = plan.inputs_mut();
            restrict_to_keys(inputs.pop()?, to, false)
        }
    }
}

/// A key, with the value for a missing one.
fn filled(key: &str, fill: &str) -> Assignment {
    let there = vec![build::field(key), build::text(fill)];
    Assignment {
        target: Target::Field(key.to_owned()),
        value: build::call("coalesce", there),
    }
}

/// Groups by keys alone.
fn grouped<'k>(
    input: Plan,
    keys: impl Iterator<Item = &'k String>,
    fill: Option<String>,
) -> Option<Plan> {
    let (count, parameter) = stats_function("count")?;
    let by = keys.map(|key| ByField {
        name: key.clone(),
        span: None,
        distinct: false,
    });
    Some(Plan::Aggregate {
        input: Box::new(input),
        aggregates: vec![AggregateCall {
            function: count,
            parameter,
            arg: AggregateInput::Row,
            name: ROWS.to_owned(),
            span: Span::default(),
        }],
        by: by.collect(),
        fill,
        all_numbers: false,
        sorted: true,
    })
}

/// A column that no search names.
const ROWS: &str = "__rows";

#[cfg(test)]
mod tests {
    use super::key_probe;
    use crate::functions::stats::stats_function;
    use crate::plan::optimize::filter_through_aggregate::tests::groups;
    use crate::plan::schema::Pattern;
    use crate::plan::{AggregateCall, AggregateInput, Plan, Predicate, build, print};
    use crate::source::Span;
    use crate::syntax::ast::{BinaryOp, Expr};

    fn is(field: &str, value: &str) -> Expr {
        build::binary(build::field(field), BinaryOp::Eq, build::text(value))
    }

    #[test]
    fn one_key_decides_through_what_is_computed_of_it() {
        let renamed = Plan::Rename {
            input: Box::new(groups(&["P.name", "P.user"])),
            pairs: vec![(Pattern::new("P.*"), Pattern::new("*"))],
        };
        let lower = build::call("lower", vec![build::field("name")]);
        let plan = renamed
            .filter(is("user", "x"))
            .set("low", lower)
            .filter(is("low", "a"));
        for (is_text, taken) in [(false, "BY P.name\n"), (true, "table P.name\n")] {
            let found = key_probe(&plan, |_| is_text).expect("the name decides");
            assert_eq!(found.keys, ["name"]);
            let text = print::plan(&found.plan);
            assert!(text.contains(taken), "{text}");
            assert_eq!(text.matches("filter").count(), 1, "{text}");
        }
    }

    #[test]
    fn several_keys_decide_where_there_are_more() {
        let both = build::binary(is("a", "1"), BinaryOp::And, is("b", "1"));
        let found = key_probe(&groups(&["a", "b", "c"]).filter(both.clone()), |_| true);
        assert_eq!(found.expect("two keys of three").keys, ["a", "b"]);
        assert!(key_probe(&groups(&["a", "b"]).filter(both), |_| true).is_none());
    }

    #[test]
    fn what_is_easily_counted_decides_where_values_are_gathered() {
        let few = build::binary(build::field("n"), BinaryOp::Lt, build::number(5.0));
        for (gathered, expected) in [("values", true), ("max", false)] {
            let mut plan = groups(&["a"]);
            if let Plan::Aggregate { aggregates, .. } = &mut plan {
                aggregates.extend([call("dc", "b", "n"), call(gathered, "b", "v")]);
            }
            let found = key_probe(&plan.clone().filter(few.clone()), |_| true);
            assert_eq!(found.is_some(), expected, "{gathered}");
            let text = found.map_or(String::new(), |found| print::plan(&found.plan));
            assert!(!text.contains(gathered), "{text}");
            let by_gathered = build::binary(build::field("v"), BinaryOp::Eq, build::text("x"));
            assert!(key_probe(&plan.filter(by_gathered), |_| true).is_none());
        }
    }

    #[test]
    fn what_all_keys_or_chance_decide_is_left() {
        let two = groups(&["a", "b"]);
        let chance = build::binary(
            build::call("random", vec![]),
            BinaryOp::Eq,
            build::field("a"),
        );
        for predicate in [chance, is("c", "1")] {
            assert!(key_probe(&two.clone().filter(predicate), |_| true).is_none());
        }
        assert!(key_probe(&groups(&["a"]).filter(is("a", "1")), |_| true).is_none());
        let terms = Plan::Filter {
            input: Box::new(two),
            predicate: Predicate::Search(build::equals("tag", "x"), Vec::new()),
        };
        assert!(key_probe(&terms, |_| true).is_none());
    }

    fn call(function: &str, field: &str, name: &str) -> AggregateCall {
        let (function, parameter) = stats_function(function).expect("it is known");
        AggregateCall {
            function,
            parameter,
            arg: AggregateInput::Field(Pattern::exact(field)),
            name: name.to_owned(),
            span: Span::default(),
        }
    }
}
