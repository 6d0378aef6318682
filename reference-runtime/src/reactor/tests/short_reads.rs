//! A read that comes back short is trusted to have taken all there was, and yet nothing is ever missed.

use std::cell::Cell;

use socket2::SockRef;

use super::*;

/// Reads up to 8 bytes; says how often the socket was tried.
fn read(stream: &Registered<TcpStream>, waker: &Waker) -> (Poll<io::Result<Vec<u8>>>, usize) {
    let attempts = Cell::new(0);
    let mut buf = [0; 8];
    let polled = stream.poll_read_all(&Context::from_waker(waker), 8, |mut socket| {
        attempts.set(attempts.get() + 1);
        socket.read(&mut buf)
    });
    (polled.map_ok(|count| buf[..count].to_vec()), attempts.get())
}

/// What is read next, waiting for it if need be.
fn next(reactor: &Reactor, stream: &Registered<TcpStream>) -> io::Result<Vec<u8>> {
    let (_, waker) = Counter::new();
    let limit = Instant::now() + LONG;
    loop {
        if let (Poll::Ready(done), _) = read(stream, &waker) {
            return done;
        }
        assert!(Instant::now() < limit, "nothing was reported");
        wait(reactor, Some(LONG));
    }
}

/// Waits until all that has happened to the socket is reported, as far as the reactor can tell that there was anything.
fn settle(reactor: &Reactor) {
    while wait(reactor, Some(Duration::from_millis(5))) > 0 || reactor.events_waiting() == Some(true) {}
}

#[test]
fn after_a_short_read_the_socket_is_not_tried_before_a_report() {
    let reactor = Reactor::new().unwrap();
    let (stream, mut peer) = connected(&reactor);
    peer.write_all(b"one").unwrap();
    assert_eq!(next(&reactor, &stream).unwrap(), b"one");
    settle(&reactor);
    peer.write_all(b"two").unwrap();
    assert_eq!(next(&reactor, &stream).unwrap(), b"two");
    let (_, waker) = Counter::new();
    let (polled, attempts) = read(&stream, &waker);
    assert!(polled.is_pending());
    assert_eq!(attempts, usize::from(!cfg!(target_os = "linux")));
    peer.write_all(b"three").unwrap();
    assert_eq!(next(&reactor, &stream).unwrap(), b"three");
}

#[test]
fn a_full_read_is_followed_by_another() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        peer.write_all(b"12345678abcdefgh9").unwrap();
        for expected in [&b"12345678"[..], b"abcdefgh", b"9"] {
            assert_eq!(next(&reactor, &stream).unwrap(), expected);
        }
    }
}

#[test]
fn an_end_that_comes_with_the_last_data_is_read() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        peer.write_all(b"last").unwrap();
        drop(peer);
        // Both are reported at once.
        settle(&reactor);
        assert_eq!(next(&reactor, &stream).unwrap(), b"last");
        assert_eq!(next(&reactor, &stream).unwrap(), b"");
    }
}

#[test]
fn an_end_that_was_there_before_the_watch_is_read() {
    let reactor = Reactor::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut theirs, _) = listener.accept().unwrap();
    theirs.write_all(b"last").unwrap();
    drop(theirs);
    ours.set_nonblocking(true).unwrap();
    let stream = Registered::new(reactor.clone(), ours).unwrap();
    assert_eq!(next(&reactor, &stream).unwrap(), b"last");
    assert_eq!(next(&reactor, &stream).unwrap(), b"");
}

#[test]
fn an_end_after_a_short_read_is_reported() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        peer.write_all(b"last").unwrap();
        assert_eq!(next(&reactor, &stream).unwrap(), b"last");
        let (_, waker) = Counter::new();
        assert!(read(&stream, &waker).0.is_pending());
        drop(peer);
        assert_eq!(next(&reactor, &stream).unwrap(), b"");
    }
}

#[test]
fn a_reset_after_a_short_read_is_reported() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        peer.write_all(b"last").unwrap();
        assert_eq!(next(&reactor, &stream).unwrap(), b"last");
        let (_, waker) = Counter::new();
        assert!(read(&stream, &waker).0.is_pending());
        SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        assert_eq!(next(&reactor, &stream).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn the_end_of_reading_from_this_side_is_reported() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        peer.write_all(b"last").unwrap();
        assert_eq!(next(&reactor, &stream).unwrap(), b"last");
        stream.get().shutdown(std::net::Shutdown::Read).unwrap();
        assert_eq!(next(&reactor, &stream).unwrap(), b"");
    }
}

#[test]
fn what_follows_urgent_data_is_read() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        peer.write_all(b"before").unwrap();
        SockRef::from(&peer).send_out_of_band(b"!").unwrap();
        peer.write_all(b"after").unwrap();
        settle(&reactor);
        // A read stops at the urgent byte, wherever the system leaves that.
        let mut all = Vec::new();
        while !all.ends_with(b"after") {
            all.extend(next(&reactor, &stream).unwrap());
        }
        assert!(all.starts_with(b"before"));
    }
}

#[test]
fn nothing_is_missed_beside_a_writer() {
    const MESSAGES: usize = 20_000;
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        let length = |message: usize| 1 + message * 7 % 12;
        let writer = thread::spawn(move || {
            for message in 0..MESSAGES {
                peer.write_all(&vec![message as u8; length(message)]).unwrap();
                if message % 3 == 0 {
                    thread::yield_now();
                }
            }
        });
        let mut received = Vec::new();
        loop {
            let bytes = next(&reactor, &stream).unwrap();
            if bytes.is_empty() {
                break;
            }
            received.extend(bytes);
        }
        writer.join().unwrap();
        let sent = (0..MESSAGES).flat_map(|message| vec![message as u8; length(message)]);
        assert!(received.into_iter().eq(sent));
    }
}
