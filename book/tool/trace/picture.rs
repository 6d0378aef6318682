//! The picture of a trace as SVG, and its main steps as a table.
//!
//! Places along the time are percentages, so the picture fits any width and its letters keep their size. Colours come
//! from the style sheet; each look also has a pattern.

use super::{Bar, Happening, Kind, Lane, Trace, time};
use std::fmt::Write;

/// Heights in px, and shapes; the player draws with the same.
const LABEL: usize = 15;
const BAR: usize = 18;
const STEP: usize = 6;
const GAP: usize = 7;
const AXIS: usize = 20;
const QUEUE: usize = 34;
/// Bars narrower than `NAMED` are joined when they are closer than `JOINED`, both in % of the width.
const JOINED: f64 = 0.2;
const NAMED: f64 = 2.5;
/// More rows than this are for the player.
const ROWS: usize = 40;

/// Adds to a string, which takes any text.
macro_rules! add {
    ($html:expr, $($arguments:tt)*) => { write!($html, $($arguments)*).expect("a String takes any text") };
}

/// The picture, and the table below it. `id` is told apart from all others on its page.
pub(super) fn figure(id: &str, trace: &Trace, duration: f64, is_one_of_several: bool) -> String {
    let mut html = String::new();
    let title = escaped(&trace.title);
    add!(html, "<figure class=\"trace-static\"><figcaption>{title}</figcaption>");
    html += &svg(id, trace, duration, is_one_of_several);
    html += "</figure>";
    if is_one_of_several {
        return html;
    }
    let steps = trace.steps();
    add!(html, "<details class=\"trace-table\"><summary>The main steps as a table: {title}</summary><table>");
    html += "<thead><tr><th>Time</th><th>Thread</th><th>What happens</th></tr></thead><tbody>";
    for step in steps.iter().take(ROWS) {
        let (at, thread, text) = (time(step.at), escaped(&step.thread), escaped(&step.text));
        add!(html, "<tr><td>{at}</td><td>{thread}</td><td>{text}</td></tr>");
    }
    html += "</tbody></table>";
    if steps.len() > ROWS {
        add!(html, "<p>The player has {} more.</p>", steps.len() - ROWS);
    }
    html + "</details>"
}

/// Whether a lane shows something that a picture among others is compared by.
fn is_busy(lane: &Lane) -> bool {
    !lane.marks.is_empty() || lane.bars.iter().any(|bar| bar.kind != Kind::Park)
}

fn svg(id: &str, trace: &Trace, duration: f64, is_one_of_several: bool) -> String {
    let mut body = axis(duration);
    let mut top = AXIS;
    for lane in trace.lanes.iter().filter(|lane| !is_one_of_several || is_busy(lane)) {
        top += draw_lane(&mut body, id, lane, top, duration);
    }
    if !trace.queued.is_empty() {
        draw_queue(&mut body, trace, top, duration);
        top += QUEUE;
    }
    let (title, description) = (escaped(&trace.title), escaped(&description(trace)));
    format!(
        "<svg class=\"trace-picture\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" width=\"100%\" \
         height=\"{}\"><title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description}</desc>{}{body}</svg>",
        top + 2,
        patterns(id)
    )
}

/// The picture in words.
fn description(trace: &Trace) -> String {
    let steps = trace.steps();
    let told: Vec<String> = steps
        .iter()
        .take(ROWS)
        .map(|step| format!("At {}, {} {}.", time(step.at), step.thread, step.text))
        .collect();
    format!(
        "{} threads over {}, a lane for each, with a bar for each poll. {}",
        trace.lanes.len(),
        time(trace.duration),
        told.join(" ")
    )
}

fn patterns(id: &str) -> String {
    let mut defs = "<defs>".to_owned();
    for (name, lines) in [
        ("long", "M-2 2L2-2M0 8L8 0M6 10L10 6"),
        ("in-place", "M-2 6L2 10M0 0L8 8M6-2L10 2"),
        ("closure", "M0 2H8M0 6H8"),
    ] {
        add!(
            defs,
            "<pattern id=\"{id}-{name}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" \
             class=\"trace-fill-{name}\"><rect width=\"8\" height=\"8\"/><path d=\"{lines}\"/></pattern>"
        );
    }
    defs + "</defs>"
}

fn axis(duration: f64) -> String {
    let wish = duration / 5.0;
    let power = 10f64.powf(wish.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= wish);
    let step = step.unwrap_or(wish);
    let mut html = String::new();
    let mut at = 0.0;
    while at <= duration {
        let x = at / duration * 100.0;
        let anchor = if x < 4.0 {
            "start"
        } else if x > 94.0 {
            "end"
        } else {
            "middle"
        };
        let label = if at == 0.0 { "0".to_owned() } else { time(at).replace(".00", "").replace(".0", "") };
        add!(
            html,
            "<line class=\"trace-tick\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"14\" y2=\"100%\"/>\
             <text class=\"trace-label\" x=\"{x:.2}%\" y=\"11\" text-anchor=\"{anchor}\">{label}</text>"
        );
        at += step;
    }
    html
}

/// Bars that are drawn as one.
struct Run<'a> {
    begin: f64,
    end: f64,
    bar: &'a Bar,
    is_joined: bool,
}

