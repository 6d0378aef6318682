//! Whether a file is what Perfetto takes for a trace in the Trace Event Format, without complaints of its importer.
//!
//! The rules are those of the format's description and of what Perfetto's importer counts as an error: fields and their
//! types by phase, times in order, slices of a thread nested, and flows that begin and end in slices.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

/// The slices of a thread that are open, by their ends; and the time up to which the thread has been read.
#[derive(Default)]
struct Track {
    open: Vec<u64>,
    reached: u64,
}

/// Checks a file. The error is a sentence about the first thing that is wrong.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let file: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    if !matches!(file["displayTimeUnit"].as_str(), Some("ns" | "ms")) {
        return Err("the unit of the display is neither ns nor ms".to_owned());
    }
    let other = file["otherData"].as_object().ok_or("there is no otherData")?;
    if other.get("format").and_then(Value::as_str) != Some("reference-runtime-trace") {
        return Err("it is none of ours".to_owned());
    }
    for field in ["version", "workers", "dropped"] {
        if !other.get(field).is_some_and(Value::is_u64) {
            return Err(format!("otherData.{field} is no number"));
        }
    }
    let events = file["traceEvents"].as_array().ok_or("there are no traceEvents")?;
    let named: HashSet<u64> = events
        .iter()
        .filter(|event| event["name"] == "thread_name")
        .filter_map(|event| event["tid"].as_u64())
        .collect();
    let mut tracks: HashMap<u64, Track> = HashMap::new();
    // Flows that have begun, and whether they have ended.
    let mut flows: HashMap<u64, bool> = HashMap::new();
    for (place, event) in events.iter().enumerate() {
        let event = event.as_object().ok_or_else(|| format!("event {place} is no object"))?;
        one(event, &named, &mut tracks, &mut flows).map_err(|what| format!("event {place}: {what}"))?;
    }
    match flows.iter().find(|(_, has_ended)| !**has_ended) {
        Some((id, _)) => Err(format!("flow {id} never ends")),
        None => Ok(()),
    }
}

fn one(
    event: &Map<String, Value>,
    named: &HashSet<u64>,
    tracks: &mut HashMap<u64, Track>,
    flows: &mut HashMap<u64, bool>,
) -> Result<(), String> {
    let phase = text(event, "ph")?;
    let name = text(event, "name")?;
    let tid = number(event, "tid")?;
    if number(event, "pid")? != 1 {
        return Err("the process is not 1".to_owned());
    }
    if event.get("args").is_some_and(|args| !args.is_object()) {
        return Err("args is no object".to_owned());
    }
    if phase == "M" {
        let key = match name {
            "process_name" | "thread_name" => "name",
            "thread_sort_index" => "sort_index",
            _ => return Err(format!("metadata {name:?} is unknown")),
        };
        let value = event.get("args").and_then(|args| args.get(key)).ok_or("metadata without a value")?;
        let is_right = if key == "name" { value.is_string() } else { value.is_u64() };
        return if is_right { Ok(()) } else { Err("metadata of the wrong type".to_owned()) };
    }
    if !named.contains(&tid) {
        return Err(format!("thread {tid} has no name"));
    }
    text(event, "cat")?;
    let at = nanos(event, "ts")?;
    let track = tracks.entry(tid).or_default();
    if at < track.reached {
        return Err(format!("thread {tid} goes back in time"));
    }
    track.reached = at;
    while track.open.last().is_some_and(|end| *end < at || *end == at && phase == "X") {
        track.open.pop();
    }
    match phase {
        "X" => {
            let end = at + nanos(event, "dur")?;
            if track.open.last().is_some_and(|around| *around < end) {
                return Err(format!("{name:?} ends after the slice it is in"));
            }
            track.open.push(end);
        }
        "i" => match text(event, "s")? {
            // An instant is a slice without a length.
            "t" => track.open.push(at),
            "g" | "p" => {}
            scope => return Err(format!("scope {scope:?} is unknown")),
        },
        "C" => {
            let args = event.get("args").and_then(Value::as_object).ok_or("a counter without values")?;
            if args.is_empty() || !args.values().all(Value::is_number) {
                return Err("a counter whose values are no numbers".to_owned());
            }
        }
        "s" | "f" => {
            let id = number(event, "id")?;
            if track.open.is_empty() {
                return Err(format!("flow {id} has no slice"));
            }
            let before = flows.insert(id, phase == "f");
            match (phase, before) {
                ("s", None) => {}
                ("s", Some(_)) => return Err(format!("flow {id} begins twice")),
                (_, Some(false)) if event.get("bp").and_then(Value::as_str) == Some("e") => {}
                (_, Some(false)) => {
                    return Err(format!("flow {id} does not bind to the slice around its end"));
                }
                _ => return Err(format!("flow {id} ends without a begin")),
            }
        }
        _ => return Err(format!("phase {phase:?} is unknown")),
    }
    Ok(())
}

fn text<'a>(event: &'a Map<String, Value>, field: &str) -> Result<&'a str, String> {
    event.get(field).and_then(Value::as_str).ok_or_else(|| format!("{field} is no text"))
}

fn number(event: &Map<String, Value>, field: &str) -> Result<u64, String> {
    event.get(field).and_then(Value::as_u64).ok_or_else(|| format!("{field} is no number"))
}

/// Microseconds with a fraction, as nanoseconds.
fn nanos(event: &Map<String, Value>, field: &str) -> Result<u64, String> {
    let micros =
        event.get(field).and_then(Value::as_f64).filter(|micros| micros.is_finite() && *micros >= 0.0);
    micros.map(|micros| (micros * 1000.0).round() as u64).ok_or_else(|| format!("{field} is no time"))
}
