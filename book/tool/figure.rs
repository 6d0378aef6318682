//! Figures in the text: a fence of the language `figure` becomes a picture of a file of `book/data`.
//!
//! ```text
//! data = "ch02.json"          a file of book/data
//! kind = "bars"               or "lines", "lanes"
//! alt = "..."                 what a reader who cannot see it must know
//! caption = "..."             one sentence
//! log = "x"                   optional: the axes with logarithms, "x", "y" or "xy"; of bars, "x"
//! series = ["a", "b"]         optional: only these, in this order
//! joined = false              optional, of lines: only marks where something was measured, and no lines between them
//! cross = ["a", "b"]          optional, of lines: marks where these two cross
//! ```
//!
//! The picture is drawn when the book is built, so it cannot say anything else than the data. Below it stand the caption,
//! the command that makes the data, the machine it was made on, and the data as a table. A fence that something is wrong
//! with fails the build, and the error names the chapter's file and the line.

mod data;
mod draw;
mod kinds;

use anyhow::{Context, Error, Result, bail, ensure};
use data::{Data, number};
use draw::{Canvas, add, escaped};
use mdbook_driver::book::{Book, BookItem};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

const OPEN: &str = "```figure";
const FOLDER: &str = "book/data";
/// More rows than this are for the file.
const ROWS: usize = 60;
/// What the pages look up in their style sheet, a picture that stands alone has in itself.
const STYLE: &str = include_str!("../assets/figure.css");
const ALONE: &str = "svg{--bg:#fff;--fg:#222;font-family:sans-serif;background:var(--bg)}\
                     @media (prefers-color-scheme:dark){svg{--bg:#161923;--fg:#bcbdd0}}";

/// What a fence says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    data: String,
    kind: Kind,
    alt: String,
    caption: String,
    log: Option<Log>,
    #[serde(default)]
    series: Vec<String>,
    cross: Option<[String; 2]>,
    #[serde(default = "yes")]
    joined: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Bars,
    Lines,
    Lanes,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Log {
    X,
    Y,
    Xy,
}

/// A fence and its data.
struct Figure {
    spec: Spec,
    data: Data,
}

/// A fence as it stands in a chapter.
struct Fence<'a> {
    /// Of its first line, from 1.
    line: usize,
    body: Vec<&'a str>,
}

impl Figure {
    /// `folder` has the data.
    fn read(folder: &Path, fence: &Fence) -> Result<Figure> {
        let spec = Spec::parse(fence)?;
        let at_fence = |error: Error| error.context(Line(fence.line));
        let mut data = Data::read(folder, &spec.data).map_err(at_fence)?;
        data.select(&spec.series).map_err(at_fence)?;
        ensure!(
            data.lanes.is_empty() != (spec.kind == Kind::Lanes),
            at_fence(anyhow::anyhow!(
                "the kind does not fit: {} has {}",
                spec.data,
                match spec.kind {
                    Kind::Lanes => "no lanes",
                    _ => "lanes",
                }
            ))
        );
        Ok(Figure { spec, data })
    }

    /// Ids in the picture begin with `id`; `extra` goes into its tag.
    fn svg(&self, id: &str, extra: &str, style: &str) -> Result<String> {
        let (spec, data) = (&self.spec, &self.data);
        let has = |axis| spec.log.is_some_and(|log| log == axis || log == Log::Xy);
        let log = (has(Log::X), has(Log::Y));
        let mut canvas = Canvas::default();
        match spec.kind {
            Kind::Bars => kinds::bars(&mut canvas, data, log.0)?,
            Kind::Lines => kinds::lines(&mut canvas, data, log, spec.joined, spec.cross.as_ref())?,
            Kind::Lanes => kinds::lanes(&mut canvas, data, id),
        }
        let (title, description) = (escaped(&data.title), escaped(&spec.alt));
        Ok(format!(
            "<svg class=\"figure-picture\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" width=\"100%\" \
             height=\"{:.0}\"{extra}><title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description}\
             </desc>{style}{}</svg>",
            canvas.top + 2.0,
            canvas.body
        ))
    }

    /// All that stands in the page, with no empty line, which would end it for markdown.
    fn html(&self, id: &str) -> Result<String> {
        let mut html = format!("<figure class=\"figure\" id=\"{id}\">");
        let title = escaped(&self.data.title);
        add!(html, "<p class=\"figure-title\">{title}</p>{}", self.svg(id, "", "")?);
        let Data { command, machine, .. } = &self.data;
        let name = escaped(&self.spec.data);
        add!(
            html,
            "<figcaption>{} {}<span class=\"figure-made\">Data: <code>{FOLDER}/{name}</code>, made by \
             <code>{}</code>; figure: <code>cargo book figures</code>. {}</span></figcaption>",
            with_code(&self.spec.caption),
            self.reading(),
            escaped(command),
            escaped(machine)
        );
        html += &self.table();
        Ok(html + "</figure>")
    }

