//! Pushes a filter on grouping keys below the aggregation, so that groups that the filter would drop are never
//! computed.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::plan::analysis::{fields_of, has_subsearch};
use crate::plan::expr::matching::FieldMatcher;
use crate::plan::{Assignment, Plan, Projection, Target, build};
use crate::source::Span;
use crate::syntax::ast::{CompareOp, Expr, ExprKind, Search};

/// The inputs that the value of a column depends on; none for a constant.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::plan) struct Lineage {
    /// Fields by which groups are made.
    pub keys: BTreeSet<String>,
    /// What is aggregated of a group.
    pub results: BTreeSet<String>,
    /// Chance, or what is not known.
    pub more: bool,
}

impl Lineage {
    fn key(name: &str) -> Lineage {
        Lineage {
            keys: BTreeSet::from([name.to_owned()]),
            ..Lineage::default()
        }
    }

    fn result(name: &str) -> Lineage {
        Lineage {
            results: BTreeSet::from([name.to_owned()]),
            ..Lineage::default()
        }
    }

    fn unknown() -> Lineage {
        Lineage {
            more: true,
            ..Lineage::default()
        }
    }

    fn and(mut self, other: &Lineage) -> Lineage {
        self.keys.extend(other.keys.iter().cloned());
        self.results.extend(other.results.iter().cloned());
        self.more |= other.more;
        self
    }

    /// The only key that it depends on.
    pub(in crate::plan) fn only_key(&self) -> Option<&str> {
        let alone = self.keys.len() == 1 && self.results.is_empty() && !self.more;
        alone.then(|| self.keys.first().map(String::as_str))?
    }
}

/// A column above the groups.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Column {
    /// The inputs that its values depend on.
    pub origin: Lineage,
    /// Whether it is the key itself.
    pub same: bool,
}

pub(in crate::plan) type Columns = IndexMap<String, Column>;

/// The fields above groups, if only row-wise steps are between.
pub fn filter_columns(plan: &Plan) -> Option<Vec<String>> {
    Some(column_lineage(plan)?.into_keys().collect())
}

/// The plan without the groups in which the field is none of the values, as far as that is known
/// before they are made; nothing where it is not. Other rows may be left: the values are compared
/// as search expressions do, and only below an aggregation by the field.
pub fn push_filter_through_aggregate(plan: &Plan, field: &str, values: &[String]) -> Option<Plan> {
    let columns = column_lineage(plan)?;
    let column = columns.get(field).filter(|column| column.same)?;
    let key = column.origin.only_key()?;
    let mut narrowed = plan.clone();
    place(&mut narrowed, key, values)?;
    Some(narrowed)
}

/// Puts the filter below the groups.
fn place(plan: &mut Plan, key: &str, values: &[String]) -> Option<()> {
    match plan {
        Plan::Aggregate { input, fill, .. } => {
            let wanted = one_of(key, values, fill.as_deref());
            **input = input.as_ref().clone().search(wanted);
            Some(())
        }
        _ => place(plan.inputs_mut().pop()?, key, values),
    }
}

/// The columns above groups, by steps that look at one row each.
pub(in crate::plan) fn column_lineage(plan: &Plan) -> Option<Columns> {
    match plan {
        Plan::Aggregate { aggregates, by, .. } => {
            let wild = aggregates.iter().any(|a| a.name.contains('*'));
            if wild {
                return None;
            }
            let keys = by.iter().map(|by| {
                let origin = match by.span {
                    None => Lineage::key(&by.name),
                    Some(_) => Lineage::unknown(),
                };
                (by.name.clone(), Column { origin, same: true })
            });
            let made = aggregates.iter().map(|call| {
                let origin = Lineage::result(&call.name);
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
        Plan::Filter { input, .. } | Plan::Physical { node: input, .. } => column_lineage(input),
        Plan::Project {
            input,
            mode,
            fields,
        } => {
            let mut columns = column_lineage(input)?;
            let named = |name: &String| fields.iter().any(|field| field.matches(name));
            columns.retain(|name, _| named(name) != (*mode == Projection::Drop));
            Some(columns)
        }
        Plan::Rename { input, pairs } => {
            let mut columns = column_lineage(input)?;
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
            let mut columns = column_lineage(input)?;
            for Assignment { target, value } in set {
                let field = match target {
                    Target::Field(field) => field,
                    Target::Template(_) => return None,
                    Target::Each(patterns) | Target::EachPresent(patterns) => {
                        for (name, column) in &mut columns {
                            if patterns.iter().any(|pattern| pattern.matches(name)) {
                                column.origin = Lineage::unknown();
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
                let origin = match is_deterministic(value) {
                    true => lineage_of(&fields_of(value), &columns),
                    false => Lineage::unknown(),
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
            let mut columns = column_lineage(input)?;
            // A lookup by time looks at the row's time too.
            let fields = keys.iter().map(|(_, field)| field.text.clone());
            let fields: Vec<String> = fields.chain(["_time".to_owned()]).collect();
            let found = lineage_of(&fields, &columns);
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

/// The inputs that the values of all these fields depend on; absent fields are missing in all rows.
pub(in crate::plan) fn lineage_of(fields: &[String], columns: &Columns) -> Lineage {
    let known = fields.iter().filter_map(|field| columns.get(field));
    known.fold(Lineage::default(), |all, column| all.and(&column.origin))
}

/// Whether an expression has the same value wherever its fields have the same values.
pub(in crate::plan) fn is_deterministic(expr: &Expr) -> bool {
    let impure = expr.any(&|found| match &found.kind {
        ExprKind::Call(name, _) => {
            let name = name.text.to_ascii_lowercase();
            ["random", "searchmatch", "lookup"].contains(&name.as_str())
        }
        // One field or two: that depends on which exist.
        ExprKind::Dotted(_) => true,
        _ => false,
    });
    !impure && !has_subsearch(expr)
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
        values.any(|value| FieldMatcher::new(CompareOp::Eq, value).matches_text(fill))
    };
    if !fill.is_some_and(is_fill) {
        return one_of;
    }
    let there = build::equals(field, "*");
    Search::Or(vec![one_of, Search::Not(Box::new(there))])
}

#[cfg(test)]
pub(super) mod tests {
    use super::push_filter_through_aggregate;
    use crate::plan::schema::Pattern;
    use crate::plan::{Assignment, ByField, Plan, Scan, Target, build, print};

    /// Groups of events by these fields.
    pub(in crate::plan) fn groups(by: &[&str]) -> Plan {
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
        push_filter_through_aggregate(plan, field, &values).map(|plan| print::plan(&plan))
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
