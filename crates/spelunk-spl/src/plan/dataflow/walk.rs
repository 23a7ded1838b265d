//! Translates plan nodes to steps of the field dataflow.

use crate::plan::context::QueryContext;
use crate::plan::dataflow::{BARE, Fields, Reads, Step, after};
use crate::plan::{AggregateCall, AggregateInput, Plan, Predicate, Projection, Scan, Target};

/// The field dataflow of a plan, in order.
pub fn steps(plan: &Plan, context: &QueryContext) -> Vec<Step> {
    let mut out = Vec::new();
    walk(plan, context, &mut out);
    out
}

/// The fields of a plan's rows; those of [`Scan::Binding`] are unknown.
pub fn fields(plan: &Plan, context: &QueryContext) -> Fields {
    steps(plan, context)
        .iter()
        .fold(Fields::anything(), |fields, step| after(step, fields))
}

fn walk(plan: &Plan, context: &QueryContext, out: &mut Vec<Step>) {
    match plan {
        // The bound rows enter earlier, and more than once: their reads can't be traced.
        Plan::With { input, .. } | Plan::Deferred { input, .. } | Plan::Kernel { input, .. } => {
            walk(input, context, out);
            out.extend([Step::Read(Reads::everything()), Step::Unknown]);
            return;
        }
        Plan::MapColumns { input, .. } => {
            walk(input, context, out);
            out.extend([Step::Read(Reads::everything()), Step::Unknown]);
            return;
        }
        Plan::Join {
            left,
            right,
            fields: by,
            ..
        } => {
            walk(left, context, out);
            out.push(Step::Read(if by.is_empty() {
                Reads::everything()
            } else {
                Reads::of(by)
            }));
            out.push(Step::Join(fields(right, context)));
            return;
        }
        Plan::HConcat { left, right, .. } => {
            walk(left, context, out);
            out.push(Step::Join(fields(right, context)));
            return;
        }
        Plan::Union { inputs } => {
            let mut inputs = inputs.iter();
            if let Some(first) = inputs.next() {
                walk(first, context, out);
            }
            for other in inputs {
                if takes_given(other) {
                    out.push(Step::Read(Reads::everything()));
                }
                out.push(Step::Join(fields(other, context)));
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
fn step_of(plan: &Plan, context: &QueryContext) -> Vec<Step> {
    match plan {
        // The node below the marks is a step of its own.
        Plan::Physical { .. } => Vec::new(),
        Plan::Scan(scan) => source(scan, context)
            .map(Step::Source)
            .into_iter()
            .collect(),
        Plan::Generate { .. } => vec![Step::Source(Fields::exactly(["_time"]))],
        Plan::Values(table) => {
            let names = table.columns().iter().map(|c| c.name.clone());
            vec![Step::Source(Fields::exactly(names))]
        }
        Plan::Filter { predicate, .. } => {
            let mut reads = Reads::default();
            match predicate {
                Predicate::Expr(expr) => reads.expr(expr),
                Predicate::Search(search, _) => reads.search(search),
            }
            vec![Step::Read(reads)]
        }
        Plan::Project { mode, fields, .. } => vec![match mode {
            Projection::Keep => Step::Keep(fields.clone()),
            Projection::Drop => Step::Drop(fields.clone()),
            Projection::Table => Step::Table(fields.clone()),
        }],
        Plan::Extend { columns, .. } => {
            let each = columns.iter().flat_map(|column| {
                let reads = Reads::of_expr(&column.value);
                match &column.target {
                    Target::Field(name) => vec![Step::Set(name.clone(), reads)],
                    Target::Template(_) => vec![Step::Read(Reads::everything()), Step::Unknown],
                    // Reads and sets the same fields, so the set of fields does not change.
                    Target::Each(_) | Target::EachPresent(_) => vec![Step::Read(reads)],
                }
            });
            each.collect()
        }
        Plan::Rename { pairs, .. } => {
            let each = pairs.iter().cloned();
            each.map(|(from, to)| Step::Rename(from, to)).collect()
        }
        Plan::Aggregate { aggregates, by, .. } => {
            let mut reads = Reads::of(by.iter().map(|b| &b.name));
            let mut made = Fields::exactly(by.iter().map(|b| b.name.clone()));
            for call in aggregates {
                aggregated(call, &mut reads);
                named(call, &mut made);
            }
            vec![Step::Sum(reads, made)]
        }
        Plan::Window { aggregates, by, .. } => {
            added(aggregates, by.iter().map(|b| b.name.as_str()))
        }
        Plan::Stream { stream, .. } => {
            let mut steps = added(&stream.aggregates, stream.by.iter().map(String::as_str));
            let resets = [&stream.reset_before, &stream.reset_after];
            for reset in resets.into_iter().flatten() {
                steps.push(Step::Read(Reads::of_expr(reset)));
            }
            steps
        }
        Plan::Chart { chart, .. } => {
            let split = chart.split.as_ref().map(|s| s.field.as_str());
            let mut reads = Reads::of(chart.row.as_deref().into_iter().chain(split));
            let mut made = Fields::exactly(chart.row.is_some().then(|| chart.row_name.clone()));
            made.open = split.is_some();
            for call in &chart.aggregates {
                aggregated(call, &mut reads);
                named(call, &mut made);
            }
            for column in &chart.computed {
                if let Target::Field(name) = &column.target {
                    made.known.insert(name.clone());
                }
            }
            vec![Step::Sum(reads, made)]
        }
        Plan::Lag { columns, .. } => {
            let each = columns.iter();
            each.map(|(from, to, _)| Step::Set(to.clone(), Reads::of([from])))
                .collect()
        }
        Plan::ForwardFill { fields, .. } => {
            vec![Step::Read(Reads::of(fields.iter().map(|p| &p.text)))]
        }
        Plan::Sort { keys, .. } => vec![Step::Read(Reads::of(keys.iter().map(|k| &k.field)))],
        Plan::Bucket { field, alias, .. } => {
            vec![Step::Set(alias.clone(), Reads::of([field]))]
        }
        Plan::Distinct { fields, .. } => vec![Step::Read(Reads::of(fields))],
        Plan::TakeWhile { condition, .. } => vec![Step::Read(Reads::of_expr(condition))],
        Plan::Explode { field, .. } => vec![Step::Read(Reads::of([field]))],
        Plan::Lookup {
            lookup,
            keys,
            outputs,
            overwrite,
            ..
        } => {
            let table = context.catalog.lookup(&lookup.text);
            let mut reads = Reads::of(keys.iter().map(|(_, f)| &f.text));
            if table.as_ref().is_some_and(|t| t.time_field.is_some()) {
                reads.add("_time");
            }
            let mut steps = vec![Step::Read(reads)];
            if outputs.is_empty() {
                match table.and_then(|table| table.load().ok()) {
                    Some(table) => {
                        let key = |c: &String| keys.iter().any(|(k, _)| k.text == *c);
                        let columns = table.columns.into_iter().filter(|c| !key(c));
                        steps.push(Step::Join(Fields::exactly(columns)));
                    }
                    None => steps.push(Step::Unknown),
                }
            }
            for (_, field) in outputs {
                let reads = if *overwrite {
                    Reads::default()
                } else {
                    Reads::of([&field.text])
                };
                steps.push(Step::Set(field.text.clone(), reads));
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
fn source(scan: &Scan, context: &QueryContext) -> Option<Fields> {
    match scan {
        Scan::Binding => None,
        Scan::Events | Scan::EventsUnordered => Some(Fields::anything()),
        Scan::Lookup(name) => {
            let table = context.catalog.lookup(&name.text)?.load().ok();
            Some(table.map_or(Fields::anything(), |t| Fields::exactly(t.columns)))
        }
        Scan::Model { model, dataset, .. } => {
            let mut given = context.given_models.iter();
            if given.any(|m| m.eq_ignore_ascii_case(&model.text)) {
                return Some(Fields::anything());
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
            Some(Fields::exactly(
                BARE.map(str::to_owned).into_iter().chain(own),
            ))
        }
    }
}

fn added<'b>(calls: &[AggregateCall], by: impl Iterator<Item = &'b str>) -> Vec<Step> {
    let mut reads = Reads::of(by);
    let mut made = Fields::default();
    for call in calls {
        aggregated(call, &mut reads);
        named(call, &mut made);
    }
    let mut steps = vec![Step::Read(reads)];
    if made.open {
        steps.push(Step::Unknown);
    }
    let each = made.known.into_iter();
    steps.extend(each.map(|name| Step::Set(name, Reads::default())));
    steps
}

fn aggregated(call: &AggregateCall, reads: &mut Reads) {
    match &call.arg {
        AggregateInput::Row => {
            // `earliest(x)` and similar depend on the time of the row.
        }
        AggregateInput::Field(pattern) => reads.add(&pattern.text),
        AggregateInput::Expr(expr) => reads.expr(expr),
    }
}

fn named(call: &AggregateCall, made: &mut Fields) {
    if call.name.contains('*') {
        made.open = true;
    } else {
        made.known.insert(call.name.clone());
    }
}

fn takes_given(plan: &Plan) -> bool {
    matches!(plan, Plan::Scan(Scan::Binding)) || plan.inputs().into_iter().any(takes_given)
}
