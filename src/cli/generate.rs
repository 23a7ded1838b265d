//! `completions` and `man`, generated from the argument definitions.

use clap::CommandFactory;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::error::CliError;
use crate::cli::output::sink::send;
use crate::cli::setup::CliContext;

/// Writes a shell's completion script.
pub fn completions(args: &CompletionsArgs, setup: &CliContext) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "spelunk", &mut script);
    send(setup.output.as_deref(), |out| out.write_all(&script))
}

/// Writes the manual page: the program's, then a section for each subcommand.
pub fn man(setup: &CliContext) -> Result<(), CliError> {
    let page = manual()?;
    send(setup.output.as_deref(), |out| {
        out.write_all(page.as_bytes())
    })
}

fn manual() -> Result<String, CliError> {
    let cli = Cli::command();
    let mut page = Vec::new();
    clap_mangen::Man::new(cli.clone()).render(&mut page)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    // Rendered separately, so that global options, listed above, are not repeated for every subcommand.
    for subcommand in cli.get_subcommands() {
        let name = format!("spelunk {}", subcommand.get_name());
        let subcommand = clap_mangen::Man::new(subcommand.clone().bin_name(&name));
        let mut section = Vec::new();
        subcommand.render_description_section(&mut section)?;
        subcommand.render_synopsis_section(&mut section)?;
        subcommand.render_options_section(&mut section)?;
        subcommand.render_extra_section(&mut section)?;
        page.push_str(&format!(".SH {}\n", name.to_uppercase()));
        page.push_str(&String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS "));
    }
    // clap_mangen calls the section of `after_help` "EXTRA".
    Ok(page
        .replace("H EXTRA\n", "H EXAMPLES\n")
        .replace("S EXTRA\n", "S EXAMPLES\n"))
}

#[cfg(test)]
mod tests {
    use super::manual;

    #[test]
    fn the_manual_has_every_subcommand_with_its_examples() {
        let page = manual().unwrap_or_default();
        for wanted in [
            ".SH SPELUNK RUN",
            "spelunk list commands",
            "spelunk run \\-\\-data",
        ] {
            assert!(page.contains(wanted), "{wanted}\n{page}");
        }
    }
}
