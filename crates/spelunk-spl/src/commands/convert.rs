//! `convert`: converts field values to numbers, and times to text and back.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::build::{call, field, text};
use crate::plan::context::QueryContext;
use crate::plan::schema::{Pattern, Schema};
use crate::plan::table::Table;
use crate::plan::{Assignment, EACH, Expansion, Plan, Scan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Expr, Stage};

pub(super) const COMMAND: Command = Command {
    name: "convert",
    category: Category::Fields,
    synopsis: "convert [timeformat=<format>] <function>(<field or pattern>) [AS <field>]...",
    options: &[(
        "timeformat",
        "%m/%d/%Y %H:%M:%S",
        "how ctime() writes and mktime() reads a time",
    )],
    doc: "Converts values: auto, num, ctime, mktime, dur2sec, memk, mstime, rmcomma, rmunit; none() leaves fields of a pattern alone. \
          A field that is not there stays away.",
    examples: &[(
        "| makeresults | eval d=\"1,000\", t=0 | convert rmcomma(d) ctime(t) | table d t",
        r#"{"d":1000,"t":"01/01/1970 00:00:00"}"#,
    )],
    page: "SearchReference/Convert",
    args: Rule::convert_args,
    plan,
    ..DEFAULT
};

const FUNCTIONS: &[&str] = &[
    "auto", "ctime", "dur2sec", "memk", "mktime", "mstime", "none", "num", "rmcomma", "rmunit",
];

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let format = args.text("timeformat", "%m/%d/%Y %H:%M:%S");
    let mut spared: Vec<Pattern> = Vec::new();
    for arg in &args.rest {
        if let ArgKind::Call { function, args, .. } = &arg.kind
            && function.text.eq_ignore_ascii_case("none")
        {
            spared.extend(args.iter().map(|a| Pattern::new(a.text.as_str())));
        }
    }
    let mut calls = Vec::new();
    for arg in &args.rest {
        let ArgKind::Call {
            function,
            args: fields,
            alias,
        } = &arg.kind
        else {
            continue;
        };
        let name = function.text.to_ascii_lowercase();
        if name == "none" {
            continue;
        }
        if conversion(&name, field(EACH), &format).is_none() {
            return Err(Error::new(ErrorKind::UnknownFunction(function.text.clone()))
                .at(function.span)
                .did_you_mean(&name, FUNCTIONS.iter().copied())
                .hint(format!("`convert` has {}", FUNCTIONS.join(", "))));
        }
        for f in fields {
            let of = Pattern::new(f.text.as_str());
            let to = alias.as_ref().map(|alias| Pattern::new(alias.text.as_str()));
            if let (true, Some(to), Some(alias)) = (of.is_wild(), &to, alias)
                && !to.is_wild()
            {
                return Err(Error::argument(
                    alias.span,
                    "a pattern of fields can't be converted into one field",
                ));
            }
            calls.push(Conversion {
                function: name.clone(),
                of,
                to,
            });
        }
    }
    if calls.is_empty() {
        return Err(Error::syntax(stage.span, "`convert` needs a conversion")
            .hint("for example: convert ctime(firstTime)"));
    }
    let rows = Planner::rows_or_events(input);
    let needs_names = |c: &Conversion| c.of.is_wild() && (c.to.is_some() || !spared.is_empty());
    if calls.iter().any(needs_names) {
        return Ok(rows.expand(Conversions {
            calls,
            spared,
            format,
        }));
    }
    Ok(rows.extend(calls.iter().filter_map(|c| c.assignment(&format)).collect()))
}

/// One conversion: of a field, or of each field that a pattern matches.
#[derive(Clone, Debug)]
struct Conversion {
    function: String,
    of: Pattern,
    to: Option<Pattern>,
}

impl Conversion {
    fn assignment(&self, format: &str) -> Option<Assignment> {
        let (target, value) = match &self.to {
            Some(to) => (Target::Field(to.text.clone()), field(&self.of.text)),
            // A pattern, even for a single name: does not create a missing field.
            None => (Target::Each(vec![self.of.clone()]), field(EACH)),
        };
        let value = conversion(&self.function, value, format)?;
        Some(Assignment { target, value })
    }
}

/// Conversions whose fields are known only once the rows are available.
#[derive(Debug)]
struct Conversions {
    calls: Vec<Conversion>,
    spared: Vec<Pattern>,
    format: String,
}

impl Expansion for Conversions {
    fn describe(&self) -> String {
        format!("convert {} patterns of fields", self.calls.len())
    }

    fn needs_rows(&self) -> bool {
        false
    }

    fn reads_data(&self) -> bool {
        false
    }

    fn plan(&self, fields: &Schema, _: Option<&Table>, _: &QueryContext) -> Result<Plan> {
        let mut columns = Vec::new();
        for call in &self.calls {
            if !call.of.is_wild() {
                columns.extend(call.assignment(&self.format));
                continue;
            }
            for name in call.of.expand(fields) {
                if self.spared.iter().any(|spared| spared.matches(&name)) {
                    continue;
                }
                let captures = call.of.captures(&name).unwrap_or_default();
                let to = call.to.as_ref().map(|to| Pattern::new(to.fill(&captures)));
                let one = Conversion {
                    function: call.function.clone(),
                    of: Pattern::exact(&name),
                    to,
                };
                columns.extend(one.assignment(&self.format));
            }
        }
        Ok(Plan::Scan(Scan::Binding).extend(columns))
    }
}

/// The conversion applied to each value.
/// <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Convert>
fn conversion(name: &str, value: Expr, format: &str) -> Option<Expr> {
    let kept = |converted: Expr| call("coalesce", vec![converted, value.clone()]);
    let of_one = match name {
        "auto" => call("$auto", vec![value.clone()]),
        "num" => call("tonumber", vec![call("$auto", vec![value.clone()])]),
        "ctime" => kept(call(
            "strftime",
            vec![call("tonumber", vec![value.clone()]), text(format)],
        )),
        "mktime" => call("strptime", vec![value.clone(), text(format)]),
        "dur2sec" | "memk" | "mstime" | "rmcomma" | "rmunit" => {
            call(&format!("${name}"), vec![value.clone()])
        }
        _ => return None,
    };
    Some(call("$each", vec![value, of_one]))
}
