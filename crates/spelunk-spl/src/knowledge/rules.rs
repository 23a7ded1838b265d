//! Parses the values of `props.conf` and `transforms.conf` that define fields.

use crate::word;

use super::conf::Stanza;
use super::fault::{Fault, FaultKind, Faults};
use super::props::{Alias, AutomaticLookup, Extract, KvMode, Transform, TransformMethod, flag};

/// `<regex>`, or `<regex> in <field>`.
pub(super) fn extract(value: &str) -> Extract {
    if let Some((regex, field)) = value.rsplit_once(" in ")
        && !field.trim().is_empty()
        && field.trim().chars().all(word::is_part)
    {
        return Extract {
            regex: regex.trim().to_owned(),
            field: field.trim().to_owned(),
        };
    }
    Extract {
        regex: value.to_owned(),
        field: "_raw".to_owned(),
    }
}

/// Parses a `KV_MODE`. Returns `None` for an invalid value.
pub(super) fn kv_mode(value: &str) -> Option<KvMode> {
    Some(match value.to_ascii_lowercase().as_str() {
        "auto" => KvMode::Auto,
        "auto_escaped" => KvMode::AutoEscaped,
        "json" => KvMode::Json,
        "xml" => KvMode::Xml,
        "none" => KvMode::None,
        other if other.starts_with("multi") => KvMode::Multi,
        _ => return None,
    })
}

/// `a AS b "c d" ASNEW e`
///
/// # Errors
/// A sentence that states what is expected.
pub(super) fn aliases(value: &str) -> Result<Vec<Alias>, &'static str> {
    let words = words(value);
    let mut found = Vec::new();
    for triple in words.chunks(3) {
        let [from, joint, to] = triple else {
            return Err("expected `<field> AS <alias>`");
        };
        let overwrite = joint.eq_ignore_ascii_case("as");
        if !overwrite && !joint.eq_ignore_ascii_case("asnew") {
            return Err("expected `<field> AS <alias>`");
        }
        found.push(Alias {
            from: from.clone(),
            to: to.clone(),
            overwrite,
        });
    }
    Ok(found)
}

/// `<lookup> <column> [AS <field>]... [OUTPUT|OUTPUTNEW <column> [AS <field>]...]`
///
/// # Errors
/// A sentence that states what is expected.
pub(super) fn automatic_lookup(value: &str) -> Result<AutomaticLookup, &'static str> {
    let mut words = words(value).into_iter().peekable();
    let mut lookup = words.next().unwrap_or_default();
    // Options such as `event_time_field=` or `local=` may precede the name.
    while lookup.contains('=') {
        lookup = words.next().unwrap_or_default();
    }
    let mut found = AutomaticLookup {
        lookup,
        inputs: Vec::new(),
        outputs: Vec::new(),
        overwrite: true,
    };
    let mut output = false;
    while let Some(column) = words.next() {
        if column.eq_ignore_ascii_case("output") || column.eq_ignore_ascii_case("outputnew") {
            output = true;
            found.overwrite = column.eq_ignore_ascii_case("output");
            continue;
        }
        let field = match words.next_if(|word| word.eq_ignore_ascii_case("as")) {
            Some(_) => words.next().ok_or("a field is expected after AS")?,
            None => column.clone(),
        };
        let side = if output {
            &mut found.outputs
        } else {
            &mut found.inputs
        };
        side.push((column, field));
    }
    if found.inputs.is_empty() {
        return Err("expected `<lookup> <field>...`");
    }
    Ok(found)
}

/// The field extraction of a stanza of `transforms.conf`. Returns `None` if it is a lookup or works at index
/// time only.
pub(super) fn transform(stanza: &Stanza, faults: &Faults) -> Option<Transform> {
    let regex = stanza.text("REGEX");
    let delims = stanza.text("DELIMS");
    let method = match (delims, regex) {
        (Some(delims), _) => {
            let sets = quoted_sets(delims);
            let fields = stanza.text("FIELDS").map(|text| {
                let names = words(text).into_iter();
                names.filter(|n| !n.is_empty()).collect::<Vec<_>>()
            });
            match (sets.as_slice(), fields) {
                ([between], Some(fields)) => TransformMethod::Columns {
                    between: between.clone(),
                    fields,
                },
                ([between, equals, ..], _) => TransformMethod::Pairs {
                    between: between.clone(),
                    equals: equals.clone(),
                },
                // Without column names the transform extracts nothing.
                (sets, _) => {
                    faults.add(Fault::new(
                        FaultKind::FieldRule,
                        &stanza.origin,
                        format!("transform [{}]", stanza.name),
                        "DELIMS needs two sets of characters, or one set and FIELDS",
                        "the transform finds nothing",
                    ));
                    TransformMethod::Columns {
                        between: sets.first().cloned().unwrap_or_default(),
                        fields: Vec::new(),
                    }
                }
            }
        }
        (None, Some(regex)) => TransformMethod::Regex {
            regex: regex.to_owned(),
            format: stanza.text("FORMAT").map(format_pairs).unwrap_or_default(),
        },
        (None, None) => return None,
    };
    let source_key = stanza.text("SOURCE_KEY").unwrap_or("_raw");
    Some(Transform {
        name: stanza.name.clone(),
        // Index-time transforms write `field:<name>`.
        source_key: source_key
            .strip_prefix("field:")
            .unwrap_or(source_key)
            .to_owned(),
        method,
        mv_add: flag(stanza, "MV_ADD", false),
        clean_keys: flag(stanza, "CLEAN_KEYS", true),
        keep_empty: flag(stanza, "KEEP_EMPTY_VALS", false),
        origin: stanza.origin.clone(),
    })
}

/// `$1::$2 other::"$3"` as pairs of templates.
fn format_pairs(text: &str) -> Vec<(String, String)> {
    words(text)
        .iter()
        .filter_map(|word| word.split_once("::"))
        .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}

/// The quoted sets of `DELIMS`: `"|", "="`; unescapes `\t` and `\\`.
fn quoted_sets(text: &str) -> Vec<String> {
    let mut sets = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('"') {
        let inner = &rest[open + 1..];
        let mut set = String::new();
        let mut characters = inner.char_indices();
        let mut end = inner.len();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match characters.next() {
                    Some((_, 't')) => set.push('\t'),
                    Some((_, 'n')) => set.push('\n'),
                    Some((_, 'r')) => set.push('\r'),
                    Some((_, other)) => set.push(other),
                    None => {}
                },
                other => set.push(other),
            }
        }
        sets.push(set);
        rest = &inner[end..];
    }
    if sets.is_empty() && !text.is_empty() {
        sets.push(text.to_owned());
    }
    sets
}

/// Words between blanks and commas. A quoted word may contain both and loses its quotes.
fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut started) = (false, false);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                started = true;
            }
            c if !quoted && (c.is_whitespace() || c == ',') => {
                if started {
                    found.push(std::mem::take(&mut word));
                    started = false;
                }
            }
            c => {
                word.push(c);
                started = true;
            }
        }
    }
    if started {
        found.push(word);
    }
    found
}
