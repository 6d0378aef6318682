//! The kinds of figures.

use super::{
    data::{Data, Lane, Point, Series, number},
    draw::{Canvas, LETTERS, LINE, Scale, add, escaped, wrapped},
};
use anyhow::{Context, Result, ensure};

/// Heights in px.
const BAR: f64 = 13.0;
const GAP: f64 = 9.0;
const PLOT: f64 = 250.0;
/// Where the field of a line chart begins and ends: left of it stand the numbers of its axis.
const FIELD: (f64, f64) = (0.13, 0.97);
/// The end of the longest bar.
const LONGEST: f64 = 0.97;
/// The most marks on a line.
const MARKED: usize = 24;
/// One shape for each line, as filled in for all as their dashes are different.
const MARKS: [&str; 6] = [
    "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z",
    "M-4-4H4V4H-4Z",
    "M0-5L5 4H-5Z",
    "M0-6L6 0L0 6L-6 0Z",
    "M-4-4L4 4M-4 4L4-4",
    "M0 5L5-4H-5Z",
];
/// A span at least so wide, in parts of the width for each letter, has its name inside.
const LETTER: f64 = 0.024;

/// A panel for each series, below each other, and in it a bar for each point.
pub(crate) fn bars(canvas: &mut Canvas, data: &Data, is_log: bool) -> Result<()> {
    let is_one = data.series.len() == 1;
    let units: Vec<&str> = data.series.iter().map(|series| data.unit_of(series)).collect();
    let is_shared = units.iter().all(|unit| *unit == units[0]);
    for series in &data.series {
        let on_axis: &[Series] = if is_shared { &data.series } else { std::slice::from_ref(series) };
        let scale = scale(on_axis.iter(), is_log)?;
        let unit = data.unit_of(series);
        if !is_one {
            canvas.text("heading", &series.name);
        }
        let top = canvas.top;
        let place = |value: f64| scale.at(value).clamp(0.0, 1.0) * LONGEST;
        for point in &series.points {
            canvas.named(&point.name(), &format!("{} {unit}", number(point.median())));
            let middle = canvas.top + BAR / 2.0;
            let (at, (least, most)) = (place(point.median()), point.spread());
            if is_log {
                // A bar has a length, which a logarithm has not; so it is a place on the axis.
                canvas.line("stem", (0.0, middle), (at, middle));
                canvas.whisker((place(least), middle), (place(most), middle));
                canvas.shape("mark", (at, middle), MARKS[0]);
            } else {
                canvas.rect("class=\"figure-bar\"", (place(0.0), at.max(0.004)), canvas.top, BAR);
                canvas.whisker((place(least), middle), (place(most), middle));
            }
            canvas.top += BAR + GAP;
        }
        let bottom = canvas.top;
        for tick in scale.ticks() {
            let at = place(tick);
            canvas.line("tick", (at, top), (at, bottom));
            canvas.label("quiet", (at, bottom + 13.0), &number(tick));
        }
        canvas.top += LINE;
        canvas.label("quiet", (1.0, canvas.top + 13.0), unit);
        canvas.top += LINE + GAP;
    }
    Ok(())
}

