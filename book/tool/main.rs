//! `cargo book`: builds the book and serves it.

use anyhow::{Context, Result};
use std::{env, path::Path, process::ExitCode};

const HELP: &str = "\
Builds the book and serves it on this machine.

Usage:
  cargo book           build the book, then serve it until you stop this with Ctrl-C
  cargo book build     build the book and end
  cargo book record    run the demos whose output the chapters show, and write it to book/data;
                       followed by the name of a file there, only that one
  cargo book --help    print this

The pages are written to target/book. Nothing is loaded from anywhere else, so they can be read without a network,
and target/book/index.html can be opened as a file.

The build fails, and says why, on all that mdBook only warns of, such as an include of a file that is not there.
";

/// Where the server is looked for first, as with mdBook's own.
const PORT: u16 = 3000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => build_and_serve(),
        ["build"] => build(),
        ["record"] => book::record(root(), None),
        ["record", name] => book::record(root(), Some(name)),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => {
            eprintln!(
                "cargo book does not know `{}`. `cargo book --help` lists what it knows.",
                arguments.join(" ")
            );
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the repository this tool was compiled in.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool's package lies in the repository")
}

fn build() -> Result<()> {
    let folder = book::render(root(), None)?;
    println!("The book is in {}.", folder.display());
    Ok(())
}

fn build_and_serve() -> Result<()> {
    build()?;
    let (listener, taken) = book::bind(PORT).context("no port could be had to serve the book on")?;
    for port in taken {
        println!("Port {port} is taken; trying the next.");
    }
    println!("Read it at http://{}/ and stop with Ctrl-C.", listener.local_addr()?);
    book::serve(&listener, &book::build_dir(root())?).context("the server has stopped")
}
