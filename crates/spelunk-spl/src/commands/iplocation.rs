//! `iplocation`: the locations of IP addresses.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::iplocation::Locate;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "iplocation",
    category: Category::Fields,
    synopsis: "iplocation [prefix=<text>] [allfields=<bool>] [lang=<code>] <field>",
    options: &[
        ("prefix", "", "the prefix of the added field names"),
        ("allfields", "false", "adds Continent, MetroCode and Timezone"),
        ("lang", "en", "the language of names, as far as the database has it"),
    ],
    doc: "Adds City, Country, Region, lat and lon of the address in a field, from the MaxMind database (GeoLite2-City or alike) given by --geoip or SPELUNK_GEOIP. Without one, and for addresses that it does not contain, the fields stay empty.",
    examples: &[(
        "| makeresults | eval ip=\"10.1.2.3\" | iplocation prefix=at_ ip | table ip at_Country",
        r#"{"ip":"10.1.2.3"}"#,
    )],
    page: "SearchReference/Iplocation",
    args: Rule::iplocation_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [field] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`iplocation` needs one field with addresses"));
    };
    let prefix = args.text("prefix", "");
    let mut names = vec!["City", "Country", "Region", "lat", "lon"];
    if args.flag("allfields", false)? {
        names.extend(["Continent", "MetroCode", "Timezone"]);
    }
    let outputs = names.into_iter().map(|n| (n.to_owned(), format!("{prefix}{n}")));
    Ok(Planner::rows_or_events(input).apply(Locate {
        field: field.text.clone(),
        outputs: outputs.collect(),
        language: args.text("lang", "en"),
    }))
}
