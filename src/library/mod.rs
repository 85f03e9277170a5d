//! Model files on this disk: found, opened, and handed to `formats` as bounded bytes.
//!
//! Invariant: only regular files are opened, nothing is waited for, and no name from inside a file leads out of
//! its folder.

mod model_file;
mod open;

pub use model_file::{ModelFile, open_model};
pub use open::{LibraryError, open_gguf};
