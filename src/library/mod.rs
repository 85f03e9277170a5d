//! Model files on this disk: found, opened, and handed to `formats` as bounded bytes.
//!
//! Invariant: only regular files are opened, nothing is waited for, and no name from inside a file leads out of
//! its folder.

mod askable;
mod found;
mod model_file;
mod ollama;
mod open;
mod open_any;
mod places;
mod scan;
mod spots;
mod unit;
mod walk;

pub use askable::Askable;
pub use found::{Content, Found, Listing, Looked, Reached};
pub use model_file::{ModelFile, open_model};
pub use open::{LibraryError, open_gguf};
pub use open_any::{Opened, open_any, open_bench};
pub use places::{Place, Program, System, places, places_of};
pub use scan::scan;
pub use spots::{Large, Spot, spots};
pub use walk::{Limits, Looking};
