//! The example `top`: one frame of the demo, and frames of odd services.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::{Value, json};

#[path = "../../examples/top/view.rs"]
mod view;

fn top(arguments: &[&str]) -> Output {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        // target/PROFILE/deps/this-test
        let test = std::env::current_exe().expect("the path of this test");
        let profile = test.ancestors().nth(2).expect("the profile's directory");
        let name = match profile.file_name().and_then(|name| name.to_str()).expect("the profile's name") {
            "debug" => "dev",
            name => name,
        };
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "reference-runtime", "--profile", name]);
        build.args(["--features", "trace", "--example", "top", "--target-dir"]);
        build.arg(profile.parent().expect("the target directory")).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(build.status().expect("cargo runs").success(), "the example builds");
        profile.join("examples").join("top")
    });
    Command::new(program).args(arguments).output().expect("the example runs")
}

#[test]
fn one_frame_of_the_demo_is_plain_text() {
    let output = top(&["--once", "--every", "0.2"]);
    let frame = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in ["polls ", "threads ", "verdicts ", "queues ", "THREAD", "SLOWEST POLLS", "FOUND STUCK"] {
        assert!(frame.contains(part), "{part:?} is missing:\n{frame}");
    }
    assert!(frame.lines().any(|line| line.starts_with("demo")), "a thread has its line:\n{frame}");
    assert!(!frame.contains('\x1b'), "no colors go to a pipe:\n{frame}");
}

#[test]
fn what_is_asked_wrongly_is_answered_with_a_sentence() {
    for (arguments, sentence) in [
        (&["--every", "0"][..], "--every takes seconds"),
        (&["--fast"], "no option --fast"),
        (&["a", "b"], "one socket too many"),
        (&["no/such/socket", "--once"], "nobody serves metrics"),
    ] {
        let output = top(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(sentence), "{arguments:?}: {said}");
    }
}

#[test]
fn a_frame_fits_the_screen_whatever_the_names_are() {
    let doing = json!({
        "thread": "\u{1b}[2J evil\n", "processor": 1, "does": "polls \"ключ 鍵\"".repeat(9), "for": 0.5,
        "verdict": "blocked"
    });
    let frame = json!({ "title": "x".repeat(500), "doing": vec![doing; 50], "slow": "no list" });
    for (width, height) in [(1, 1), (20, 5), (200, 100)] {
        let page = view::render(&frame, width, height, false);
        assert!(page.lines().count() <= height, "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= width), "{page}");
        assert!(!page.contains('\x1b'), "{page}");
    }
    assert!(view::render(&frame, 80, 24, true).contains("\x1b[31m"), "what is blocked is red");
    let of_nothing = view::render(&Value::Null, 80, 24, false);
    assert!(of_nothing.contains("tasks -"), "{of_nothing}");
}
