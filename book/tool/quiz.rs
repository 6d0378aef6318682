//! Quizzes in the text: a fence of the language `quiz` becomes a question with buttons to choose from.
//!
//! ```text
//! The question, on one or more lines.
//!
//! - [ ] a wrong option
//!   Why it is wrong.
//! - [x] the right one
//!   Why it is right.
//! ```
//!
//! Every option is explained, and the explanation is shown when the option is chosen. That is done by the stylesheet
//! alone, so it works without scripts, and nothing leaves the page. On paper all explanations are there.
//!
//! A question about what a program prints begins with `quiz prints=NAME`. The right option then quotes a part of the
//! recorded output of that program, and no other option does, or the book is not built.

use anyhow::{Context, Result, bail, ensure};
use mdbook_driver::book::{Book, BookItem};
use pulldown_cmark::{Event, Parser, Tag, TagEnd, html::push_html};
use std::{fs, path::Path};

/// Where the output of a program may be recorded.
const OUTPUTS: [&str; 2] = ["book/listings/output", "book/data"];

struct Quiz {
    question: String,
    options: Vec<Choice>,
}

struct Choice {
    text: String,
    is_right: bool,
    why: String,
}

/// Replaces every quiz of the book.
pub(crate) fn place_quizzes(root: &Path, book: &mut Book) -> Result<()> {
    let mut result = Ok(());
    book.for_each_mut(|item| {
        let BookItem::Chapter(chapter) = item else { return };
        if result.is_err() || !chapter.content.contains("```quiz") {
            return;
        }
        let file = chapter.path.as_deref().unwrap_or(Path::new("a chapter")).to_owned();
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        result = place(root, &stem, &chapter.content)
            .map(|content| chapter.content = content)
            .with_context(|| file.display().to_string());
    });
    result
}

fn place(root: &Path, stem: &str, content: &str) -> Result<String> {
    let (mut placed, mut count) = (String::new(), 0);
    let mut lines = content.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```quiz") else {
            placed += line;
            placed.push('\n');
            continue;
        };
        let at = || format!("the quiz in line {}", number + 1);
        let mut body = Vec::new();
        loop {
            let (_, line) = lines.next().with_context(at).context("it has no end")?;
            if line == "```" {
                break;
            }
            body.push(line);
        }
        count += 1;
        let quiz = Quiz::parse(&body).with_context(at)?;
        match info.trim().split_once('=') {
            None if info.trim().is_empty() => {}
            Some(("prints", program)) => quiz.check_output(root, program).with_context(at)?,
            _ => bail!("{}: `{}` says nothing to a quiz", at(), info.trim()),
        }
        placed += &quiz.html(&format!("quiz-{stem}-{count}"), count);
    }
    Ok(placed)
}

impl Quiz {
    fn parse(body: &[&str]) -> Result<Quiz> {
        let (mut question, mut options) = (Vec::new(), Vec::<Choice>::new());
        for line in body {
            let option = match line.get(..6) {
                Some("- [ ] ") => Some(false),
                Some("- [x] ") => Some(true),
                _ => None,
            };
            if let Some(is_right) = option {
                options.push(Choice { text: line[6..].trim().to_owned(), is_right, why: String::new() });
            } else if let Some(last) = options.last_mut() {
                let more = line.strip_prefix("  ").or(line.is_empty().then_some(""));
                let more = more.with_context(|| format!("`{line}` is neither an option nor indented"))?;
                last.why += more.trim();
                last.why.push(' ');
            } else {
                question.push(line.trim());
            }
        }
        let question = question.join(" ").trim().to_owned();
        ensure!(!question.is_empty(), "it asks nothing");
        ensure!(options.len() >= 2, "it has {} options; two are the least", options.len());
        let right = options.iter().filter(|option| option.is_right).count();
        ensure!(right == 1, "{right} options are right; it must be one");
        for option in &options {
            ensure!(!option.why.trim().is_empty(), "`{}` is not explained", option.text);
        }
        Ok(Quiz { question, options })
    }

    /// Fails unless the right option, and no other, quotes what the program printed.
    fn check_output(&self, root: &Path, program: &str) -> Result<()> {
        let files = OUTPUTS.map(|folder| root.join(folder).join(format!("{program}.txt")));
        let output = files
            .iter()
            .find_map(|file| fs::read_to_string(file).ok())
            .with_context(|| format!("no output of `{program}` is recorded in {}", OUTPUTS.join(" or ")))?;
        let output = squeezed(&output);
        for option in &self.options {
            let quoted = squeezed(option.text.trim_matches('`'));
            ensure!(
                output.contains(&quoted) == option.is_right,
                "`{quoted}` is {} option, and {program} prints:\n{output}",
                if option.is_right { "the right" } else { "a wrong" },
            );
        }
        Ok(())
    }

    /// Without an empty line, at which HTML in Markdown would end.
    fn html(&self, id: &str, number: usize) -> String {
        let mut html = format!(
            "<form class=\"quiz\" autocomplete=\"off\"><fieldset>\n<legend>{number}. {}</legend>\n",
            inline(&self.question)
        );
        for (at, option) in self.options.iter().enumerate() {
            let (class, word) = if option.is_right { ("right", "Right.") } else { ("wrong", "Wrong.") };
            html += &format!(
                "<div class=\"option\"><input type=\"radio\" name=\"{id}\" id=\"{id}-{at}\">\
                 <label for=\"{id}-{at}\">{}</label>\
                 <div class=\"why {class}\" role=\"status\"><p><strong>{word}</strong> {}</p></div></div>\n",
                inline(&option.text),
                inline(&option.why)
            );
        }
        html + "<button type=\"reset\">Try again</button>\n</fieldset></form>\n"
    }
}

/// Each line with single spaces only: columns are aligned for the eye.
fn squeezed(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// One paragraph of Markdown as HTML, without the paragraph.
fn inline(text: &str) -> String {
    let events = Parser::new(text.trim()).filter_map(|event| match event {
        Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => None,
        Event::SoftBreak | Event::HardBreak => Some(Event::Text(" ".into())),
        // mdBook turns the links of the text to pages, and does not look into HTML.
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url =
                if dest_url.contains("://") { dest_url } else { dest_url.replacen(".md", ".html", 1).into() };
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        other => Some(other),
    });
    let mut html = String::new();
    push_html(&mut html, events);
    html.trim().replace('\n', " ")
}
