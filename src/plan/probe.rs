//! Filters over groups that one key of the groups decides: which values of the key pass is found
//! out of these values alone, before the groups are made.

use indexmap::IndexMap;

use crate::functions::stats::stats_function;
use crate::plan::analysis::{fields_of, has_subsearch};
use crate::plan::narrow::narrowed;
use crate::plan::{
    AggregateCall, AggregateInput, Assignment, ByField, Plan, Predicate, Projection, Target, build,
};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Search};

/// A plan that finds the values of a key which a filter lets pass.
pub struct Probe {
    /// Its rows have the values in the column [`Probe::key`].
    pub plan: Plan,
    /// What the key is called where the filter is.
    pub key: String,
}

/// What the value of a column hangs on.
#[derive(Clone, Debug, PartialEq)]
enum Origin {
    Nothing,
    Key(String),
    More,
}

impl Origin {
    fn and(self, other: &Origin) -> Origin {
        match (self, other) {
            (Origin::Nothing, other) => other.clone(),
            (known, Origin::Nothing) => known,
            (known, other) if known == *other => known,
            _ => Origin::More,
        }
    }
}

/// A column above the groups.
#[derive(Clone, Debug)]
struct Column {
    origin: Origin,
    /// Whether it is the key itself.
    same: bool,
}

type Columns = IndexMap<String, Column>;

/// The probe of a filter over groups; none where not one key alone decides, or where groups are
/// made by that key only, so that nothing would be gained.
pub fn probe(plan: &Plan) -> Option<Probe> {
    let Plan::Filter { input, predicate } = plan else {
        return None;
    };
    let columns = columns_of(input)?;
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

/// The columns above groups, by steps that look at one row each.
fn columns_of(plan: &Plan) -> Option<Columns> {
    match plan {
        Plan::Aggregate { aggregates, by, .. } => {
            let wild = aggregates.iter().any(|a| a.name.contains('*'));
            if wild || by.len() < 2 {
                return None;
            }
            let keys = by.iter().map(|by| {
                let origin = match by.span {
                    None => Origin::Key(by.name.clone()),
                    Some(_) => Origin::More,
                };
                (by.name.clone(), Column { origin, same: true })
            });
            let made = aggregates.iter().map(|call| {
                let origin = Origin::More;
                (
                    call.name.clone(),
                    Column {
                        origin,
                        same: false,
                    },
                )
            });
            Some(keys.chain(made).collect())
        }
        Plan::Filter { input, .. } => columns_of(input),
        Plan::Project {
            input,
            mode,
            fields,
        } => {
            let mut columns = columns_of(input)?;
            let named = |name: &String| fields.iter().any(|field| field.matches(name));
            columns.retain(|name, _| named(name) != (*mode == Projection::Drop));
            Some(columns)
        }
        Plan::Rename { input, pairs } => {
            let mut columns = columns_of(input)?;
            for (from, to) in pairs {
                let names: Vec<String> = columns.keys().cloned().collect();
                let mut there = false;
                for name in names {
                    let Some(captures) = from.captures(&name) else {
                        continue;
                    };
                    there = true;
                    let new = to.fill(&captures);
                    if let Some(column) = columns.shift_remove(&name) {
                        columns.insert(new, column);
                    }
                }
                if !there && !from.is_wild() {
                    columns.shift_remove(&to.text);
                }
            }
            Some(columns)
        }
        Plan::Extend {
            input,
            columns: set,
        } => {
            let mut columns = columns_of(input)?;
            for Assignment { target, value } in set {
                let field = match target {
                    Target::Field(field) => field,
                    Target::Template(_) => return None,
                    Target::Each(patterns) | Target::EachPresent(patterns) => {
                        for (name, column) in &mut columns {
                            if patterns.iter().any(|pattern| pattern.matches(name)) {
                                column.origin = Origin::More;
                                column.same = false;
                            }
                        }
                        continue;
                    }
                };
                let column = match &value.kind {
                    ExprKind::Field(copied) => columns.get(copied).cloned(),
                    _ => None,
                };
                let origin = match is_pure(value) {
                    true => origin_of(&fields_of(value), &columns),
                    false => Origin::More,
                };
                let column = column.unwrap_or(Column {
                    origin,
                    same: false,
                });
                columns.insert(field.clone(), column);
            }
            Some(columns)
        }
        Plan::Lookup {
            input,
            keys,
            outputs,
            overwrite,
            ..
        } if !outputs.is_empty() => {
            let mut columns = columns_of(input)?;
            // A lookup by time looks at the row's time too.
            let fields = keys.iter().map(|(_, field)| field.text.clone());
            let fields: Vec<String> = fields.chain(["_time".to_owned()]).collect();
            let found = origin_of(&fields, &columns);
            for (_, field) in outputs {
                let before = columns.get(&field.text).filter(|_| !overwrite);
                let origin = match before {
                    Some(column) => found.clone().and(&column.origin),
                    None => found.clone(),
                };
                columns.insert(
                    field.text.clone(),
                    Column {
                        origin,
                        same: false,
                    },
                );
            }
            Some(columns)
        }
        _ => None,
    }
}

/// What the values of fields hang on together; those that are not there are missing in all rows.
fn origin_of(fields: &[String], columns: &Columns) -> Origin {
    let known = fields.iter().filter_map(|field| columns.get(field));
    known.fold(Origin::Nothing, |all, column| all.and(&column.origin))
}

/// Whether an expression has the same value wherever its fields have the same values.
fn is_pure(expr: &Expr) -> bool {
    let impure = expr.any(&|found| match &found.kind {
        ExprKind::Call(name, _) => {
            let name = name.text.to_ascii_lowercase();
            ["random", "searchmatch", "lookup"].contains(&name.as_str())
        }
        // One field or two: that hangs on which there are.
        ExprKind::Dotted(_) => true,
        _ => false,
    });
    !impure && !has_subsearch(expr)
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
    use crate::plan::schema::Pattern;
    use crate::plan::{ByField, Plan, Predicate, Scan, build, print};
    use crate::syntax::ast::{BinaryOp, Expr};

    fn groups(by: &[&str]) -> Plan {
        let by = by.iter().map(|name| ByField {
            name: (*name).to_owned(),
            span: None,
            distinct: false,
        });
        Plan::Aggregate {
            input: Box::new(Plan::Scan(Scan::Events)),
            aggregates: Vec::new(),
            by: by.collect(),
            fill: None,
            all_numbers: false,
            sorted: true,
        }
    }

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
