//! What was measured: a file of `book/data`.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::{collections::BTreeSet, fs, path::Path};

/// From here on the middle of the samples says more than the outermost two, which come from one moment each.
const MANY: usize = 20;

/// A data file. It holds samples, not what becomes of them, so that a figure can be drawn anew in another way.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub title: String,
    /// What makes this file.
    pub command: String,
    /// What the numbers depend on.
    pub machine: String,
    pub unit: String,
    /// What `x` of a point is. Empty if the points have labels, or for lanes, whose axis is time in `unit`.
    #[serde(default)]
    pub x: String,
    #[serde(default)]
    pub series: Vec<Series>,
    #[serde(default)]
    pub lanes: Vec<Lane>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Series {
    pub name: String,
    /// If it is not that of the file.
    pub unit: Option<String>,
    /// Whether it was computed and not measured.
    #[serde(default)]
    pub model: bool,
    pub points: Vec<Point>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    pub x: Option<f64>,
    pub label: Option<String>,
    pub samples: Vec<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lane {
    pub name: String,
    /// Lanes of one group stand together below its name.
    #[serde(default)]
    pub group: String,
    pub spans: Vec<Span>,
}

/// Something that lasts, or that happens if its ends are the same.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Span {
    pub from: f64,
    pub to: f64,
    pub what: String,
}

impl Data {
    /// The file of this name in `folder`.
    ///
    /// # Errors
    ///
    /// If it is not there, or is not what this tool can draw.
    pub(crate) fn read(folder: &Path, name: &str) -> Result<Data> {
        let is_name = name.ends_with(".json") && !name.contains(['/', '\\']);
        ensure!(is_name, "`{name}` does not name a file of book/data that ends in .json");
        let text = fs::read_to_string(folder.join(name))
            .with_context(|| format!("there is no data book/data/{name}; `cargo book measure` writes it"))?;
        Data::parse(&text).with_context(|| format!("book/data/{name} cannot be drawn"))
    }

    pub(crate) fn parse(text: &str) -> Result<Data> {
        let data: Data = serde_json::from_str(text)?;
        for (what, text) in [("title", &data.title), ("command", &data.command), ("machine", &data.machine)] {
            ensure!(!text.trim().is_empty(), "its {what} is empty");
        }
        ensure!(
            data.series.is_empty() != data.lanes.is_empty(),
            "it has either series or lanes, not both or none"
        );
        let mut names = BTreeSet::new();
        for series in &data.series {
            let name = &series.name;
            ensure!(names.insert(name), "two series are called `{name}`");
            ensure!(!series.points.is_empty(), "the series `{name}` has no points");
            for point in &series.points {
                point.check().with_context(|| format!("the series `{name}`"))?;
            }
        }
        for lane in &data.lanes {
            let is_right = |span: &Span| span.from.is_finite() && span.to.is_finite() && span.from <= span.to;
            ensure!(
                lane.spans.iter().all(is_right),
                "a span of the lane `{}` ends before it begins",
                lane.name
            );
        }
        let has_span = data.lanes.iter().any(|lane| !lane.spans.is_empty());
        ensure!(data.lanes.is_empty() || has_span, "nothing happens in its lanes");
        Ok(data)
    }

    /// Only the series of these names, in this order; all if there are none.
    pub(crate) fn select(&mut self, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let mut selected = Vec::new();
        for name in names {
            let Some(series) = self.series.iter().find(|series| series.name == *name) else {
                let known: Vec<String> =
                    self.series.iter().map(|series| format!("`{}`", series.name)).collect();
                bail!("there is no series `{name}`; the data has {}", known.join(", "));
            };
            selected.push(series.clone());
        }
        self.series = selected;
        Ok(())
    }

    pub(crate) fn unit_of<'a>(&'a self, series: &'a Series) -> &'a str {
        series.unit.as_deref().unwrap_or(&self.unit)
    }
}

