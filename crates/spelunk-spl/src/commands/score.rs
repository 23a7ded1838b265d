//! `score`: how well predictions match the actual values.

use crate::commands::args::{Args, choice, decimal};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::score::{Method, Score, classes, method, numbers};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{Name, Stage};

pub(super) const COMMAND: Command = Command {
    name: "score",
    category: Category::Reporting,
    synopsis: "score <method> <actual field>... against <predicted field>... [<option>=<value>]...",
    options: &[
        ("average", "", "precision_score, recall_score, f1_score: binary (the default with pos_label), micro, macro, weighted; without it each class is shown"),
        ("pos_label", "1", "precision_score, recall_score, f1_score: the class that counts with average=binary"),
        ("normalize", "true", "accuracy_score: the share of rows instead of their number"),
        ("equal_var", "true", "ttest_ind: whether both have the same variance"),
        ("popmean", "0", "ttest_1samp: the mean to compare with"),
    ],
    doc: "Compares fields. Classes: accuracy_score, confusion_matrix, precision_score, recall_score, f1_score, precision_recall_fscore_support. \
          Numbers: r2_score, mean_absolute_error, mean_squared_error, explained_variance_score. Statistics: describe, pearsonr, spearmanr, \
          ttest_1samp, ttest_ind, ttest_rel. One predicted field is compared with each actual field, or as many as there are one by one. Other methods are refused by name.",
    examples: &[(
        "| makeresults count=4 | streamstats count AS x | eval y=x+1 | score mean_squared_error x against y",
        r#"{"Actual field":"x","Predicted field":"y","mean_squared_error":1}"#,
    )],
    page: "MLApp/User/ScoreCommand",
    args: Rule::score_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let words = args.fields();
    let Some((first, fields)) = words.split_first() else {
        return Err(Error::syntax(stage.span, "`score` needs a method")
            .hint(format!("usage: {}", COMMAND.synopsis)));
    };
    let method = method(first)?;
    let is_against = |name: &&Name| !name.quoted && (name.text == "~" || name.text.eq_ignore_ascii_case("against"));
    let mut sides = fields.split(is_against);
    let side = |names: Option<&[&Name]>| -> Vec<String> {
        names.into_iter().flatten().map(|n| n.text.clone()).collect()
    };
    let (actual, predicted) = (side(sides.next()), side(sides.next()));
    let alone = method == Method::Numbers(numbers::Kind::Describe)
        || method == Method::Numbers(numbers::Kind::TOne);
    let pairs: Vec<(String, String)> = match (actual.len(), predicted.len()) {
        (1.., 0) if alone => actual.into_iter().map(|a| (a, String::new())).collect(),
        (0, _) | (_, 0) => {
            return Err(Error::syntax(stage.span, "`score` compares actual fields `against` predicted ones")
                .hint(format!("usage: {}", COMMAND.synopsis)));
        }
        (_, _) if alone => {
            return Err(Error::argument(first.span, format!("`{}` looks at fields one by one, without `against`", first.text)));
        }
        (1, _) => predicted.into_iter().map(|p| (actual[0].clone(), p)).collect(),
        (_, 1) => actual.into_iter().map(|a| (a, predicted[0].clone())).collect(),
        (a, b) if a == b => actual.into_iter().zip(predicted).collect(),
        (a, b) => {
            let message = format!("{a} actual fields can't be compared with {b} predicted ones");
            return Err(Error::argument(first.span, message));
        }
    };
    if method == Method::Classes(classes::Kind::Confusion) && pairs.len() > 1 {
        return Err(Error::argument(first.span, "`confusion_matrix` compares two fields"));
    }
    Ok(Planner::rows_or_events(input).apply(Score {
        method,
        pairs,
        span: stage.span,
        averaging: match args.get("average") {
            None if args.get("pos_label").is_some() => "binary",
            None => "none",
            Some(_) => choice(&args, "average", &[&["none"], &["binary"], &["micro"], &["macro"], &["weighted"]])?,
        },
        positive: args.text("pos_label", "1"),
        share: args.flag("normalize", true)?,
        equal_variances: args.flag("equal_var", true)?,
        mean: decimal(&args, "popmean", 0.0, f64::MIN..=f64::MAX)?,
    }))
}
