//! Which of Polars' engines a frame is computed with, by what its plan reads.

use polars::prelude::{
    AllowedOptimizations, DataFrame, DslPlan, Engine, Expr, JoinType, LazyFrame, PolarsResult, lit,
};

use crate::exec::kernels::view_gc::gc_string_views;

/// Whether rows come out of files as they are needed.
pub(in crate::exec) fn has_file_scan(lazy: &LazyFrame) -> bool {
    scans(&lazy.logical_plan)
}

fn scans(plan: &DslPlan) -> bool {
    matches!(plan, DslPlan::Scan { .. }) || inputs(plan).into_iter().any(scans)
}

/// Whether rows may be left out below, so that a filter above may be tried together with others on
/// rows that these leave out.
pub(in crate::exec) fn has_filter(lazy: &LazyFrame) -> bool {
    drops_rows(&lazy.logical_plan)
}

fn drops_rows(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::Scan { .. } | DslPlan::DataFrameScan { .. } => false,
        DslPlan::IR { dsl, .. } => drops_rows(dsl),
        DslPlan::Select { input, .. } | DslPlan::HStack { input, .. } => drops_rows(input),
        DslPlan::Union { inputs, .. } => inputs.iter().any(drops_rows),
        _ => true,
    }
}

/// An optimization fence: Polars may not push filters below this point. What is filtered before is filtered
/// first, and only then are the columns read that the others look at.
pub(in crate::exec) fn optimization_fence(lazy: LazyFrame) -> LazyFrame {
    let kept = AllowedOptimizations::PROJECTION_PUSHDOWN | AllowedOptimizations::STREAMING;
    lazy.map(Ok, kept, None, Some("FILTERED"))
}

/// The same rows, the texts of those that filters leave of files compact as they come: the rows that
/// they leave out are let go. Nothing changes where no rows come out of files, or where others are
/// made of them, which hold their own texts.
pub(in crate::exec) fn with_view_gc(lazy: LazyFrame) -> LazyFrame {
    let plan = &lazy.logical_plan;
    if !(scans(plan) && drops_rows(plan) && is_streaming(plan)) {
        return lazy;
    }
    let kept = AllowedOptimizations::PROJECTION_PUSHDOWN
        | AllowedOptimizations::PREDICATE_PUSHDOWN
        | AllowedOptimizations::STREAMING;
    lazy.map(gc_string_views, kept, None, Some("COMPACTED"))
}

/// Whether a plan hands rows on one by one.
fn is_streaming(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::Scan { .. } | DslPlan::DataFrameScan { .. } => true,
        DslPlan::IR { .. }
        | DslPlan::Filter { .. }
        | DslPlan::Select { .. }
        | DslPlan::HStack { .. }
        | DslPlan::MapFunction { .. }
        | DslPlan::Union { .. } => inputs(plan).into_iter().all(is_streaming),
        _ => false,
    }
}

/// Rows in memory from which on their partners are not all put together at once.
const MANY: usize = 100_000;

/// Whether a join has many rows in memory; its output may be much larger.
fn has_large_join(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::Join {
            input_left,
            input_right,
            ..
        } => in_memory_rows(input_left) + in_memory_rows(input_right) >= MANY,
        _ => inputs(plan).into_iter().any(has_large_join),
    }
}

/// How many rows in memory a plan begins with.
fn in_memory_rows(plan: &DslPlan) -> usize {
    match plan {
        DslPlan::DataFrameScan { df, .. } => df.height(),
        _ => inputs(plan).into_iter().map(in_memory_rows).sum(),
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

/// Whether a frame is known to have no rows before anything is computed: as what it is made of has
/// none, and no step makes rows of nothing.
pub(in crate::exec) fn is_statically_empty(lazy: &LazyFrame) -> bool {
    is_empty(&lazy.logical_plan)
}

fn is_empty(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::DataFrameScan { df, .. } => df.height() == 0,
        DslPlan::Filter { input, predicate } => *predicate == lit(false) || is_empty(input),
        // Functions of ours set filters apart, number rows or take lists apart.
        DslPlan::Cache { input, .. }
        | DslPlan::HStack { input, .. }
        | DslPlan::Distinct { input, .. }
        | DslPlan::Sort { input, .. }
        | DslPlan::Slice { input, .. }
        | DslPlan::MapFunction { input, .. } => is_empty(input),
        DslPlan::IR { dsl, .. } => is_empty(dsl),
        // Aggregates alone would give one row for no input; next to a column they have its length.
        DslPlan::Select { input, expr, .. } => expr.iter().any(is_column) && is_empty(input),
        DslPlan::GroupBy { input, keys, .. } => keys.iter().any(is_column) && is_empty(input),
        DslPlan::Join {
            input_left,
            options,
            ..
        } => matches!(options.args.how, JoinType::Inner | JoinType::Left) && is_empty(input_left),
        DslPlan::Union { inputs, .. } => inputs.iter().all(is_empty),
        _ => false,
    }
}

/// Whether an expression is a column of what it is over, whatever its name becomes.
fn is_column(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(inner, _) => is_column(inner),
        Expr::Column(_) => true,
        _ => false,
    }
}

