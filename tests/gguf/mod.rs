//! Writes GGUF headers for tests: good ones from the app's own tensor lists, and bad ones.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod table;

use willitrun::formats::Value;
use willitrun::formats::gguf::{ByteOrder, Source};
use willitrun::quant::{Format, Tensor};

/// A file to be written.
#[derive(Clone, Debug)]
pub struct File {
    pub version: u32,
    pub order: ByteOrder,
    pub keys: Vec<(String, Value)>,
    pub tensors: Vec<Row>,
}

/// One row of the table of tensors.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub dims: Vec<u64>,
    pub number: u32,
    pub offset: u64,
}

pub const ALIGNMENT: u64 = 32;

impl File {
    pub fn new(keys: Vec<(String, Value)>) -> Self {
        Self { version: 3, order: ByteOrder::Little, keys, tensors: Vec::new() }
    }

    /// Adds tensors one after another, as converters lay them.
    pub fn with(mut self, tensors: &[Tensor], formats: &[Format]) -> Self {
        let mut offset = 0;
        for (tensor, format) in tensors.iter().zip(formats) {
            let name = match tensor.layer {
                Some(layer) => format!("blk.{layer}.{}", tensor.role.gguf),
                None => tensor.role.gguf.to_owned(),
            };
            let mut dims = vec![tensor.columns, tensor.rows, tensor.slices];
            while dims.len() > 1 && dims.last() == Some(&1) {
                dims.pop();
            }
            self.tensors.push(Row { name, dims, number: number(*format), offset });
            let bytes = format.bytes(tensor.columns, tensor.rows * tensor.slices).get();
            offset += bytes.next_multiple_of(ALIGNMENT);
        }
        self
    }

    /// The header, padded to where the tensors begin.
    pub fn header(&self) -> Vec<u8> {
        let mut out = Out { bytes: b"GGUF".to_vec(), big: self.order == ByteOrder::Big };
        out.u32(self.version);
        out.u64(self.tensors.len() as u64);
        out.u64(self.keys.len() as u64);
        for (key, value) in &self.keys {
            out.text(key);
            out.u32(kind(value));
            out.value(value);
        }
        for row in &self.tensors {
            out.text(&row.name);
            out.u32(row.dims.len() as u32);
            for dim in &row.dims {
                out.u64(*dim);
            }
            out.u32(row.number);
            out.u64(row.offset);
        }
        out.bytes.resize(out.bytes.len().next_multiple_of(ALIGNMENT as usize), 0);
        out.bytes
    }
}

/// Bytes in the order of the file.
pub struct Out {
    pub bytes: Vec<u8>,
    pub big: bool,
}

impl Out {
    pub fn u32(&mut self, number: u32) {
        self.bytes.extend(if self.big { number.to_be_bytes() } else { number.to_le_bytes() });
    }

    pub fn u64(&mut self, number: u64) {
        self.bytes.extend(if self.big { number.to_be_bytes() } else { number.to_le_bytes() });
    }

    pub fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Int(number) if kind(value) == 4 => self.u32(*number as u32),
            Value::Int(number) => self.u64(*number as u64),
            Value::Float(number) => self.u32((*number as f32).to_bits()),
            Value::Bool(flag) => self.bytes.push(u8::from(*flag)),
            Value::Str(text) => self.text(text),
            Value::Array(items) => {
                self.u32(items.first().map_or(4, kind));
                self.u64(items.len() as u64);
                for item in items {
                    self.value(item);
                }
            }
            // A vocabulary of so many tokens of five bytes.
            Value::Unread(length) => {
                self.u32(8);
                self.u64(*length);
                (0..*length).for_each(|_| self.text("token"));
            }
        }
    }
}

/// The type a value is written as.
fn kind(value: &Value) -> u32 {
    match value {
        Value::Int(number) if u32::try_from(*number).is_ok() => 4,
        Value::Int(_) => 11,
        Value::Float(_) => 6,
        Value::Bool(_) => 7,
        Value::Str(_) => 8,
        Value::Array(_) | Value::Unread(_) => 9,
    }
}

/// ggml's number of a format, by its name.
pub fn number(format: Format) -> u32 {
    const NAMES: [(&str, u32); 30] = [
        ("F32", 0),
        ("F16", 1),
        ("Q4_0", 2),
        ("Q4_1", 3),
        ("Q5_0", 6),
        ("Q5_1", 7),
        ("Q8_0", 8),
        ("Q8_1", 9),
        ("Q2_K", 10),
        ("Q3_K", 11),
        ("Q4_K", 12),
        ("Q5_K", 13),
        ("Q6_K", 14),
        ("Q8_K", 15),
        ("IQ2_XXS", 16),
        ("IQ2_XS", 17),
        ("IQ3_XXS", 18),
        ("IQ1_S", 19),
        ("IQ4_NL", 20),
        ("IQ3_S", 21),
        ("IQ2_S", 22),
        ("IQ4_XS", 23),
        ("IQ1_M", 29),
        ("BF16", 30),
        ("TQ1_0", 34),
        ("TQ2_0", 35),
        ("MXFP4", 39),
        ("NVFP4", 40),
        ("Q1_0", 41),
        ("Q2_0", 42),
    ];
    NAMES.iter().find(|(name, _)| *name == format.name()).expect("every format has a number").1
}

/// Bytes with nothing but zeros after them, as a sparse file; counts what is read.
pub struct Sparse<'a> {
    pub bytes: &'a [u8],
    pub size: u64,
    pub read: u64,
}

impl Source for Sparse<'_> {
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let length = into.len().min(self.size.saturating_sub(offset) as usize);
        into[..length].fill(0);
        if let Some(rest) = usize::try_from(offset).ok().and_then(|from| self.bytes.get(from..)) {
            let there = rest.len().min(length);
            into[..there].copy_from_slice(&rest[..there]);
        }
        self.read += length as u64;
        Ok(length)
    }
}
