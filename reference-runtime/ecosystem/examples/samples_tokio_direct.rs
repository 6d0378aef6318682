//! The service of `samples` on tokio, with the same handlers: they call what blocks directly.

#[path = "samples/mod.rs"]
mod samples;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    samples::on_tokio::run(samples::routes::router)
}