impl Point {
    fn check(&self) -> Result<()> {
        ensure!(self.x.is_some() != self.label.is_some(), "a point has either x or a label");
        ensure!(!self.samples.is_empty(), "the point {} has no samples", self.name());
        ensure!(self.samples.iter().all(|sample| sample.is_finite()), "a sample is no number");
        Ok(())
    }

    pub(crate) fn name(&self) -> String {
        self.label.clone().or_else(|| self.x.map(number)).unwrap_or_default()
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    pub(crate) fn median(&self) -> f64 {
        let sorted = self.sorted();
        let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
        f64::midpoint(sorted[low], sorted[high])
    }

    /// The least and the most.
    pub(crate) fn range(&self) -> (f64, f64) {
        let sorted = self.sorted();
        (sorted[0], sorted[sorted.len() - 1])
    }

    pub(crate) fn has_many(&self) -> bool {
        self.samples.len() >= MANY
    }

    /// What a whisker shows: the range, or of many samples the middle four fifths.
    pub(crate) fn spread(&self) -> (f64, f64) {
        if !self.has_many() {
            return self.range();
        }
        let sorted = self.sorted();
        let last = sorted.len() - 1;
        (sorted[last / 10], sorted[last - last / 10])
    }
}

/// A number with the digits that count, and its thousands apart.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    let digits = if size >= 99.95 || size == 0.0 {
        0
    } else if size >= 9.995 {
        1
    } else if size >= 0.0995 {
        2
    } else {
        4
    };
    let text = format!("{value:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    if whole.trim_start_matches('-').len() < 5 {
        return text.to_owned();
    }
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && !grouped.ends_with('-') {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(samples: &[f64]) -> Point {
        Point { x: Some(1.0), label: None, samples: samples.to_vec() }
    }

    #[test]
    fn the_median_lies_between_the_middle_two() {
        assert_eq!(point(&[3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(point(&[4.0, 1.0, 2.0, 3.0]).median(), 2.5);
        assert_eq!(point(&[7.0]).median(), 7.0);
    }

    #[test]
    fn the_spread_of_few_samples_is_their_range_and_of_many_their_middle() {
        assert_eq!(point(&[3.0, 1.0, 2.0]).spread(), (1.0, 3.0));
        let many: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(point(&many).spread(), (10.0, 90.0));
        assert_eq!(point(&many).range(), (0.0, 100.0));
    }

    #[test]
    fn numbers_have_the_digits_that_count() {
        for (value, expected) in [
            (0.0, "0"),
            (0.912, "0.91"),
            (0.0123, "0.0123"),
            (4.1, "4.1"),
            (2.0, "2"),
            (24.04, "24"),
            (99.99, "100"),
            (120.0, "120"),
            (4036.2, "4036"),
            (173_483.0, "173\u{202f}483"),
            (-20_000.0, "-20\u{202f}000"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn data_that_would_show_something_wrong_is_refused() {
        let right = r#"{"title":"t","command":"c","machine":"m","unit":"u","x":"",
            "series":[{"name":"a","points":[{"label":"l","samples":[1]}]}]}"#;
        Data::parse(right).expect("nothing is wrong with it");
        for (from, to, reason) in [
            ("\"title\":\"t\"", "\"title\":\" \"", "its title is empty"),
            ("\"command\":\"c\",", "", "missing field `command`"),
            ("\"unit\"", "\"units\"", "unknown field `units`"),
            ("[1]", "[]", "no samples"),
            ("\"label\":\"l\"", "\"label\":\"l\",\"x\":1", "either x or a label"),
            (
                "\"series\":[{",
                "\"lanes\":[{\"name\":\"l\",\"spans\":[]}],\"series\":[{",
                "either series or lanes",
            ),
            ("[1]}]}", "[1]}]},{\"name\":\"a\",\"points\":[{\"x\":1,\"samples\":[1]}]}", "two series"),
        ] {
            assert!(right.contains(from), "{from}");
            let error = Data::parse(&right.replacen(from, to, 1)).expect_err(reason);
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        }
    }
}
