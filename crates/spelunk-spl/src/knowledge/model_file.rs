//! The JSON of Splunk's data models as written. Unused keys are omitted.

use serde::Deserialize;

use super::models::{Calculation, FieldKind};

#[derive(Deserialize)]
pub(super) struct ModelFile {
    #[serde(rename = "modelName")]
    pub(super) name: String,
    pub(super) objects: Vec<ObjectFile>,
}

#[derive(Deserialize)]
pub(super) struct ObjectFile {
    #[serde(rename = "objectName")]
    pub(super) name: String,
    #[serde(rename = "parentName", default)]
    pub(super) parent: String,
    #[serde(default)]
    pub(super) fields: Vec<FieldFile>,
    #[serde(default)]
    pub(super) calculations: Vec<CalculationFile>,
    #[serde(default)]
    pub(super) constraints: Vec<ConstraintFile>,
    #[serde(rename = "baseSearch")]
    pub(super) base_search: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ConstraintFile {
    pub(super) search: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct FieldFile {
    #[serde(rename = "fieldName")]
    pub(super) name: String,
    /// The lookup's column, if the field is an output of a lookup.
    #[serde(rename = "lookupOutputFieldName")]
    pub(super) column: Option<String>,
    #[serde(rename = "type", default)]
    pub(super) kind: FieldKind,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) multivalue: bool,
    #[serde(default)]
    pub(super) hidden: bool,
}

#[derive(Deserialize)]
pub(super) struct CalculationFile {
    #[serde(rename = "calculationType")]
    pub(super) kind: CalculationKind,
    #[serde(default)]
    pub(super) expression: String,
    #[serde(rename = "inputField", default)]
    pub(super) input: String,
    #[serde(rename = "lookupName", default)]
    pub(super) lookup: String,
    #[serde(rename = "lookupInputs", default)]
    pub(super) inputs: Vec<LookupInputFile>,
    #[serde(rename = "outputFields", default)]
    pub(super) outputs: Vec<FieldFile>,
}

#[derive(Deserialize)]
pub(super) enum CalculationKind {
    Eval,
    Rex,
    Lookup,
    GeoIP,
}

#[derive(Deserialize)]
pub(super) struct LookupInputFile {
    #[serde(rename = "inputField")]
    pub(super) input: String,
    #[serde(rename = "lookupField")]
    pub(super) column: String,
}

impl CalculationFile {
    /// Its calculations: one for each field that an expression sets.
    pub(super) fn into_steps(self) -> Vec<Calculation> {
        let column = |field: &FieldFile| field.column.clone().unwrap_or(field.name.clone());
        let outputs = |fields: Vec<FieldFile>| {
            let pair = |field: FieldFile| (column(&field), field.name);
            fields.into_iter().map(pair).collect()
        };
        match self.kind {
            CalculationKind::Eval => self
                .outputs
                .into_iter()
                .map(|field| Calculation::Eval {
                    field: field.name,
                    expression: self.expression.clone(),
                })
                .collect(),
            CalculationKind::Rex => vec![Calculation::Rex {
                input: self.input,
                regex: self.expression,
            }],
            CalculationKind::Lookup => vec![Calculation::Lookup {
                lookup: self.lookup,
                inputs: self
                    .inputs
                    .into_iter()
                    .map(|pair| (pair.column, pair.input))
                    .collect(),
                outputs: outputs(self.outputs),
            }],
            CalculationKind::GeoIP => vec![Calculation::GeoIp {
                input: self.input,
                outputs: outputs(self.outputs),
            }],
        }
    }
}
