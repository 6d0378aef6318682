//! Chapter 1, exercise `break-a-block-on`: which future hangs it?
//!
//! In `broken.rs`, beside this folder, there is one right `block_on` and seven that are broken. Each of them runs most
//! futures to their end, and so passes the tests that one thinks of first. For each of the seven, write a future on
//! which it hangs: it sleeps for ever, or polls for ever. On the right one the same future must be ready in the end.
//!
//! A future is allowed everything here that safe code can do in a poll. It may also rely on the promise of chapter 1:
//! that after its first poll it is polled only if its waker was called. If it is polled without that, it need not ever
//! be ready.
//!
//! Grade it with `cargo test -p break-a-block-on`. It makes each future twice.

use std::pin::Pin;

/// A future to be run to its end. [`Box::pin`] makes one of any future of type `()`, and [`std::future::poll_fn`]
/// makes a future of a closure.
pub type Breaker = Pin<Box<dyn Future<Output = ()>>>;

/// Hangs `broken::wipes_the_note`.
pub fn wipes_the_note() -> Breaker {
    todo!("a future on which it sleeps for ever")
}

/// Hangs `broken::trusts_the_token`.
pub fn trusts_the_token() -> Breaker {
    todo!("a future on which it sleeps for ever")
}

/// Hangs `broken::notes_one_wake`.
pub fn notes_one_wake() -> Breaker {
    todo!("a future on which it sleeps for ever")
}

/// Hangs `broken::notes_it_with_the_caller`.
pub fn notes_it_with_the_caller() -> Breaker {
    todo!("a future on which it sleeps for ever")
}

/// Hangs `broken::shares_one_note`. The future may call the `block_on` by which it is run.
pub fn shares_one_note(block_on: fn(Breaker)) -> Breaker {
    let _ = block_on;
    todo!("a future on which it sleeps for ever")
}

/// Hangs `broken::polls_after_any_park`.
pub fn polls_after_any_park() -> Breaker {
    todo!("a future that it polls when it should not")
}

/// Hangs `broken::polls_in_a_loop`.
pub fn polls_in_a_loop() -> Breaker {
    todo!("a future that it polls when it should not")
}
