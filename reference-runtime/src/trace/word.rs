//! An event as two words: kind and time in the first, what it is about in the second.
//!
//! | Word   | Low bits                  | High bits           |
//! |--------|---------------------------|---------------------|
//! | first  | nanoseconds, 56           | kind, 8             |
//! | second | a task, 44; or see `Kind` | what `Kind` says    |
//!
//! 2^56 ns are two years of recording. 2^44 tasks are ten days of spawning one each 50 ns; after that, numbers of tasks
//! come again in a trace.

use super::ring::Words;

const TIME_BITS: u32 = 56;
pub(super) const TASK_BITS: u32 = 44;
/// No processor, and no thread: a number that neither has.
pub(super) const NO_PROCESSOR: u64 = 0xffff;
pub(super) const NO_THREAD: u64 = 0xff_ffff;

/// What the first word says that happened, and what the second one holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// Task, number of the location (20 bits).
    Spawned,
    /// Task.
    Woken,
    /// Task: it was woken during its poll.
    WokenDuringPoll,
    /// Task, number of the location (20 bits).
    PollBegins,
    /// The same of a closure of `spawn_blocking`.
    ClosureBegins,
    /// Task, result (4 bits), processor (16 bits).
    PollEnds,
    /// Task.
    Cancelled,
    /// Thread (24 bits), tasks (24 bits).
    Stole,
    /// Tasks.
    Took,
    /// Place.
    Parks,
    Unparks,
    /// `block_in_place`.
    InPlace,
    OutOfPlace,
    /// Thread (24 bits), verdict (4 bits), microseconds (36 bits).
    Blocked,
    /// From (24 bits), processor (16 bits).
    HandedOff,
    /// Processor.
    Returned,
    /// Processor.
    Takes,
    /// Queue (32 bits), length (32 bits).
    Queued,
}

const KINDS: [Kind; 18] = [
    Kind::Spawned,
    Kind::Woken,
    Kind::WokenDuringPoll,
    Kind::PollBegins,
    Kind::ClosureBegins,
    Kind::PollEnds,
    Kind::Cancelled,
    Kind::Stole,
    Kind::Took,
    Kind::Parks,
    Kind::Unparks,
    Kind::InPlace,
    Kind::OutOfPlace,
    Kind::Blocked,
    Kind::HandedOff,
    Kind::Returned,
    Kind::Takes,
    Kind::Queued,
];

impl Kind {
    /// The event's words.
    #[inline]
    pub(super) fn at(self, nanos: u64, about: u64) -> Words {
        [(self as u64) << TIME_BITS | mask(nanos, TIME_BITS), about]
    }

    /// The kind and the time of an event.
    pub(super) fn of(words: Words) -> Option<(Kind, u64)> {
        let kind = KINDS.get((words[0] >> TIME_BITS) as usize)?;
        Some((*kind, mask(words[0], TIME_BITS)))
    }
}

/// The low `bits` of a number.
#[inline]
pub(super) const fn mask(number: u64, bits: u32) -> u64 {
    number & ((1 << bits) - 1)
}

/// A field of the second word, from bit `from` on.
pub(super) const fn field(word: u64, from: u32, bits: u32) -> u64 {
    mask(word >> from, bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back() {
        for (number, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(Kind::of(kind.at(u64::MAX, 7)), Some((kind, (1 << TIME_BITS) - 1)));
        }
        assert_eq!(Kind::of([u64::MAX, 0]), None);
    }
}
