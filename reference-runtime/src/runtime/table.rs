//! The figures of a runtime as a table for people, and as a map for programs.

use std::fmt;
use std::time::Duration;

use super::{Histogram, Metrics};
use crate::scheduler::report::Rounded;

/// One figure.
enum Figure {
    Count(u64),
    Counts(Vec<u64>),
    Time(Duration),
    Times(Histogram),
}

impl Metrics {
    /// All figures, by the names of their methods.
    fn figures(&self) -> Vec<(&'static str, Figure)> {
        let size = |size: usize| Figure::Count(size as u64);
        let depths = self.worker_depths().iter().map(|depth| *depth as u64).collect();
        vec![
            ("workers", size(self.workers())),
            ("tasks", Figure::Count(self.tasks())),
            ("threads", size(self.threads())),
            ("spare_threads", size(self.spare_threads())),
            ("blocked_threads", size(self.blocked_threads())),
            ("peak_threads", size(self.peak_threads())),
            ("failed_thread_starts", Figure::Count(self.failed_thread_starts())),
            ("hand_offs", Figure::Count(self.hand_offs())),
            ("blocked_polls", Figure::Count(self.blocked_polls())),
            ("computing_polls", Figure::Count(self.computing_polls())),
            ("starved_polls", Figure::Count(self.starved_polls())),
            ("unknown_polls", Figure::Count(self.unknown_polls())),
            ("dropped_reports", Figure::Count(self.dropped_reports())),
            ("monitor_looks", Figure::Count(self.monitor_looks())),
            ("injector_depth", size(self.injector_depth())),
            ("blocking_lane_depth", size(self.blocking_lane_depth())),
            ("computing_lane_depth", size(self.computing_lane_depth())),
            ("worker_depths", Figure::Counts(depths)),
            ("reactor_unattended", Figure::Time(self.reactor_unattended())),
            ("longest_unattended", Figure::Time(self.longest_unattended())),
            ("rescue_latencies", Figure::Times(self.rescue_latencies())),
            ("poll_times", Figure::Times(self.poll_times())),
            ("schedule_latencies", Figure::Times(self.schedule_latencies())),
        ]
    }
}

/// A line for each figure.
impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, figure)) in self.figures().iter().enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{:<21} {figure}", name.replace('_', " "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Count(count) => write!(f, "{count:>9}"),
            Figure::Counts(counts) => counts
                .iter()
                .enumerate()
                .try_for_each(|(at, count)| write!(f, "{count:>w$}", w = if at == 0 { 9 } else { 5 })),
            Figure::Time(time) => write!(f, "{:>9}", Rounded(*time)),
            Figure::Times(times) => write!(f, "{times}"),
        }
    }
}

/// `12 times, median 1.23 µs, 99 % within 45.6 µs, longest 1.00 ms`.
impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9}", self.count())?;
        let (Some(median), Some(most)) = (self.quantile(0.5), self.quantile(0.99)) else { return Ok(()) };
        let longest = Rounded(self.longest());
        write!(f, " times, median {}, 99 % within {}, longest {longest}", Rounded(median), Rounded(most))
    }
}

#[cfg(feature = "serde")]
mod serialise {
    use std::time::Duration;

    use serde_core::ser::{Serialize, SerializeMap, Serializer};

    use super::{Figure, Histogram, Metrics};

    impl Serialize for Metrics {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let figures = self.figures();
            let mut map = serializer.serialize_map(Some(figures.len()))?;
            for (name, figure) in &figures {
                map.serialize_entry(name, figure)?;
            }
            map.end()
        }
    }

    impl Serialize for Figure {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Figure::Count(count) => serializer.serialize_u64(*count),
                Figure::Counts(counts) => counts.serialize(serializer),
                Figure::Time(time) => serializer.serialize_u64(nanos(*time)),
                Figure::Times(times) => times.serialize(serializer),
            }
        }
    }

    /// A map with `count`, `sum`, `longest` and `buckets`, pairs of the longest time of a bucket and its count.
    impl Serialize for Histogram {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(4))?;
            map.serialize_entry("count", &self.count())?;
            map.serialize_entry("sum", &nanos(self.sum()))?;
            map.serialize_entry("longest", &nanos(self.longest()))?;
            let buckets: Vec<_> = self.buckets().map(|(bound, count)| (nanos(bound), count)).collect();
            map.serialize_entry("buckets", &buckets)?;
            map.end()
        }
    }

    fn nanos(time: Duration) -> u64 {
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    }
}
