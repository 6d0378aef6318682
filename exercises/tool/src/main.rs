//! `cargo progress`, `cargo hint NAME` and `cargo reset NAME`, which are aliases of this program.

use anyhow::{Result, bail};
use exercise_tool::{Status, all, find, hint, reset, status};
use std::{
    env,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

const HELP: &str = "\
How far you are in the exercises, and help with them.

Usage:
  cargo progress              how far each exercise is, and which is next
  cargo hint NAME             the first of three hints
  cargo hint NAME 2           the second; 3 gives most of the answer away
  cargo reset NAME            start again: your file is kept beside it, in `backup`

`cargo test -p NAME` grades an exercise. The file to edit is exercises/NAME/src/lib.rs.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let result = match arguments[..] {
        [] | ["--help" | "-h" | "help"] | [_, "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["progress"] => progress(root),
        ["hint", name] => print_hint(root, name, 1),
        ["hint", name, number] => match number.parse() {
            Ok(number @ 1..=3) => print_hint(root, name, number),
            _ => Err(anyhow::anyhow!("there are hints 1, 2 and 3, and no `{number}`")),
        },
        ["reset", name] => print_reset(root, name),
        ["hint" | "reset"] => missing_name(root, arguments[0]),
        _ => {
            eprintln!("error: `{}` is not understood\n\n{HELP}", arguments.join(" "));
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
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the tool lies in exercises/tool")
}

fn missing_name(root: &Path, word: &str) -> Result<()> {
    let names: Vec<String> = all(root)?.into_iter().map(|exercise| exercise.name).collect();
    bail!("of which exercise? `cargo {word} NAME`, where NAME is one of: {}", names.join(", "))
}

fn progress(root: &Path) -> Result<()> {
    let exercises = all(root)?;
    let width = exercises.iter().map(|exercise| exercise.name.len()).max().unwrap_or(0);
    let (mut solved, mut next, mut chapter) = (0, None, 0);
    for exercise in &exercises {
        if exercise.chapter != chapter {
            chapter = exercise.chapter;
            println!("\nChapter {chapter}");
        }
        let star = if exercise.is_core { '★' } else { ' ' };
        print!("  {star} {:<width$}  ", exercise.name);
        // What follows may take a compilation, so the name is seen first.
        io::stdout().flush()?;
        let status = status(root, exercise)?;
        println!("{status}");
        match status {
            Status::Solved => solved += 1,
            _ => next = next.or(Some((exercise, status))),
        }
    }
    println!("\n{solved} of {} solved; ★ marks those that the chapters build on.", exercises.len());
    if let Some((exercise, status)) = next {
        let name = &exercise.name;
        println!("\nNext: {name}, {}", exercise.task);
        println!("  edit     exercises/{name}/src/lib.rs");
        println!("  grade    cargo test -p {name}");
        if !matches!(status, Status::Untouched) {
            println!("  help     cargo hint {name}");
        }
    } else {
        println!("All of them. The wrong answers in solutions/*/mutants are worth reading now.");
    }
    Ok(())
}

fn print_hint(root: &Path, name: &str, number: usize) -> Result<()> {
    let exercise = find(root, name)?;
    println!("{name}, hint {number} of 3\n\n{}\n", hint(root, &exercise, number)?);
    if number < 3 {
        println!("Still stuck? `cargo hint {name} {}`", number + 1);
    } else {
        println!("The answer is in solutions/{name}/solution.rs.");
    }
    Ok(())
}

fn print_reset(root: &Path, name: &str) -> Result<()> {
    let exercise = find(root, name)?;
    match reset(root, &exercise)? {
        Some(backup) => {
            let backup = backup.strip_prefix(root).unwrap_or(&backup).display();
            println!("exercises/{name}/src/lib.rs is the stub again. What you had is in {backup}.");
        }
        None => println!("exercises/{name}/src/lib.rs is the stub already."),
    }
    Ok(())
}
