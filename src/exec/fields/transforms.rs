//! `REPORT-*`: field transforms.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Transformsconf>

use std::collections::HashSet;

use polars::prelude::{Column, lit, when};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::fields::compiled;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, cast, column, missing};
use crate::extract::pairs;
use crate::knowledge::props::{Transform, TransformMethod};
use crate::plan::{Assignment, Merge, Target, build};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::value::{Type, Value};

/// A temporary column that holds the parts until they are assigned to fields.
const PARTS: &str = "__parts";

/// Names and values, or an error message.
type Pairs = Result<Vec<(String, String)>, String>;

impl Executor<'_> {
    /// Applies one transform. `made` are the fields that earlier rules set: they keep their values,
    /// or get further ones with `MV_ADD`. Fields that the reader found are overwritten, as Splunk
    /// finds those only after all extractions.
    pub(super) fn report(
        &self,
        frame: Frame,
        transform: &Transform,
        made: &mut HashSet<String>,
    ) -> Result<Frame> {
        let from = source_field(&transform.source_key);
        if !frame.has(from) {
            return Ok(frame);
        }
        match &transform.method {
            TransformMethod::Columns { between, fields } => {
                Ok(self.columns(frame, transform, (from, between, fields), made))
            }
            TransformMethod::Pairs { between, equals } => {
                self.named_by_data(frame, transform, made, &|text| {
                    Ok(pairs::by_delimiters(text, between, equals))
                })
            }
            TransformMethod::Regex { regex, format } => {
                let compiled = compiled(regex)?;
                if pairs::is_dynamic(&compiled, format) {
                    return self.named_by_data(frame, transform, made, &|text| {
                        pairs::by_regex(&compiled, format, text)
                    });
                }
                let named: Vec<(String, String)> = compiled
                    .names()
                    .map(|n| (n.to_owned(), n.to_owned()))
                    .collect();
                let targets = if format.is_empty() { &named } else { format };
                let mut frame = frame;
                for (target, template) in targets {
                    let found = found(from, regex, template, transform);
                    let value = match merge(target, transform, made) {
                        Merge::Replace => vec![found, build::field(target)],
                        Merge::Keep => vec![build::field(target), found],
                        Merge::Append => {
                            let both = vec![build::field(target), found];
                            vec![build::call("mvappend", both)]
                        }
                    };
                    let assignment = Assignment {
                        target: Target::Field(target.clone()),
                        value: build::call("coalesce", value),
                    };
                    frame = self.assign(frame, &assignment)?;
                }
                made.extend(targets.iter().map(|(target, _)| target.clone()));
                Ok(frame)
            }
        }
    }

    /// `DELIMS` with `FIELDS`: splits the source once and names its parts.
    fn columns(
        &self,
        frame: Frame,
        transform: &Transform,
        (from, between, fields): (&str, &str, &[String]),
        made: &mut HashSet<String>,
    ) -> Frame {
        let between = between.to_owned();
        let parts = cast(column(from), frame.kind(from), Type::Text).map(
            move |texts: Column| {
                let cells = ValueReader::new(&texts);
                let mut builder = Builder::new(texts.name(), Type::Multi, texts.len());
                for row in 0..texts.len() {
                    let text = cells.get(row);
                    builder.push(match text.as_text() {
                        Some(text) => Value::Multi(
                            pairs::split(&text, &between)
                                .into_iter()
                                .map(|part| part.into_owned().into())
                                .collect(),
                        ),
                        None => Value::Null,
                    });
                }
                Ok(builder.finish())
            },
            |_, f| Ok(field(f.name(), Type::Multi)),
        );
        let kept: Vec<String> = frame.schema.keys().cloned().collect();
        let mut frame = frame.with(vec![(PARTS.to_owned(), Type::Multi, parts)]);
        let mut names = kept;
        for (at, name) in fields.iter().enumerate() {
            let part = || column(PARTS).list().get(lit(at as i64), true);
            let value = if transform.keep_empty {
                part()
            } else {
                when(part().eq(lit("")))
                    .then(missing(Type::Text))
                    .otherwise(part())
            };
            let merge = merge(name, transform, made);
            frame = self.merged(frame, name, (value, Type::Text), merge);
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        made.extend(fields.iter().cloned());
        frame.select(names)
    }

    /// Extracts fields that the data names.
    fn named_by_data(
        &self,
        frame: Frame,
        transform: &Transform,
        made: &mut HashSet<String>,
        read: &dyn Fn(&str) -> Pairs,
    ) -> Result<Frame> {
        let mut seen: HashSet<String> = HashSet::new();
        let errors = self.row_errors(Span::default());
        let (frame, names) = self.discovered(
            frame,
            source_field(&transform.source_key),
            &|name| merge(name, transform, made),
            &mut |text, row| {
                seen.clear();
                let pairs = match read(text) {
                    Ok(pairs) => pairs,
                    Err(why) => {
                        errors.raise(why).map_err(|error| self.failed(error))?;
                        return Ok(());
                    }
                };
                for (name, value) in pairs {
                    if value.is_empty() && !transform.keep_empty {
                        continue;
                    }
                    let name = if transform.clean_keys {
                        pairs::clean_key(&name)
                    } else {
                        name
                    };
                    if transform.mv_add || seen.insert(name.clone()) {
                        row.push(crate::read::Field::text(name, value));
                    }
                }
                Ok(())
            },
        )?;
        made.extend(names);
        Ok(frame)
    }
}

/// The template expanded for the first match, or for all matches with `MV_ADD`.
fn found(from: &str, regex: &str, template: &str, transform: &Transform) -> Expr {
    let group = template
        .strip_prefix('$')
        .filter(|g| g.parse::<usize>().is_ok());
    let is_name = !transform.has_format();
    let mut args = vec![build::field(from), build::text(regex)];
    let matches = if transform.mv_add { 0.0 } else { 1.0 };
    let value = match group.or(is_name.then_some(template)) {
        Some(group) => {
            args.push(build::text(group));
            if transform.mv_add {
                args.push(build::number(matches));
                build::call("$group", args)
            } else {
                build::call("$group1", args)
            }
        }
        None => {
            args.extend([build::text(template), build::number(matches)]);
            build::call("$expand", args)
        }
    };
    if transform.keep_empty {
        value
    } else if transform.mv_add {
        build::call("$nonempty", vec![value])
    } else {
        build::call("nullif", vec![value, build::text("")])
    }
}

/// How the new value combines with an existing one.
fn merge(name: &str, transform: &Transform, made: &HashSet<String>) -> Merge {
    match (made.contains(name), transform.mv_add) {
        (false, _) => Merge::Replace,
        (true, false) => Merge::Keep,
        (true, true) => Merge::Append,
    }
}

/// The field that a `SOURCE_KEY` names; keys of an event's metadata have names of their own.
fn source_field(key: &str) -> &str {
    match key {
        "MetaData:Host" => "host",
        "MetaData:Source" => "source",
        "MetaData:Sourcetype" => "sourcetype",
        field => field,
    }
}
