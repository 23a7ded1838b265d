//! Built-in aggregates as Polars expressions.

use polars::prelude::{DataType, Expr, NULL, lit, when};

use crate::functions::stats::Builtin;
use crate::value::Type;

/// The aggregate of a column of type `of`. Returns `None` if Polars computes a different result for
/// this type.
pub(in crate::exec) fn native(builtin: Builtin, column: Expr, of: Type) -> Option<Expr> {
    let whole = |count: Expr| count.cast(DataType::Int64);
    let float = |column: Expr| column.cast(DataType::Float64);
    let numbers = of == Type::Number;
    match builtin {
        Builtin::Count => (of != Type::Multi).then(|| whole(column.count())),
        Builtin::CountDistinct => {
            (of != Type::Multi).then(|| whole(column.drop_nulls().n_unique()))
        }
        Builtin::CountTrue => Some(whole(column.sum())),
        // Polars sums nothing to 0; Splunk returns no result.
        Builtin::Sum => numbers.then(|| some(&column, float(column.clone()).sum())),
        Builtin::Mean => numbers.then(|| float(column).mean()),
        Builtin::Min => numbers.then(|| column.min()),
        Builtin::Max => numbers.then(|| column.max()),
        Builtin::First => {
            (of != Type::Multi && of != Type::Time).then(|| column.drop_nulls().first())
        }
        Builtin::Last => {
            (of != Type::Multi && of != Type::Time).then(|| column.drop_nulls().last())
        }
    }
}

/// The exact aggregate of a column of integers, so that partial results combine in any order.
pub(in crate::exec) fn exact(builtin: Builtin, column: Expr) -> Option<Expr> {
    match builtin {
        Builtin::Sum => Some(some(&column, exact_sum(column.clone()))),
        Builtin::Mean => {
            let count = column.clone().count().cast(DataType::Float64);
            Some(some(&column, exact_sum(column.clone()) / count))
        }
        Builtin::Count
        | Builtin::CountDistinct
        | Builtin::CountTrue
        | Builtin::Min
        | Builtin::Max
        | Builtin::First
        | Builtin::Last => None,
    }
}

/// The value, or null if the column has no values.
fn some(column: &Expr, value: Expr) -> Expr {
    when(column.clone().count().gt(lit(0)))
        .then(value)
        .otherwise(lit(NULL))
}

/// The sum of integers, rounded once. Sums the high and the low halves of what a double holds
/// separately: neither sum exceeds 64 bits, whatever the rows.
fn exact_sum(column: Expr) -> Expr {
    const HALF: i64 = 1 << 26;
    let high = column.clone().floor_div(lit(HALF));
    let low = column - high.clone() * lit(HALF);
    let sum = |half: Expr| half.sum().cast(DataType::Float64);
    sum(high) * lit(HALF as f64) + sum(low)
}
