//! What this crate does not build: locks and the like that come from others, under the same roof.
//!
//! [`async_lock`] has four of them in one crate, with the names that async-std and smol use. It is kept by the smol
//! project, under the licences of this crate, and from Rust 1.85 on. With [`event_listener`], on which it is built,
//! `event-listener-strategy` and `parking` it adds four crates and 1.0 s of compilation in release mode.
//!
//! The other candidate was tokio with nothing but its feature `sync`: one crate, 1.5 s, and more kinds of locks. But its
//! `RwLock` has no guards to upgrade, its methods return other types than async-std's, and who depends on a runtime of
//! their choice would find another one in the tree. Of its channels and [`Notify`](super::Notify) this crate has its own,
//! with the same names; they are small on what is here.

pub use async_lock::{
    Barrier, BarrierWaitResult, OnceCell, RwLock, RwLockReadGuard, RwLockReadGuardArc,
    RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc, RwLockWriteGuard, RwLockWriteGuardArc,
    Semaphore, SemaphoreGuard, SemaphoreGuardArc,
};
pub use event_listener::{Event, EventListener, IntoNotification, Listener, listener};
