//! Rows left out early that a later step would leave out: of a plan whose rows are only wanted
//! where a field has one of some values, the groups of other values need not be made.

use crate::plan::{Assignment, Plan, Predicate, Target};
use crate::plan::{analysis, build};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Name, Search};

/// The plan without the groups in which the field is none of the values, as far as that is known
/// before they are made; nothing where it is not. Other rows may be left: the values are compared
/// as search expressions do, and only below an aggregation by the field.
pub fn narrowed(plan: &Plan, field: &str, values: &[String]) -> Option<Plan> {
    let mut names = vec![field.to_owned()];
    let mut narrowed = plan.clone();
    place(&mut narrowed, &mut names, values)?;
    Some(narrowed)
}

/// Puts the filter where it belongs. `names` are what the field may be called there: a pattern
/// may have renamed it or left it as it was.
fn place(plan: &mut Plan, names: &mut Vec<String>, values: &[String]) -> Option<()> {
    match plan {
        Plan::Filter { input, predicate } => {
            // What a subsearch gives does not hang on the rows around it.
            let alone = match predicate {
                Predicate::Search(..) => true,
                Predicate::Expr(expr) => !analysis::has_subsearch(expr),
            };
            alone.then(|| place(input, names, values))?
        }
        Plan::Project { input, .. } => place(input, names, values),
        Plan::Rename { input, pairs } => {
            for (from, to) in pairs.iter().rev() {
                let before = names.iter().filter_map(|name| {
                    let captured = to.captures(name)?;
                    Some(from.fill(&captured))
                });
                let before: Vec<String> = before.collect();
                // A name that is taken away was another field's before.
                names.retain(|name| !from.matches(name) || to.matches(name));
                names.extend(before);
                names.sort();
                names.dedup();
            }
            place(input, names, values)
        }
        Plan::Extend { input, columns } => {
            for Assignment { target, value } in columns.iter().rev() {
                let set = match target {
                    Target::Field(set) => set,
                    Target::Template(_) => return None,
                    Target::Each(patterns) | Target::EachPresent(patterns) => {
                        let sets = |name: &String| patterns.iter().any(|p| p.matches(name));
                        if names.iter().any(sets) {
                            return None;
                        }
                        continue;
                    }
                };
                if !names.contains(set) {
                    continue;
                }
                let ExprKind::Field(copied) = &value.kind else {
                    return None;
                };
                if names.len() > 1 {
                    return None;
                }
                *names = vec![copied.clone()];
            }
            place(input, names, values)
        }
        Plan::Lookup { input, outputs, .. } => {
            let sets = |(_, field): &(Name, Name)| names.contains(&field.text);
            let known = !outputs.is_empty() && !outputs.iter().any(sets);
            known.then(|| place(input, names, values))?
        }
        Plan::Aggregate {
            input,
            by,
            fill,
            aggregates,
            ..
        } => {
            let is_made = |name: &String| aggregates.iter().any(|a| a.name == *name);
            let wild = aggregates.iter().any(|a| a.name.contains('*'));
            let mut grouped = by.iter().filter(|by| names.contains(&by.name));
            let (Some(key), None) = (grouped.next(), grouped.next()) else {
                return None;
            };
            if key.span.is_some() || wild || names.iter().any(is_made) {
                return None;
            }
            **input = input
                .as_ref()
                .clone()
                .search(one_of(&key.name, values, fill.as_deref()));
            Some(())
        }
        _ => None,
    }
}

/// What rows of groups with these values satisfy; `fill` is the value of those that have none.
fn one_of(field: &str, values: &[String], fill: Option<&str>) -> Search {
    let name = || build::name(field, Span::default());
    let one_of = Search::In {
        field: name(),
        values: values.iter().map(|value| build::literal(value)).collect(),
    };
    let is_fill = |fill: &str| {
        let mut values = values.iter();
        values.any(|value| value.contains('*') || value.eq_ignore_ascii_case(fill))
    };
    if !fill.is_some_and(is_fill) {
        return one_of;
    }
    let there = build::equals(field, "*");
    Search::Or(vec![one_of, Search::Not(Box::new(there))])
}

#[cfg(test)]
mod tests {
    use super::narrowed;
    use crate::plan::schema::Pattern;
    use crate::plan::{Assignment, ByField, Plan, Scan, Target, build, print};

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

    fn renamed(plan: Plan, from: &str, to: &str) -> Plan {
        Plan::Rename {
            input: Box::new(plan),
            pairs: vec![(Pattern::new(from), Pattern::new(to))],
        }
    }

    /// The plan narrowed, as text.
    fn narrow(plan: &Plan, field: &str) -> Option<String> {
        let values = ["a*".to_owned(), "b".to_owned()];
        narrowed(plan, field, &values).map(|plan| print::plan(&plan))
    }

    #[test]
    fn a_field_is_followed_to_where_rows_are_grouped_by_it() {
        let of_model = groups(&["Processes.guid", "Processes.user"]);
        let plan = renamed(of_model, "Processes.*", "*").set("copy", build::field("guid"));
        for field in ["guid", "copy"] {
            let found = narrow(&plan, field).expect("it is grouped by");
            let filter = "filter search \"Processes.guid\" IN (\"a*\", \"b\")";
            assert_eq!(found.lines().nth(1), Some(filter), "{found}");
        }
    }

    #[test]
    fn what_is_made_of_a_group_is_no_key_of_it() {
        let plan = groups(&["guid"]).set("length", build::call("len", vec![build::field("guid")]));
        assert!(narrow(&plan, "guid").is_some());
        assert_eq!(narrow(&plan, "length"), None);
        assert_eq!(narrow(&plan, "user"), None);
        let template = plan.clone().extend(vec![Assignment {
            target: Target::Template("{guid}".to_owned()),
            value: build::field("length"),
        }]);
        assert_eq!(narrow(&template, "guid"), None);
        let limited = Plan::Limit {
            input: Box::new(plan.clone()),
            count: 3,
            tail: false,
        };
        assert_eq!(narrow(&limited, "guid"), None);
        // Renamed away: the field of that name is another one, if there is any.
        assert_eq!(narrow(&renamed(plan, "guid", "other"), "guid"), None);
    }
}
