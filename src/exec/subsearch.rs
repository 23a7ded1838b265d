//! Subsearches as search terms: run first, their rows written as a search expression.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Format>

use crate::commands::Planner;
use crate::error::{Error, Result};
use crate::exec::Executor;
use crate::exec::rows::Rows;
use crate::plan::Plan;
use crate::plan::build::{equals, literal};
use crate::syntax::ast::{Expr, ExprKind, Search};

impl Executor<'_> {
    /// The search expression with each subsearch replaced by what it gives.
    ///
    /// # Errors
    /// What running a subsearch says, or text from a `search` field that does not parse.
    pub(super) fn resolve(&self, search: &Search, plans: &[Plan]) -> Result<Search> {
        let mut plans = plans.iter();
        self.resolve_next(search, &mut plans)
    }

    fn resolve_next(
        &self,
        search: &Search,
        plans: &mut std::slice::Iter<'_, Plan>,
    ) -> Result<Search> {
        let mut each = |parts: &[Search]| {
            parts
                .iter()
                .map(|p| self.resolve_next(p, plans))
                .collect::<Result<Vec<_>>>()
        };
        Ok(match search {
            Search::And(parts) => Search::And(each(parts)?),
            Search::Or(parts) => Search::Or(each(parts)?),
            Search::Not(inner) => Search::Not(Box::new(self.resolve_next(inner, plans)?)),
            Search::Subsearch(pipeline) => {
                let plan = plans
                    .next()
                    .ok_or_else(|| Error::internal("a subsearch without a plan"))?;
                let rows = self.subsearch_rows(plan)?;
                self.terms(&rows).map_err(|e| e.at(pipeline.span))?
            }
            Search::CompareSubsearch {
                field,
                op,
                pipeline,
            } => {
                let plan = plans
                    .next()
                    .ok_or_else(|| Error::internal("a subsearch without a plan"))?;
                let rows = self.subsearch_rows(plan)?;
                let value = first_value(&rows).ok_or_else(|| {
                    Error::argument(
                        pipeline.span,
                        format!(
                            "the subsearch gives no value to compare `{}` with",
                            field.text
                        ),
                    )
                })?;
                Search::Compare {
                    field: field.clone(),
                    op: *op,
                    value: literal(&value),
                }
            }
            Search::Compare { .. }
            | Search::In { .. }
            | Search::Term(_)
            | Search::ExactTerm(_)
            | Search::CaseTerm(_) => search.clone(),
        })
    }

    /// The expression with each subsearch in it replaced by what it gives: the text of a field
    /// named `search` or `query` (as `return` makes it), else a condition on its fields.
    ///
    /// # Errors
    /// What planning and running a subsearch says, or a text that is no expression.
    pub(super) fn without_subsearches(&self, expr: &Expr) -> Result<Expr> {
        let ExprKind::Subsearch(pipeline) = &expr.kind else {
            return expr.map_parts(|part| self.without_subsearches(part));
        };
        let plan = Planner::new(self.context).subsearch(pipeline)?;
        let rows = self.subsearch_rows(&plan)?;
        let text = expression_text(&rows);
        let parsed = crate::commands::parse_expression(self.context, &text);
        parsed.map_err(|mut error| {
            error.span = Some(pipeline.span);
            error.hint(format!("the subsearch gave: {text}"))
        })
    }

    fn subsearch_rows(&self, plan: &Plan) -> Result<Rows> {
        self.bounded(plan, self.context.limits.subsearch_rows)
    }

    /// The rows of a subsearch, as many as the limit allows.
    pub(super) fn bounded(&self, plan: &Plan, most: usize) -> Result<Rows> {
        let limited = Plan::Limit {
            input: Box::new(plan.clone()),
            count: most + 1,
            tail: false,
        };
        let rows = self.run(&limited)?;
        if rows.len() <= most {
            return Ok(rows);
        }
        self.context.notice(format!(
            "a subsearch gave more than {most} rows: only the first {most} are used"
        ));
        let types = rows.types().to_vec();
        Ok(Rows::new(rows.frame().head(Some(most)), types))
    }

    fn terms(&self, rows: &Rows) -> Result<Search> {
        let names = rows.names();
        let text_column = names
            .iter()
            .position(|n| matches!(n.to_ascii_lowercase().as_str(), "search" | "query"));
        let mut alternatives = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            if let Some(column) = text_column {
                if let Some(text) = rows.value(row, column).as_text() {
                    alternatives.push(self.parse_search(&text)?);
                }
                continue;
            }
            let mut terms = Vec::new();
            for (column, name) in names.iter().enumerate() {
                if name.starts_with('_') {
                    continue;
                }
                let values = rows.value(row, column).into_values();
                match values.as_slice() {
                    [] => {}
                    [one] => terms.push(equals(name, one)),
                    several => {
                        terms.push(Search::Or(
                            several.iter().map(|v| equals(name, v)).collect(),
                        ));
                    }
                }
            }
            alternatives.push(Search::And(terms));
        }
        // No row at all: `format` writes NOT(), which nothing satisfies.
        Ok(Search::Or(alternatives))
    }
}

/// What the rows of a subsearch mean in an expression.
fn expression_text(rows: &Rows) -> String {
    let names = rows.names();
    let bare = names
        .iter()
        .position(|n| matches!(n.to_ascii_lowercase().as_str(), "search" | "query"));
    let mut alternatives = Vec::new();
    for row in 0..rows.len() {
        if let Some(column) = bare {
            if let Some(text) = rows.value(row, column).as_text() {
                alternatives.push(text.into_owned());
            }
            continue;
        }
        let mut terms = Vec::new();
        for (column, name) in names.iter().enumerate() {
            for value in rows.value(row, column).into_values() {
                if !name.starts_with('_') {
                    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
                    terms.push(format!("'{name}'=\"{value}\""));
                }
            }
        }
        if !terms.is_empty() {
            alternatives.push(format!("({})", terms.join(" AND ")));
        }
    }
    match alternatives.len() {
        0 if bare.is_some() => "null()".to_owned(),
        0 => "false()".to_owned(),
        1 => alternatives.remove(0),
        _ => format!("({})", alternatives.join(" OR ")),
    }
}

fn first_value(rows: &Rows) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    (0..rows.names().len())
        .find_map(|column| rows.value(0, column).as_text().map(|t| t.into_owned()))
}
