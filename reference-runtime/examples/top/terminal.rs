//! The terminal: its other screen while the view is shown, key by key, and everything as before afterwards.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// The other screen, without a cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l";
const LEAVE: &[u8] = b"\x1b[?25h\x1b[?1049l";
/// So often the size is looked at: a signal would tell at once, but takes a handler.
const LOOK_AT_SIZE: Duration = Duration::from_millis(100);
const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;

/// A terminal that is ours until this is dropped.
pub(crate) struct Terminal {
    before: Termios,
    keys: Receiver<u8>,
    size: (usize, usize),
}

/// What came while the view waited.
pub(crate) enum Key {
    Quit,
    Resized,
    None,
}

impl Terminal {
    pub(crate) fn enter() -> io::Result<Terminal> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        let (press, keys) = mpsc::channel();
        thread::spawn(move || {
            let mut key = [0];
            // Ends with the program, or with whoever types.
            while io::Read::read(&mut io::stdin(), &mut key).is_ok_and(|count| count == 1) {
                if press.send(key[0]).is_err() {
                    return;
                }
            }
        });
        let terminal = Terminal { before, keys, size: size() };
        io::stdout().write_all(ENTER)?;
        io::stdout().flush()?;
        Ok(terminal)
    }

    /// Columns and lines.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.size
    }

    pub(crate) fn show(&mut self, page: &str) -> io::Result<()> {
        // Each line to its end, so that nothing flickers; raw, a line needs its carriage return.
        let mut text = String::from("\x1b[H");
        for line in page.lines() {
            text.push_str(line);
            text.push_str("\x1b[K\r\n");
        }
        // The last line break would scroll a page that fills the screen.
        text.truncate(text.len() - 2);
        text.push_str("\x1b[J");
        io::stdout().write_all(text.as_bytes())?;
        io::stdout().flush()
    }

    /// Waits for so long, or until something comes.
    pub(crate) fn wait(&mut self, time: Duration) -> io::Result<Key> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.keys.recv_timeout(left.min(LOOK_AT_SIZE)) {
                Ok(b'q' | b'Q' | CTRL_C | CTRL_D) => return Ok(Key::Quit),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(Key::Quit),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Ok(Key::None),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = size();
            if std::mem::replace(&mut self.size, now) != now {
                return Ok(Key::Resized);
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = io::stdout().write_all(LEAVE).and_then(|()| io::stdout().flush());
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

fn size() -> (usize, usize) {
    let size = tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    size.map_or((80, 24), |size| (size.ws_col.into(), size.ws_row.into()))
}
