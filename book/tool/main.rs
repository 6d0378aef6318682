//! `cargo book`: builds the book and serves it.

use anyhow::{Context, Result, ensure};
use std::{
    env,
    path::Path,
    process::{Command, ExitCode},
    sync::Arc,
    thread,
};

const HELP: &str = "\
Builds the book and serves it on this machine.

Usage:
  cargo book           build the book, then serve it until you stop this with Ctrl-C; it is built anew when a file
                       changes that it is made of, and pages that are open show it
  cargo book build     build the book and end; with --url https://HOST/PATH/, for that place on the web: with the
                       addresses of the pages, a list of them, and the card that other sites show
  cargo book check     build the book and run the tests of its text, listings and traces; says how to check its pages
                       in a browser
  cargo book figures   draw every figure of the book anew, each into a file of its own in target/figures
  cargo book measure   run the programs behind the outputs, tables and figures of the chapters, and write what they
                       give to book/data; followed by a name, only that one; with --list, print the names
  cargo book record    the same as measure
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
    if arguments.iter().any(|argument| ["help", "--help", "-h"].contains(argument)) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let result = match arguments[..] {
        [] => build_and_serve(),
        ["build"] => build(None),
        ["build", "--url", url] => build(Some(url)),
        ["check"] => check(),
        ["figures"] => book::figures(root()),
        ["measure" | "record", "--list"] => {
            print!("{}", book::measurements());
            Ok(())
        }
        ["measure" | "record"] => book::measure(root(), None),
        ["measure" | "record", name] => book::measure(root(), Some(name)),
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

fn build(url: Option<&str>) -> Result<()> {
    let folder = book::render_for(root(), None, url)?;
    println!("The book is in {}.", folder.display());
    Ok(())
}

/// What takes no browser. The tests are cargo's, so that `cargo test` runs the same.
fn check() -> Result<()> {
    let folder = book::render(root(), None)?;
    let complaints = book::complaints(root(), &folder)?;
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    ensure!(complaints.is_empty(), "{} faults in the text, each in a line above", complaints.len());
    let status = Command::new("cargo")
        .args(["test", "--package", "book"])
        .current_dir(root())
        .status()
        .context("cargo did not start")?;
    ensure!(status.success(), "something is wrong with the book; the tests above say what");
    println!("To check its pages in a browser, with Node.js 20 or newer and Chromium or Chrome installed:");
    println!("  npm ci --prefix book/pages && node book/pages/check.mjs");
    println!("The same with --short takes a minute, and --help says what else there is.");
    Ok(())
}

fn build_and_serve() -> Result<()> {
    build(None)?;
    let (listener, taken) = book::bind(PORT).context("no port could be had to serve the book on")?;
    for port in taken {
        println!("Port {port} is taken; trying the next.");
    }
    println!("Read it at http://{}/ and stop with Ctrl-C.", listener.local_addr()?);
    let builds = Arc::new(book::Builds::default());
    let noted = builds.clone();
    thread::spawn(move || {
        let watched = book::watch(root(), || match book::render(root(), None) {
            Ok(_) => {
                println!("Built anew.");
                noted.note();
            }
            // The pages that there are stay, until the mistake is mended.
            Err(error) => eprintln!("error: {error:#}"),
        });
        if let Err(error) = watched {
            eprintln!("The book is served as it is, and not built anew: {error:#}");
        }
    });
    book::serve(&listener, &book::build_dir(root())?, &builds).context("the server has stopped")
}
