//! Translates plan nodes to steps of the field dataflow.

use crate::plan::context::QueryContext;
use crate::plan::dataflow::{BARE, FieldReads, FieldSet, StageEffect, after};
use crate::plan::{AggregateCall, AggregateInput, Plan, Predicate, Projection, Scan, Target};

/// The field dataflow of a plan, in order.
pub fn steps(plan: &Plan, context: &QueryContext) -> Vec<StageEffect> {
    let mut out = Vec::new();
    walk(plan, context, &mut out);
    out
}

/// The fields of a plan's rows; those of [`Scan::Binding`] are unknown.
pub fn fields(plan: &Plan, context: &QueryContext) -> FieldSet {
    steps(plan, context)
        .iter()
        .fold(FieldSet::anything(), |fields, step| after(step, fields))
}

fn walk(plan: &Plan, context: &QueryContext, out: &mut Vec<StageEffect>) {
    match plan {
        // The bound rows enter earlier, and more than once: their reads can't be traced.
        Plan::With { input, .. } | Plan::Deferred { input, .. } | Plan::Kernel { input, .. } => {
            walk(input, context, out);
            out.extend([
                StageEffect::Read(FieldReads::everything()),
                StageEffect::Unknown,
            ]);
            return;
        }
        Plan::MapColumns { input, .. } => {
            walk(input, context, out);
            out.extend([
                StageEffect::Read(FieldReads::everything()),
                StageEffect::Unknown,
            ]);
            return;
        }
        Plan::Join {
            left,
            right,
            fields: by,
            ..
        } => {
            walk(left, context, out);
            out.push(StageEffect::Read(if by.is_empty() {
                FieldReads::everything()
            } else {
                FieldReads::of(by)
            }));
            out.push(StageEffect::Join(fields(right, context)));
            return;
        }
        Plan::HConcat { left, right, .. } => {
            walk(left, context, out);
            out.push(StageEffect::Join(fields(right, context)));
            return;
        }
        Plan::Union { inputs } => {
            let mut inputs = inputs.iter();
            if let Some(first) = inputs.next() {
                walk(first, context, out);
            }
            for other in inputs {
                if takes_given(other) {
                    out.push(StageEffect::Read(FieldReads::everything()));
                }
                out.push(StageEffect::Join(fields(other, context)));
            }
            return;
        }
        _ => {}
    }
    if let Some(input) = plan.inputs().first() {
        walk(input, context, out);
    }
    out.extend(step_of(plan, context));
}

/// The steps of a node with at most one input.
fn step_of(plan: &Plan, context: &QueryContext) -> Vec<StageEffect> {
    match plan {
        // The node below the marks is a step of its own.
        Plan::Physical { .. } => Vec::new(),
        Plan::Scan(scan) => source(scan, context)
            .map(StageEffect::Source)
            .into_iter()
            .collect(),
        Plan::Generate { .. } => vec![StageEffect::Source(FieldSet::exactly(["_time"]))],
        Plan::Values(table) => {
            let names = table.columns().iter().map(|c| c.name.clone());
            vec![StageEffect::Source(FieldSet::exactly(names))]
        }
        Plan::Filter { predicate, .. } => {
            let mut reads = FieldReads::default();
            match predicate {
                Predicate::Expr(expr) => reads.expr(expr),
                Predicate::Search(search, _) => reads.search(search),
            }
            vec![StageEffect::Read(reads)]
        }
        Plan::Project { mode, fields, .. } => vec![match mode {
            Projection::Keep => StageEffect::Keep(fields.clone()),
            Projection::Drop => StageEffect::Drop(fields.clone()),
            Projection::Table => StageEffect::Table(fields.clone()),
        }],
        Plan::Extend { columns, .. } => {
            let each = columns.iter().flat_map(|column| {
                let reads = FieldReads::of_expr(&column.value);
                match &column.target {
                    Target::Field(name) => vec![StageEffect::Set(name.clone(), reads)],
                    Target::Template(_) => vec![
                        StageEffect::Read(FieldReads::everything()),
                        StageEffect::Unknown,
                    ],
                    // Reads and sets the same fields, so the set of fields does not change.
                    Target::Each(_) | Target::EachPresent(_) => vec![StageEffect::Read(reads)],
                }
            });
            each.collect()
        }
        Plan::Rename { pairs, .. } => {
            let each = pairs.iter().cloned();
            each.map(|(from, to)| StageEffect::Rename(from, to))
                .collect()
        }
        Plan::Aggregate { aggregates, by, .. } => {
            let mut reads = FieldReads::of(by.iter().map(|b| &b.name));
            let mut made = FieldSet::exactly(by.iter().map(|b| b.name.clone()));
            for call in aggregates {
                aggregated(call, &mut reads);
                named(call, &mut made);
            }
            vec![StageEffect::Sum(reads, made)]
        }
        Plan::Window { aggregates, by, .. } => {
            added(aggregates, by.iter().map(|b| b.name.as_str()))
        }
        Plan::Stream { stream, .. } => {
            let mut steps = added(&stream.aggregates, stream.by.iter().map(String::as_str));
            let resets = [&stream.reset_before, &stream.reset_after];
            for reset in resets.into_iter().flatten() {
                steps.push(StageEffect::Read(FieldReads::of_expr(reset)));
            }
            steps
        }
        Plan::Chart { chart, .. } => {
            let split = chart.split.as_ref().map(|s| s.field.as_str());
            let mut reads = FieldReads::of(chart.row.as_deref().into_iter().chain(split));
            let mut made = FieldSet::exactly(chart.row.is_some().then(|| chart.row_name.clone()));
            made.may_have_more = split.is_some();
            for call in &chart.aggregates {
                aggregated(call, &mut reads);
                named(call, &mut made);
            }
            for column in &chart.computed {
                if let Target::Field(name) = &column.target {
                    made.known.insert(name.clone());
                }
            }
            vec![StageEffect::Sum(reads, made)]
        }
        Plan::Lag { columns, .. } => {
            let each = columns.iter();
            each.map(|(from, to, _)| StageEffect::Set(to.clone(), FieldReads::of([from])))
                .collect()
        }
        Plan::ForwardFill { fields, .. } => {
            vec![StageEffect::Read(FieldReads::of(
                fields.iter().map(|p| &p.text),
            ))]
        }
        Plan::Sort { keys, .. } => vec![StageEffect::Read(FieldReads::of(
            keys.iter().map(|k| &k.field),
        ))],
        Plan::Bucket { field, alias, .. } => {
            vec![StageEffect::Set(alias.clone(), FieldReads::of([field]))]
        }
        Plan::Distinct { fields, .. } => vec![StageEffect::Read(FieldReads::of(fields))],
        Plan::TakeWhile { condition, .. } => {
            vec![StageEffect::Read(FieldReads::of_expr(condition))]
        }
        Plan::Explode { field, .. } => vec![StageEffect::Read(FieldReads::of([field]))],
        Plan::Lookup {
            lookup,
            keys,
            outputs,
            overwrite,
            ..
        } => {
            let table = context.catalog.lookup(&lookup.text);
            let mut reads = FieldReads::of(keys.iter().map(|(_, f)| &f.text));
            if table.as_ref().is_some_and(|t| t.time_field.is_some()) {
                reads.add("_time");
            }
            let mut steps = vec![StageEffect::Read(reads)];
            if outputs.is_empty() {
                match table.and_then(|table| table.load().ok()) {
                    Some(table) => {
                        let key = |c: &String| keys.iter().any(|(k, _)| k.text == *c);
                        let columns = table.columns.into_iter().filter(|c| !key(c));
                        steps.push(StageEffect::Join(FieldSet::exactly(columns)));
                    }
                    None => steps.push(StageEffect::Unknown),
                }
            }
            for (_, field) in outputs {
                let reads = if *overwrite {
                    FieldReads::default()
                } else {
                    FieldReads::of([&field.text])
                };
                steps.push(StageEffect::Set(field.text.clone(), reads));
            }
            steps
        }
        Plan::Reverse { .. }
        | Plan::PartialDistinct { .. }
        | Plan::Limit { .. }
        | Plan::Subquery { .. }
        | Plan::Skip { .. } => Vec::new(),
        Plan::Join { .. }
        | Plan::Union { .. }
        | Plan::MapColumns { .. }
        | Plan::With { .. }
        | Plan::Deferred { .. }
        | Plan::HConcat { .. }
        | Plan::Kernel { .. } => Vec::new(),
    }
}

