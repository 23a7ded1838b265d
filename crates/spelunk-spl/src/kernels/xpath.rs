//! `xpath`: extracts values from XML by XPath.

use std::borrow::Cow;

use crate::error::Result;
use crate::functions::xpath::XPath;
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Schema;
use crate::plan::table::{Table, type_of_values};
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct Find {
    pub(crate) text: String,
    pub(crate) path: XPath,
    pub(crate) from: String,
    pub(crate) output: String,
    pub(crate) default: Option<String>,
}

impl ColumnKernel for Find {
    fn describe(&self) -> String {
        format!("xpath {} = {}", self.output, self.text)
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.from.clone()]
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut values = Vec::with_capacity(input.height());
        for row in 0..input.height() {
            if row % 1024 == 0 {
                context.check_cancelled()?;
            }
            let texts = input.value(&self.from, row).into_values();
            let found = texts.iter().flat_map(|text| self.path.find(text));
            values.push(match Value::multi(found.map(Cow::Owned).collect()) {
                Value::Null => self.default.clone().map_or(Value::Null, Value::text),
                found => found,
            });
        }
        let mut out = Table::new(input.height());
        out.set(self.output.clone(), type_of_values(&values), values);
        Ok(out)
    }
}
