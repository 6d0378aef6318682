//! What is compared: a stage of the runtime with a way to fetch a page.

use std::fmt;

use reference_runtime::stages::Stage;

/// The stages that take part: the classic design and the two that can hand a worker's turn on.
pub(crate) const STAGES: [Stage; 3] = [Stage::S5SpawnBlocking, Stage::S6BlockInPlace, Stage::S7Adaptive];

/// One run.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) stage: Stage,
    pub(crate) mode: Mode,
}

impl Case {
    /// Every case, in the order of the table: surf begins each stage, so that the others can be compared with it.
    pub(crate) fn all() -> impl Iterator<Item = Case> {
        STAGES.into_iter().flat_map(|stage| Mode::ALL.into_iter().map(move |mode| Case { stage, mode }))
    }

    /// Whether the stage has what the mode calls: only stage 5 comes before `block_in_place`.
    pub(crate) fn exists(self) -> bool {
        !(self.stage == Stage::S5SpawnBlocking && self.mode == Mode::BlockInPlace)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} {}", self.stage, self.mode.client(), self.mode)
    }
}

/// The HTTP client of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// Asynchronous, on the runtime's sockets.
    Surf,
    /// Blocking; it knows nothing of the runtime.
    Attohttpc,
}

impl Client {
    pub(crate) const ALL: [Client; 2] = [Client::Surf, Client::Attohttpc];
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Client::Surf => "surf",
            Client::Attohttpc => "attohttpc",
        })
    }
}

/// How the `async fn` that fetches a page calls the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// surf, awaited.
    Async,
    /// attohttpc, called as if it did not block.
    Direct,
    /// attohttpc, on the stage's threads for blocking calls.
    SpawnBlocking,
    /// attohttpc, announced to the scheduler but called on the spot.
    BlockInPlace,
}

impl Mode {
    pub(crate) const ALL: [Mode; 4] = [Mode::Async, Mode::Direct, Mode::SpawnBlocking, Mode::BlockInPlace];

    /// The only client that can be called like this.
    pub(crate) fn client(self) -> Client {
        match self {
            Mode::Async => Client::Surf,
            _ => Client::Attohttpc,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Mode::Async => "async",
            Mode::Direct => "direct",
            Mode::SpawnBlocking => "spawn_blocking",
            Mode::BlockInPlace => "block_in_place",
        })
    }
}
