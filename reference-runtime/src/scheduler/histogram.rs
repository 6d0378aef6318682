//! Histograms of times, of a fixed size.
//!
//! The buckets grow with the times: eight for each doubling, so a time is known to within an eighth. Well-kept crates do
//! this too, with more than is needed here (a count of significant digits, files) and a lock or a channel for several
//! writers, where relaxed counters do.

use std::time::Duration;

use crate::primitive::{AtomicU64, Ordering};

/// 8 buckets for each doubling.
const FINE_BITS: u32 = 3;
const FINE: u64 = 1 << FINE_BITS;
/// Times from 2^43 ns on, two hours, are all in the last bucket.
const LONGEST_BITS: u32 = 43;
const BUCKETS: usize = ((LONGEST_BITS - FINE_BITS + 1) as u64 * FINE) as usize;

/// What times are recorded in. All relaxed: read for people.
pub(crate) struct Recorder {
    buckets: Box<[AtomicU64]>,
    /// Nanoseconds.
    sum: AtomicU64,
    longest: AtomicU64,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, sum: AtomicU64::new(0), longest: AtomicU64::new(0) }
    }

    /// For any thread.
    pub(crate) fn record(&self, time: Duration) {
        let nanos = nanos(time);
        self.buckets[bucket(nanos)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(nanos, Ordering::Relaxed);
        self.longest.fetch_max(nanos, Ordering::Relaxed);
    }

    /// For a recorder that only the calling thread writes to: no read-modify-write.
    #[inline]
    pub(crate) fn record_alone(&self, time: Duration) {
        let nanos = nanos(time);
        let add = |to: &AtomicU64, more: u64| {
            to.store(to.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
        };
        add(&self.buckets[bucket(nanos)], 1);
        add(&self.sum, nanos);
        if nanos > self.longest.load(Ordering::Relaxed) {
            self.longest.store(nanos, Ordering::Relaxed);
        }
    }

    /// Adds what was recorded to `histogram`.
    pub(crate) fn add_to(&self, histogram: &mut Histogram) {
        histogram.counts.resize(BUCKETS, 0);
        for (sum, bucket) in histogram.counts.iter_mut().zip(&self.buckets) {
            *sum += bucket.load(Ordering::Relaxed);
        }
        histogram.sum += Duration::from_nanos(self.sum.load(Ordering::Relaxed));
        let longest = Duration::from_nanos(self.longest.load(Ordering::Relaxed));
        histogram.longest = histogram.longest.max(longest);
    }

    pub(crate) fn read(&self) -> Histogram {
        let mut histogram = Histogram::default();
        self.add_to(&mut histogram);
        histogram
    }
}

/// How often something took how long, see [`Metrics::poll_times`](crate::Metrics::poll_times).
///
/// Times are sorted into buckets, eight for each doubling, so that they are known to within an eighth.
///
/// ```
/// use reference_runtime::Histogram;
///
/// let runtime = reference_runtime::Runtime::builder().worker_threads(1).measure_polls(true).build()?;
/// for _ in 0..100 {
///     runtime.block_on(runtime.spawn(async {}));
/// }
/// let polls: Histogram = runtime.metrics().poll_times();
/// println!("{} polls, half of them within {:?}, all within {:?}", polls.count(), polls.quantile(0.5), polls.longest());
/// assert!(polls.count() >= 99 && polls.quantile(0.5) <= Some(polls.longest()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Histogram {
    /// Empty, or of the size [`BUCKETS`].
    counts: Vec<u64>,
    sum: Duration,
    longest: Duration,
}

impl Histogram {
    /// How many times were recorded.
    ///
    /// ```
    /// assert_eq!(reference_runtime::Histogram::default().count(), 0);
    /// ```
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All times together.
    ///
    /// ```
    /// assert!(reference_runtime::Histogram::default().sum().is_zero());
    /// ```
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The longest time, exact.
    ///
    /// ```
    /// assert!(reference_runtime::Histogram::default().longest().is_zero());
    /// ```
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The time within which this part of all lies: 0.5 for the median, 0.99 for all but one in a hundred. `None` if there
    /// are none.
    ///
    /// ```
    /// assert_eq!(reference_runtime::Histogram::default().quantile(0.5), None);
    /// ```
    ///
    /// # Panics
    ///
    /// If `part` is not from 0 to 1.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        assert!((0.0..=1.0).contains(&part), "a quantile is asked for with a number from 0 to 1, not {part}");
        let rank = ((self.count() as f64 * part).ceil() as u64).max(1);
        let (mut up_to, mut buckets) = (0, self.buckets());
        let (bound, _) = buckets.find(|(_, count)| {
            up_to += count;
            up_to >= rank
        })?;
        Some(bound.min(self.longest))
    }

    /// The buckets in which there are any: times up to this one, and not in the bucket before, and how many there are.
    ///
    /// ```
    /// assert_eq!(reference_runtime::Histogram::default().buckets().count(), 0);
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let bound = |bucket: usize| Duration::from_nanos(last_of(bucket));
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(move |(at, count)| (bound(at), *count))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The bucket of a time: its highest bits.
fn bucket(nanos: u64) -> usize {
    let bits = u64::BITS - nanos.leading_zeros();
    let shift = bits.saturating_sub(FINE_BITS + 1);
    let bucket = u64::from(shift) * FINE + (nanos >> shift);
    (bucket as usize).min(BUCKETS - 1)
}

/// The longest time of a bucket.
fn last_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    // As in `bucket`: the first two times eight are of one nanosecond each.
    let shift = (bucket / FINE).saturating_sub(1);
    let high = bucket - shift * FINE;
    ((high + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_bucket_that_ends_at_or_after_it_and_is_right_to_an_eighth() {
        let mut time = 1_u64;
        while time < 1 << 42 {
            for nanos in [time - 1, time, time + time / 3] {
                let last = last_of(bucket(nanos));
                assert!(nanos <= last && last - nanos <= nanos / 8, "{nanos} {last}");
                assert!(bucket(last + 1) == bucket(last) + 1, "{last}");
            }
            time *= 2;
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_and_sums_are_those_of_what_was_recorded() {
        let (alone, shared) = (Recorder::new(), Recorder::new());
        for micros in 1..=1000 {
            let time = Duration::from_micros(micros);
            if micros % 2 == 0 { alone.record_alone(time) } else { shared.record(time) }
        }
        let mut histogram = alone.read();
        shared.add_to(&mut histogram);
        assert_eq!(histogram.count(), 1000);
        assert_eq!(histogram.sum(), Duration::from_micros(500_500));
        assert_eq!(histogram.longest(), Duration::from_millis(1));
        for (part, micros) in [(0.001, 1), (0.5, 500), (0.99, 990), (1.0, 1000)] {
            let found = histogram.quantile(part).expect("there are some");
            let time = Duration::from_micros(micros);
            assert!(found >= time && found <= time + time / 8, "{part}: {found:?}");
        }
        assert_eq!(histogram.buckets().map(|(_, count)| count).sum::<u64>(), 1000);
    }
}
