//! Words on paper: bytes in, values out. Documents, commands, share codes; still pure.
//!
//! Invariant: only here is a schema derived for anything that is shared. What is read is checked:
//! a value that contradicts itself is refused with its place and what was expected.

pub mod answer_json;
pub mod any_doc;
pub mod claim_doc;
pub mod commands;
pub mod cost_doc;
mod csv;
pub mod custom_quant_doc;
pub mod device_doc;
pub mod document;
pub mod engine_doc;
mod engine_flags;
pub mod file_doc;
pub mod gguf;
pub mod gguf_model;
pub mod gguf_shape;
mod gguf_ffn;
mod gguf_value;
mod gguf_windows;
pub mod hf_config;
pub mod history_doc;
mod json;
pub mod layout_doc;
pub mod llama_bench;
pub mod machine_diff;
pub mod machine_doc;
pub mod measurements;
pub mod memory_doc;
pub mod model_doc;
pub mod modules;
pub mod ollama_manifest;
pub mod peer_doc;
pub mod purchase_doc;
pub mod quality_doc;
pub mod quant_doc;
pub mod ranking_csv;
pub mod reason_doc;
pub mod safetensors;
pub mod serving_doc;
pub mod settings_doc;
pub mod share_code;
pub mod sheet;
pub mod speed_doc;
pub mod text;
pub mod thinking_doc;
pub mod tree;

pub use document::{Refused, shown};
pub use gguf_value::{Metadata, Value};
