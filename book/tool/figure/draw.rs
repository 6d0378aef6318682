//! A picture under construction: its parts stand below each other.
//!
//! Places from left to right are percentages and those from top to bottom px, as in the pictures of traces: the picture
//! fits any width, and its letters keep their size.

/// The height of a line of text, and how many letters fit into one on a phone.
pub(crate) const LINE: f64 = 18.0;
pub(crate) const LETTERS: usize = 46;

/// Adds to a string, which takes any text.
macro_rules! add {
    ($svg:expr, $($arguments:tt)*) => {
        std::fmt::Write::write_fmt(&mut $svg, format_args!($($arguments)*)).expect("a String takes any text")
    };
}
pub(crate) use add;

#[derive(Default)]
pub(crate) struct Canvas {
    pub body: String,
    /// Where the next part begins.
    pub top: f64,
}

impl Canvas {
    /// Lines of text of the whole width.
    pub(crate) fn text(&mut self, class: &str, text: &str) {
        for line in wrapped(text, LETTERS) {
            let y = self.top + 13.0;
            add!(self.body, "<text class=\"figure-{class}\" x=\"0\" y=\"{y:.1}\">{}</text>", escaped(&line));
            self.top += LINE;
        }
    }

    /// A name, and at the right what it comes to.
    pub(crate) fn named(&mut self, name: &str, value: &str) {
        let is_long = name.chars().count() + value.chars().count() + 2 > LETTERS;
        for line in wrapped(name, LETTERS) {
            let y = self.top + 13.0;
            add!(self.body, "<text x=\"0\" y=\"{y:.1}\">{}</text>", escaped(&line));
            self.top += LINE;
        }
        if !is_long {
            self.top -= LINE;
        }
        let y = self.top + 13.0;
        add!(
            self.body,
            "<text class=\"figure-value\" x=\"100%\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>",
            escaped(value)
        );
        self.top += LINE;
    }

    /// A straight line; x in parts of the width.
    pub(crate) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let (x1, x2) = (x1 * 100.0, x2 * 100.0);
        add!(
            self.body,
            "<line class=\"figure-{class}\" x1=\"{x1:.3}%\" y1=\"{y1:.1}\" x2=\"{x2:.3}%\" y2=\"{y2:.1}\"/>"
        );
    }

    pub(crate) fn rect(&mut self, attributes: &str, x: (f64, f64), y: f64, height: f64) {
        let (from, width) = (x.0 * 100.0, (x.1 - x.0).max(0.0) * 100.0);
        add!(
            self.body,
            "<rect {attributes} x=\"{from:.3}%\" y=\"{y:.1}\" width=\"{width:.3}%\" height=\"{height:.1}\"/>"
        );
    }

    /// A spread: a line with ends, lying or standing.
    pub(crate) fn whisker(&mut self, from: (f64, f64), to: (f64, f64)) {
        if from == to {
            return;
        }
        self.line("whisker", from, to);
        let shape = if from.1 == to.1 { "M0-4V4" } else { "M-4 0H4" };
        for at in [from, to] {
            self.shape("whisker", at, shape);
        }
    }

    /// A small shape around a place.
    pub(crate) fn shape(&mut self, class: &str, (x, y): (f64, f64), path: &str) {
        let x = x * 100.0;
        add!(
            self.body,
            "<svg x=\"{x:.3}%\" y=\"{y:.1}\" overflow=\"visible\"><path class=\"figure-{class}\" d=\"{path}\"/></svg>"
        );
    }

    /// A text at a place, kept inside the picture.
    pub(crate) fn label(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let anchor = match x {
            x if x < 0.06 => "start",
            x if x > 0.92 => "end",
            _ => "middle",
        };
        let x = x * 100.0;
        add!(
            self.body,
            "<text class=\"figure-{class}\" x=\"{x:.3}%\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(text)
        );
    }
}

/// The text in lines that a phone shows.
pub(crate) fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("it begins with one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= letters {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Where a value lies between the ends of an axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    is_log: bool,
}

impl Scale {
    /// From nothing to a little beyond the most; or from a little below the least, where there is no nothing.
    pub(crate) fn new(least: f64, most: f64, is_log: bool) -> Scale {
        if is_log {
            return Scale { from: least / 1.25, to: (most * 1.25).max(least * 2.0), is_log };
        }
        let most = if most > least.min(0.0) { most } else { least + 1.0 };
        Scale { from: least.min(0.0), to: most, is_log }
    }

    /// In parts of the axis.
    pub(crate) fn at(&self, value: f64) -> f64 {
        if self.is_log {
            return (value / self.from).ln() / (self.to / self.from).ln();
        }
        (value - self.from) / (self.to - self.from)
    }

    /// The values that are written at the axis: round ones, and not too many for a phone.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let mut ticks = if self.is_log { self.powers() } else { self.steps() };
        ticks.retain(|tick| *tick >= self.from && *tick <= self.to * 1.0001);
        ticks
    }

    fn powers(&self) -> Vec<f64> {
        let (first, last) = (self.from.log10().floor() as i32, self.to.log10().ceil() as i32);
        let factors: &[f64] = if last - first > 3 { &[1.0] } else { &[1.0, 3.0] };
        let powers = (first..=last).map(|power| 10f64.powi(power));
        powers.flat_map(|power| factors.iter().map(move |factor| factor * power)).collect()
    }

    fn steps(&self) -> Vec<f64> {
        let wish = (self.to - self.from) / 4.0;
        let power = 10f64.powf(wish.log10().floor());
        let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|factor| factor * power >= wish).unwrap_or(10.0);
        let step = factor * power;
        let first = (self.from / step).ceil() as i64;
        let count = ((self.to - self.from) / step) as i64 + 1;
        (first..=first + count).map(|at| at as f64 * step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_numbers_and_few() {
        assert_eq!(Scale::new(0.0, 984.0, false).ticks(), [0.0, 250.0, 500.0, 750.0]);
        assert_eq!(Scale::new(3.0, 40.0, false).ticks(), [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(Scale::new(1.0, 1000.0, true).ticks(), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(Scale::new(-5.0, 10.0, false).ticks(), [-5.0, 0.0, 5.0, 10.0]);
        for (least, most) in [(1e-3, 1e6), (0.5, 0.6), (7.0, 7.0), (1.0, 3.0), (0.0, 0.0), (-3.0, -1.0)] {
            for is_log in [true, false] {
                if is_log && least <= 0.0 {
                    continue;
                }
                let count = Scale::new(least, most, is_log).ticks().len();
                assert!((1..=11).contains(&count), "{least} to {most}: {count}");
            }
        }
    }

    #[test]
    fn the_ends_of_an_axis_are_its_ends() {
        let scale = Scale::new(2.0, 8.0, false);
        assert_eq!((scale.at(0.0), scale.at(8.0)), (0.0, 1.0));
        let scale = Scale::new(10.0, 1000.0, true);
        assert!((scale.at(8.0)).abs() < 1e-9 && (scale.at(1250.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn long_names_are_broken_between_words() {
        let lines = wrapped("one two three four five six seven eight nine ten eleven twelve", LETTERS);
        assert!(lines.len() == 2 && lines.iter().all(|line| line.len() <= LETTERS), "{lines:?}");
        assert_eq!(wrapped("short", LETTERS), ["short"]);
    }
}
