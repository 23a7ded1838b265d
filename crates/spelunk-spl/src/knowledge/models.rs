//! Data models in Splunk's JSON: data sets, their constraints, fields and calculations.
//!
//! Knowledge Manager Manual, "About data models" and "Design data models".

use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};

use super::fault::{Fault, FaultKind, Faults};
use super::lenient;
use super::model_file::{FieldFile, ModelFile, ObjectFile};
use super::yaml::Origin;

/// All data models, by name.
#[derive(Clone, Debug, Default)]
pub struct Models {
    by_name: IndexMap<String, DataModel>,
}

impl Models {
    /// The model with this name.
    pub fn get(&self, name: &str) -> Option<&DataModel> {
        self.by_name.get(name)
    }

    /// The model with this name.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownModel`], with the nearest name.
    pub fn find(&self, name: &str) -> Result<&DataModel> {
        self.get(name).ok_or_else(|| {
            Error::new(ErrorKind::UnknownModel(name.to_owned()))
                .did_you_mean(name, self.by_name.keys().map(String::as_str))
        })
    }

    /// All models, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &DataModel> {
        self.by_name.values()
    }

    /// Adds the model of a JSON file, replacing one with the same name. Unreadable parts are skipped.
    ///
    /// # Errors
    /// [`ErrorKind::Format`]: bad JSON, or not a data model.
    pub(super) fn insert_json(&mut self, path: &Path, text: &str, faults: &Faults) -> Result<()> {
        let json: serde_json::Value = serde_json::from_str(text).map_err(|why| {
            let text = why.to_string();
            // The message already begins with the position.
            let text = text.split(" at line ").next().unwrap_or(&text);
            Error::format(path, why.line(), why.column(), text)
        })?;
        let name = json["modelName"].as_str().unwrap_or_default().to_owned();
        let fault = model_fault(path, &name, faults);
        let file = ModelFile::deserialize(&json).ok().or_else(|| {
            lenient::json(json.clone(), &mut |keys, why| {
                fault(
                    format!("{keys}: {why}"),
                    "that part of the model is ignored",
                );
            })
        });
        let Some(file) = file else {
            let why = "expected a data model: an object with `modelName` and `objects`";
            return Err(Error::format(path, 1, 1, why));
        };
        let model = DataModel::build(path, file, json, &fault);
        self.by_name.insert(model.name.clone(), model);
        Ok(())
    }
}

/// Returns a function that adds a fault of one model, given reason and effect.
fn model_fault<'f>(
    path: &Path,
    name: &'f str,
    faults: &'f Faults,
) -> impl Fn(String, &'static str) + 'f {
    let origin = Origin {
        path: path.to_owned(),
        line: 0,
    };
    move |why, effect| {
        let object = format!("data model `{name}`");
        faults.add(Fault::new(FaultKind::Model, &origin, object, why, effect));
    }
}

/// One data model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataModel {
    /// `Endpoint`
    pub name: String,
    /// Where it was defined.
    pub origin: Origin,
    /// The JSON that it was read from.
    pub json: serde_json::Value,
    datasets: IndexMap<String, Dataset>,
}

/// One data set of a model, with inherited parts resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// `Processes`
    pub name: String,
    /// The parent data set; `None` for a root.
    pub parent: Option<String>,
    /// Names from the root to this data set, which `nodename` joins with dots.
    pub lineage: Vec<String>,
    /// Searches that its events must all satisfy; inherited ones first.
    pub constraints: Vec<String>,
    /// The search that produces its rows (`BaseSearch`), its own or its root's.
    pub base_search: Option<String>,
    /// Whether it consists of transactions over other data sets' events (`BaseTransaction`), itself or by its
    /// root.
    pub transaction: bool,
    /// Fields, inherited ones first, including calculated ones.
    pub fields: Vec<Field>,
    /// Calculations in the order in which they apply; inherited ones first.
    pub calculations: Vec<Calculation>,
    /// The file of its model.
    pub origin: Origin,
}

/// One field of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name without the data set: `dest`.
    pub name: String,
    /// Names from the root to the data set that declares it, joined with dots: searches use `<owner>.<name>`.
    pub owner: String,
    /// The type of its values.
    pub kind: FieldKind,
    /// Whether events without it are excluded from the data set.
    pub required: bool,
    /// Whether it may have several values.
    pub multivalue: bool,
    /// Whether it is hidden from users.
    pub hidden: bool,
    /// Whether a calculation produces it.
    pub calculated: bool,
}

/// The type of a field of a data model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Text.
    #[default]
    String,
    /// Numbers.
    Number,
    /// `true` and `false`, or 1 and 0.
    Boolean,
    /// A point in time.
    Timestamp,
    /// An IPv4 address.
    Ipv4,
    /// How many times a child data set contains an event.
    #[serde(alias = "objectCount")]
    ObjectCount,
    /// How many times a child data set contains an event.
    #[serde(alias = "childCount")]
    ChildCount,
}

