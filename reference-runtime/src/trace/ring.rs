//! The events of one thread: a ring that its thread writes to and anybody may read meanwhile.
//!
//! An event is two words. When the ring is full, the newest event takes the place of the oldest, so memory is bounded
//! whatever happens. The writer waits for nobody and takes no lock: two relaxed stores and one Release, which on x86
//! are three plain stores. A reader copies what is there and then finds out which of it may have been overwritten
//! while it copied.
//!
//! **What a reader keeps is whole.** Events are numbered from 0; number n stands in slot n mod capacity.
//!
//! | The writer of number n ([`Writer::push`])   | A reader ([`Ring::read`])                     |
//! |---------------------------------------------|-----------------------------------------------|
//! | 1. (`written` is n since the last push)     | a. loads `written`, Acquire: w                |
//! | 2. `fence(Release)`                         | b. copies the slots of the numbers below w    |
//! | 3. stores both words, relaxed               | c. `fence(Acquire)`                           |
//! | 4. stores n + 1 to `written`, Release       | d. loads `written`, relaxed: v                |
//!
//! Everything below w was stored before a (4 pairs with a), so b reads it or something newer. If b reads a word of a
//! newer number m, which is in the slot of m - capacity, then the fences 2 and c pair through that word, and d sees at
//! least m: v >= m. So the numbers that may be torn or replaced are at most v - capacity, and the reader throws away all
//! of these. A push that is under way therefore costs the oldest event of a full ring: it holds one less than it has
//! slots.
//!
//! The slots are allocated in chunks when the ring first comes to them, so that a thread that lives for a few events
//! costs little memory, and no thread waits for a megabyte to be cleared at its first event.

use std::sync::OnceLock;

use crate::primitive::{Arc, AtomicU64, LOOM, Ordering, fence};

/// Two words.
pub(super) type Words = [u64; 2];

/// Slots in a chunk: 8 KiB. Loom needs it small to see the ring go round.
const CHUNK: usize = if LOOM { 2 } else { 512 };

/// What writer and readers see.
pub(super) struct Ring {
    chunks: Box<[OnceLock<Arc<Chunk>>]>,
    /// The numbers below this are, or were, in the slots. Only the writer stores it, and only larger values.
    written: AtomicU64,
}

/// Only the writer stores.
struct Slot([AtomicU64; 2]);

type Chunk = [Slot; CHUNK];

/// A ring in the hands of the thread that writes it.
pub(super) struct Writer {
    ring: Arc<Ring>,
    /// What [`Ring::written`] says, too.
    next: u64,
    /// The chunk with the slot of `next`, unless that is the first of a chunk.
    chunk: Option<Arc<Chunk>>,
}

/// What a reader found.
pub(super) struct Kept {
    /// The oldest first.
    pub(super) events: Vec<Words>,
    /// How many older ones are gone.
    pub(super) dropped: u64,
}

impl Kept {
    /// How many events there ever were.
    pub(super) fn written(&self) -> u64 {
        self.dropped + self.events.len() as u64
    }
}

/// Makes a ring of at least so many slots.
pub(super) fn ring(slots: usize) -> Writer {
    let chunks = slots.div_ceil(CHUNK).max(1);
    let ring = Ring { chunks: (0..chunks).map(|_| OnceLock::new()).collect(), written: AtomicU64::new(0) };
    Writer { ring: Arc::new(ring), next: 0, chunk: None }
}

impl Writer {
    pub(super) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    /// Appends an event.
    #[inline]
    pub(super) fn push(&mut self, words: Words) {
        let at = self.next as usize % CHUNK;
        if at == 0 {
            self.chunk = Some(self.ring.chunk_to_fill(self.next));
        }
        let Some(chunk) = &self.chunk else { return };
        let slot = &chunk[at];
        // Step 2 of the argument in the module's documentation; the partner is the fence in `Ring::read`.
        fence(Ordering::Release);
        // Relaxed, both: what a reader makes of them is decided by `written`.
        slot.0[0].store(words[0], Ordering::Relaxed);
        slot.0[1].store(words[1], Ordering::Relaxed);
        self.next += 1;
        // Release: pairs with the Acquire in `Ring::read`; without it a reader may keep a slot from before it was filled.
        self.ring.written.store(self.next, Ordering::Release);
    }
}

