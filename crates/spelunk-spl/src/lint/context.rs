//! The input of lints: a search with its knowledge, and the detection it belongs to.

use crate::commands::{self, Command, Planner};
use crate::knowledge::detection::Detection;
use crate::plan::context::QueryContext;
use crate::plan::dataflow::{self, FieldSet, StageEffect, after};
use crate::plan::{Plan, Scan};
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::ast::{Pipeline, Stage};

/// A search with its macros expanded, analysed for lints.
pub struct Subject<'s> {
    /// Knowledge and clock.
    pub context: &'s QueryContext,
    /// The source texts.
    pub sources: &'s SourceMap,
    /// Its stages.
    pub stages: Vec<StageView<'s>>,
    /// The detection that the search belongs to, if any.
    pub detection: Option<&'s Detection>,
}

/// A stage with its effects.
pub struct StageView<'s> {
    /// The parsed stage.
    pub stage: &'s Stage,
    /// Its command.
    pub command: &'static str,
    /// Its effect on rows; over [`Scan::Binding`] unless it is the first.
    pub plan: Option<Plan>,
    /// Its effects on fields, in order.
    pub steps: Vec<StageEffect>,
    /// The fields of its input.
    pub before: FieldSet,
    /// The fields of its output.
    pub after: FieldSet,
}

impl<'s> Subject<'s> {
    /// Analyses a pipeline whose source texts are in the context.
    pub fn new(
        context: &'s QueryContext,
        sources: &'s SourceMap,
        pipeline: &'s Pipeline,
        detection: Option<&'s Detection>,
    ) -> Subject<'s> {
        let mut fields = FieldSet::default();
        let mut stages = Vec::with_capacity(pipeline.stages.len());
        for (at, stage) in pipeline.stages.iter().enumerate() {
            let one = Pipeline {
                stages: vec![stage.clone()],
                span: stage.span,
            };
            let mut planner = Planner::new(context);
            let plan = if at == 0 {
                planner.pipeline(&one)
            } else {
                planner.over(&one, Plan::Scan(Scan::Binding))
            };
            let plan = plan.ok();
            let steps = match &plan {
                Some(plan) => dataflow::steps(plan, context),
                None => vec![StageEffect::Unknown],
            };
            let before = fields.clone();
            fields = steps
                .iter()
                .fold(fields, |fields, step| after(step, fields));
            stages.push(StageView {
                stage,
                command: commands::command(&stage.name.text).map_or("", |c: &Command| c.name),
                plan,
                steps,
                before,
                after: fields.clone(),
            });
        }
        Subject {
            context,
            sources,
            stages,
            detection,
        }
    }

    /// Whether a span is in the search itself rather than in a macro's definition.
    pub fn is_written(&self, span: Span) -> bool {
        // The typed search is the first source text.
        self.sources.trace(span).span.source == SourceId(0)
    }

    /// The text of a span in the expanded search.
    pub fn text(&self, span: Span) -> &str {
        self.sources.text(span)
    }

    /// The fields of the search's result, as far as known.
    pub fn output(&self) -> FieldSet {
        self.stages
            .last()
            .map_or_else(FieldSet::anything, |last| last.after.clone())
    }

    /// The stages of the search and of its subsearches. The input fields of the latter are unknown.
    pub fn every_stage(&self) -> Vec<&'s Stage> {
        let mut out = Vec::new();
        for view in &self.stages {
            crate::lint::ast_queries::each_stage(view.stage, &mut |stage| out.push(stage));
        }
        out
    }
}

impl StageView<'_> {
    /// Whether the stage aggregates rows.
    pub fn sums_up(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, StageEffect::Sum(..)))
    }
}
