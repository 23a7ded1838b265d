//! Risk messages: text with `$field$` in it.

use crate::value::Value;

/// The template with each `$field$` replaced by the field's value; one that is missing stays as
/// it is written, as Splunk leaves it.
pub(super) fn fill<'v>(template: &str, field: impl Fn(&str) -> Value<'v>) -> String {
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
                // Not a field: the dollar is text, and the next one may open a name.
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
