//! What the programs in `examples` share: a server that ends well.

mod lines;
mod serve;

pub use lines::until_end_of_input;
pub use serve::serve;