    /// What the parts of the picture stand for.
    fn reading(&self) -> &'static str {
        let mut points = self.data.series.iter().flat_map(|series| &series.points);
        let has_many = points.clone().any(data::Point::has_many);
        let has_spread = points.any(|point| point.samples.len() > 1);
        match (self.spec.kind, has_many, has_spread) {
            (Kind::Lanes, ..) | (_, _, false) => "",
            (Kind::Bars, true, _) => {
                "Each is a median, and its whisker spans the middle four fifths of the samples, or all if \
                 they are fewer than twenty. "
            }
            (Kind::Bars, ..) => "Each is a median, and its whisker spans all samples. ",
            (_, true, _) => {
                "The points are medians, and their whiskers span the middle four fifths of the samples, or all if \
                 they are fewer than twenty. "
            }
            _ => "The points are medians, and their whiskers span all samples. ",
        }
    }

    fn table(&self) -> String {
        let data = &self.data;
        let mut rows = Vec::new();
        for series in &data.series {
            for point in &series.points {
                let ((least, most), unit) = (point.range(), data.unit_of(series));
                let cells = [
                    series.name.clone(),
                    point.name(),
                    format!("{} {unit}", number(point.median())),
                    format!("{} to {}", number(least), number(most)),
                    if series.model { "computed".to_owned() } else { point.samples.len().to_string() },
                ];
                rows.push(cells.to_vec());
            }
        }
        for lane in &data.lanes {
            let name = [&lane.group[..], &lane.name].join(" ");
            for span in &lane.spans {
                rows.push(vec![
                    name.trim().to_owned(),
                    number(span.from),
                    number(span.to),
                    span.what.clone(),
                ]);
            }
        }
        let place = if data.x.is_empty() { "Of what" } else { &data.x };
        let unit = &data.unit;
        let heads = match self.spec.kind {
            Kind::Lanes => {
                vec!["Lane".to_owned(), format!("From, {unit}"), format!("To, {unit}"), "What".to_owned()]
            }
            _ => ["Series", place, "Median", "Range", "Samples"].map(str::to_owned).to_vec(),
        };
        let mut html = "<details class=\"figure-table\"><summary>The data as a table</summary>\
                        <div class=\"table-wrapper\"><table><thead><tr>"
            .to_owned();
        for head in heads {
            add!(html, "<th scope=\"col\">{}</th>", escaped(&head));
        }
        html += "</tr></thead><tbody>";
        for row in rows.iter().take(ROWS) {
            html += "<tr>";
            for cell in row {
                add!(html, "<td>{}</td>", escaped(cell));
            }
            html += "</tr>";
        }
        html += "</tbody></table></div>";
        if rows.len() > ROWS {
            add!(html, "<p>The file has {} more rows.</p>", rows.len() - ROWS);
        }
        html + "</details>"
    }
}

impl Spec {
    fn parse(fence: &Fence) -> Result<Spec> {
        let text = fence.body.join("\n");
        let spec: Spec = toml::from_str(&text).map_err(|error| {
            let before = error.span().map_or(0, |span| text[..span.start].matches('\n').count());
            Error::msg(error.message().trim().to_owned()).context(Line(fence.line + 1 + before))
        })?;
        for (key, text) in [("alt", &spec.alt), ("caption", &spec.caption)] {
            if text.trim().is_empty() {
                bail!(Error::msg(format!("`{key}` is empty")).context(Line(fence.line)));
            }
        }
        let fits = match spec.kind {
            Kind::Bars => spec.joined && spec.cross.is_none() && !matches!(spec.log, Some(Log::Y | Log::Xy)),
            Kind::Lines => true,
            Kind::Lanes => {
                spec.joined && spec.cross.is_none() && spec.log.is_none() && spec.series.is_empty()
            }
        };
        if !fits {
            let reason = "the kind has no such axis, no series to choose from, or no lines that cross";
            bail!(Error::msg(reason).context(Line(fence.line)));
        }
        Ok(spec)
    }
}

/// The line of a chapter's file in which something is wrong; the file is put before it.
#[derive(Debug)]
struct Line(usize);

impl std::fmt::Display for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}", self.0)
    }
}

/// The chapter's file as an editor takes it, its line, and what is wrong there.
fn located(file: &str, error: &Error) -> Error {
    let line = error.downcast_ref::<Line>().map(|line| format!(":{}", line.0));
    let mut causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    if line.is_some() {
        causes.remove(0);
    }
    Error::msg(format!(
        "{file}{}: this figure cannot be drawn: {}",
        line.unwrap_or_default(),
        causes.join(": ")
    ))
}

/// A part of a chapter.
enum Part<'a> {
    Text(&'a str),
    Figure(Fence<'a>),
}

fn parts(content: &str) -> Result<Vec<Part<'_>>> {
    let (mut parts, mut lines) = (Vec::new(), content.lines().enumerate());
    while let Some((at, line)) = lines.next() {
        let is_open = line.strip_prefix(OPEN).is_some_and(|rest| rest.trim().is_empty());
        if !is_open {
            // In a list or a quotation it would not be seen, and would be shown as a listing.
            ensure!(
                !line.trim_start_matches([' ', '>', '\t', '-', '*', '`']).starts_with("figure")
                    || !line.contains(OPEN),
                Error::msg("the fence begins in the first column, with nothing behind `figure`")
                    .context(Line(at + 1))
            );
            parts.push(Part::Text(line));
            continue;
        }
        let (mut body, mut is_closed) = (Vec::new(), false);
        for (_, line) in lines.by_ref() {
            is_closed = line.trim_end() == "```";
            if is_closed {
                break;
            }
            body.push(line);
        }
        ensure!(is_closed, Error::msg("the fence has no end").context(Line(at + 1)));
        parts.push(Part::Figure(Fence { line: at + 1, body }));
    }
    Ok(parts)
}

