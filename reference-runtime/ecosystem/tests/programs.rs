//! The programs in `examples`, run as their users run them.

mod common;

use common::{Client, Program, printed, run};

#[test]
fn the_client_fetches_from_the_server() {
    let mut server = Program::start("hyper_server");
    let output = printed("hyper_client", &[&format!("http://{}/a/page?of=two", server.address)]);
    let (head, body) = output.split_once("\n\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 OK\n"), "{head}");
    assert!(head.contains("\ncontent-length: 12"), "{head}");
    assert_eq!(body, "GET /a/page\n");
    server.end_input();
    assert!(server.ended().success());
}

#[test]
fn the_client_says_what_is_wrong() {
    for (arguments, message) in [
        (&[][..], "give the address to fetch"),
        (&["https://127.0.0.1/"][..], "is no http:// address"),
        (&["http://127.0.0.1:1/"][..], "refused"),
    ] {
        let output = run("hyper_client", arguments);
        assert!(!output.status.success());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn the_servers_end_with_their_input_and_close_idle_connections() {
    for name in ["hyper_server", "axum_server"] {
        let mut server = Program::start(name);
        let mut idle = Client::connect(server.address);
        assert!([200, 404].contains(&idle.get("/").status));
        server.end_input();
        assert!(idle.is_at_end());
        assert!(server.ended().success(), "{name}");
    }
}

#[test]
fn thumbnails_are_made_side_by_side() {
    let server = Program::start("axum_server");
    let mut clients: Vec<_> = (0..8).map(|_| Client::connect(server.address)).collect();
    for (picture, client) in clients.iter_mut().enumerate() {
        client.send(format!("GET /thumbnail/{picture} HTTP/1.1\r\nHost: test\r\n\r\n"));
    }
    for client in &mut clients {
        let answer = client.answer();
        assert_eq!((answer.status, answer.text().lines().count(), answer.body.len()), (200, 16, 16 * 17));
    }
    assert_eq!(clients[0].get("/made").text(), "8\n");
    assert_eq!(clients[0].get("/thumbnail/256").status, 400);
    assert_eq!(clients[0].get("/").status, 404);
}

#[test]
fn the_configuration_is_that_of_both_files() {
    assert_eq!(printed("configured_over_http", &[]), "Hello, world!\nHello, world!\n");
}

#[test]
fn a_bank_on_sqlite_loses_no_money_and_holds_nobody_up() {
    let output = printed("diesel_sqlite", &[]);
    let lines: Vec<_> = output.lines().collect();
    let [ticks, transfers, money] = lines[..] else { panic!("three lines: {output}") };
    assert_eq!(ticks, "20 ticks while the database was locked");
    assert!(transfers.starts_with("8 tellers, 200 transfers, "), "{output}");
    assert_eq!(money, "1000 in 10 accounts");
}

#[test]
fn a_service_that_takes_every_request_is_full_and_one_with_a_limit_is_not() {
    let output = printed("samples_full", &[]);
    let lines: Vec<_> = output.lines().collect();
    let [_, "", without, with] = lines[..] else { panic!("four lines: {output}") };
    assert!(without.contains("no answer") && without.ends_with("written: 48  refused:  0"), "{output}");
    assert!(with.contains("answered after") && with.ends_with("written: 16  refused: 32"), "{output}");
}

#[test]
fn a_crate_that_works_on_tokio_alone_works_here_in_two_ways() {
    let expected = "this is /adapted\nthis is /beside\nand 3 from a task of ours, awaited in tokio\n";
    assert_eq!(printed("tokio_only", &[]), expected);
}

#[test]
fn what_has_moved_here_does_what_it_did() {
    for runtime in ["async_std", "smol", "tokio"] {
        for side in ["before", "after"] {
            let program = format!("from_{runtime}_{side}");
            let expected = "never has 5\nblock has 5\nhere has 4\n14 in all\n";
            assert_eq!(printed(&program, &[]), expected, "{program}");
        }
    }
}

#[test]
fn the_pooled_client_keeps_connections() {
    let output = printed("pooled_client", &[]);
    let made = output.strip_prefix("this is /page/100\n100 pages, connections made: ").expect(&output);
    let made: usize = made.trim().parse().expect("a number");
    assert!((1..100).contains(&made), "{output}");
}
