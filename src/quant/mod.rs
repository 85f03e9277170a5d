//! How weights become bytes: block formats, the tensors they fill, and the named mixes of a file.
//!
//! Invariant: bytes come from shapes and block geometry, never from parameters x bits.

mod choice;
mod fact;
mod format;
mod mix;
mod quality;
mod recipe;
mod tensor;

pub use choice::{Quant, Rule};
pub use fact::{BlockFact, Confidence, Facts, MixFact, RuntimeFormat};
pub use format::Format;
pub use mix::{Imatrix, Mix, ModelTraits};
pub use quality::{Better, Measured, Quality, label_bits};
pub use tensor::{Part, Role, Tensor};
