//! What this crate does not build: locks and the like that come from others, under the same roof.
//!
//! [`async_lock`] has four of them in one crate, with the names that async-std and smol use: a [`RwLock`] with guards that
//! can be upgraded and with owned guards, a [`Semaphore`], a [`Barrier`], a [`OnceCell`]. It is kept by the smol project,
//! under the licences of this crate, from Rust 1.85 on. With [`event_listener`], on which it is built and which
//! gives [`Event`], with `event-listener-strategy` and `parking` it adds four crates, about a second of compilation.
//!
//! The other candidate was tokio with nothing but its feature `sync`: one crate, two seconds, and more kinds of locks.
//! But its `RwLock` has no guards to upgrade, its methods return other types than async-std's, and who depends on a
//! runtime of their choice would find another one in the tree. [`Notify`](super::Notify), [`watch`](super::watch) and
//! [`broadcast`](super::broadcast) have its names, and are small enough to be written on what is here.

pub use async_lock::{
    Barrier, BarrierWaitResult, OnceCell, RwLock, RwLockReadGuard, RwLockReadGuardArc,
    RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc, RwLockWriteGuard, RwLockWriteGuardArc,
    Semaphore, SemaphoreGuard, SemaphoreGuardArc,
};
pub use event_listener::{Event, EventListener, IntoNotification, Listener, listener};
