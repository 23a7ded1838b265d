//! The command line: arguments, subcommands, the REPL, output.

mod alert_budget;
pub mod args;
mod check;
mod diff;
mod error;
mod examples;
mod fields;
mod format;
mod generate;
mod help;
mod interrupt;
mod learn;
mod list;
pub mod output;
mod plot;
mod progress;
mod reference;
mod repl;
mod replay;
mod risk;
mod risk_events;
mod run;
mod search;
mod setup;
mod store;
mod test;
mod topics;
mod value_parsers;
mod why;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Command};
use crate::cli::error::CliError;
use crate::cli::setup::{CliContext, note};
use crate::error::caught;

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    // A panic is a bug of ours or of a library on damaged data; the latter is caught where it can be reported
    // as an error. Either way the output should help a user.
    std::panic::set_hook(Box::new(|_| {}));
    caught(run_process).unwrap_or_else(|text| {
        note(&format!(
            "error: internal error: {text}; please report this"
        ));
        ExitCode::FAILURE
    })
}

fn run_process() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output and are not errors; the pipe may be closed.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let setup = match CliContext::new(cli.global) {
        Ok(setup) => setup,
        Err(problem) => {
            if let Some(text) = problem.text(false) {
                note(text.trim_end());
            }
            return problem.exit_code();
        }
    };
    let done = dispatch(cli.command, &setup);
    let code = match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            setup.complain(&problem);
            problem.exit_code()
        }
    };
    setup.warn();
    code
}

fn dispatch(command: Option<Command>, setup: &CliContext) -> Result<(), CliError> {
    match command {
        None | Some(Command::Repl) => repl::repl(setup.clone()),
        Some(Command::Search(args)) => search::search(&args, setup),
        Some(Command::Run(args)) => run::run(&args, setup),
        Some(Command::Risk(args)) => risk::risk(&args, setup),
        Some(Command::Why(args)) => why::why(&args, setup),
        Some(Command::Diff(args)) => diff::diff(&args, setup),
        Some(Command::Learn(args)) => learn::learn(&args, setup),
        Some(Command::Replay(args)) => replay::replay(&args, setup),
        Some(Command::Store(args)) => store::store(&args, setup),
        Some(Command::Test(args)) => test::test(&args, setup),
        Some(Command::Explain(args)) => search::explain(&args, setup),
        Some(Command::Check(args)) => check::check(&args, setup),
        Some(Command::Fmt(args)) => format::fmt(&args, setup),
        Some(Command::Help(args)) => help::help(&args, setup),
        Some(Command::List(args)) => list::list(&args, setup),
        Some(Command::Completions(args)) => generate::completions(&args, setup),
        Some(Command::Man) => generate::man(setup),
    }
}
