//! Which of Polars' engines a frame is computed with, by what its plan reads.

use polars::prelude::{AllowedOptimizations, DataFrame, DslPlan, Engine, LazyFrame, PolarsResult};

/// Whether rows come out of files as they are needed.
pub(super) fn reads_files(lazy: &LazyFrame) -> bool {
    scans(&lazy.logical_plan)
}

fn scans(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::Scan { .. } => true,
        // A plan whose columns have been asked for.
        DslPlan::IR { dsl, .. } => scans(dsl),
        DslPlan::Filter { input, .. }
        | DslPlan::Cache { input, .. }
        | DslPlan::Select { input, .. }
        | DslPlan::GroupBy { input, .. }
        | DslPlan::HStack { input, .. }
        | DslPlan::Distinct { input, .. }
        | DslPlan::Sort { input, .. }
        | DslPlan::Slice { input, .. }
        | DslPlan::MapFunction { input, .. } => scans(input),
        DslPlan::Join {
            input_left,
            input_right,
            ..
        } => scans(input_left) || scans(input_right),
        DslPlan::Union { inputs, .. } | DslPlan::HConcat { inputs, .. } => inputs.iter().any(scans),
        _ => false,
    }
}

/// Whether rows may be left out below, so that a filter above may be tried together with others on
/// rows that these leave out.
pub(super) fn filters(lazy: &LazyFrame) -> bool {
    leaves_out(&lazy.logical_plan)
}

fn leaves_out(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::Scan { .. } | DslPlan::DataFrameScan { .. } => false,
        DslPlan::IR { dsl, .. } => leaves_out(dsl),
        DslPlan::Select { input, .. } | DslPlan::HStack { input, .. } => leaves_out(input),
        DslPlan::Union { inputs, .. } => inputs.iter().any(leaves_out),
        _ => true,
    }
}

/// The same rows, which filters above do not reach below: what is filtered before is filtered
/// first, and only then are the columns read that the others look at.
pub(super) fn apart(lazy: LazyFrame) -> LazyFrame {
    let kept = AllowedOptimizations::PROJECTION_PUSHDOWN | AllowedOptimizations::STREAMING;
    lazy.map(Ok, kept, None, Some("FILTERED"))
}

/// The rows of a frame. What comes out of files is computed piece by piece, so that not all of it
/// need be held; what is in memory anyway, at once.
///
/// Both engines give the same rows in the same order.
pub(super) fn collect(lazy: LazyFrame) -> PolarsResult<DataFrame> {
    if !reads_files(&lazy) {
        return lazy.collect();
    }
    let found = lazy.collect_with_engine(Engine::Streaming)?;
    Ok(found.unwrap_single())
}
