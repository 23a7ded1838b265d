//! The fields of the data, and the rules that set them.

use std::collections::BTreeMap;

use crate::exec::Executor;
use crate::exec::fields::{FieldOrigin, FieldUse};
use crate::exec::scan::sources::DataSources;
use crate::session::large_stack::with_large_stack;
use crate::session::{Failure, Session, failure};
use crate::syntax::ast::Pipeline;

impl Session {
    /// The fields of the events, by name.
    ///
    /// # Errors
    /// If the data can't be read or a field rule can't be applied.
    pub fn field_uses(&self) -> Result<BTreeMap<String, FieldUse>, Failure> {
        with_large_stack(|| {
            let context = self.context()?;
            let uses = |data: &DataSources| Executor::new(&context, data).field_uses();
            self.on_data(&context, uses)
                .map_err(|error| failure(&context, error))
        })
    }

    /// The rule that set each field, by sourcetype and in the order in which the rules apply; with a search,
    /// only for the events that its first command selects.
    ///
    /// # Errors
    /// If the data can't be read, a field rule can't be applied, or the search is wrong.
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
                    // Partitions of one sourcetype have the same origins.
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
