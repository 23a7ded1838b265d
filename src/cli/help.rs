//! `help`: a command, a function, a topic or a subcommand.

use std::fmt::Write as _;

use clap::CommandFactory;

use crate::cli::args::{Cli, HelpArgs};
use crate::cli::error::CliError;
use crate::cli::output::sink::send;
use crate::cli::reference::{Entry, commands, entries, functions};
use crate::cli::setup::CliContext;
use crate::cli::topics::{self, TOPICS};
use crate::error::{Error, nearest};
use crate::lint::{self, Lint};

/// Explains a name, or lists the topics.
pub fn help(args: &HelpArgs, setup: &CliContext) -> Result<(), CliError> {
    let text = match &args.name {
        Some(name) => text(name)?,
        None => overview(),
    };
    send(setup.output.as_deref(), |out| {
        writeln!(out, "{}", text.trim_end())
    })
}

/// The help text for `name`.
pub fn text(name: &str) -> Result<String, Error> {
    let mut parts: Vec<String> = entries(name).iter().map(page).collect();
    if let Some(topic) = topics::topic(name) {
        parts.push(topic.text.trim().to_owned());
    }
    if parts.is_empty()
        && let Some((name, why)) = unsupported(name)
    {
        parts.push(format!("{name} (command, not supported)\n\n{why}."));
    }
    if let Some(lint) = lint::lint(name) {
        parts.push(of_lint(lint));
    }
    let subcommand = subcommand_help(name);
    match (parts.is_empty(), subcommand) {
        (true, Some(help)) => parts.push(help),
        (false, Some(_)) => parts.push(format!("See also: spelunk {name} --help")),
        (false, None) => {}
        (true, None) => return Err(unknown(name)),
    }
    Ok(parts.join("\n\n"))
}

fn of_lint(lint: &Lint) -> String {
    format!(
        "{} {} (lint, {})\n\nFinds {}.\n{}\n\nFound in:\n  {}\nNot found in:\n  {}",
        lint.code,
        lint.name,
        lint.severity.name(),
        lint.finds,
        lint.why,
        indented(lint.bad.trim_end()),
        indented(lint.good.trim_end())
    )
}

/// Topics, commands and functions by name.
fn overview() -> String {
    let mut text = String::from("spelunk help NAME explains one of these.\n\nTopics:\n");
    for topic in TOPICS {
        let _ = writeln!(text, "  {:12} {}", topic.name, topic.about);
    }
    let lists = [
        ("Commands", commands().iter().map(|e| e.name).collect()),
        (
            "Functions",
            functions().iter().map(|e| e.name).collect::<Vec<_>>(),
        ),
    ];
    for (title, mut names) in lists {
        names.sort_unstable();
        names.dedup();
        let _ = write!(text, "\n{title}:{}\n", wrapped(&names, 96));
    }
    text.push_str("\nspelunk --help lists the subcommands and the options.");
    text
}

fn page(entry: &Entry) -> String {
    let mut text = format!("{} ({}, {})", entry.name, entry.kind.name(), entry.group);
    if !entry.aliases.is_empty() {
        let _ = write!(text, ", also {}", entry.aliases.join(", "));
    }
    let _ = write!(
        text,
        "\n\n  {}\n\n{}\n",
        indented(entry.synopsis),
        entry.doc
    );
    if !entry.options.is_empty() {
        text.push_str("\nOptions:\n");
    }
    for (name, default, meaning) in entry.options {
        let _ = write!(text, "  {name:16} {meaning}");
        if !default.is_empty() {
            let _ = write!(text, " [default: {default}]");
        }
        text.push('\n');
    }
    for example in &entry.examples {
        let _ = write!(text, "\nExample:\n  {}\n", indented(example));
    }
    if !entry.page.is_empty() {
        let _ = write!(text, "\nSplunk documentation: {}\n", entry.page);
    }
    text.truncate(text.trim_end().len());
    text
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}

fn subcommand_help(name: &str) -> Option<String> {
    let mut cli = Cli::command();
    cli.build();
    let subcommand = cli.find_subcommand_mut(name)?;
    Some(subcommand.render_long_help().to_string())
}

fn unsupported(name: &str) -> Option<(&'static str, &'static str)> {
    crate::commands::unsupported().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

fn unknown(name: &str) -> Error {
    let (commands, functions) = (commands(), functions());
    let known = commands
        .iter()
        .chain(&functions)
        .map(|entry| entry.name)
        .chain(TOPICS.iter().map(|topic| topic.name));
    let error = Error::usage(format!("no command, function or topic is called `{name}`"));
    match nearest(name, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("spelunk help lists what there is"),
    }
}

/// Names wrapped to lines of at most `width` characters, each line indented.
fn wrapped(names: &[&str], width: usize) -> String {
    let mut text = String::new();
    let mut room = 0;
    for name in names {
        let needed = name.chars().count() + 1;
        if needed > room {
            text.push_str("\n ");
            room = width;
        }
        room -= needed.min(room);
        text.push(' ');
        text.push_str(name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn names_are_wrapped() {
        assert_eq!(wrapped(&["ab", "cd", "ef"], 6), "\n  ab cd\n  ef");
        assert_eq!(wrapped(&["longer than it"], 3), "\n  longer than it");
    }
}
