//! `searchtxn`: transactions of a type that match a search.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner, transaction};
use crate::error::{Error, Result};
use crate::plan::texts::parse_search;
use crate::plan::{Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Literal, Stage};

pub(super) const COMMAND: Command = Command {
    name: "searchtxn",
    category: Category::Generating,
    synopsis: "| searchtxn <transaction type> [eventsonly=<bool>] [max_terms=<N>] [use_disjunct=<bool>] <search expression>",
    options: &[
        ("eventsonly", "false", "true is refused: the events of transactions are not shown apart"),
        ("max_terms", "1000", "accepted: all events of the type are read"),
        ("use_disjunct", "true", "accepted"),
    ],
    doc: "Returns the transactions of a type in transactiontypes.conf, built from the events that its search finds, that match the search expression.",
    page: "SearchReference/Searchtxn",
    args: Rule::searchtxn_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    if input.is_some() {
        return Err(Error::syntax(
            stage.name.span,
            "`searchtxn` begins a search",
        ));
    }
    if let (true, Some(l)) = (args.flag("eventsonly", false)?, args.get("eventsonly")) {
        return Err(Error::argument(l.span, "`searchtxn eventsonly=true` is not supported")
            .hint("search for the events: the transaction type's search, and what the transaction must hold"));
    }
    let fields = args.fields();
    let [name] = fields.as_slice() else {
        return Err(
            Error::syntax(stage.span, "`searchtxn` needs the name of a transaction type")
                .hint("they are stanzas of transactiontypes.conf in an app that --app adds"),
        );
    };
    let mut events = Plan::Scan(Scan::Events);
    let stanza = planner.context.catalog.transaction_type(&name.text);
    if let Some(text) = stanza.and_then(|s| s.text("search")) {
        let search = parse_search(planner.context, text).map_err(|e| e.at(name.span))?;
        events = planner.search_filter(events, &search)?;
    }
    let literal = Literal {
        text: name.text.clone(),
        quoted: name.quoted,
        span: name.span,
    };
    let mut found = transaction::typed(planner, stage, &literal, events)?;
    for arg in &args.rest {
        if let ArgKind::Search(search) = &arg.kind {
            found = planner.search_filter(found, search)?;
        }
    }
    Ok(found)
}
