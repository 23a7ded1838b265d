//! `listmodels`: lists the models.

use crate::error::Result;
use crate::kernels::ml::{load, models};
use crate::kernels::stats_util::table_of;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct List(pub(crate) Span);

impl Kernel for List {
    fn describe(&self) -> String {
        "listmodels".to_owned()
    }

    fn run(&self, _: Table, context: &QueryContext) -> Result<Table> {
        let (mut names, mut kinds, mut options) = (Vec::new(), Vec::new(), Vec::new());
        for name in models(&context.home)? {
            // Unreadable models are listed too.
            let model = load(&name, self.0, context).ok();
            names.push(Value::text(name));
            kinds.push(
                model
                    .as_ref()
                    .map_or(Value::Null, |m| Value::text(m.algorithm.clone())),
            );
            options.push(model.map_or(Value::Null, |m| {
                let pairs = m
                    .options
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"));
                Value::text(pairs.collect::<Vec<_>>().join(" "))
            }));
        }
        let columns = vec![("name", names), ("type", kinds), ("options", options)];
        Ok(table_of(columns[0].1.len(), columns))
    }
}