/// A line for each series, all in one field.
pub(crate) fn lines(
    canvas: &mut Canvas,
    data: &Data,
    log: (bool, bool),
    is_joined: bool,
    cross: Option<&[String; 2]>,
) -> Result<()> {
    let unit = data.unit_of(&data.series[0]);
    ensure!(
        data.series.iter().all(|series| data.unit_of(series) == unit),
        "lines share an axis, and these have several units"
    );
    ensure!(!data.x.is_empty(), "the data does not say what x is");
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for series in &data.series {
        for point in &series.points {
            let x = point.x.with_context(|| format!("the point `{}` of a line has no x", point.name()))?;
            ensure!(!log.0 || x > 0.0, "x is {x}, which no logarithmic axis shows");
            (least, most) = (least.min(x), most.max(x));
        }
    }
    let across = Scale::new(least, most, log.0);
    let up = scale(data.series.iter(), log.1)?;
    for (index, series) in data.series.iter().enumerate() {
        legend(canvas, index, series, is_joined);
    }
    canvas.top += 4.0;
    canvas.text("quiet", unit);
    let (top, bottom) = (canvas.top, canvas.top + PLOT);
    let x_of = |x: f64| FIELD.0 + across.at(x) * (FIELD.1 - FIELD.0);
    let y_of = |y: f64| bottom - up.at(y).clamp(0.0, 1.0) * PLOT;
    for tick in up.ticks() {
        canvas.line("tick", (FIELD.0, y_of(tick)), (FIELD.1, y_of(tick)));
        canvas.label("quiet", (0.0, y_of(tick) + 4.0), &number(tick));
    }
    for tick in across.ticks() {
        canvas.line("tick", (x_of(tick), top), (x_of(tick), bottom));
        canvas.label("quiet", (x_of(tick), bottom + 15.0), &number(tick));
    }
    canvas.line("base", (FIELD.0, bottom), (FIELD.1, bottom));
    for (index, series) in data.series.iter().enumerate() {
        let place = |point: &Point| (x_of(point.x.expect("checked above")), y_of(point.median()));
        for pair in series.points.windows(2).filter(|_| is_joined || series.model) {
            canvas.line(&line_class(index, series), place(&pair[0]), place(&pair[1]));
        }
        if series.model {
            continue;
        }
        for (at, point) in series.points.iter().enumerate() {
            let (x, y) = place(point);
            let (least, most) = point.spread();
            canvas.whisker((x, y_of(least)), (x, y_of(most)));
            // Where points lie close, a mark on each would cover the line.
            if at.is_multiple_of(series.points.len().div_ceil(MARKED)) {
                canvas.shape(&format!("mark figure-of-{index}"), (x, y), MARKS[index % MARKS.len()]);
            }
        }
    }
    if let Some([one, other]) = cross {
        let (x, y) = crossing(data, one, other, log)?;
        canvas.line("cross", (x_of(x), y_of(y)), (x_of(x), bottom));
        canvas.shape("ring", (x_of(x), y_of(y)), "M-8 0A8 8 0 1 0 8 0A8 8 0 1 0-8 0Z");
        canvas.label("value", (x_of(x), bottom - 8.0), &format!("about {}", rounded(x)));
    }
    canvas.top = bottom + 20.0;
    canvas.label("quiet", (1.0, canvas.top + 13.0), &data.x);
    canvas.top += LINE + 2.0;
    Ok(())
}

/// A piece of the line, with its mark, and its name.
fn legend(canvas: &mut Canvas, index: usize, series: &Series, is_joined: bool) {
    let (class, y) = (line_class(index, series), canvas.top + 9.0);
    if is_joined || series.model {
        add!(canvas.body, "<line class=\"figure-{class}\" x1=\"0\" y1=\"{y:.1}\" x2=\"40\" y2=\"{y:.1}\"/>");
    }
    if !series.model {
        let mark = MARKS[index % MARKS.len()];
        add!(
            canvas.body,
            "<svg x=\"20\" y=\"{y:.1}\" overflow=\"visible\"><path class=\"figure-mark figure-of-{index}\" d=\"{mark}\"/></svg>"
        );
    }
    for line in wrapped(&series.name, LETTERS - 8) {
        let y = canvas.top + 13.0;
        add!(canvas.body, "<text x=\"48\" y=\"{y:.1}\">{}</text>", escaped(&line));
        canvas.top += LINE;
    }
}

fn line_class(index: usize, series: &Series) -> String {
    if series.model { "model".to_owned() } else { format!("line figure-of-{index}") }
}

/// Where the first of two series, which lies above the other, comes down to it.
fn crossing(data: &Data, one: &str, other: &str, log: (bool, bool)) -> Result<(f64, f64)> {
    let find = |name: &str| {
        let series = data.series.iter().find(|series| series.name == name);
        series.with_context(|| format!("`cross` names the series `{name}`, which is not there"))
    };
    let bend = |value: f64, is_log: bool| if is_log { value.ln() } else { value };
    let back = |value: f64, is_log: bool| if is_log { value.exp() } else { value };
    let (one, other) = (find(one)?, find(other)?);
    let place = |point: &Point| (bend(point.x.unwrap_or_default(), log.0), bend(point.median(), log.1));
    // The two at the places of the first.
    let both: Vec<(f64, f64, f64)> = one
        .points
        .iter()
        .filter_map(|point| {
            let same = other.points.iter().find(|candidate| candidate.x == point.x)?;
            Some((place(point).0, place(point).1, place(same).1))
        })
        .collect();
    for pair in both.windows(2) {
        let ((x1, y1, z1), (x2, y2, z2)) = (pair[0], pair[1]);
        let (before, after) = (y1 - z1, y2 - z2);
        if before * after <= 0.0 && before != after {
            let part = before / (before - after);
            return Ok((back(x1 + part * (x2 - x1), log.0), back(y1 + part * (y2 - y1), log.1)));
        }
    }
    anyhow::bail!("the series `{}` and `{}` do not cross", one.name, other.name)
}

