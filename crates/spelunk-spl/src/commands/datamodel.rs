//! `datamodel`: data models as JSON, or the rows of a data set.

use crate::commands::args::Args;
use crate::commands::dataset::NamedDataset;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::table::Table;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "datamodel",
    category: Category::Generating,
    synopsis: "| datamodel [<Model> [<Dataset> [search|flat|acceleration_search|search_string|flat_string|acceleration_string]]]",
    options: &[
        ("strict_fields", "true", "with false, Splunk also gives fields that the model does not declare: only true is supported"),
        ("allow_old_summaries", "false", "accepted without effect: summaries are rebuilt when the knowledge changes"),
        ("summariesonly", "false", "only what summaries hold"),
        ("nodename", "", "a child data set"),
    ],
    doc: "Gives the definition of all data models, of one, or of one of its data sets as JSON in `_raw`; or runs a data set's search: with `search` its fields carry the \
          data set's name, with `flat` their own. The modes that end in `string` give the search instead, in the field `search`.",
    examples: &[(
        "| datamodel Endpoint Processes | eval name=json_extract(_raw, \"objectName\") | table name",
        r#"{"name":"Processes"}"#,
    )],
    page: "SearchReference/Datamodel",
    args: Rule::datamodel_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`datamodel` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let context = planner.context;
    let models = &context.catalog.models;
    let fields = args.fields();
    let (model, dataset, mode) = match fields.as_slice() {
        [] => return Ok(documents(models.iter().map(|m| m.json.to_string()))),
        [model] => {
            let found = models.find(&model.text).map_err(|e| e.at(model.span))?;
            return Ok(documents([found.json.to_string()]));
        }
        [model, dataset] => (model, dataset, None),
        [model, dataset, mode] => (model, dataset, Some(mode)),
        [_, _, _, more, ..] => {
            return Err(Error::argument(more.span, "`datamodel` takes a model, a data set and a mode"));
        }
    };
    let Some(mode) = mode else {
        let found = models.find(&model.text).map_err(|e| e.at(model.span))?;
        let name = &found.find(&dataset.text).map_err(|e| e.at(dataset.span))?.name;
        let objects = found.json.get("objects").and_then(|o| o.as_array());
        let object = objects.into_iter().flatten().find(|o| {
            o.get("objectName").and_then(|n| n.as_str()) == Some(name.as_str())
        });
        return Ok(documents(object.map(ToString::to_string)));
    };
    if !args.flag("strict_fields", true)? {
        context.notice(
            "datamodel strict_fields=false: only the fields that the data model declares are given",
        );
    }
    let named = NamedDataset::find(context, &model.text, Some(&dataset.text), dataset.span)?;
    let only = args.flag("summariesonly", false)?;
    let text = |flat: bool| {
        let text = named.search_text(context, flat).ok_or_else(|| {
            Error::argument(dataset.span, "rows given directly have no search")
        })?;
        let mut table = Table::new(1);
        table.set("search", Type::Text, vec![Value::text(text)]);
        Ok(Plan::Values(table.into()))
    };
    match mode.text.to_ascii_lowercase().as_str() {
        "search" => Ok(named.rows(context, only)),
        // The search of the summary itself, whose rows are those of the data set.
        "acceleration_search" => Ok(named.rows(context, only)),
        "flat" => Ok(named.flat_rows(context, only)),
        "search_string" | "acceleration_string" => text(false),
        "flat_string" => text(true),
        other => Err(Error::argument(mode.span, format!("`datamodel` has no mode `{other}`"))
            .hint("there are search, flat, acceleration_search, and search_string, flat_string, acceleration_string")),
    }
}

/// One row per JSON document.
fn documents(texts: impl IntoIterator<Item = String>) -> Plan {
    let values: Vec<Value<'static>> = texts.into_iter().map(Value::text).collect();
    let mut table = Table::new(values.len());
    table.set("_raw", Type::Text, values);
    Plan::Values(table.into())
}
