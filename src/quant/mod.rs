//! How weights become bytes: block formats, the tensors they fill, the named mixes of a file, and the layouts of
//! other runtimes.
//!
//! Invariant: bytes come from shapes and block geometry, never from parameters x bits.

mod choice;
mod class;
mod custom;
mod fact;
mod format;
mod layout;
mod mix;
mod quality;
mod recipe;
mod tensor;

pub use choice::{Quant, Rule};
pub use class::Class;
pub use custom::{CustomMix, Tensors};
pub use fact::{BlockFact, Confidence, Facts, MixFact, RuntimeFormat};
pub use format::Format;
pub use layout::{Coding, Layout, MtpLayers, Native, Second, Shared};
pub use mix::{Imatrix, Mix, ModelTraits};
pub use quality::{Better, Measured, Quality, label_bits};
pub use tensor::{Part, Role, Tensor};
