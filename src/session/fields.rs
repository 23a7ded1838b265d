//! What fields the data has, and which rules gave them their values.

use std::collections::BTreeMap;

use crate::exec::Executor;
use crate::exec::fields::{FieldOrigin, FieldUse};
use crate::exec::scan::sources::DataSources;
use crate::session::large_stack::with_large_stack;
use crate::session::{Failure, Session, failure};
use crate::syntax::ast::Pipeline;

impl Session {
    /// The fields that the events have, by name.
    ///
    /// # Errors
    /// Data that can't be read, or a field rule that can't be applied.
    pub fn field_uses(&self) -> Result<BTreeMap<String, FieldUse>, Failure> {
        with_large_stack(|| {
            let context = self.context()?;
            let uses = |data: &DataSources| Executor::new(&context, data).field_uses();
            self.on_data(&context, uses)
                .map_err(|error| failure(&context, error))
        })
    }

    /// Which rule gave which field its value, by sourcetype and in the order in which the rules
    /// apply; only for the events that the first command of a search selects, if there is one.
    ///
    /// # Errors
    /// Data that can't be read, a field rule that can't be applied, or what is wrong with the
    /// search.
    pub fn field_origins(&self, spl: Option<&str>) -> Result<Vec<FieldOrigin>, Failure> {
        with_large_stack(|| self.field_origins_here(spl))
    }

    fn field_origins_here(&self, spl: Option<&str>) -> Result<Vec<FieldOrigin>, Failure> {
        let compiled = spl.map(|spl| self.compile(spl)).transpose()?;
        let context = match &compiled {
            Some(compiled) => compiled.context.clone(),
            None => self.context()?,
        };
        let fail = |error| failure(&context, error);
        let selection = match &compiled {
            Some(compiled) => {
                let first = Pipeline {
                    stages: compiled.pipeline.stages.iter().take(1).cloned().collect(),
                    span: compiled.pipeline.span,
                };
                Some(self.plan(compiled, &first).map_err(fail)?)
            }
            None => None,
        };
        let origins = |data: &DataSources| {
            let executor = Executor::new(&context, data);
            let mut origins: Vec<FieldOrigin> = Vec::new();
            for part in &data.events {
                for new in executor.field_origins(part, selection.as_ref())? {
                    // Parts of one sourcetype tell the same story.
                    let known = origins.iter_mut().find(|known| {
                        known.sourcetype == new.sourcetype
                            && known.field == new.field
                            && known.rule == new.rule
                            && known.transform == new.transform
                    });
                    match known {
                        Some(known) => known.rows += new.rows,
                        None => origins.push(new),
                    }
                }
            }
            Ok(origins)
        };
        let mut origins = self.on_data(&context, origins).map_err(fail)?;
        origins.sort_by(|a, b| a.sourcetype.cmp(&b.sourcetype));
        Ok(origins)
    }
}
