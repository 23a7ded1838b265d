//! Filters over groups that one key of the groups decides: which values of the key pass is found
//! out of these values alone, before the groups are made.

use crate::functions::stats::stats_function;
use crate::plan::analysis::fields_of;
use crate::plan::narrow::{Column, Origin, columns_of, is_pure, narrowed, origin_of};
use crate::plan::{
    AggregateCall, AggregateInput, Assignment, ByField, Plan, Predicate, Target, build,
};
use crate::source::Span;
use crate::syntax::ast::Search;

/// A plan that finds the values of a key which a filter lets pass.
pub struct Probe {
    /// Its rows have the values in the column [`Probe::key`].
    pub plan: Plan,
    /// What the key is called where the filter is.
    pub key: String,
}

/// The probe of a filter over groups; none where not one key alone decides, or where groups are
/// made by that key only, so that nothing would be gained.
pub fn probe(plan: &Plan) -> Option<Probe> {
    let Plan::Filter { input, predicate } = plan else {
        return None;
    };
    let columns = columns_of(input).filter(|_| keys_of(input) > 1)?;
    let looked_at = match predicate {
        Predicate::Search(search, plans) if plans.is_empty() => {
            let mut fields = Vec::new();
            compared(search, &mut fields).then_some(fields)?
        }
        Predicate::Search(..) => return None,
        Predicate::Expr(expr) => is_pure(expr).then(|| fields_of(expr))?,
    };
    let Origin::Key(by) = origin_of(&looked_at, &columns) else {
        return None;
    };
    let is_key = |column: &Column| column.same && column.origin == Origin::Key(by.clone());
    let (key, _) = columns.iter().find(|(_, column)| is_key(column))?;
    // Not tried when nothing could be left out in the end.
    narrowed(plan, key, &[])?;
    let mut reduced = plan.clone();
    reduce(&mut reduced, &by, true)?;
    Some(Probe {
        plan: reduced,
        key: key.clone(),
    })
}

/// By how many keys the groups below are made.
fn keys_of(plan: &Plan) -> usize {
    match plan {
        Plan::Aggregate { by, .. } => by.len(),
        other => other.inputs().first().map_or(0, |input| keys_of(input)),
    }
}

/// Adds the fields that a search expression compares; false where it asks for anything else.
fn compared(search: &Search, fields: &mut Vec<String>) -> bool {
    const SPECIAL: [&str; 3] = ["eventtype", "tag", "index"];
    let mut add = |name: &str| {
        fields.push(name.to_owned());
        let name = name.to_ascii_lowercase();
        let of_time = name.ends_with("earliest") || name.ends_with("latest");
        !of_time && !name.starts_with("tag::") && !SPECIAL.contains(&name.as_str())
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

/// Makes groups by that key alone; other filters than the first are left out, since they may look
/// at what is not there then.
fn reduce(plan: &mut Plan, key: &str, first: bool) -> Option<()> {
    match plan {
        Plan::Filter { input, .. } if !first => {
            *plan = input.as_ref().clone();
            reduce(plan, key, false)
        }
        Plan::Aggregate {
            input,
            aggregates,
            by,
            fill,
            ..
        } => {
            let (count, parameter) = stats_function("count")?;
            let gone = aggregates.iter().map(|call| &call.name);
            let gone = gone.chain(by.iter().map(|by| &by.name));
            let missing = || build::call("null", Vec::new());
            let columns = gone.filter(|name| *name != key).map(|name| Assignment {
                target: Target::Field(name.clone()),
                value: missing(),
            });
            let columns: Vec<Assignment> = columns.collect();
            let groups = Plan::Aggregate {
                input: input.clone(),
                aggregates: vec![AggregateCall {
                    function: count,
                    parameter,
                    arg: AggregateInput::Row,
                    name: ROWS.to_owned(),
                    span: Span::default(),
                }],
                by: vec![ByField {
                    name: key.to_owned(),
                    span: None,
                    distinct: false,
                }],
                fill: fill.clone(),
                all_numbers: false,
                sorted: false,
            };
            *plan = groups.extend(columns);
            Some(())
        }
        _ => {
            let mut inputs = plan.inputs_mut();
            reduce(inputs.pop()?, key, false)
        }
    }
}

/// A column that no search names.
const ROWS: &str = "__rows";

#[cfg(test)]
mod tests {
    use super::probe;
    use crate::plan::narrow::tests::groups;
    use crate::plan::schema::Pattern;
    use crate::plan::{Plan, Predicate, build, print};
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
        let found = probe(&plan).expect("the name decides");
        assert_eq!(found.key, "name");
        let text = print::plan(&found.plan);
        assert!(text.contains("BY P.name\n"), "{text}");
        assert_eq!(text.matches("filter").count(), 1, "{text}");
    }

    #[test]
    fn what_several_keys_or_chance_decide_is_left() {
        let two = groups(&["a", "b"]);
        let both = build::binary(is("a", "1"), BinaryOp::And, is("b", "1"));
        let chance = build::binary(
            build::call("random", vec![]),
            BinaryOp::Eq,
            build::field("a"),
        );
        for predicate in [both, chance, is("c", "1")] {
            assert!(probe(&two.clone().filter(predicate)).is_none());
        }
        assert!(probe(&groups(&["a"]).filter(is("a", "1"))).is_none());
        let counted = two.clone().set("a", build::field("count"));
        assert!(probe(&counted.filter(is("a", "1"))).is_none());
        let terms = Plan::Filter {
            input: Box::new(two),
            predicate: Predicate::Search(build::equals("tag", "x"), Vec::new()),
        };
        assert!(probe(&terms).is_none());
    }
}
