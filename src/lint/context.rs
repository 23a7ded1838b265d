//! What lints look at: a search with what is known of it, and the detection it belongs to.

use crate::commands::{self, Command, Planner};
use crate::knowledge::detection::Detection;
use crate::plan::context::QueryContext;
use crate::plan::dataflow::{self, Fields, Step, after};
use crate::plan::{Plan, Scan};
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::ast::{Pipeline, Stage};

/// A search, its macros expanded, with what is known of it.
pub struct Subject<'s> {
    /// Knowledge and clock.
    pub context: &'s QueryContext,
    /// The texts.
    pub sources: &'s SourceMap,
    /// Its stages.
    pub stages: Vec<StageView<'s>>,
    /// The detection, when it is one.
    pub detection: Option<&'s Detection>,
}

/// A stage with what it does.
pub struct StageView<'s> {
    /// As parsed.
    pub stage: &'s Stage,
    /// Its command.
    pub command: &'static str,
    /// What it does to rows; over [`Scan::Given`] unless it is the first.
    pub plan: Option<Plan>,
    /// What it does to fields, in order.
    pub steps: Vec<Step>,
    /// The fields that come in.
    pub before: Fields,
    /// The fields that go out.
    pub after: Fields,
}

impl<'s> Subject<'s> {
    /// Looks at a pipeline whose texts are those of the context.
    pub fn new(
        context: &'s QueryContext,
        sources: &'s SourceMap,
        pipeline: &'s Pipeline,
        detection: Option<&'s Detection>,
    ) -> Subject<'s> {
        let mut fields = Fields::default();
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
                None => vec![Step::Unknown],
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

    /// Whether a place is written in the search itself, and not in a macro's definition.
    pub fn is_written(&self, span: Span) -> bool {
        // The search as typed is the first of its texts.
        self.sources.trace(span).span.source == SourceId(0)
    }

    /// The text under a place of the expanded search.
    pub fn text(&self, span: Span) -> &str {
        self.sources.text(span)
    }

    /// What is known of the fields of the search's rows.
    pub fn output(&self) -> Fields {
        self.stages
            .last()
            .map_or_else(Fields::anything, |last| last.after.clone())
    }

    /// The stages of the search and those of its subsearches. Of the latter it is not known which
    /// fields come in.
    pub fn every_stage(&self) -> Vec<&'s Stage> {
        let mut out = Vec::new();
        for view in &self.stages {
            crate::lint::ast_queries::each_stage(view.stage, &mut |stage| out.push(stage));
        }
        out
    }
}

impl StageView<'_> {
    /// Whether the stage sums rows up.
    pub fn sums_up(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Sum(..)))
    }
}
