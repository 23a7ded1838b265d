//! `scrub`: replaces identifying words with invented ones.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::scrub::Scrub;
use crate::kernels::scrub::words::{NAMES, PUBLIC};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "scrub",
    category: Category::Fields,
    synopsis: "scrub [public-terms=<file>] [private-terms=<file>] [name-terms=<file>] [dictionary=<file>]",
    options: &[
        ("public-terms", "", "a file of words that stay, one a line"),
        ("private-terms", "", "a file of words that are always replaced"),
        ("name-terms", "", "a file of names to put in place of others"),
        ("dictionary", "", "a file of words that stay, in place of those built in"),
        ("timeconfig", "", "accepted: numbers stay, and times with them"),
        ("namespace", "", "accepted"),
    ],
    doc: "Replaces names, addresses and other identifying words in all fields by invented ones of the same length, the same word always by the same one. \
          Words that a dictionary holds, and those before = or :, stay; so do plain numbers and the fields eventtype, linecount, punct, sourcetype, timeendpos, \
          timestartpos, those that begin with date_ and, but for _raw, with an underscore. Files lie in the folder anonymizer of the store.",
    examples: &[(
        "| makeresults | eval t=\"login failed for user=zbigniewa from 10.1.22.3\" | scrub | eval n=len(t), same=if(like(t, \"login failed for user=_________ from __._.__._\"), 1, 0), gone=if(like(t, \"%zbig%\"), 0, 1) | table n same gone",
        r#"{"n":46,"same":1,"gone":1}"#,
    )],
    page: "SearchReference/Scrub",
    args: Rule::scrub_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let words = |option: &str| -> Result<Option<Vec<String>>> {
        let Some(file) = args.get(option) else {
            return Ok(None);
        };
        let plain = !file.text.contains(['/', '\\']) && file.text != "..";
        if !plain {
            return Err(Error::argument(file.span, "give the file's name without a folder")
                .hint("it is in the folder `anonymizer` of the store"));
        }
        let path = planner.context.home.join("anonymizer").join(&file.text);
        let text = std::fs::read_to_string(&path).map_err(|why| Error::file(&path, why).at(file.span))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(Some(lines.map(str::to_owned).collect()))
    };
    let built_in = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let lower = |words: Vec<String>| words.into_iter().map(|w| w.to_lowercase());
    let dictionary = words("dictionary")?.unwrap_or_else(|| built_in(PUBLIC));
    Ok(Planner::rows_or_events(input).apply(Scrub {
        public: lower(dictionary).chain(lower(words("public-terms")?.unwrap_or_default())).collect(),
        private: lower(words("private-terms")?.unwrap_or_default()).collect(),
        names: words("name-terms")?.unwrap_or_else(|| built_in(NAMES)),
    }))
}
