//! Which of Polars' engines a frame is computed with, by what its plan reads.

use polars::prelude::{AllowedOptimizations, DataFrame, DslPlan, Engine, LazyFrame, PolarsResult};

/// Whether rows come out of files as they are needed.
pub(super) fn reads_files(lazy: &LazyFrame) -> bool {
    scans(&lazy.logical_plan)
}

fn scans(plan: &DslPlan) -> bool {
    matches!(plan, DslPlan::Scan { .. }) || inputs(plan).into_iter().any(scans)
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

/// Rows in memory from which on their partners are not all put together at once.
const MANY: usize = 100_000;

/// Whether many rows in memory look for partners: of which there may be many more.
fn joins_many(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::Join {
            input_left,
            input_right,
            ..
        } => rows_held(input_left) + rows_held(input_right) >= MANY,
        _ => inputs(plan).into_iter().any(joins_many),
    }
}

/// How many rows in memory a plan begins with.
fn rows_held(plan: &DslPlan) -> usize {
    match plan {
        DslPlan::DataFrameScan { df, .. } => df.height(),
        _ => inputs(plan).into_iter().map(rows_held).sum(),
    }
}

/// The plans that a plan takes rows of, as far as ours go.
fn inputs(plan: &DslPlan) -> Vec<&DslPlan> {
    match plan {
        DslPlan::IR { dsl, .. } => vec![dsl],
        DslPlan::Filter { input, .. }
        | DslPlan::Cache { input, .. }
        | DslPlan::Select { input, .. }
        | DslPlan::GroupBy { input, .. }
        | DslPlan::HStack { input, .. }
        | DslPlan::Distinct { input, .. }
        | DslPlan::Sort { input, .. }
        | DslPlan::Slice { input, .. }
        | DslPlan::MapFunction { input, .. } => vec![input],
        DslPlan::Join {
            input_left,
            input_right,
            ..
        } => vec![input_left, input_right],
        DslPlan::Union { inputs, .. } | DslPlan::HConcat { inputs, .. } => inputs.iter().collect(),
        _ => Vec::new(),
    }
}

/// The rows of a frame. What comes out of files is computed piece by piece, so that not all of it
/// need be held, and so are the partners of many rows; what is in memory anyway, at once.
///
/// Both engines give the same rows in the same order.
pub(super) fn collect(lazy: LazyFrame) -> PolarsResult<DataFrame> {
    if !reads_files(&lazy) && !joins_many(&lazy.logical_plan) {
        return lazy.collect();
    }
    let found = lazy.collect_with_engine(Engine::Streaming)?;
    Ok(found.unwrap_single())
}

#[cfg(test)]
mod tests {
    use polars::prelude::{
        DataFrame, IntoLazy as _, LazyFrame, MaintainOrderJoin, NamedFrom as _, Series, col,
    };

    use super::{collect, joins_many};

    fn rows(name: &str, count: i64, keys: i64) -> LazyFrame {
        let key: Vec<i64> = (0..count).map(|n| n * 7 % keys).collect();
        let number: Vec<i64> = (0..count).collect();
        let columns = vec![
            Series::new("key".into(), key).into(),
            Series::new(name.into(), number).into(),
        ];
        DataFrame::new(count as usize, columns)
            .expect("of one height")
            .lazy()
    }

    #[test]
    fn partners_of_many_rows_come_piece_by_piece_in_their_order() {
        for (left, many) in [(90_000, true), (70_000, false)] {
            let joined = rows("left", left, 30_000)
                .filter(col("left").gt(col("key")))
                .join_builder()
                .with(rows("right", 20_000, 9_000))
                .on([col("key")])
                .maintain_order(MaintainOrderJoin::LeftRight)
                .finish()
                .filter(col("left").gt(col("right")));
            assert_eq!(joins_many(&joined.logical_plan), many);
            let at_once = joined.clone().collect().expect("both have the key");
            let found = collect(joined).expect("both have the key");
            assert!(found.height() > 10_000 && found.equals(&at_once));
        }
    }
}
