//! The rows of a data model's data set, for commands that return them unchanged.

use crate::error::Result;
use crate::knowledge::models::{Calculation, Dataset};
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::{Plan, Projection, Scan};
use crate::source::Span;
use crate::syntax::ast::Name;

/// A data set as named in a search.
pub(super) struct NamedDataset {
    model: Name,
    dataset: Option<Name>,
}

impl NamedDataset {
    /// Resolves `Model.Dataset`, `Model`, or both parts given separately, at `span`.
    ///
    /// # Errors
    /// If the model or data set is not defined. Rows supplied directly need no definition.
    pub(super) fn find(
        context: &QueryContext,
        model: &str,
        dataset: Option<&str>,
        span: Span,
    ) -> Result<NamedDataset> {
        let name = |text: &str| Name {
            text: text.to_owned(),
            span,
            quoted: false,
        };
        let (model, dataset) = match (dataset, model.split_once('.')) {
            (None, Some((model, dataset))) => (model, Some(dataset)),
            (dataset, _) => (model, dataset),
        };
        let named = NamedDataset {
            model: name(model),
            dataset: dataset.map(name),
        };
        let mut given = context.given_models.iter();
        if !given.any(|m| m.eq_ignore_ascii_case(model)) {
            let found = context.catalog.models.find(model).map_err(|e| e.at(span))?;
            if let Some(dataset) = dataset {
                found.find(dataset).map_err(|e| e.at(span))?;
            }
        }
        Ok(named)
    }

    /// Its definition in the catalog.
    fn definition<'c>(&self, context: &'c QueryContext) -> Option<&'c Dataset> {
        let model = context.catalog.models.get(&self.model.text)?;
        match &self.dataset {
            Some(dataset) => model.dataset(&dataset.text),
            None => model.root(),
        }
    }

    /// Its rows, with fields named `<owner>.<field>`.
    pub(super) fn rows(&self, context: &QueryContext, summaries_only: bool) -> Plan {
        let rows = Plan::Scan(Scan::Model {
            model: self.model.clone(),
            dataset: self.dataset.clone(),
            summaries_only,
        });
        let Some(dataset) = self.definition(context) else {
            return rows;
        };
        // Searches may also use the root as prefix for a field of a child; drop these duplicates.
        let twice = dataset
            .fields
            .iter()
            .filter(|f| f.owner != dataset.root())
            .map(|f| Pattern::new(format!("{}.{}", dataset.root(), f.name)))
            .collect();
        Plan::Project {
            input: Box::new(rows),
            mode: Projection::Drop,
            fields: twice,
        }
    }

    /// Its rows, with fields under their own names.
    pub(super) fn flat_rows(&self, context: &QueryContext, summaries_only: bool) -> Plan {
        let rows = self.rows(context, summaries_only);
        let dataset = self.dataset.as_ref().unwrap_or(&self.model);
        let last = dataset.text.rsplit('.').next().unwrap_or_default();
        let mut owners = vec![last.to_owned()];
        if let Some(dataset) = self.definition(context) {
            for field in &dataset.fields {
                if !owners.contains(&field.owner) {
                    owners.push(field.owner.clone());
                }
            }
        }
        // `Root.Child.*` before `Root.*`, which would match it too.
        owners.sort_by_key(|owner| std::cmp::Reverse(owner.len()));
        let pair = |owner: &String| (Pattern::new(format!("{owner}.*")), Pattern::new("*"));
        Plan::Rename {
            input: Box::new(rows),
            pairs: owners.iter().map(pair).collect(),
        }
    }

    /// The search that finds its events and computes its fields, as returned by the modes of `datamodel` that
    /// return a search.
    pub(super) fn search_text(&self, context: &QueryContext, flat: bool) -> Option<String> {
        let dataset = self.definition(context)?;
        Some(search_of(dataset, flat))
    }
}

/// Prints a data set as the search that finds its events and computes its fields.
fn search_of(dataset: &Dataset, flat: bool) -> String {
    let mut text = match &dataset.base_search {
        Some(base) => base.clone(),
        None => "search".to_owned(),
    };
    if dataset.base_search.is_some() && !dataset.constraints.is_empty() {
        text.push_str(" | search");
    }
    for constraint in &dataset.constraints {
        text.push_str(&format!(" ({constraint})"));
    }
    let list = |pairs: &[(String, String)]| {
        let pair = |(column, field): &(String, String)| format!("{column} AS \"{field}\"");
        pairs.iter().map(pair).collect::<Vec<_>>().join(", ")
    };
    for calculation in &dataset.calculations {
        text.push_str(&match calculation {
            Calculation::Eval { field, expression } => format!(" | eval \"{field}\"={expression}"),
            Calculation::Rex { input, regex } => {
                format!(
                    " | rex field=\"{input}\" \"{}\"",
                    regex.replace('"', "\\\"")
                )
            }
            Calculation::Lookup {
                lookup,
                inputs,
                outputs,
            } => format!(
                " | lookup {lookup} {} OUTPUT {}",
                list(inputs),
                list(outputs)
            ),
            Calculation::GeoIp { input, .. } => format!(" | iplocation \"{input}\""),
        });
    }
    let mut names = vec!["_time".to_owned()];
    let mut renamed = Vec::new();
    for field in &dataset.fields {
        names.push(format!("\"{}\"", field.name));
        if !flat {
            renamed.push(format!(
                "\"{}\" AS \"{}.{}\"",
                field.name, field.owner, field.name
            ));
        }
    }
    text.push_str(&format!(" | fields {}", names.join(", ")));
    if !renamed.is_empty() {
        text.push_str(&format!(" | rename {}", renamed.join(", ")));
    }
    text
}