/// A field that a data set computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calculation {
    /// An `eval` expression.
    Eval {
        /// The field it sets.
        field: String,
        /// The expression.
        expression: String,
    },
    /// A regular expression whose named groups become fields.
    Rex {
        /// The field it reads.
        input: String,
        /// The expression.
        regex: String,
    },
    /// A lookup.
    Lookup {
        /// The lookup's name.
        lookup: String,
        /// Its columns, and the fields to match them with.
        inputs: Vec<(String, String)>,
        /// Its columns, and the fields to fill.
        outputs: Vec<(String, String)>,
    },
    /// Locations of addresses (`iplocation`).
    GeoIp {
        /// The field with the address.
        input: String,
        /// Columns of the location data, and the fields to fill.
        outputs: Vec<(String, String)>,
    },
}

impl Calculation {
    /// What it computes, for a message: ``the field `dest` ``, `the expression of a Rex`.
    pub fn label(&self) -> String {
        match self {
            Calculation::Eval { field, .. } => format!("the field `{field}`"),
            Calculation::Rex { input, .. } => format!("the expression on `{input}`"),
            Calculation::Lookup { lookup, .. } => format!("the lookup `{lookup}`"),
            Calculation::GeoIp { input, .. } => format!("the places of `{input}`"),
        }
    }

    /// A text to locate it by in the model's file.
    pub fn written(&self) -> &str {
        match self {
            Calculation::Eval { expression, .. } => expression,
            Calculation::Rex { regex, .. } => regex,
            Calculation::Lookup { lookup, .. } => lookup,
            Calculation::GeoIp { input, .. } => input,
        }
    }
}

impl DataModel {
    /// The data set with this name, or with this path from a root (`All_Traffic.Allowed_Traffic`).
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.get(name).or_else(|| {
            let last = name.rsplit('.').next()?;
            let dataset = self.datasets.get(last)?;
            dataset.node().ends_with(name).then_some(dataset)
        })
    }

    /// The data set with this name.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownDataset`], with the nearest name.
    pub fn find(&self, name: &str) -> Result<&Dataset> {
        self.dataset(name).ok_or_else(|| {
            Error::new(ErrorKind::UnknownDataset {
                model: self.name.clone(),
                dataset: name.to_owned(),
            })
            .did_you_mean(name, self.datasets.keys().map(String::as_str))
        })
    }

    /// The default data set of a model: its first root that contains events.
    pub fn root(&self) -> Option<&Dataset> {
        self.roots().find(|d| !d.transaction)
    }

    /// Data sets without a parent.
    pub fn roots(&self) -> impl Iterator<Item = &Dataset> {
        self.datasets.values().filter(|d| d.parent.is_none())
    }

    /// All data sets, parents before their children.
    pub fn datasets(&self) -> impl Iterator<Item = &Dataset> {
        self.datasets.values()
    }

    /// The data sets whose parent is `name`.
    pub fn children<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Dataset> {
        self.datasets
            .values()
            .filter(move |d| d.parent.as_deref() == Some(name))
    }

    fn build(
        path: &Path,
        file: ModelFile,
        json: serde_json::Value,
        fault: &dyn Fn(String, &'static str),
    ) -> DataModel {
        let mut datasets: IndexMap<String, Dataset> = IndexMap::new();
        let mut waiting = file.objects;
        // A file may name a child before its parent.
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut left = Vec::new();
            for object in waiting {
                let root = object.parent.is_empty() || object.parent.starts_with("Base");
                match (root, datasets.get(&object.parent)) {
                    (false, None) => left.push(object),
                    (_, parent) => {
                        let dataset = Dataset::build(path, parent, object);
                        datasets.insert(dataset.name.clone(), dataset);
                    }
                }
            }
            if left.len() == before {
                for object in &left {
                    let (name, parent) = (&object.name, &object.parent);
                    let why = format!(
                        "the data set `{name}` has the parent `{parent}`, which is not there"
                    );
                    fault(why, "the data set is left out");
                }
                break;
            }
            waiting = left;
        }
        DataModel {
            name: file.name,
            origin: Origin {
                path: path.to_owned(),
                line: 0,
            },
            json,
            datasets,
        }
    }
}

impl Dataset {
    /// The lineage joined with dots: `All_Traffic.Traffic_By_Action.Allowed_Traffic`.
    pub fn node(&self) -> String {
        self.lineage.join(".")
    }

    /// The root that it descends from; a root returns itself.
    pub fn root(&self) -> &str {
        &self.lineage[0]
    }

