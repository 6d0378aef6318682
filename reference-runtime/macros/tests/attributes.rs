//! What the attributes make of functions that are as they should be.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use reference_runtime::{Handle, task};

/// A crate that depends on the runtime under another name, or has it from a third one.
mod renamed {
    pub(crate) use reference_runtime as runtime;
}

#[reference_runtime::test]
async fn a_test_runs_on_the_default_runtime() {
    assert_eq!(task::spawn(async { 1 + 2 }).await, 3);
}

#[reference_runtime::test]
async fn a_test_may_hold_what_cannot_be_sent_and_spawn_it() {
    let shared = Rc::new(Cell::new(1));
    let other = Rc::clone(&shared);
    task::spawn_local(async move { other.set(2) }).await;
    assert_eq!(shared.get(), 2);
}

#[reference_runtime::test(worker_threads = 3)]
async fn a_test_may_have_a_runtime_of_its_own() {
    assert_eq!(Handle::current().metrics().workers(), 3);
}

#[reference_runtime::test(worker_threads = 1 + 1)]
async fn the_number_of_workers_may_be_an_expression() {
    assert_eq!(Handle::current().metrics().workers(), 2);
}

#[reference_runtime::test(crate = "renamed::runtime", worker_threads = 0x1_usize)]
async fn the_runtime_may_have_another_name() {
    assert_eq!(Handle::current().metrics().workers(), 1);
}

#[reference_runtime::test(crate = crate::renamed::runtime)]
async fn the_name_may_stand_without_quotes() {}

#[reference_runtime::test]
async fn a_test_may_return_a_result() -> io::Result<()> {
    let length = task::spawn_blocking(|| std::fs::metadata("Cargo.toml")).await?.len();
    assert!(length > 0);
    Ok(())
}

#[reference_runtime::test]
#[should_panic(expected = "out of luck")]
async fn a_test_may_be_expected_to_panic() {
    task::spawn(async { panic!("out of luck") }).await
}

#[should_panic(expected = "out of luck")]
#[reference_runtime::test]
async fn the_order_of_attributes_does_not_matter() {
    panic!("out of luck");
}

#[reference_runtime::test]
#[ignore = "it fails if it runs"]
async fn a_test_may_be_ignored() {
    panic!("it was not ignored");
}

#[reference_runtime::test]
#[allow(unused_variables, reason = "a lint of the body is set on the function")]
async fn names_of_the_user_do_not_meet_ours() {
    #![deny(unused_mut)]
    let (runtime, error, output) = (1, 2, 3);
    assert_eq!(runtime + error, 3);
}

/// A function that is no test, of a type that is inferred from nothing but its signature.
#[reference_runtime::main]
pub(crate) async fn blocks() -> Result<Box<dyn Fn(u32) -> u32>, std::num::ParseIntError> {
    let by: u32 = "2".parse()?;
    Ok(Box::new(move |n| n * by))
}

#[reference_runtime::main(worker_threads = 1)]
async fn blocks_on_its_own() -> (usize, impl Send) {
    (Handle::current().metrics().workers(), "hidden")
}

#[test]
fn any_function_may_block_as_main_does() {
    assert_eq!(blocks().expect("it is a number")(21), 42);
    assert_eq!(blocks_on_its_own().0, 1);
}

macro_rules! made_by_a_macro {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident() -> $output:ty $body:block) => {
        #[reference_runtime::test]
        $(#[$attribute])*
        $visibility async fn $name() -> $output $body
    };
}

made_by_a_macro! {
    #[should_panic]
    pub(crate) fn a_macro_may_make_a_test() -> () {
        task::yield_now().await;
        panic!("on purpose")
    }
}
