//! The device catalogue: its rows, who an adapter is taken for, and the ready-made machines built of them.

mod machines;
mod names;
mod rows;
