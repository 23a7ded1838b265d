//! Subsearches as search terms: runs them first and formats their rows as a search expression.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Format>

use crate::commands::Planner;
use crate::error::{Error, Result};
use crate::exec::context::Executor;
use crate::exec::frame::result::Rows;
use crate::plan::Plan;
use crate::plan::build::equals;
use crate::plan::texts::parse_expression;
use crate::syntax::ast::{Expr, ExprKind, Pipeline, Search};

impl Executor<'_> {
    /// Replaces each subsearch of a search expression by its result.
    ///
    /// # Errors
    /// If running a subsearch fails, or text from a `search` field does not parse.
    pub(in crate::exec) fn inline_subsearches(
        &self,
        search: &Search,
        plans: &[Plan],
    ) -> Result<Search> {
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
                list,
            } => {
                let plan = plans
                    .next()
                    .ok_or_else(|| Error::internal("a subsearch without a plan"))?;
                let rows = self.subsearch_rows(plan)?;
                let name = crate::syntax::quote(&field.text);
                let value = operand(&rows).ok_or_else(|| {
                    Error::argument(
                        pipeline.span,
                        format!(
                            "the subsearch gives no value to compare `{}` with",
                            field.text
                        ),
                    )
                })?;
                let text = match list {
                    true => format!("{name} IN ({value})"),
                    false => format!("{name}{}{value}", op.symbol()),
                };
                self.parse_search(&text).map_err(|e| e.at(pipeline.span))?
            }
            Search::Compare { .. }
            | Search::In { .. }
            | Search::Term(_)
            | Search::ExactTerm(_)
            | Search::CaseTerm(_) => search.clone(),
        })
    }

    /// Replaces each subsearch of an expression by its result: the text of a field named `search`
    /// or `query` (as returned by `return`), else a condition on its fields.
    ///
    /// # Errors
    /// If planning or running a subsearch fails, or its text is not an expression.
    pub(in crate::exec) fn without_subsearches(&self, expr: &Expr) -> Result<Expr> {
        match &expr.kind {
            ExprKind::Subsearch(pipeline) => {
                self.subsearch_expression(pipeline, |text| text.to_owned())
            }
            ExprKind::In(left, items) => {
                let mut all = Vec::with_capacity(items.len());
                for item in items {
                    let ExprKind::Subsearch(pipeline) = &item.kind else {
                        all.push(self.without_subsearches(item)?);
                        continue;
                    };
                    // `return` may return several values: `x IN ([... | return $list])`.
                    let list =
                        self.subsearch_expression(pipeline, |text| format!("0 IN ({text})"))?;
                    match list.kind {
                        ExprKind::In(_, items) => all.extend(items),
                        _ => return Err(Error::internal("a value that is not a list")),
                    }
                }
                Ok(Expr {
                    kind: ExprKind::In(Box::new(self.without_subsearches(left)?), all),
                    span: expr.span,
                })
            }
            _ => expr.map_parts(|part| self.without_subsearches(part)),
        }
    }

    /// The expression that a subsearch returns, after `written` formats its text.
    fn subsearch_expression(
        &self,
        pipeline: &Pipeline,
        written: impl Fn(&str) -> String,
    ) -> Result<Expr> {
        let plan = Planner::new(self.context).subsearch(pipeline)?;
        let rows = self.subsearch_rows(&plan)?;
        let text = expression_text(&rows);
        let parsed = parse_expression(self.context, &written(&text));
        parsed.map_err(|mut error| {
            error.span = Some(pipeline.span);
            error.hint(format!("the subsearch gave: {text}"))
        })
    }

    fn subsearch_rows(&self, plan: &Plan) -> Result<Rows> {
        self.run_with_limits(plan, self.context.limits.subsearch_rows)
    }

    /// The rows of a subsearch, up to the limit.
    pub(in crate::exec) fn run_with_limits(&self, plan: &Plan, most: usize) -> Result<Rows> {
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
        let mut alternatives = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            let mut terms = Vec::new();
            for (column, name) in names.iter().enumerate() {
                if name.starts_with('_') {
                    continue;
                }
                if is_bare(name) {
                    if let Some(text) = rows.value(row, column).as_text() {
                        terms.push(self.parse_search(&text)?);
                    }
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
            if !terms.is_empty() {
                alternatives.push(Search::And(terms));
            }
        }
        // No rows: `format` returns NOT(), which nothing satisfies.
        Ok(Search::Or(alternatives))
    }
}

/// The rows of a subsearch as the text of an expression.
fn expression_text(rows: &Rows) -> String {
    let names = rows.names();
    let bare = names.iter().position(|name| is_bare(name));
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

/// The operand from the first row of a subsearch: the text of a field named `search` or `query` as
/// is (as returned by `return`), else its first value.
fn operand(rows: &Rows) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    rows.names().iter().enumerate().find_map(|(column, name)| {
        let text = rows.value(0, column).as_text()?.into_owned();
        Some(match is_bare(name) {
            true => text,
            false => crate::syntax::quote(&text),
        })
    })
}

/// Whether a field of a subsearch is used as bare text, without its name.
fn is_bare(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "search" | "query")
}
