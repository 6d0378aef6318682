//! Includes, of which mdBook renders those that lead nowhere as nothing.

use super::Page;
use std::fs;

/// What is wrong with the includes of a page.
pub(crate) fn faults(page: &Page) -> Vec<String> {
    let mut faults = Vec::new();
    for (text, line) in page.text.lines().zip(1..) {
        for rest in text.split("{{#include ").skip(1) {
            let fault = match rest.split_once("}}") {
                None => Some("an include without an end".to_owned()),
                Some((target, _)) => fault(page, target.trim()),
            };
            faults.extend(fault.map(|fault| page.fault(line, fault)));
        }
    }
    faults
}

fn fault(page: &Page, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once(':').map_or((target, None), |(file, rest)| (file, Some(rest)));
    let path = page.path.with_file_name("").join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        return Some(format!("there is no file {file} to include"));
    };
    let Some(anchor) = anchor else {
        // Its marks would be shown.
        return text.contains("ANCHOR: ").then(|| format!("{file} has anchors; include one of them"));
    };
    if anchor.starts_with(|letter: char| letter.is_ascii_digit() || letter == ':') {
        return Some(format!("lines of {file} by number, which shift; use an anchor"));
    }
    let places = |mark: &str| -> Vec<usize> {
        let mark = format!("{mark}: {anchor}");
        // As mdBook finds them: whatever stands before, and not the beginning of a longer name.
        let is_mark = |line: &str| line.trim_end().ends_with(&format!(" {mark}"));
        text.lines().enumerate().filter(|(_, line)| is_mark(line)).map(|(at, _)| at).collect()
    };
    match (&places("ANCHOR")[..], &places("ANCHOR_END")[..]) {
        ([], []) => Some(format!("{file} has no anchor `{anchor}`")),
        ([begin], [end]) if end == &(begin + 1) => {
            Some(format!("there is nothing in the anchor `{anchor}` of {file}"))
        }
        ([begin], [end]) if begin < end => {
            let mut inside = text.lines().skip(begin + 1).take(end - begin - 1);
            let is_empty = inside.all(|line| line.trim().is_empty() || line.contains("ANCHOR"));
            is_empty.then(|| format!("there is nothing in the anchor `{anchor}` of {file}"))
        }
        (begins, ends) => Some(format!(
            "the anchor `{anchor}` of {file} begins {} times and ends {} times, and should do so once and in order",
            begins.len(),
            ends.len()
        )),
    }
}