impl Ring {
    fn slots(&self) -> u64 {
        (self.chunks.len() * CHUNK) as u64
    }

    fn place(&self, number: u64) -> (usize, usize) {
        let at = (number % self.slots()) as usize;
        (at / CHUNK, at % CHUNK)
    }

    #[cold]
    fn chunk_to_fill(&self, number: u64) -> Arc<Chunk> {
        let (chunk, _) = self.place(number);
        let slot = |_| Slot([AtomicU64::new(0), AtomicU64::new(0)]);
        Arc::clone(self.chunks[chunk].get_or_init(|| Arc::new(std::array::from_fn(slot))))
    }

    /// What is in the ring, while its thread may go on writing.
    pub(super) fn read(&self) -> Kept {
        // Acquire: step a of the argument; pairs with the Release in `Writer::push`.
        let written = self.written.load(Ordering::Acquire);
        let first = written.saturating_sub(self.slots());
        let copy = |number| {
            let (chunk, at) = self.place(number);
            // A number that was written has its chunk.
            let slot = self.chunks[chunk].get().map(|chunk| &chunk[at]);
            slot.map_or([0; 2], |slot| [0, 1].map(|word: usize| slot.0[word].load(Ordering::Relaxed)))
        };
        let mut events: Vec<Words> = (first..written).map(copy).collect();
        // Step c; the partner is the fence in `Writer::push`.
        fence(Ordering::Acquire);
        let newest = self.written.load(Ordering::Relaxed);
        let whole = (newest + 1).saturating_sub(self.slots()).clamp(first, written);
        events.drain(..(whole - first) as usize);
        Kept { events, dropped: whole }
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;

    fn words(number: u64) -> Words {
        [number, !number]
    }

    #[test]
    fn a_ring_keeps_the_newest_and_counts_the_rest() {
        let mut writer = ring(CHUNK);
        for number in 0..CHUNK as u64 - 1 {
            writer.push(words(number));
        }
        let kept = writer.ring().read();
        assert_eq!((kept.events.len(), kept.dropped), (CHUNK - 1, 0));
        for number in CHUNK as u64 - 1..3 * CHUNK as u64 {
            writer.push(words(number));
        }
        let kept = writer.ring().read();
        let expected: Vec<Words> = (2 * CHUNK as u64 + 1..3 * CHUNK as u64).map(words).collect();
        assert_eq!(kept.events, expected);
        assert_eq!(kept.dropped, 2 * CHUNK as u64 + 1);
    }

    #[test]
    fn a_ring_allocates_as_it_goes() {
        let mut writer = ring(64 * CHUNK);
        let allocated =
            |writer: &Writer| writer.ring().chunks.iter().filter(|chunk| chunk.get().is_some()).count();
        assert_eq!(allocated(&writer), 0);
        for number in 0..=CHUNK as u64 {
            writer.push(words(number));
        }
        assert_eq!(allocated(&writer), 2);
    }

    #[test]
    fn what_is_read_while_it_is_written_is_whole_and_in_order() {
        let mut writer = ring(1);
        let ring = Arc::clone(writer.ring());
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let writing = std::thread::spawn(move || {
            let mut number = 0;
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                writer.push(words(number));
                number += 1;
            }
        });
        for _ in 0..2_000 {
            let kept = ring.read();
            for (number, words) in (kept.dropped..).zip(kept.events) {
                assert_eq!(words, [number, !number]);
            }
        }
        drop(stop);
        writing.join().expect("the writer does not panic");
    }
}

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests {
    use super::*;
    use crate::primitive::thread;

    /// A writer goes round a ring of two slots while a reader looks: what it keeps is whole.
    #[test]
    fn a_reader_beside_the_writer_keeps_whole_events() {
        loom::model(|| {
            let mut writer = ring(2);
            let ring = Arc::clone(writer.ring());
            // The chunk is there before there are two threads: its lock is none of loom's.
            writer.push([0, !0]);
            let writing = thread::spawn(move || {
                for number in 1..4 {
                    writer.push([number, !number]);
                }
            });
            let kept = ring.read();
            for (number, words) in (kept.dropped..).zip(kept.events) {
                assert_eq!(words, [number, !number]);
            }
            writing.join().expect("the writer does not panic");
            let kept = ring.read();
            assert_eq!((kept.events.len(), kept.dropped), (1, 3));
        });
    }
}
