//! `fit`: learns a model from the rows, and applies it to them.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::kernels::ml::{Applying, Choice, Learner, Model, text_of};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::effects::Effect;
use crate::plan::table::Table;

/// Learns a model, applies it, and queues it to be written.
#[derive(Debug)]
pub(crate) struct Fit {
    pub(crate) algorithm: &'static str,
    pub(crate) learner: Box<dyn Learner>,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) into: Option<String>,
    pub(crate) output: Option<String>,
}

impl Kernel for Fit {
    fn describe(&self) -> String {
        match &self.into {
            Some(name) => format!("fit {} into {name}", self.algorithm),
            None => format!("fit {}", self.algorithm),
        }
    }

    fn run(&self, rows: Table, context: &QueryContext) -> Result<Table> {
        let model = Model {
            algorithm: self.algorithm.to_owned(),
            options: self.options.clone(),
            learned: self.learner.learn(&rows, context)?,
        };
        if let Some(name) = &self.into {
            context.effect(Effect::Model {
                name: name.clone(),
                text: Some(text_of(&model)?),
            });
        }
        let how = Applying {
            output: self.output.clone(),
            choice: Choice::default(),
        };
        model.apply(rows, &how, context)
    }
}