/// To two digits, for it lies between what was measured.
fn rounded(value: f64) -> String {
    let unit = 10f64.powf(value.abs().log10().floor() - 1.0);
    if unit.is_finite() && unit > 0.0 { number((value / unit).round() * unit) } else { number(value) }
}

/// An axis on which all points of these series and their spreads lie.
fn scale<'a>(series: impl Iterator<Item = &'a Series>, is_log: bool) -> Result<Scale> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for series in series {
        for point in &series.points {
            let (low, high) = point.spread();
            ensure!(
                !is_log || low > 0.0,
                "the series `{}` has the value {low}, which no logarithmic axis shows",
                series.name
            );
            (least, most) = (least.min(low), most.max(high));
        }
    }
    Ok(Scale::new(least, most, is_log))
}

/// Timelines, in their groups, on one axis of time.
pub(crate) fn lanes(canvas: &mut Canvas, data: &Data, id: &str) {
    let spans = || data.lanes.iter().flat_map(|lane| &lane.spans);
    let (least, most) =
        spans().fold((0.0, 0.0), |(least, most): (f64, f64), span| (least.min(span.from), most.max(span.to)));
    let scale = Scale::new(least, most, false);
    let mut looks: Vec<&str> = Vec::new();
    for span in spans().filter(|span| span.from < span.to) {
        if !looks.contains(&span.what.as_str()) {
            looks.push(&span.what);
        }
    }
    patterns(canvas, id);
    let mut group = "";
    let top = canvas.top;
    for lane in &data.lanes {
        if lane.group != group {
            canvas.top += if group.is_empty() { 0.0 } else { GAP };
            group = &lane.group;
            canvas.text("heading", group);
        }
        draw_lane(canvas, lane, id, &scale, &looks);
    }
    let bottom = canvas.top;
    for tick in scale.ticks() {
        let at = scale.at(tick) * LONGEST;
        canvas.line("tick", (at, top), (at, bottom));
        canvas.label("quiet", (at, bottom + 13.0), &number(tick));
    }
    canvas.top += LINE;
    canvas.label("quiet", (1.0, canvas.top + 13.0), &data.unit);
    canvas.top += LINE;
}

fn draw_lane(canvas: &mut Canvas, lane: &Lane, id: &str, scale: &Scale, looks: &[&str]) {
    let y = canvas.top + LINE;
    let height = BAR + 6.0;
    canvas.text("lane", &lane.name);
    canvas.line("base", (0.0, y + height), (LONGEST, y + height));
    for span in &lane.spans {
        let place = (scale.at(span.from) * LONGEST, scale.at(span.to) * LONGEST);
        if span.from == span.to {
            canvas.line("moment", (place.0, y + 4.0), (place.0, y + height));
            continue;
        }
        let look = looks.iter().position(|look| *look == span.what).expect("collected above") % LOOKS.len();
        canvas.rect(&format!("class=\"figure-span\" fill=\"url(#{id}-{look})\""), place, y, height);
        if place.1 - place.0 >= LETTER * span.what.chars().count() as f64 {
            let at = place.0 * 100.0;
            add!(
                canvas.body,
                "<svg x=\"{at:.3}%\" y=\"{y:.1}\" overflow=\"visible\"><text class=\"figure-inside\" x=\"6\" y=\"14\">{}</text></svg>",
                escaped(&span.what)
            );
        }
    }
    canvas.top = y + height + 6.0;
}

/// What tells spans apart: none, lines up, lines across, lines down, lines upright.
const LOOKS: [&str; 5] =
    ["", "M-2 2L2-2M0 8L8 0M6 10L10 6", "M0 2H8M0 6H8", "M-2 6L2 10M0 0L8 8M6-2L10 2", "M2 0V8M6 0V8"];

fn patterns(canvas: &mut Canvas, id: &str) {
    canvas.body += "<defs>";
    for (look, lines) in LOOKS.iter().enumerate() {
        add!(
            canvas.body,
            "<pattern id=\"{id}-{look}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" \
             class=\"figure-look figure-of-{look}\"><rect width=\"8\" height=\"8\"/><path d=\"{lines}\"/></pattern>"
        );
    }
    canvas.body += "</defs>";
}
