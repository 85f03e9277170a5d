//! Seconds per token and per prompt, from a placement and the machine's bandwidths and arithmetic.
//!
//! Invariant: a time is a bill of named lines; where a bandwidth is unknown there is no time, never a guess.

mod answer;
mod band;
mod batch;
mod bill;
mod decode;
mod evidence;
mod host;
mod left_out;
mod parameters;
mod passing;
mod prefill;
mod reads;
mod roofline;
mod serving;

pub use answer::{Spent, kinks, time_of_tokens};
pub use band::Range;
pub use batch::touched;
pub use bill::{Bill, BillLine, Item};
pub use decode::{Built, decode, doubt};
pub use evidence::{Asked, Correction, REPEAT, correction};
pub use host::{CopyRule, CoreRates, Counted, Filled, HostRates, OnMeasured, Sockets};
pub use left_out::{LeftOut, Predicted, Together};
pub use parameters::{BackendRates, DeviceClass, Era, Parameters, PrefillRates};
pub use prefill::{prefill, textbook_prompt};
pub use roofline::{Roof, Site, Worked, batch, roof, step};
pub use serving::Serving;
