//! Features: converts rows to numbers, with a 0/1 column for each value of a text field. The steps of `fit`
//! and `apply` are those of "Using the fit and apply commands" in the AI Toolkit's user guide.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::kernels::stats_util::{all_numbers, chosen};
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;

/// Maximum number of distinct values of a text field; a field with more is dropped (`max_distinct_cat_values`
/// of mlspl.conf).
const MOST_VALUES: usize = 100;

/// One numeric column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Feature {
    /// A field's number.
    Number(String),
    /// Whether a field has this value.
    Value(String, String),
}

impl Feature {
    /// Its name: `field`, or `field=value`.
    pub(crate) fn name(&self) -> String {
        match self {
            Feature::Number(field) => field.clone(),
            Feature::Value(field, value) => format!("{field}={value}"),
        }
    }

    /// The field it comes from.
    fn field(&self) -> &str {
        match self {
            Feature::Number(field) | Feature::Value(field, _) => field,
        }
    }
}

/// The columns of the fields. Drops fields without any value, and text fields with too many distinct values,
/// with a warning.
///
/// # Errors
/// If no column is left.
pub(crate) fn features(
    rows: &Table,
    fields: &[Pattern],
    target: Option<&str>,
    numbers_only: bool,
    context: &QueryContext,
) -> Result<Vec<Feature>> {
    let mut found = Vec::new();
    for pattern in fields {
        if !pattern.is_wild() && rows.column(&pattern.text).is_none() {
            return Err(missing(&pattern.text));
        }
    }
    for name in chosen(rows, fields) {
        if Some(name.as_str()) == target {
            continue;
        }
        if all_numbers(rows, &name).is_some() {
            found.push(Feature::Number(name));
            continue;
        }
        let mut values: Vec<String> = (0..rows.height())
            .filter_map(|row| text(rows, &name, row))
            .collect();
        values.sort();
        values.dedup();
        if values.is_empty() {
            context.notice(format!("the field `{name}` has no values and is left out"));
        } else if numbers_only {
            context.notice(format!(
                "the field `{name}` has values that are not numbers and is left out"
            ));
        } else if values.len() > MOST_VALUES {
            context.notice(format!(
                "the field `{name}` has {} different texts, more than {MOST_VALUES}, and is left out",
                values.len()
            ));
        } else {
            let value = |value| Feature::Value(name.clone(), value);
            found.extend(values.into_iter().map(value));
        }
    }
    if found.is_empty() {
        return Err(Error::data("no field is left to learn from")
            .hint("fields need numbers, or texts with few distinct values"));
    }
    Ok(found)
}

/// The numbers of each row; `None` for a row that lacks one of the fields. A text value not seen when the
/// model was learned matches none of its values.
///
/// # Errors
/// If a field is missing in all rows.
pub(crate) fn points(rows: &Table, features: &[Feature]) -> Result<Vec<Option<Vec<f64>>>> {
    if let Some(lost) = features.iter().find(|f| rows.column(f.field()).is_none())
        && rows.height() > 0
    {
        return Err(missing(lost.field()));
    }
    let value = |feature: &Feature, row: usize| match feature {
        Feature::Number(field) => rows.value(field, row).as_number(),
        Feature::Value(field, value) => {
            text(rows, field, row).map(|t| f64::from(u8::from(t == *value)))
        }
    };
    let point = |row: usize| features.iter().map(|f| value(f, row)).collect();
    Ok((0..rows.height()).map(point).collect())
}

/// A value as text.
pub(crate) fn text(rows: &Table, field: &str, row: usize) -> Option<String> {
    rows.value(field, row).into_text().map(|t| t.into_owned())
}

/// The error for a field that no row has.
pub(crate) fn missing(field: &str) -> Error {
    Error::data(format!(
        "no row has the field `{field}`, which the model needs"
    ))
}
