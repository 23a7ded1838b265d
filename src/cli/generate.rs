//! `completions` and `man`: written from the table of arguments.

use clap::CommandFactory;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::output::sink::Sink;
use crate::cli::problem::Problem;
use crate::cli::setup::Setup;

/// Writes a shell's completion script.
pub fn completions(args: &CompletionsArgs, setup: &Setup) -> Result<(), Problem> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "spelunk", &mut script);
    Sink::open(setup.output.as_deref())?.write(|out| out.write_all(&script))
}

/// Writes the manual page, those of the subcommands behind it.
pub fn man(setup: &Setup) -> Result<(), Problem> {
    let mut cli = Cli::command();
    cli.build();
    let mut sink = Sink::open(setup.output.as_deref())?;
    sink.write(|out| {
        clap_mangen::Man::new(cli.clone()).render(&mut &mut *out)?;
        for subcommand in cli.get_subcommands() {
            writeln!(
                out,
                ".SH SUBCOMMAND {}",
                subcommand.get_name().to_uppercase()
            )?;
            let page = clap_mangen::Man::new(subcommand.clone());
            page.render_description_section(&mut &mut *out)?;
            page.render_synopsis_section(&mut &mut *out)?;
        }
        Ok(())
    })
}
