//! The service of `samples` on tokio, with handlers that move each call to its pool.

#[path = "samples/mod.rs"]
mod samples;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    samples::on_tokio::run(samples::moved::router)
}
