//! `apply`: applies a model to the rows.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::commands::learning::choice_of;
use crate::error::{Error, ErrorKind, Result};
use crate::kernels::apply::Apply;
use crate::kernels::ml::{Applying, model_name};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "apply",
    category: Category::Fields,
    synopsis: "apply <model> [as <field>] [<option>=<value>]...",
    options: &[
        ("threshold", "", "DensityFunction: the share of outliers, in place of the value given to `fit`"),
        ("lower_threshold", "", "DensityFunction: the share of outliers at the lower end"),
        ("upper_threshold", "", "DensityFunction: the share of outliers at the upper end"),
        ("show_density", "false", "DensityFunction: adds ProbabilityDensity(<field>)"),
        ("sample", "false", "DensityFunction: adds SampledValue(<field>), a sample of the values that are not outliers"),
        ("full_sample", "false", "DensityFunction: adds FullSampledValue(<field>), drawn of all"),
        ("show_options", "", "DensityFunction: adds feature_variables, split_by, params"),
        ("random_state", "0", "DensityFunction: where chance begins"),
    ],
    doc: "Adds the predictions of a model that `fit ... into <model>` saved: IsOutlier(<field>) and BoundaryRanges, scaled values, a predicted \
          value, a cluster, components. `app:` before the model's name is accepted.",
    page: "MLApp/User/Customsearchcommands",
    args: Rule::apply_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    if let Some(pipeline) = args.subsearch() {
        return Err(Error::new(ErrorKind::UnsupportedCommand {
            name: "apply with a subsearch".to_owned(),
            why: "its options must be known before the search runs".to_owned(),
        })
        .at(pipeline.span)
        .hint("write the threshold: apply <model> threshold=0.01"));
    }
    let words: Vec<_> = args.fields();
    let (name, output) = match words.as_slice() {
        [name] => (name, None),
        [name, word, output] if word.text.eq_ignore_ascii_case("as") => {
            (name, Some(output.text.clone()))
        }
        _ => {
            return Err(Error::syntax(stage.span, "`apply` needs one model")
                .hint(format!("usage: {}", COMMAND.synopsis)));
        }
    };
    Ok(Planner::rows_or_events(input).apply(Apply {
        model: model_name(name)?,
        span: name.span,
        how: Applying {
            output,
            choice: choice_of(&args)?,
        },
    }))
}
