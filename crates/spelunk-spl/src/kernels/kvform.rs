//! `kvform`: extracts fields from texts by a form.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::knowledge::Catalog;
use crate::pcre::{Regex, compile, escape, too_hard};
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::extracted::ExtractedColumns;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::value::Value;

/// The regular expression of a form.
pub(crate) fn form(catalog: &Catalog, text: &str) -> Result<Arc<Regex>> {
    let mut regex = String::new();
    let mut rest = text.trim();
    while let Some(begin) = rest.find("[[") {
        literal(&rest[..begin], &mut regex);
        let inner = &rest[begin + 2..];
        let end = inner
            .find("]]")
            .ok_or_else(|| Error::data("a `[[` of the form is not closed"))?;
        let (pattern, field) = inner[..end]
            .split_once(':')
            .ok_or_else(|| Error::data(format!("`[[{}]]` names no field", &inner[..end])))?;
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let field = field.trim();
        if field.is_empty() || !field.chars().all(named) {
            return Err(Error::data(format!(
                "the form can't fill a field named `{field}`"
            )));
        }
        let value = match (catalog.transform_regex(pattern.trim()), pattern.trim()) {
            (Some(regex), _) => regex.replace("(?<>", "(?:"),
            (None, "int") => r"0x[a-fA-F0-9]+|[-+]?\d+".to_owned(),
            (None, "digits") => r"\d+".to_owned(),
            (None, "float") => r"[-+]?\d*\.?\d+".to_owned(),
            (None, "string") => r"[^\r\n]*?".to_owned(),
            (None, "word" | "alnums" | "nspaces") => r"\S+".to_owned(),
            (None, "all") => r"(?s:.*)".to_owned(),
            (None, other) => {
                return Err(Error::data(format!(
                    "the form names the pattern `{other}`, which no stanza of transforms.conf defines"
                )));
            }
        };
        regex.push_str(&format!("(?<{field}>{value})"));
        rest = &inner[end + 2..];
    }
    literal(rest, &mut regex);
    regex.push_str(r"(?=\s*?(?:\r?\n|$))");
    compile(&regex)
}

/// Static text: blanks match any blanks, everything else matches itself.
fn literal(text: &str, regex: &mut String) {
    let mut blank = false;
    for c in text.chars() {
        if !c.is_whitespace() {
            regex.push_str(&escape(&c.to_string()));
        } else if !blank {
            regex.push_str(r"\s*");
        }
        blank = c.is_whitespace();
    }
}

#[derive(Debug)]
pub(crate) struct Forms {
    /// The field whose value names the form; empty if all rows use the same form.
    pub(crate) named: String,
    pub(crate) forms: HashMap<String, Arc<Regex>>,
}

impl ColumnKernel for Forms {
    fn describe(&self) -> String {
        format!("kvform of {} forms", self.forms.len())
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec!["_raw".to_owned(), self.named.clone()]
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut found = ExtractedColumns::default();
        for row in 0..input.height() {
            context.check_cancelled_at(row)?;
            let name = input.value(&self.named, row);
            let name = name.as_text().unwrap_or_default();
            let (Some(form), Some(text)) =
                (self.forms.get(&*name), input.value("_raw", row).into_text())
            else {
                continue;
            };
            let captures = form
                .captures(&text)
                .map_err(|_| Error::data(too_hard(form.as_str())))?;
            let Some(captures) = captures else {
                continue;
            };
            for field in form.names() {
                if let Some(value) = captures.name(field).filter(|v| !v.as_str().is_empty()) {
                    found.add(row, field, Value::text(value.as_str().to_owned()));
                }
            }
        }
        Ok(found.into_table(input.height()))
    }
}
