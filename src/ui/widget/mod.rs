//! Small controls that egui lacks, or draws otherwise than we want. Each edits what it is lent and returns its
//! response; each has a name for a screen reader and works from the keyboard.

pub mod button;
pub mod card;
pub mod context_field;
pub mod context_scale;
pub mod context_slider;
pub mod hand_scale;
pub mod hand_slider;
pub mod number_field;
pub mod scroll;
pub mod segmented;
pub mod sheet;
