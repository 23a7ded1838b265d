//! `foreach`: runs a pipeline for each field of a list, or for each value of a field.

use crate::commands::args::{Args, texts};
use crate::commands::planner::parse_fragment;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::foreach_values::{Collection, ForeachValues, ITEM, ITER};
use crate::plan::context::QueryContext;
use crate::plan::schema::{Pattern, Schema};
use crate::plan::table::Table;
use crate::plan::{Expansion, Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "foreach",
    category: Category::Fields,
    synopsis: "foreach [mode=multifield] <field or pattern>... [<pipeline with <<FIELD>>, <<MATCHSTR>>, <<MATCHSEG1>>>] | foreach mode=multivalue|json_array|auto_collections <field> [eval <assignments with <<ITEM>>, <<ITER>>>]",
    options: &[
        ("mode", "multifield", "what to iterate over: multifield, multivalue, json_array, auto_collections"),
        ("fieldstr", "<<FIELD>>", "the token for the field's name"),
        ("matchstr", "<<MATCHSTR>>", "the token for the part of the name that the wildcards match"),
        ("matchseg1", "<<MATCHSEG1>>", "the token for the part that the first wildcard matches"),
        ("matchseg2", "<<MATCHSEG2>>", "the same for the second"),
        ("matchseg3", "<<MATCHSEG3>>", "the same for the third"),
        ("itemstr", "<<ITEM>>", "the token for the value"),
        ("iterstr", "<<ITER>>", "the token for the position of the value, from 0"),
    ],
    doc: "Runs the pipeline in brackets once for each field there is that the names match, the field's name put in as text; a name without a wildcard counts \
          whether or not there is such a field. In the other modes, runs the assignments once for each value of a multivalue field or each element of a JSON array.",
    examples: &[
        (
            "| makeresults | eval test1=5, test2=10 | foreach test* [eval <<FIELD>>=<<FIELD>>+<<MATCHSTR>>] | table test1 test2",
            r#"{"test1":6,"test2":12}"#,
        ),
        (
            "| makeresults | eval n=mvappend(1,2,3), s=0 | foreach mode=multivalue n [eval s=s+<<ITEM>>] | table s",
            r#"{"s":6}"#,
        ),
    ],
    page: "SearchReference/Foreach",
    args: Rule::foreach_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let template = args.rest.iter().find_map(|a| match &a.kind {
        ArgKind::Template(text) => Some(text.clone()),
        _ => None,
    });
    let Some(template) = template else {
        return Err(Error::syntax(stage.span, "`foreach` needs a pipeline in brackets")
            .hint(format!("usage: {}", COMMAND.synopsis)));
    };
    let Some(first) = fields.first() else {
        return Err(Error::syntax(stage.span, "`foreach` needs a field"));
    };
    let rows = Planner::rows_or_events(input);
    let mode = args.text("mode", "multifield").to_ascii_lowercase();
    let collection = match mode.as_str() {
        "multifield" => {
            let tokens = ["fieldstr", "matchstr", "matchseg1", "matchseg2", "matchseg3"].map(|o| {
                let default = COMMAND.options.iter().find(|row| row.0 == o);
                args.text(o, default.map_or("", |row| row.1))
            });
            let each = EachField {
                patterns: texts(&fields),
                template,
                tokens,
                reads_data: false,
            };
            // Planned once with made-up names, to report errors before rows are read.
            let pattern = &each.patterns[0];
            let tried = each
                .step(planner.context, &pattern.replace('*', "x"), &["x", "x", "x"])
                .and_then(|pipeline| planner.over(&pipeline, Plan::Scan(Scan::Binding)));
            let reads_data = tried?.reads_data();
            return Ok(rows.expand(EachField { reads_data, ..each }));
        }
        "multivalue" => Collection::Multivalue,
        "json_array" => Collection::Json,
        "auto_collections" => Collection::Either,
        other => {
            return Err(Error::argument(
                stage.span,
                format!("`foreach` has no mode `{other}`"),
            )
            .hint("there are multifield, multivalue, json_array and auto_collections"));
        }
    };
    if fields.len() > 1 {
        return Err(Error::argument(
            fields[1].span,
            format!("`foreach mode={mode}` iterates over one field"),
        ));
    }
    let kernel = over_values(
        planner.context,
        &first.text,
        collection,
        &template,
        [&args.text("itemstr", "<<ITEM>>"), &args.text("iterstr", "<<ITER>>")],
    )
    .map_err(|e| e.at(stage.span))?;
    Ok(rows.apply(kernel))
}

/// The pipeline for each existing field.
#[derive(Debug)]
struct EachField {
    patterns: Vec<String>,
    template: String,
    /// The tokens for the name, the matched part, and the match of each wildcard.
    tokens: [String; 5],
    reads_data: bool,
}