/// Puts the figures into the chapters. `source` is the folder of the chapters, below `root`.
pub(crate) fn place_figures(root: &Path, source: &Path, book: &mut Book) -> Result<()> {
    let mut result = Ok(());
    // The page for printing has all chapters, so an id must not come twice in the whole book.
    let mut ids = BTreeMap::new();
    book.for_each_mut(|item| {
        let BookItem::Chapter(chapter) = item else { return };
        let Some(path) = &chapter.source_path else { return };
        if result.is_ok() && chapter.content.contains(OPEN) {
            result = place(&root.join(FOLDER), &chapter.content, &mut ids)
                .map(|content| chapter.content = content)
                .map_err(|error| located(&source.join(path).display().to_string(), &error));
        }
    });
    result
}

fn place(folder: &Path, content: &str, ids: &mut BTreeMap<String, usize>) -> Result<String> {
    let mut placed = String::new();
    for part in parts(content)? {
        match part {
            Part::Text(line) => placed += line,
            Part::Figure(fence) => {
                let figure = Figure::read(folder, &fence)?;
                let id = new_id(&figure.spec.data, ids);
                placed += &figure.html(&id).map_err(|error| error.context(Line(fence.line)))?;
                // The lines behind it keep their numbers.
                placed += &"\n".repeat(fence.body.len() + 1);
            }
        }
        placed.push('\n');
    }
    Ok(placed)
}

/// After the data; the second figure of the same data has a 2 in it.
fn new_id(data: &str, ids: &mut BTreeMap<String, usize>) -> String {
    let name = data.trim_end_matches(".json");
    let count = ids.entry(name.to_owned()).or_default();
    *count += 1;
    if *count == 1 { format!("figure-{name}") } else { format!("figure-{name}-{count}") }
}

/// Draws every figure of the book anew, each into a file of its own in `target/figures`; tells what it does.
///
/// # Errors
///
/// If a figure cannot be drawn, with the chapter's file and the line, or if a file cannot be written.
pub fn figures(root: &Path) -> Result<()> {
    let target = root.join("target/figures");
    fs::create_dir_all(&target).with_context(|| format!("{} cannot be made", target.display()))?;
    let source = Path::new("book/src");
    let mut chapters: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(root.join(source)).context("book/src cannot be read")? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "md") {
            chapters.push(path);
        }
    }
    chapters.sort();
    let (mut texts, mut count) = (Vec::new(), 0);
    for chapter in chapters {
        let name = chapter.file_name().map(PathBuf::from).unwrap_or_default();
        let text =
            fs::read_to_string(&chapter).with_context(|| format!("{} cannot be read", chapter.display()))?;
        count += text.lines().filter(|line| line.trim_end() == OPEN).count();
        texts.push((source.join(name).display().to_string(), text));
    }
    let (began, mut ids, mut drawn) = (Instant::now(), BTreeMap::new(), 0);
    for (chapter, text) in &texts {
        let draw = |drawn: &mut usize, ids: &mut BTreeMap<String, usize>| -> Result<()> {
            for part in parts(text)? {
                let Part::Figure(fence) = part else { continue };
                let figure = Figure::read(&root.join(FOLDER), &fence)?;
                let id = new_id(&figure.spec.data, ids);
                let file = target.join(&id).with_extension("svg");
                let extra = " xmlns=\"http://www.w3.org/2000/svg\"";
                let svg = figure.svg(&id, extra, &format!("<style>{ALONE}{STYLE}</style>"));
                let svg = svg.map_err(|error| error.context(Line(fence.line)))?;
                // A picture that stands alone has a width of its own.
                let svg = svg.replacen("width=\"100%\"", "width=\"720\"", 1);
                fs::write(&file, svg).with_context(|| format!("{} cannot be written", file.display()))?;
                *drawn += 1;
                let (data, line) = (&figure.spec.data, fence.line);
                println!(
                    "[{drawn}/{count}] target/figures/{id}.svg from {FOLDER}/{data}, for {chapter}:{line}"
                );
            }
            Ok(())
        };
        draw(&mut drawn, &mut ids).map_err(|error| located(chapter, &error))?;
    }
    println!("{drawn} figures in {} ms.", began.elapsed().as_millis());
    Ok(())
}

/// Whether a figure can be drawn from the text of a data file.
///
/// # Errors
///
/// If not, with the reason.
pub(crate) fn check(text: &str) -> Result<()> {
    Data::parse(text).map(drop)
}

/// The text, with what stands between backticks as code.
fn with_code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, part)| match at % 2 {
            0 => escaped(part),
            _ => format!("<code>{}</code>", escaped(part)),
        })
        .collect()
}