/// The fields of a scan. Returns `None` for bound rows.
fn source(scan: &Scan, context: &QueryContext) -> Option<FieldSet> {
    match scan {
        Scan::Binding => None,
        Scan::Events | Scan::EventsUnordered => Some(FieldSet::anything()),
        Scan::Lookup(name) => {
            let table = context.catalog.lookup(&name.text)?.load().ok();
            Some(table.map_or(FieldSet::anything(), |t| FieldSet::exactly(t.columns)))
        }
        Scan::Model { model, dataset, .. } => {
            let mut given = context.given_models.iter();
            if given.any(|m| m.eq_ignore_ascii_case(&model.text)) {
                return Some(FieldSet::anything());
            }
            let model = context.catalog.models.get(&model.text)?;
            let dataset = match dataset {
                Some(name) => model.dataset(&name.text)?,
                None => model.root()?,
            };
            let own = dataset.fields.iter().flat_map(|field| {
                [dataset.root(), field.owner.as_str()]
                    .map(|owner| format!("{owner}.{}", field.name))
            });
            Some(FieldSet::exactly(
                BARE.map(str::to_owned).into_iter().chain(own),
            ))
        }
    }
}

fn added<'b>(calls: &[AggregateCall], by: impl Iterator<Item = &'b str>) -> Vec<StageEffect> {
    let mut reads = FieldReads::of(by);
    let mut made = FieldSet::default();
    for call in calls {
        aggregated(call, &mut reads);
        named(call, &mut made);
    }
    let mut steps = vec![StageEffect::Read(reads)];
    if made.may_have_more {
        steps.push(StageEffect::Unknown);
    }
    let each = made.known.into_iter();
    steps.extend(each.map(|name| StageEffect::Set(name, FieldReads::default())));
    steps
}

fn aggregated(call: &AggregateCall, reads: &mut FieldReads) {
    match &call.arg {
        AggregateInput::Row => {
            // `earliest(x)` and similar depend on the time of the row.
        }
        AggregateInput::Field(pattern) => reads.add(&pattern.text),
        AggregateInput::Expr(expr) => reads.expr(expr),
    }
}

fn named(call: &AggregateCall, made: &mut FieldSet) {
    if call.name.contains('*') {
        made.may_have_more = true;
    } else {
        made.known.insert(call.name.clone());
    }
}

fn takes_given(plan: &Plan) -> bool {
    matches!(plan, Plan::Scan(Scan::Binding)) || plan.inputs().into_iter().any(takes_given)
}
