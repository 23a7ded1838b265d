//! `sample`: a random sample of the rows.

use crate::commands::args::{Args, decimal};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::sample::{How, Sample};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{Name, Stage};
use crate::value::parse_number;

pub(super) const COMMAND: Command = Command {
    name: "sample",
    category: Category::Filtering,
    synopsis: "sample (<N> | <ratio> | count=<N> [by <field>] | ratio=<number> | proportional=<field> [inverse] | partitions=<N> [fieldname=<field>]) [seed=<N>]",
    options: &[
        ("ratio", "", "the chance of each row to be kept, between 0 and 1"),
        ("count", "", "how many rows are kept; with `by` so many of each value"),
        ("proportional", "", "the field that holds the chance of each row to be kept; with the word `inverse` to be dropped"),
        ("partitions", "", "keeps all rows and puts each into one of so many parts, numbered from 0"),
        ("fieldname", "partition_number", "the field of the part's number"),
        ("seed", "0", "where chance begins; the same seed keeps the same rows"),
    ],
    doc: "Keeps rows by chance, in their order, or puts them into parts. The same rows and seed give the same sample in every run.",
    examples: &[(
        "| makeresults count=100 | sample count=3 seed=1 | stats count",
        r#"{"count":3}"#,
    )],
    page: "MLApp/User/Customsearchcommands",
    args: Rule::sample_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let by = args.by();
    let words = args.fields();
    let inverse = words.iter().any(|w| w.text.eq_ignore_ascii_case("inverse"));
    let bare = words.iter().find(|w| !w.text.eq_ignore_ascii_case("inverse"));
    let kinds = ["ratio", "count", "proportional", "partitions"];
    let given: Vec<&str> = kinds.into_iter().filter(|k| args.get(k).is_some()).collect();
    let how = match (given.as_slice(), bare) {
        ([], Some(word)) => of_word(word)?,
        (["ratio"], None) => How::Ratio(decimal(&args, "ratio", 1.0, 0.0..=1.0)?),
        (["count"], None) => How::Count(args.number("count", 1)?),
        (["proportional"], None) => How::Proportional {
            field: args.text("proportional", ""),
            inverse,
        },
        (["partitions"], None) => How::Partitions {
            count: args.number("partitions", 1)?.max(1),
            field: args.text("fieldname", "partition_number"),
        },
        _ => {
            return Err(Error::syntax(
                stage.span,
                "`sample` takes one of a number, ratio=, count=, proportional= and partitions=",
            )
            .hint(format!("usage: {}", COMMAND.synopsis)));
        }
    };
    if let (Some(field), false) = (by.first(), matches!(how, How::Count(_))) {
        return Err(Error::argument(field.span, "`by` requires a count"));
    }
    Ok(Planner::rows_or_events(input).apply(Sample {
        how,
        by: by.first().map(|name| name.text.clone()),
        seed: args.number("seed", 0)? as u64,
    }))
}

/// A bare number: the number of rows, or below 1 the probability of each.
fn of_word(word: &Name) -> Result<How> {
    match parse_number(&word.text) {
        Some(n) if n > 0.0 && n < 1.0 => Ok(How::Ratio(n)),
        Some(n) if n >= 1.0 && n.fract() == 0.0 => Ok(How::Count(n as usize)),
        _ => Err(Error::argument(
            word.span,
            format!("a sample is a whole number or a share below 1, not `{}`", word.text),
        )),
    }
}
