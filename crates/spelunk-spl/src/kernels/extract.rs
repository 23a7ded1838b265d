//! `extract`: extracts key-value pairs from `_raw`.

use crate::error::{Error, ErrorKind, Result};
use crate::extract::pairs;
use crate::functions::pattern::too_hard;
use crate::knowledge::props::{Transform, TransformMethod};
use crate::pcre::compile;
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::extracted::ExtractedColumns;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::value::Value;

/// How to find pairs.
#[derive(Debug)]
pub(crate) enum How {
    Automatic,
    Delimiters { between: String, equals: String },
    Transform(Box<Transform>),
}

#[derive(Debug)]
pub(crate) struct Extract {
    pub(crate) how: How,
    pub(crate) clean: Option<bool>,
    pub(crate) mv_add: Option<bool>,
    /// Maximum number of pairs per row; 0 for all.
    pub(crate) most: usize,
    /// Maximum number of characters to read; 0 for all.
    pub(crate) characters: usize,
}

impl Extract {
    pub(crate) fn source(&self) -> &str {
        match &self.how {
            How::Automatic | How::Delimiters { .. } => "_raw",
            How::Transform(transform) => &transform.source_key,
        }
    }

    pub(crate) fn pairs(&self, text: &str) -> Result<Vec<(String, String)>> {
        let pair = |(k, v): (&str, &str)| (k.to_owned(), v.to_owned());
        Ok(match &self.how {
            How::Automatic => pairs::automatic(text, false)
                .iter()
                .map(|f| pair((&f.name, &f.value)))
                .collect(),
            How::Delimiters { between, equals } => pairs::by_delimiters(text, between, equals)
                .into_iter()
                // As documented, a value that contains a delimiter is skipped.
                .filter(|(_, value)| !value.contains(|c| equals.contains(c)))
                .collect(),
            How::Transform(transform) => match &transform.method {
                TransformMethod::Columns { between, fields } => fields
                    .iter()
                    .zip(pairs::split(text, between))
                    .map(|(name, value)| pair((name, &value)))
                    .collect(),
                TransformMethod::Pairs { between, equals } => {
                    pairs::by_delimiters(text, between, equals)
                }
                TransformMethod::Regex { regex, format } => {
                    let compiled = compile(regex)?;
                    pairs::by_regex(&compiled, format, text)
                        .map_err(|_| Error::new(ErrorKind::Regex(too_hard(regex))))?
                }
            },
        })
    }
}

impl ColumnKernel for Extract {
    fn describe(&self) -> String {
        match &self.how {
            How::Automatic => "extract".to_owned(),
            How::Delimiters { between, equals } => {
                format!("extract pairdelim={between:?} kvdelim={equals:?}")
            }
            How::Transform(transform) => format!("extract {}", transform.name),
        }
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.source().to_owned()]
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let (clean, mv_add, keep_empty) = match &self.how {
            How::Automatic | How::Delimiters { .. } => (
                self.clean.unwrap_or(true),
                self.mv_add.unwrap_or(false),
                false,
            ),
            How::Transform(transform) => (
                self.clean.unwrap_or(transform.clean_keys),
                self.mv_add.unwrap_or(transform.mv_add),
                transform.keep_empty,
            ),
        };
        let is_set = matches!(self.how, How::Transform(_));
        let mut found = ExtractedColumns::default();
        for row in 0..input.height() {
            context.check_cancelled_at(row)?;
            let text = input.value(self.source(), row);
            let Some(text) = text.as_text() else {
                continue;
            };
            let end = match self.characters {
                0 => None,
                most => text.char_indices().nth(most),
            };
            let text = &text[..end.map_or(text.len(), |(at, _)| at)];
            let all = self.pairs(text)?;
            // The limit applies to automatic extraction only.
            let most = if is_set || self.most == 0 {
                usize::MAX
            } else {
                self.most
            };
            for (name, value) in all.into_iter().take(most) {
                let name = if clean { pairs::clean_key(&name) } else { name };
                if name.is_empty() || value.is_empty() && !keep_empty {
                    continue;
                }
                if mv_add || !found.has(row, &name) {
                    found.add(row, &name, Value::text(value));
                }
            }
        }
        Ok(found.into_table(input.height()))
    }
}
