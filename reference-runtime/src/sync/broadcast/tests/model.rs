//! The channel beside a model of it that is too simple to be wrong: a list of all messages, and where each receiver is.

use super::*;

/// Any numbers will do, as long as they are the same ones each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

// ANCHOR: expected
/// What a receiver gets that has got, or missed, the first `next` of so many messages.
fn expected(next: &mut usize, sent: usize, capacity: usize) -> Result<usize, TryRecvError> {
    let oldest = sent.saturating_sub(capacity);
    if *next < oldest {
        let missed = oldest - *next;
        *next = oldest;
        return Err(TryRecvError::Lagged(missed as u64));
    }
    if *next == sent {
        return Err(TryRecvError::Empty);
    }
    *next += 1;
    Ok(*next - 1)
}
// ANCHOR_END: expected

#[test]
fn whatever_is_done_in_whatever_order_receivers_get_what_they_should() {
    for (seed, capacity) in [(1, 1), (2, 2), (3, 3), (4, 8), (5, 100)] {
        let mut dice = Dice(seed);
        let sender = Sender::new(capacity);
        let mut receivers: Vec<(Receiver<usize>, usize)> = Vec::new();
        let mut sent = 0;
        for _ in 0..20_000 {
            match dice.below(100) {
                0..5 => receivers.push((sender.subscribe(), sent)),
                5..8 if !receivers.is_empty() => {
                    receivers.swap_remove(dice.below(receivers.len()));
                }
                8..40 => match sender.send(sent) {
                    Ok(count) => {
                        assert_eq!(count, receivers.len());
                        sent += 1;
                    }
                    Err(SendError(_)) => assert!(receivers.is_empty()),
                },
                _ if !receivers.is_empty() => {
                    let at = dice.below(receivers.len());
                    let (receiver, next) = &mut receivers[at];
                    assert_eq!(receiver.try_recv(), expected(next, sent, capacity));
                }
                _ => {}
            }
            // Kept are those that somebody has still to get and that are not too many.
            let slowest = receivers.iter().map(|(_, next)| *next).min().unwrap_or(sent);
            assert_eq!(sender.len(), capacity.min(sent - slowest));
        }
    }
}
