//! Risk messages: text with `$field$` placeholders.

use std::sync::Arc;

use crate::value::Value;

/// A message; shared by all rows if it names no field.
pub(super) struct Message<'t> {
    template: &'t str,
    same: Option<Arc<str>>,
}

impl<'t> Message<'t> {
    pub(super) fn of(template: &'t String) -> Message<'t> {
        Message {
            template,
            same: (!template.contains('$')).then(|| Arc::from(template.as_str())),
        }
    }

    /// The message for a row with these fields.
    pub(super) fn fill<'v>(&self, field: impl Fn(&str) -> Value<'v>) -> Arc<str> {
        match &self.same {
            Some(same) => Arc::clone(same),
            None => fill(self.template, field).into(),
        }
    }
}

/// Replaces each `$field$` of the template by the field's value; leaves it unchanged if the field is missing,
/// as Splunk does.
fn fill<'v>(template: &str, field: impl Fn(&str) -> Value<'v>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('$') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let Some(close) = after.find('$') else {
            out.push_str(&rest[open..]);
            return out;
        };
        let name = &after[..close];
        match field(name) {
            Value::Null => {
                // Not a field: the dollar sign is text, and the next one may start a name.
                out.push('$');
                rest = after;
            }
            value => {
                let values = value.into_values();
                out.push_str(&values.join(", "));
                rest = &after[close + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::fill;
    use crate::value::Value;

    #[test]
    fn fields_are_filled_in_and_other_dollars_stay() {
        let field = |name: &str| match name {
            "user" => Value::text("bob"),
            _ => Value::Null,
        };
        assert_eq!(
            fill("$user$ ran $nope$ for 5$", field),
            "bob ran $nope$ for 5$"
        );
        assert_eq!(fill("costs $5, $user$", field), "costs $5, bob");
    }
}