    /// The field with this name, without the data set before it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn build(path: &Path, parent: Option<&Dataset>, object: ObjectFile) -> Dataset {
        let mut dataset = match parent {
            Some(parent) => Dataset {
                parent: Some(parent.name.clone()),
                ..parent.clone()
            },
            None => Dataset {
                name: String::new(),
                parent: None,
                lineage: Vec::new(),
                constraints: Vec::new(),
                base_search: None,
                transaction: object.parent == "BaseTransaction",
                fields: Vec::new(),
                calculations: Vec::new(),
                origin: Origin {
                    path: path.to_owned(),
                    line: 0,
                },
            },
        };
        dataset.name = object.name.clone();
        dataset.lineage.push(object.name);
        let searches = object.constraints.into_iter().map(|c| c.search);
        dataset
            .constraints
            .extend(searches.filter(|search| !search.trim().is_empty()));
        if object.base_search.is_some() {
            dataset.base_search = object.base_search;
        }
        let owner = dataset.node();
        for field in object.fields {
            dataset.declare(field, &owner, false);
        }
        for calculation in object.calculations {
            for field in &calculation.outputs {
                dataset.declare(field.clone(), &owner, true);
            }
            dataset.calculations.extend(calculation.into_steps());
        }
        dataset
    }

    fn declare(&mut self, field: FieldFile, owner: &str, calculated: bool) {
        let field = Field {
            name: field.name,
            owner: owner.to_owned(),
            kind: field.kind,
            required: field.required,
            multivalue: field.multivalue,
            hidden: field.hidden,
            calculated,
        };
        match self.fields.iter_mut().find(|f| f.name == field.name) {
            // A field that a child recomputes keeps its name from the parent.
            Some(known) => {
                *known = Field {
                    owner: known.owner.clone(),
                    ..field
                };
            }
            None => self.fields.push(field),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Calculation, Models};
    use crate::knowledge::fault::Faults;

    fn models(text: &str) -> (Models, Vec<String>) {
        let mut models = Models::default();
        let faults = Faults::default();
        models
            .insert_json(Path::new("M.json"), text, &faults)
            .unwrap();
        let faults = faults.all().iter().map(ToString::to_string).collect();
        (models, faults)
    }

    const TEXT: &str = r#"{"modelName": "M", "objects": [
        {"objectName": "Kid", "parentName": "Top", "constraints": [{"search": "b=2"}],
         "fields": [{"fieldName": "own"}],
         "calculations": [{"calculationType": "Rex", "inputField": "own",
            "expression": "(?<part>.)", "outputFields": [{"fieldName": "part"}]}]},
        {"objectName": "Top", "parentName": "BaseEvent", "comment": {"x": 1},
         "constraints": [{"search": "a=1"}],
         "fields": [{"fieldName": "n", "type": "number", "required": true}],
         "calculations": [{"calculationType": "Eval", "calculationID": "1",
            "expression": "if(isnull(u),0,u)", "outputFields": [{"fieldName": "u"}]}]}]}"#;

    #[test]
    fn a_child_inherits_from_its_parent() {
        let (models, faults) = models(TEXT);
        assert!(faults.is_empty());
        let model = models.get("M").unwrap();
        assert_eq!(model.root().unwrap().name, "Top");
        let kid = model.dataset("Top.Kid").unwrap();
        assert_eq!(kid.constraints, ["a=1", "b=2"]);
        let fields: Vec<String> = kid
            .fields
            .iter()
            .map(|f| format!("{}.{}", f.owner, f.name))
            .collect();
        assert_eq!(fields, ["Top.n", "Top.u", "Top.Kid.own", "Top.Kid.part"]);
        assert!(matches!(kid.calculations[0], Calculation::Eval { .. }));
        assert!(matches!(kid.calculations[1], Calculation::Rex { .. }));
        assert_eq!(kid.root(), "Top");
        assert!(model.find("Kidd").unwrap_err().hints[0].contains("Kid"));
    }

    #[test]
    fn transactions_are_no_roots_of_events() {
        let text = r#"{"modelName": "M", "objects": [
            {"objectName": "Visits", "parentName": "BaseTransaction", "groupByFields": ["user"]},
            {"objectName": "Long", "parentName": "Visits"},
            {"objectName": "Hits", "parentName": "BaseEvent"}]}"#;
        let (models, _) = models(text);
        let model = models.get("M").unwrap();
        assert_eq!(model.root().unwrap().name, "Hits");
        assert!(model.dataset("Visits").unwrap().transaction);
        assert!(model.dataset("Long").unwrap().transaction);
    }

    #[test]
    fn what_can_not_be_read_of_a_model_is_left_out() {
        let text = r#"{"modelName": "M", "objects": [
            {"objectName": "A", "parentName": "B"},
            {"objectName": "C", "parentName": "BaseEvent", "fields": [
                {"fieldName": "x", "type": "colour"}, {"fieldName": "y"}, "z"]}]}"#;
        let (models, faults) = models(text);
        let datasets = models.get("M").unwrap().datasets();
        let fields: Vec<_> = datasets.flat_map(|d| &d.fields).map(|f| &f.name).collect();
        assert_eq!(fields, ["x", "y"]);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(
            faults[0].contains("objects[1].fields[0].type"),
            "{faults:?}"
        );
        assert!(faults[2].contains("has the parent `B`"), "{faults:?}");
    }

    #[test]
    fn bad_json_is_an_error_with_its_place() {
        let mut models = Models::default();
        let faults = Faults::default();
        let mut add = |text: &str| {
            let error = models.insert_json(Path::new("M.json"), text, &faults);
            error.unwrap_err().to_string()
        };
        assert!(add("{\n!").starts_with("M.json:2:1"));
        assert!(add("[1]").starts_with("M.json:1:1: expected a data model"));
    }
}