fn look(bar: &Bar) -> &'static str {
    match bar.kind {
        Kind::Poll if bar.is_long() => "long",
        Kind::Poll => "poll",
        Kind::Park => "park",
        Kind::InPlace => "in-place",
        Kind::Closure => "closure",
    }
}

/// Draws a lane and gives its height.
fn draw_lane(html: &mut String, id: &str, lane: &Lane, top: usize, duration: f64) -> usize {
    let deepest = lane.bars.iter().map(|bar| bar.depth.min(3)).max().unwrap_or(0);
    let base = top + LABEL + BAR + deepest * STEP;
    add!(
        html,
        "<text class=\"trace-label\" x=\"0\" y=\"{}\">{}</text>\
         <line class=\"trace-base\" x1=\"0\" x2=\"100%\" y1=\"{base}\" y2=\"{base}\"/>",
        top + 11,
        escaped(&lane.name)
    );
    let mut runs: Vec<Run> = Vec::new();
    for bar in &lane.bars {
        let (begin, end) = (bar.at / duration * 100.0, bar.end / duration * 100.0);
        let before =
            runs.iter_mut().rev().find(|run| look(run.bar) == look(bar) && run.bar.depth == bar.depth);
        match before {
            Some(run)
                if end - begin < NAMED
                    && (run.is_joined || run.end - run.begin < NAMED)
                    && begin - run.end < JOINED =>
            {
                run.end = run.end.max(end);
                run.is_joined = true;
            }
            _ => runs.push(Run { begin, end, bar, is_joined: false }),
        }
    }
    for run in &runs {
        draw_run(html, id, run, top + LABEL);
    }
    for mark in &lane.marks {
        let (name, y, shape) = match mark.what {
            Happening::Found { .. } => ("block", 9, "M0-6V1M0 4V6"),
            Happening::HandedOff { .. } => ("hand_off", LABEL + 4, "M0-6L6 0L0 6L-6 0Z"),
            Happening::Returned { .. } => ("return", LABEL + 4, "M5-4H-1A3.5 3.5 0 0 0-1 4H3M0 1L3 4L0 7"),
        };
        let (x, y) = (mark.at / duration * 100.0, top + y);
        add!(
            html,
            "<svg class=\"trace-mark trace-mark-{name}\" x=\"{x:.3}%\" y=\"{y}\" overflow=\"visible\">\
             <path d=\"{shape}\"/></svg>"
        );
    }
    LABEL + BAR + deepest * STEP + GAP
}

fn draw_run(html: &mut String, id: &str, run: &Run, top: usize) {
    let look = look(run.bar);
    let y = top + run.bar.depth.min(3) * STEP;
    let (begin, width) = (run.begin, (run.end - run.begin).max(JOINED));
    if look == "park" {
        let y = y + BAR / 2 - 2;
        add!(
            html,
            "<rect class=\"trace-bar trace-bar-park\" x=\"{begin:.3}%\" width=\"{width:.3}%\" y=\"{y}\" height=\"4\"/>"
        );
        return;
    }
    let fill = if look == "poll" { String::new() } else { format!(" fill=\"url(#{id}-{look})\"") };
    let place = format!("x=\"{begin:.3}%\" width=\"{width:.3}%\" y=\"{y}\" height=\"{BAR}\"");
    add!(html, "<rect class=\"trace-bar trace-bar-{look}\" {place}{fill}/>");
    if !run.is_joined && !run.bar.is_covered && width >= NAMED {
        let name = escaped(&run.bar.name);
        add!(
            html,
            "<svg {place}><text class=\"trace-name trace-name-{look}\" x=\"4\" y=\"13\">{name}</text></svg>"
        );
    }
}

/// Of samples that fall onto the same spot the deepest is drawn, and then the last.
fn draw_queue(html: &mut String, trace: &Trace, top: usize, duration: f64) {
    let deepest = trace.queued.iter().map(|(_, total)| *total).fold(0.0, f64::max);
    let label_at = top + 11;
    add!(html, "<text class=\"trace-label\" x=\"0\" y=\"{label_at}\">tasks queued, at most {deepest}</text>");
    let mut spots: Vec<(f64, f64, f64)> = Vec::new();
    for (at, total) in &trace.queued {
        let x = at / duration * 100.0;
        match spots.last_mut() {
            Some((last_x, most, last)) if x - *last_x < JOINED => {
                *most = most.max(*total);
                *last = *total;
            }
            _ => spots.push((x, *total, *total)),
        }
    }
    let height = QUEUE - LABEL;
    let mut step = |begin: f64, end: f64, total: f64| {
        let size = if deepest > 0.0 { total / deepest * height as f64 } else { 0.0 };
        add!(
            html,
            "<rect class=\"trace-queue\" x=\"{begin:.3}%\" width=\"{:.3}%\" y=\"{:.1}\" height=\"{:.1}\"/>",
            end - begin,
            (top + LABEL + height) as f64 - size,
            size.max(1.0)
        );
    };
    for (index, (x, most, last)) in spots.iter().enumerate() {
        let end = spots.get(index + 1).map_or(100.0, |next| next.0);
        let middle = (x + JOINED).min(end);
        step(*x, middle, *most);
        step(middle, end, *last);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