impl EachField {
    fn step(
        &self,
        context: &QueryContext,
        name: &str,
        captures: &[&str],
    ) -> Result<crate::syntax::ast::Pipeline> {
        let [field, whole, segments @ ..] = &self.tokens;
        let mut text = self.template.clone();
        // Longest first: `MATCHSEG1` may begin with `MATCHSEG`.
        let mut pairs = vec![(field, name.to_owned()), (whole, captures.concat())];
        for (at, token) in segments.iter().enumerate() {
            pairs.push((token, captures.get(at).copied().unwrap_or("").to_owned()));
        }
        pairs.sort_by_key(|(token, _)| std::cmp::Reverse(token.len()));
        for (token, value) in pairs {
            if !token.is_empty() {
                text = text.replace(token.as_str(), &value);
            }
        }
        parse_fragment(context, "foreach", &text)
    }
}

impl Expansion for EachField {
    fn describe(&self) -> String {
        format!("for each {} [{}]", self.patterns.join(" "), self.template)
    }

    fn needs_rows(&self) -> bool {
        false
    }

    fn reads_data(&self) -> bool {
        self.reads_data
    }

    fn plan(&self, fields: &Schema, _: Option<&Table>, context: &QueryContext) -> Result<Plan> {
        let mut plan = Plan::Scan(Scan::Binding);
        let mut done: Vec<String> = Vec::new();
        let mut planner = Planner::new(context);
        for text in &self.patterns {
            let pattern = Pattern::new(text.as_str());
            let names = if pattern.is_wild() {
                pattern.expand(fields)
            } else {
                vec![text.clone()]
            };
            for name in names {
                if done.contains(&name) {
                    continue;
                }
                let captures = pattern.captures(&name).unwrap_or_default();
                let pipeline = self.step(context, &name, &captures)?;
                plan = planner.over(&pipeline, plan)?;
                done.push(name);
            }
        }
        Ok(plan)
    }
}

/// Parses the assignments of a template in which `tokens` are placeholders for value and position.
///
/// # Errors
/// If the template does not parse, or contains a command other than `eval`.
fn over_values(
    context: &QueryContext,
    field: &str,
    collection: Collection,
    template: &str,
    tokens: [&str; 2],
) -> Result<ForeachValues> {
    let text = with_fields(template, &[(tokens[0], ITEM), (tokens[1], ITER)]);
    let pipeline = parse_fragment(context, "foreach", &text)?;
    let mut assignments = Vec::new();
    for stage in pipeline.stages {
        if !stage.name.text.eq_ignore_ascii_case("eval") {
            return Err(Error::argument(
                stage.name.span,
                format!(
                    "`foreach` over values takes only `eval`, not `{}`",
                    stage.name.text
                ),
            ));
        }
        for arg in stage.args {
            if let ArgKind::Assign { field, value } = arg.kind {
                assignments.push((field.text, value));
            }
        }
    }
    Ok(ForeachValues {
        field: field.to_owned(),
        collection,
        assignments,
    })
}

/// Replaces tokens with fields: verbatim inside a quoted name, and by concatenation inside a string.
fn with_fields(template: &str, tokens: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut quote = None;
    // Where the open string begins in `out`, and whether it contains a field.
    let (mut opened, mut joined) = (0, false);
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        let token = tokens
            .iter()
            .find(|(token, _)| !token.is_empty() && rest.starts_with(token));
        if let Some((token, field)) = token {
            match quote {
                None => out.push_str(&format!("'{field}'")),
                Some('"') => {
                    out.push_str(&format!("\".'{field}'.\""));
                    joined = true;
                }
                Some(_) => out.push_str(field),
            }
            rest = &rest[token.len()..];
            continue;
        }
        let escaped = c == '\\' && quote == Some('"');
        let length = c.len_utf8()
            + if escaped {
                rest[1..].chars().next().map_or(0, char::len_utf8)
            } else {
                0
            };
        match (quote, c) {
            (None, '"' | '\'') => {
                quote = Some(c);
                (opened, joined) = (out.len(), false);
            }
            (Some(q), c) if q == c => {
                quote = None;
                if joined {
                    out.insert(opened, '(');
                    out.push_str("\")");
                    rest = &rest[length..];
                    continue;
                }
            }
            _ => {}
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::with_fields;

    #[test]
    fn tokens_become_fields_wherever_they_stand() {
        let with = |text| with_fields(text, &[("<<ITEM>>", "I")]);
        assert_eq!(with("eval a=<<ITEM>>.b"), "eval a='I'.b");
        assert_eq!(with("eval a='<<ITEM>>'"), "eval a='I'");
        assert_eq!(
            with(r#"f("x\"<<ITEM>>y","z")"#),
            r#"f(("x\"".'I'."y"),"z")"#
        );
    }
}
