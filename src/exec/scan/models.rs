//! Scans of data models: registered rows, or rows built from events as the model defines.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};
use crate::exec::blame::Blame;
use crate::exec::context::Executor;
use crate::exec::fields::name;
use crate::exec::frame::{Frame, cast, column, missing, to_table};
use crate::exec::scan::sources::ModelTable;
use crate::exec::scan::summaries::ScanRequirements;
use crate::functions::pattern;
use crate::kernels::iplocation::Locate;
use crate::knowledge::models::{Calculation, Dataset};
use crate::plan::build::extract_group;
use crate::plan::schema::Schema;
use crate::plan::texts::{parse_expression, parse_search};
use crate::plan::{Assignment, Kernel as _, Target};
use crate::syntax::ast::Name;
use crate::value::Type;

/// Fields without a data set's prefix.
pub(in crate::exec) use crate::plan::dataflow::BARE;

impl Executor<'_> {
    /// The rows of a data set, with columns named `Dataset.field`.
    ///
    /// # Errors
    /// If the model or the data set is not defined.
    pub(in crate::exec) fn model(
        &self,
        model: &Name,
        dataset: Option<&Name>,
        wanted: &ScanRequirements,
    ) -> Result<Frame> {
        let parts = self.registered_rows(model, dataset);
        if !parts.is_empty() {
            let mut frames: Vec<Frame> = parts.iter().map(|p| qualify(p)).collect();
            let frame = if frames.len() == 1 {
                frames.remove(0)
            } else {
                self.union(frames)?
            };
            return Ok(self.in_range(frame));
        }
        let catalog = &self.context.catalog;
        let found = catalog
            .models
            .find(&model.text)
            .map_err(|e| e.at(model.span))?;
        let dataset = match dataset {
            Some(d) => found.find(&d.text).map_err(|e| e.at(d.span))?,
            None => found.root().ok_or_else(|| {
                Error::new(ErrorKind::UnknownDataset {
                    model: model.text.clone(),
                    dataset: String::new(),
                })
                .at(model.span)
            })?,
        };
        if dataset.transaction {
            let why = format!(
                "the data set `{}` of the data model `{}` is made of transactions, which are not supported in data models here",
                dataset.name, found.name
            );
            let error = Error::data(why).at(model.span);
            return Err(error.hint("search the events and group them with `transaction`"));
        }
        let key = format!("{}.{}", found.name, dataset.name);
        if let Some(frame) = self.is_accelerated(&key, dataset, wanted)? {
            return Ok(frame);
        }
        if !self.context.cache_model_rows {
            return self.dataset(dataset);
        }
        // Scheduled searches each have their own time range.
        let range = (self.context.earliest, self.context.latest);
        let key = format!("{key} {range:?}");
        if let Some(rows) = self.data.summary(&key) {
            return Ok(rows);
        }
        let frame = self.dataset(dataset)?;
        let schema = frame.schema.clone();
        let rows = self.collect(frame)?;
        let kept = Frame::typed(rows.frame().clone(), schema);
        self.data.keep_summary(key, kept.clone());
        Ok(kept)
    }

    /// The registered rows of a data set, in the order of registration.
    pub(in crate::exec) fn registered_rows(
        &self,
        model: &Name,
        dataset: Option<&Name>,
    ) -> Vec<&ModelTable> {
        let given = |part: &&ModelTable| {
            part.model.eq_ignore_ascii_case(&model.text)
                && dataset.is_none_or(|d| {
                    let last = d.text.rsplit('.').next().unwrap_or_default();
                    part.dataset.eq_ignore_ascii_case(last)
                })
        };
        self.data.models.iter().filter(given).collect()
    }

    fn dataset(&self, dataset: &Dataset) -> Result<Frame> {
        let events = self.base_search(dataset)?;
        Ok(select_fields(dataset, self.scan_dataset(dataset, events)?))
    }

    /// The input of a data set: events, or the result of its base search.
    pub(in crate::exec) fn base_search(&self, dataset: &Dataset) -> Result<Frame> {
        match &dataset.base_search {
            Some(base) => {
                let node = dataset.node();
                let inner = self.context.within(&format!("data set `{node}`"))?;
                let plan = crate::commands::plan_text(&inner, base)?;
                {
                    let executor = self.inside(&inner);
                    executor.lower(executor.marked(plan).plan())
                }
            }
            None => self.events(true),
        }
    }

    /// The events that satisfy all constraints of a data set.
    pub(in crate::exec) fn apply_constraints(
        &self,
        dataset: &Dataset,
        events: Frame,
    ) -> Result<Frame> {
        let mut frame = events;
        for constraint in &dataset.constraints {
            let in_model = |error: Error| {
                let (node, place) = (dataset.node(), dataset.origin.beside(constraint));
                error.hint(format!(
                    "in the constraint of the data set `{node}` at {place}"
                ))
            };
            let search = parse_search(self.context, constraint).map_err(in_model)?;
            let seen = self.without_eventtypes_and_tags(&frame);
            let keep = self.search(&search, &seen).map_err(in_model)?;
            frame.lazy = frame.lazy.filter(keep);
        }
        Ok(frame)
    }

    /// The rows of a data set built from events, columns without its name.
    pub(in crate::exec) fn scan_dataset(&self, dataset: &Dataset, events: Frame) -> Result<Frame> {
        let frame = self.apply_constraints(dataset, events)?;
        let mut frame = self.calculated_all(frame, dataset, &dataset.calculations)?;
        for required in dataset.fields.iter().filter(|f| f.required) {
            frame.lazy = if frame.has(&required.name) {
                frame.lazy.filter(column(&required.name).is_not_null())
            } else {
                frame.lazy.filter(polars::prelude::lit(false))
            };
        }
        Ok(frame)
    }

    /// Applies the searches and calculations of a data set to an empty frame, so that their errors
    /// become faults.
    ///
    /// # Errors
    /// If the user cancelled, or an invariant of the program did not hold.
    pub fn try_dataset(&self, dataset: &Dataset) -> Result<()> {
        let mut names: BTreeSet<&str> = BARE.into();
        names.extend(dataset.fields.iter().map(|field| field.name.as_str()));
        let frame = Frame::without_rows(names);
        if let Some(base) = &dataset.base_search {
            let effect = "the data set can't be searched";
            let blame = Blame::dataset(dataset, "the base search", base, effect);
            self.blaming(blame, || self.base_search(dataset).map(drop))?;
        }
        self.all_hold(dataset, &dataset.constraints, &frame)?;
        let frame = self.calculated_all(frame, dataset, &dataset.calculations)?;
        self.collect(frame).map(drop)
    }

    /// Applies calculations to rows.
    pub(in crate::exec) fn calculated_all(
        &self,
        frame: Frame,
        dataset: &Dataset,
        calculations: &[Calculation],
    ) -> Result<Frame> {
        let mut calculations = calculations.iter();
        calculations.try_fold(frame, |frame, calculation| {
            let before = frame.clone();
            let effect = "the calculation is switched off";
            let (part, text) = (calculation.label(), calculation.written());
            let blame = Blame::dataset(dataset, &part, text, effect);
            let after = self.blaming(blame, || self.calculate(frame, calculation))?;
            Ok(after.unwrap_or(before))
        })
    }

    fn calculate(&self, frame: Frame, calculation: &Calculation) -> Result<Frame> {
        match calculation {
            Calculation::Eval {
                field: target,
                expression,
            } => {
                let expr = parse_expression(self.context, expression)?;
                let target = Target::Field(target.clone());
                self.assign(
                    frame,
                    &Assignment {
                        target,
                        value: expr,
                    },
                )
            }
            Calculation::Rex { input, regex } => {
                let mut frame = frame;
                let compiled =
                    pattern::regex(regex).map_err(|m| Error::new(ErrorKind::Regex(m)))?;
                for group in compiled.names() {
                    if frame.has(input) {
                        let assignment = Assignment {
                            target: Target::Field(group.to_owned()),
                            value: extract_group(input, regex, group, 1, group),
                        };
                        frame = self.assign(frame, &assignment)?;
                    }
                }
                Ok(frame)
            }
            Calculation::Lookup {
                lookup,
                inputs,
                outputs,
            } => {
                let pairs = |pairs: &[(String, String)]| -> Vec<(Name, Name)> {
                    pairs.iter().map(|(a, b)| (name(a), name(b))).collect()
                };
                self.automatic(frame, &name(lookup), &pairs(inputs), &pairs(outputs), true)
            }
            Calculation::GeoIp { input, outputs } if self.context.geoip.is_some() => {
                let locate = Locate {
                    field: input.clone(),
                    outputs: outputs.clone(),
                    language: "en".to_owned(),
                };
                let rows = to_table(&self.collect(frame)?);
                Frame::from_table(locate.run(rows, self.context)?)
            }
            Calculation::GeoIp { outputs, .. } => {
                self.context.notice(
                    "no GeoIP database: the data model's location fields stay empty; pass a MaxMind file with --geoip",
                );
                let added = outputs
                    .iter()
                    .filter(|(_, f)| !frame.has(f))
                    .map(|(_, f)| (f.clone(), Type::Text, missing(Type::Text)))
                    .collect();
                Ok(frame.with(added))
            }
        }
    }
}

