//! The numbers of the reference card are those of the code.

use std::{fs, path::Path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool's package lies in the repository")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a constant is set to, as the card writes it. Builds for loom have smaller ones, which come first.
fn written(source: &str, constant: &str) -> Option<String> {
    let line = source.lines().find(|line| line.contains(&format!("const {constant}: ")))?;
    let value = line.split(" = ").nth(1)?.trim_end_matches(';');
    let value = value.split("else { ").last()?.trim_end_matches(" }");
    let duration = value.strip_prefix("Duration::from_").and_then(|rest| rest.split_once('('));
    let (number, unit) = match duration {
        Some(("micros", number)) => (number, " µs"),
        Some(("millis", number)) => (number, " ms"),
        Some(("secs", number)) => (number, " s"),
        Some(_) => return None,
        None => (value, ""),
    };
    let number = number.trim_end_matches(')').replace('_', "");
    let grouped = match number.len() {
        4 => format!("{},{}", &number[..1], &number[1..]),
        _ => number,
    };
    Some(grouped + unit)
}

#[test]
fn each_number_of_the_card_is_the_constant_that_it_names() {
    let card = read(root().join("book/src/card.md"));
    let rows = card.lines().skip_while(|line| !line.starts_with("| Value |")).skip(2);
    let mut count = 0;
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> =
            row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [value, _, place, set_by] = cells[..] else { panic!("{row}") };
        let (constant, file) = place.split_once("` in `").unwrap_or_else(|| panic!("{row}"));
        let source = read(root().join("reference-runtime/src").join(file));
        assert_eq!(written(&source, constant).as_deref(), Some(value), "{constant} of {file}");
        if let Some(method) = set_by.strip_prefix("Builder::") {
            let builder = read(root().join("reference-runtime/src/runtime/builder.rs"));
            assert!(builder.contains(&format!("pub fn {method}(")), "{set_by} is no method");
        }
        count += 1;
    }
    assert!(count >= 10, "the table was found");
}

#[test]
fn a_number_that_differs_from_its_constant_would_be_seen() {
    let source = "const A: usize = if LOOM { 4 } else { 1024 };\nconst B: Duration = Duration::from_micros(20);\n\
                  const C: u32 = 32_768;\nconst D: Duration = Duration::MAX;\n";
    for (constant, expected) in [
        ("A", Some("1,024")),
        ("B", Some("20 µs")),
        ("C", Some("32768")),
        ("D", Some("Duration::MAX")),
        ("E", None),
    ] {
        assert_eq!(written(source, constant).as_deref(), expected, "{constant}");
    }
}
