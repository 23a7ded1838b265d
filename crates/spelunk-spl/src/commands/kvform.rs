//! `kvform`: extracts fields from texts by a form.

use std::collections::HashMap;
use std::sync::Arc;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::kvform::{Forms, form};
use crate::pcre::Regex;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "kvform",
    category: Category::Fields,
    synopsis: "kvform [form=<name> | field=<field>]",
    options: &[
        ("form", "", "the form that all events follow"),
        ("field", "sourcetype", "the field whose values name forms"),
    ],
    doc: "Extracts fields by a form: the text of an app's file forms/<name>.form, in which [[<pattern>:<field>]] matches a value. The pattern is the name \
          of a stanza of transforms.conf with a REGEX, or one of int, float, string, word, digits, all. Blanks in the form match any blanks.",
    page: "SearchReference/Kvform",
    args: Rule::kvform_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let catalog = &planner.context.catalog;
    let (named, forms) = match args.get("form") {
        Some(name) => {
            let text = catalog.form(&name.text).ok_or_else(|| {
                Error::argument(name.span, format!("unknown form `{}`", name.text))
                    .did_you_mean(&name.text, catalog.forms().map(|(name, _)| name))
                    .hint("forms are files forms/<name>.form of an app that --app adds")
            })?;
            let form = form(catalog, text).map_err(|e| e.at(name.span))?;
            (String::new(), HashMap::from([(String::new(), form)]))
        }
        None => {
            let forms = catalog.forms();
            let compiled: Result<HashMap<String, Arc<Regex>>> = forms
                .map(|(name, text)| Ok((name.to_owned(), form(catalog, text)?)))
                .collect();
            (args.text("field", "sourcetype"), compiled?)
        }
    };
    Ok(Planner::rows_or_events(input).beside(Forms { named, forms }))
}