/// Selects the fields of a data set, prefixed with its name.
pub(in crate::exec) fn select_fields(dataset: &Dataset, frame: Frame) -> Frame {
    let mut columns = Vec::new();
    let mut schema = Schema::new();
    for bare in BARE {
        if frame.has(bare) {
            columns.push(column(bare));
            schema.insert(bare.to_owned(), frame.kind(bare));
        }
    }
    for f in &dataset.fields {
        if BARE.contains(&f.name.as_str()) {
            continue;
        }
        let (value, kind) = if frame.has(&f.name) {
            (column(&f.name), frame.kind(&f.name))
        } else {
            (missing(Type::Text), Type::Text)
        };
        // Searches prefix the field with the name of the root or the path of the owner.
        for prefix in [dataset.root(), f.owner.as_str()] {
            let name = format!("{prefix}.{}", f.name);
            if schema.insert(name.clone(), kind).is_none() {
                columns.push(value.clone().alias(name.as_str()));
            }
        }
    }
    if frame.schema.is_empty() {
        // All columns are missing values, which alone would give one row.
        let names = schema.keys().cloned().collect();
        let lazy = frame.lazy.with_columns(columns);
        return Frame { lazy, schema }.select(names);
    }
    let lazy = frame.lazy.select(columns);
    Frame { lazy, schema }
}

/// Registered rows, with the data set's name as prefix.
fn qualify(part: &ModelTable) -> Frame {
    let mut columns = Vec::new();
    let mut schema = Schema::new();
    let dotted = format!("{}.", part.dataset);
    for (name, kind) in &part.frame.schema {
        let full = if BARE.contains(&name.as_str()) || name.starts_with(&dotted) {
            name.clone()
        } else {
            format!("{dotted}{name}")
        };
        let (value, kind) = if name == "_time" && *kind != Type::Time {
            (cast(column(name), *kind, Type::Time), Type::Time)
        } else {
            (column(name), *kind)
        };
        columns.push(value.alias(full.as_str()));
        schema.insert(full, kind);
    }
    Frame {
        lazy: part.frame.lazy.clone().select(columns),
        schema,
    }
}