/// The rows of a frame. What comes out of files is computed piece by piece, so that not all of it
/// need be held, and so are the partners of many rows; what is in memory anyway, at once.
///
/// Both engines give the same rows in the same order.
pub(in crate::exec) fn collect(lazy: LazyFrame) -> PolarsResult<DataFrame> {
    if !has_file_scan(&lazy) && !has_large_join(&lazy.logical_plan) {
        return lazy.collect();
    }
    let found = with_view_gc(lazy).collect_with_engine(Engine::Streaming)?;
    Ok(found.unwrap_single())
}

#[cfg(test)]
mod tests {
    use polars::prelude::{
        DataFrame, IntoLazy as _, LazyFrame, MaintainOrderJoin, NamedFrom as _, ParquetWriter,
        PlRefPath, Series, col, len, lit,
    };

    use super::{collect, has_large_join, is_statically_empty, optimization_fence, with_view_gc};
    use crate::exec::kernels::view_gc::held;

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
            assert_eq!(has_large_join(&joined.logical_plan), many);
            let at_once = joined.clone().collect().expect("both have the key");
            let found = collect(joined).expect("both have the key");
            assert!(found.height() > 10_000 && found.equals(&at_once));
        }
    }

    #[test]
    fn only_rows_that_filters_leave_of_files_are_made_compact() {
        let file = tempfile::NamedTempFile::new().expect("there is room");
        let text = |n: i64| format!("a text of some length, which is the one of row {n}");
        let mut rows = rows("number", 50_000, 50_000).collect().expect("rows");
        let texts: Vec<String> = (0..50_000).map(text).collect();
        let texts = Series::new("text".into(), texts);
        rows.with_column(texts.into()).expect("of one height");
        ParquetWriter::new(file.as_file())
            .finish(&mut rows)
            .expect("it is written");
        let path = PlRefPath::new(file.path().to_string_lossy().as_ref());
        let scan = || LazyFrame::scan_parquet(path.clone(), Default::default()).expect("a file");
        let held = |lazy: LazyFrame| {
            let found = collect(lazy).expect("it can be computed");
            let texts = found.column("text").expect("it is there");
            assert_eq!(texts.null_count(), 0);
            held(texts.str().expect("texts"))
        };
        let all = held(scan());
        assert!(held(scan().filter(col("number").lt(lit(500)))) * 50 < all);
        assert!(held(scan().filter(col("number").gt(lit(-1)))) >= all);
        let sorted = with_view_gc(scan().filter(col("number").lt(lit(500))));
        assert!(held(sorted.sort(["key"], Default::default())) * 50 < all);
        assert!(held(rows.lazy().filter(col("number").lt(lit(500)))) >= all);
    }

    #[test]
    fn steps_make_no_rows_of_nothing_where_it_is_said() {
        let (none, some) = (|| rows("left", 0, 1), || rows("right", 3, 2));
        let of_none = [
            none().filter(col("left").gt(lit(1))),
            none().with_columns([lit(1).alias("one")]),
            none().select([col("key").alias("k"), len(), lit(1).alias("one")]),
            none().group_by([col("key")]).agg([len()]),
            none().left_join(some(), col("key"), col("key")),
            none().sort(["left"], Default::default()).limit(2),
            optimization_fence(none().group_by([col("key")]).agg([len()])),
            some().filter(lit(false)),
        ];
        for lazy in of_none {
            assert!(is_statically_empty(&lazy));
            assert_eq!(collect(lazy).expect("it can be computed").height(), 0);
        }
        let of_some = [
            none().select([len()]),
            none().select([lit(1)]),
            none().full_join(some(), col("key"), col("key")),
            some().left_join(none(), col("key"), col("key")),
        ];
        for lazy in of_some {
            assert!(!is_statically_empty(&lazy));
            assert!(collect(lazy).expect("it can be computed").height() > 0);
        }
    }
}
