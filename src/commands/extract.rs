//! `extract`: key-value pairs out of `_raw`.

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner, rex};
use crate::error::{Error, ErrorKind, Result};
use crate::functions::pattern::too_hard;
use crate::knowledge::props::{Transform, TransformMethod};
use crate::plan::context::PlanContext;
use crate::plan::found::Found;
use crate::plan::pairs;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::plan::{ColumnKernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "extract",
    aliases: &["kv"],
    category: Category::Fields,
    synopsis: "extract [pairdelim=<characters>] [kvdelim=<characters>] [limit=<N>] [maxchars=<N>] [mv_add=<bool>] [clean_keys=<bool>] [<stanza of transforms.conf>...]",
    options: &[
        ("pairdelim", "", "characters between pairs"),
        ("kvdelim", "", "characters between key and value"),
        ("limit", "50", "pairs taken of a row"),
        ("maxchars", "10240", "characters looked at"),
        ("mv_add", "false", "whether a repeated key makes a multivalue"),
        ("clean_keys", "true", "whether other characters than letters, digits and _ in a key become _"),
        ("segment", "false", "accepted: where pairs stand is not kept"),
        ("reload", "false", "accepted: configuration is read for each search"),
        ("auto", "true", "whether pairs are looked for without delimiters"),
    ],
    doc: "Makes fields of the key-value pairs in _raw: found by themselves, by the given delimiters, or by field transforms.",
    examples: &[(
        "| makeresults | eval _raw=\"a:1;b:2\" | extract pairdelim=\";\" kvdelim=\":\" | table a b",
        r#"{"a":"1","b":"2"}"#,
    )],
    page: "SearchReference/Extract",
    args: Rule::extract_args,
    plan,
};

/// What stands between pairs and between key and value when only the other is given.
const BETWEEN: &str = " ,;|&\t\r\n";
const EQUALS: &str = "=";

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let delimiters = match (args.get("pairdelim"), args.get("kvdelim")) {
        (None, None) => None,
        (between, equals) => Some((
            between.map_or(BETWEEN, |l| &l.text).to_owned(),
            equals.map_or(EQUALS, |l| &l.text).to_owned(),
        )),
    };
    let clean = match args.get("clean_keys") {
        None => None,
        Some(_) => Some(args.flag("clean_keys", true)?),
    };
    let mv_add = match args.get("mv_add") {
        None => None,
        Some(_) => Some(args.flag("mv_add", false)?),
    };
    let mut rules = Vec::new();
    let props = &planner.context.catalog.props;
    for name in args.fields() {
        let transform = props.transform(&name.text).ok_or_else(|| {
            Error::argument(
                name.span,
                format!("there is no field transform `{}`", name.text),
            )
            .did_you_mean(&name.text, props.transform_names())
            .hint("it must be a stanza of transforms.conf with REGEX or DELIMS: give its app with --app")
        })?;
        if let TransformMethod::Regex { regex, .. } = &transform.method {
            rex::compile(regex).map_err(|e| e.at(name.span))?;
        }
        rules.push(How::Transform(Box::new(transform.clone())));
    }
    if rules.is_empty() {
        match delimiters {
            Some((between, equals)) => rules.push(How::Delimiters { between, equals }),
            None if args.flag("auto", true)? => rules.push(How::Automatic),
            None => {}
        }
    }
    let most = args.number("limit", 50)?;
    let characters = args.number("maxchars", 10_240)?;
    let mut rows = Planner::rows_or_events(input);
    for how in rules {
        rows = rows.beside(Extract {
            how,
            clean,
            mv_add,
            most,
            characters,
        });
    }
    Ok(rows)
}

/// How pairs are found.
#[derive(Debug)]
enum How {
    Automatic,
    Delimiters { between: String, equals: String },
    Transform(Box<Transform>),
}

#[derive(Debug)]
struct Extract {
    how: How,
    clean: Option<bool>,
    mv_add: Option<bool>,
    /// Pairs of a row; 0 for all.
    most: usize,
    /// Characters of a text; 0 for all.
    characters: usize,
}

impl Extract {
    fn source(&self) -> &str {
        match &self.how {
            How::Automatic | How::Delimiters { .. } => "_raw",
            How::Transform(transform) => &transform.source_key,
        }
    }

    fn pairs(&self, text: &str) -> Result<Vec<(String, String)>> {
        let pair = |(k, v): (&str, &str)| (k.to_owned(), v.to_owned());
        Ok(match &self.how {
            How::Automatic => pairs::automatic(text, false)
                .iter()
                .map(|f| pair((&f.name, &f.value)))
                .collect(),
            How::Delimiters { between, equals } => pairs::by_delimiters(text, between, equals)
                .into_iter()
                // As documented, a value that holds a delimiter is not taken.
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
                    let compiled = rex::compile(regex)?;
                    pairs::by_regex(&compiled, format, text).map_err(|_| {
                        Error::new(ErrorKind::Regex(too_hard(regex)))
                    })?
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

    fn run(&self, input: Table, context: &PlanContext) -> Result<Table> {
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
        let mut found = Found::default();
        for row in 0..input.height() {
            if row % 4096 == 0 {
                context.check_cancelled()?;
            }
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
            // The limit is one of automatic extraction.
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
