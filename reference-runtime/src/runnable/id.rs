//! The [`Id`] of a task, and where it comes from.
//!
//! One count for all threads would be written by all that spawn. So each thread takes a block of numbers at a time and
//! gives them out by itself: a spawn pays for a load, a test and a store.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
// Std's even under loom: no protocol depends on which number a task gets.
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a task. No two tasks of a process have the same.
///
/// It says nothing about the order in which tasks were spawned: each thread gives numbers out of a supply of its own.
///
/// ```
/// use reference_runtime::task;
///
/// reference_runtime::block_on(async {
///     let one = task::spawn(async { task::current().id() });
///     let other = task::spawn(async {});
///     assert_ne!(one.id(), other.id());
///     assert_eq!(one.id(), one.await);
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(NonZeroU64);

/// How many numbers a thread takes at a time. With 1,024, threads that spawn ten million tasks a second meet at the
/// common count ten thousand times.
const BLOCK: u64 = 1024;

/// What is above the numbers of tasks in a word: see [`super::current`].
pub(super) const FLAG: u64 = 1 << 63;

/// All numbers up to this one are in the supply of some thread.
static TAKEN: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The number this thread gave last. A block ends with a multiple of [`BLOCK`], and so does the lack of one.
    static LAST: Cell<u64> = const { Cell::new(0) };
}

impl Id {
    /// A number that was not given before.
    #[inline]
    pub(crate) fn new() -> Id {
        let mut last = LAST.get();
        if last % BLOCK == 0 {
            last = take_block();
        }
        LAST.set(last + 1);
        Id(NonZeroU64::MIN.saturating_add(last))
    }

    /// For words that one thread writes while others read them. Below 2^63, and not 0.
    pub(crate) fn number(self) -> u64 {
        self.0.get()
    }

    /// What [`Id::number`] gave; 0 is nobody's.
    pub(crate) fn from_number(number: u64) -> Option<Id> {
        NonZeroU64::new(number).map(Id)
    }
}

/// The number before the first of a block that is ours now.
#[cold]
fn take_block() -> u64 {
    // Relaxed: to be unique takes no order.
    let last = TAKEN.fetch_add(BLOCK, Ordering::Relaxed);
    if last >= FLAG - BLOCK {
        // At a billion tasks a second, after 292 years.
        std::process::abort();
    }
    last
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Id").field(&self.0).finish()
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use super::*;

    #[test]
    fn threads_give_different_numbers_beyond_the_end_of_their_blocks() {
        let give = || (0..3 * BLOCK).map(|_| Id::new()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(give)).collect();
        let given: Vec<Id> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), given.len());
    }

    #[test]
    fn a_number_is_written_as_it_is() {
        let id = Id::from_number(7).expect("it is not 0");
        assert_eq!(
            (format!("{id}"), format!("{id:?}"), format!("{id:>3}")),
            ("7".into(), "Id(7)".into(), "  7".into())
        );
        assert_eq!(Id::from_number(0), None);
    }

    #[test]
    fn an_id_is_a_word_with_a_niche() {
        assert_eq!(size_of::<Option<Id>>(), size_of::<u64>());
    }
}
