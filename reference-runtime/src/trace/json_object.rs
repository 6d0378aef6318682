//! The objects and values of a trace file, as JSON text.

use std::fmt::{self, Display, Write};
use std::panic::Location;
use std::time::Duration;

/// An event of the file: an object whose fields are added one by one.
pub(super) struct Object(String);

/// The `args` of an event.
pub(super) struct Arguments(String);

impl Object {
    /// An event with what all events have but for metadata.
    pub(super) fn new(name: &str, category: &str, phase: &str, at: Duration, tid: u32) -> Object {
        Object::begin("name", &Text(name))
            .with("cat", &Text(category))
            .with("ph", &Text(phase))
            .with("ts", &Micros(at))
            .with("pid", &1)
            .with("tid", &tid)
    }

    /// What a process or a thread is called, or where it is shown.
    pub(super) fn metadata(name: &str, tid: u32, value: &dyn Display, key: &str) -> Object {
        let object =
            Object::begin("name", &Text(name)).with("ph", &Text("M")).with("pid", &1).with("tid", &tid);
        object.args(arguments().add(key, value))
    }

    fn begin(key: &str, value: &dyn Display) -> Object {
        Object(String::from("{")).field("", key, value)
    }

    pub(super) fn with(self, key: &str, value: &dyn Display) -> Object {
        self.field(",", key, value)
    }

    pub(super) fn args(self, args: Arguments) -> Object {
        if args.0.is_empty() {
            return self;
        }
        self.with("args", &format_args!("{{{}}}", args.0))
    }

    fn field(mut self, separator: &str, key: &str, value: &dyn Display) -> Object {
        // A `String` takes everything.
        let _ = write!(self.0, "{separator}{}:{value}", Text(key));
        self
    }
}

impl Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}}}", self.0)
    }
}

/// None so far.
pub(super) fn arguments() -> Arguments {
    Arguments(String::new())
}

impl Arguments {
    pub(super) fn add(mut self, key: &str, value: &dyn Display) -> Arguments {
        let separator = if self.0.is_empty() { "" } else { "," };
        let _ = write!(self.0, "{separator}{}:{value}", Text(key));
        self
    }

    pub(super) fn add_some(self, key: &str, value: Option<impl Display>) -> Arguments {
        match value {
            Some(value) => self.add(key, &value),
            None => self,
        }
    }
}

/// A string.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                // Those that JSON forbids, those that a page of HTML or JavaScript would stumble over, and those that
                // a terminal would obey.
                '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                    write!(f, "\\u{:04x}", u32::from(character))?;
                }
                character => f.write_char(character)?,
            }
        }
        f.write_char('"')
    }
}

/// A value, or null.
pub(super) struct Or<T>(pub(super) Option<T>);

impl<T: Display> Display for Or<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("null"),
        }
    }
}

/// A place in the source: `"file:line:column"`.
pub(super) struct At(pub(super) &'static Location<'static>);

impl Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text(&self.0.to_string()).fmt(f)
    }
}

/// A time in microseconds, exact to the nanosecond.
pub(super) struct Micros(pub(super) Duration);

impl Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        write!(f, "{}.{:03}", nanos / 1000, nanos % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(Text("a\"b\\c\n\u{1}\u{7f}\u{2028}é☃").to_string(), r#""a\"b\\c\n\u0001\u007f\u2028é☃""#);
    }

    #[test]
    fn a_time_is_exact_to_the_nanosecond() {
        assert_eq!(Micros(Duration::from_nanos(1_000_007)).to_string(), "1000.007");
        assert_eq!(Micros(Duration::from_secs(1)).to_string(), "1000000.000");
    }

    #[test]
    fn an_event_is_an_object() {
        let event = Object::new("a", "b", "i", Duration::from_nanos(5), 3).args(arguments());
        assert_eq!(event.to_string(), r#"{"name":"a","cat":"b","ph":"i","ts":0.005,"pid":1,"tid":3}"#);
        let args = arguments().add("x", &Or(None::<u32>)).add_some("y", Some(1)).add_some("z", None::<u32>);
        let event = Object::metadata("n", 0, &Text("m"), "name");
        assert_eq!(event.to_string(), r#"{"name":"n","ph":"M","pid":1,"tid":0,"args":{"name":"m"}}"#);
        let event = Object::new("a", "b", "i", Duration::ZERO, 3).args(args);
        assert!(event.to_string().ends_with(r#""tid":3,"args":{"x":null,"y":1}}"#));
    }
}
