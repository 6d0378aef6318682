use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// Ready when its time has come, with the number of times it was polled.
pub struct Until {
    when: Instant,
    polls: u64,
}

impl Until {
    pub fn new(when: Instant) -> Until {
        Until { when, polls: 0 }
    }
}

impl Future for Until {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u64> {
        self.polls += 1;
        if Instant::now() >= self.when { Poll::Ready(self.polls) } else { Poll::Pending }
    }
}
