//! The attributes [`macro@main`] and [`macro@test`] of reference-runtime, which re-exports both.
//!
//! They are written on `proc_macro` alone: what they read of a function is its head, up to the braces, and parsing
//! all of Rust for that would be most of the time that a first build of reference-runtime takes.

mod function;
mod options;
mod tokens;

use proc_macro::TokenStream;

use self::function::Function;
use self::options::Options;
use self::tokens::{Error, group, parse};

/// Runs an `async fn main` on the runtime.
///
/// The function becomes one that blocks on its body, with `reference_runtime::task::block_on`: the body runs on the main
/// thread, and what it spawns on the threads of the default runtime. When it returns, the process ends, whatever else
/// still runs.
///
/// ```
/// use reference_runtime::task;
///
/// #[reference_runtime::main]
/// async fn main() -> std::io::Result<()> {
///     let manifest = task::spawn_blocking(|| std::fs::read_to_string("Cargo.toml")).await?;
///     assert!(manifest.contains("[package]"));
///     Ok(())
/// }
/// ```
///
/// # Options
///
/// * `worker_threads = N`: a runtime of its own with so many workers, in place of the default one. What spawns on another
///   thread of the program should have a handle of it.
/// * `crate = "path"`: where reference-runtime is, if the program has another name for it.
///
/// ```
/// # mod renamed { pub use reference_runtime as runtime; }
/// #[reference_runtime::main(worker_threads = 2, crate = "crate::renamed::runtime")]
/// async fn main() {
///     assert_eq!(reference_runtime::Handle::current().metrics().workers(), 2);
/// }
/// ```
///
/// # Errors
///
/// It does not compile if the function is not `async`, or has parameters or generics.
///
/// ```compile_fail
/// #[reference_runtime::main]
/// fn main() {}
/// ```
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Main, arguments, item)
}

/// Makes a test of an `async fn`.
///
/// `#[should_panic]`, `#[ignore]` and a `Result` as the output work as they do with std's `#[test]`.
///
/// ```
/// # mod tests {
/// #[reference_runtime::test]
/// async fn sums_add_up() {
///     let sum = reference_runtime::task::spawn(async { 1 + 2 });
///     assert_eq!(sum.await, 3);
/// }
/// # }
/// ```
///
/// # Options
///
/// * `worker_threads = N`: a runtime of its own with so many workers, which ends with the test: it cancels the tasks that
///   wait, and waits for those that run. Without it, all tests share the default runtime.
/// * `crate = "path"`: where reference-runtime is, if the program has another name for it.
///
/// ```
/// # mod tests {
/// #[reference_runtime::test(worker_threads = 1)]
/// #[should_panic(expected = "out of luck")]
/// async fn luck_runs_out() {
///     reference_runtime::task::spawn(async { panic!("out of luck") }).await
/// }
/// # }
/// ```
///
/// # Errors
///
/// It does not compile if the function is not `async`, or has parameters or generics.
///
/// ```compile_fail
/// #[reference_runtime::test]
/// async fn takes_something(_: u32) {}
/// ```
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Test, arguments, item)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Main,
    Test,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Main => "#[reference_runtime::main]",
            Kind::Test => "#[reference_runtime::test]",
        }
    }
}

fn expand(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = match Function::parse(kind, item) {
        Ok(function) => function,
        Err(error) => return error.into_stream(),
    };
    match Options::parse(arguments) {
        Ok(options) => blocking(kind, &options, function),
        // The function stays, so that this is the only error.
        Err(error) => {
            let mut stream = error.into_stream();
            stream.extend(function.without_body());
            stream
        }
    }
}

/// The function with the original one inside, and a call that blocks on it.
fn blocking(kind: Kind, options: &Options, function: Function) -> TokenStream {
    let runtime = &options.path;
    let call = function.call();
    let mut body = function.inner();
    body.extend(match &options.worker_threads {
        None => parse("%::task::block_on", &[runtime]).into_iter().chain([group('(', call)]).collect(),
        Some(workers) => {
            let build = "match %::Builder::new().worker_threads(%).build() {
                ::core::result::Result::Ok(runtime) => runtime,
                ::core::result::Result::Err(error) => ::core::panic!(\"the runtime cannot be started: {error}\"),
            }";
            let build = parse(build, &[runtime, workers]);
            match kind {
                // Not dropped, whether it returns or panics: the end of `main` is that of the process, whatever runs.
                Kind::Main => parse("::core::mem::ManuallyDrop::new(%).block_on(%)", &[&build, &call]),
                Kind::Test => parse("let runtime = %; runtime.block_on(%)", &[&build, &call]),
            }
        }
    });
    let mut outer = match kind {
        Kind::Main => TokenStream::new(),
        Kind::Test => parse("#[::core::prelude::v1::test]", &[]),
    };
    outer.extend(function.outer(group('{', body)));
    outer
}

type Result<T> = std::result::Result<T, Error>;
