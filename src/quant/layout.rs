//! The formats of other runtimes, told in a few words: bits, what shares a scale, what stays in 16 bit.
//!
//! One vocabulary for GPTQ, AWQ, FP8, NF4, MLX and the rest, so that a format is a row of data with its source.

use crate::units::Bytes;

use super::{Class, Tensor};

/// How a runtime keeps a whole model.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Family, such as `GPTQ`.
    pub family: String,
    /// Engines that read it, by name or id; empty where none is documented.
    pub engines: Vec<String>,
    /// How linear layers are kept.
    pub coding: Coding,
    /// Classes kept in another way.
    pub others: Vec<(Class, Coding)>,
    /// Classes that stay in 16 bit. Norms, biases and other small things always do.
    pub kept: Vec<Class>,
    /// Whether its files hold the multi-token-prediction layers.
    pub mtp: MtpLayers,
    /// The models it is the published form of.
    pub native: Native,
}

/// The models whose publisher released them in a format, by catalogue id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Native {
    /// These.
    Of(Vec<String>),
    /// Every model but these, which have a form of their own: the usual form.
    OfOthersThan(Vec<String>),
}

/// What became of the multi-token-prediction layers of the published model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MtpLayers {
    /// The converter left them out.
    #[default]
    Left,
    /// They are in the file, as in the publisher's own checkpoints.
    InFile,
}

/// How one matrix is kept. Rows are outputs, columns are inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coding {
    /// Bits of a weight itself; a fraction is an average the quantiser was told to reach.
    pub bits: f64,
    /// Bits of the words a row is packed into; a row fills whole words.
    pub word: u64,
    /// What shares a scale.
    pub shared: Shared,
    /// Bits of a scale.
    pub scale_bits: u64,
    /// Bits of the zero point or bias beside each scale. Less than a byte: packed into words along the rows.
    pub zero_bits: u64,
    /// Scales of the scales.
    pub second: Option<Second>,
    /// Bits kept for each column besides, such as GPTQ's index of its group.
    pub column_bits: u64,
    /// Bytes kept for each matrix besides.
    pub tensor_bytes: u64,
    /// Columns must be a multiple of this, or the matrix stays in 16 bit.
    pub whole: u64,
}

/// Which weights share one scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// There are no scales, or they are counted in the bits.
    Nothing,
    /// So many weights along a row; a last partial group has a scale of its own.
    Group(u64),
    /// So many weights in a run over the whole matrix, row after row.
    Run(u64),
    /// A square of so many rows and columns.
    Block(u64),
    /// A row: one output channel.
    Row,
    /// The whole matrix.
    Matrix,
}

/// A second level of scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Second {
    /// Scales of the first level that share one.
    pub each: u64,
    /// Its bits.
    pub bits: u64,
}

/// Bytes of a weight that is not quantised.
const PLAIN: u64 = 2;
/// What stays in 32 bit: the bias that balances a router. The tensors of DeepSeek-V3 come to the published sum,
/// 688,574,839,360 bytes, only with it.
const WIDE: [&str; 1] = ["exp_probs_b.bias"];

impl Layout {
    /// Bytes of one tensor with everything that belongs to it.
    #[must_use]
    pub fn bytes(&self, tensor: &Tensor) -> Bytes {
        let width = if WIDE.contains(&tensor.role.gguf) { 2 * PLAIN } else { PLAIN };
        let plain = Bytes::new(tensor.weights().saturating_mul(width));
        let Some(class) = Class::of(tensor).filter(|class| !self.kept.contains(class)) else { return plain };
        let coding = self.others.iter().find(|(other, _)| *other == class).map_or(&self.coding, |(_, coding)| coding);
        if tensor.columns.is_multiple_of(coding.whole.max(1)) {
            Bytes::new(coding.matrix(tensor.columns, tensor.rows).saturating_mul(tensor.slices))
        } else {
            plain
        }
    }

    /// Whether an engine of this id or name reads it.
    #[must_use]
    pub fn is_read_by(&self, id: &str, name: &str) -> bool {
        self.engines.iter().any(|engine| engine.eq_ignore_ascii_case(id) || engine.eq_ignore_ascii_case(name))
    }

    /// Whether the publisher of this model released it so.
    #[must_use]
    pub fn is_native_of(&self, model: &str) -> bool {
        match &self.native {
            Native::Of(models) => models.iter().any(|own| own == model),
            Native::OfOthersThan(models) => models.iter().all(|own| own != model),
        }
    }
}

impl Coding {
    /// Weights of this many bits and nothing else.
    #[must_use]
    pub const fn plain(bits: f64) -> Self {
        Self {
            bits,
            word: 8,
            shared: Shared::Nothing,
            scale_bits: 0,
            zero_bits: 0,
            second: None,
            column_bits: 0,
            tensor_bytes: 0,
            whole: 1,
        }
    }

    /// Average bits of a weight in a large matrix, scales included: bits + (scale + zero + second / each) / group.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        let second = self.second.map_or(0.0, |second| second.bits as f64 / second.each.max(1) as f64);
        let overhead = (self.scale_bits + self.zero_bits) as f64 + second;
        match self.shared {
            Shared::Group(group) | Shared::Run(group) => self.bits + overhead / group.max(1) as f64,
            Shared::Block(side) => self.bits + overhead / (side.max(1) as f64).powi(2),
            Shared::Nothing | Shared::Row | Shared::Matrix => self.bits,
        }
    }

    /// Bytes of a matrix; an empty one takes none.
    #[must_use]
    pub fn matrix(&self, columns: u64, rows: u64) -> u64 {
        let count = columns.saturating_mul(rows);
        if count == 0 {
            return 0;
        }
        let scales = match self.shared {
            Shared::Nothing => 0,
            Shared::Group(group) => columns.div_ceil(group.max(1)).saturating_mul(rows),
            Shared::Run(run) => count.div_ceil(run.max(1)),
            Shared::Block(side) => columns.div_ceil(side.max(1)).saturating_mul(rows.div_ceil(side.max(1))),
            Shared::Row => rows,
            Shared::Matrix => 1,
        };
        let second = self.second.map_or(0, |second| bits(scales.div_ceil(second.each.max(1)), second.bits));
        [
            self.weights(columns, rows),
            bits(scales, self.scale_bits),
            self.zeros(scales, rows),
            second,
            bits(columns, self.column_bits),
            self.tensor_bytes,
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// Whole bits of a run or an average fill bytes; else each row fills words.
    fn weights(&self, columns: u64, rows: u64) -> u64 {
        if self.bits.fract() != 0.0 || matches!(self.shared, Shared::Run(_)) {
            return (columns.saturating_mul(rows) as f64 * self.bits / 8.0).ceil() as u64;
        }
        let word = self.word.max(8);
        columns.saturating_mul(self.bits as u64).div_ceil(word).saturating_mul(word / 8).saturating_mul(rows)
    }

    fn zeros(&self, scales: u64, rows: u64) -> u64 {
        if self.zero_bits >= 8 {
            return bits(scales, self.zero_bits);
        }
        let (word, columns) = (self.word.max(8), scales.div_ceil(rows.max(1)));
        rows.saturating_mul(self.zero_bits).div_ceil(word).saturating_mul(word / 8).saturating_mul(columns)
    }
}

/// Bytes of so many values of so many bits.
const fn bits(count: u64, bits: u64) -> u64 {
    count.saturating_mul(bits).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Part, Role};

    /// GPTQ with 4 bits and groups of 128: `qweight`, `scales`, `qzeros`, `g_idx`.
    const GPTQ: Coding = Coding {
        word: 32,
        shared: Shared::Group(128),
        scale_bits: 16,
        zero_bits: 4,
        column_bits: 32,
        whole: 32,
        ..Coding::plain(4.0)
    };
    const FP8: Coding = Coding { shared: Shared::Block(128), scale_bits: 32, ..Coding::plain(8.0) };

    #[track_caller]
    fn check(coding: Coding, columns: u64, rows: u64, expected: u64) {
        assert_eq!(coding.matrix(columns, rows), expected, "{coding:?}");
    }

    #[test]
    fn gptq_packs_words_along_both_sides() {
        // 256 x 64: weights 256 * 64 / 2, 2 groups of 64 scales, 2 groups of 64 / 8 words, 256 indices.
        check(GPTQ, 256, 64, 8192 + 2 * 64 * 2 + 2 * 8 * 4 + 256 * 4);
        // 3 bits: 32 weights in 3 words; 64 zeros in 6 words.
        check(Coding { bits: 3.0, zero_bits: 3, ..GPTQ }, 256, 64, 256 / 32 * 3 * 4 * 64 + 256 + 2 * 6 * 4 + 1024);
        // A last partial group has scales of its own, and 4 zeros still take a word.
        check(GPTQ, 160, 4, 320 + 2 * 4 * 2 + 2 * 4 + 640);
    }

    #[test]
    fn square_blocks_round_up_both_ways() {
        check(FP8, 256, 128, 256 * 128 + 2 * 4);
        check(FP8, 7168, 576, 7168 * 576 + 56 * 5 * 4);
        check(FP8, 1, 1, 1 + 4);
    }

    #[test]
    fn a_row_or_a_matrix_may_share_a_scale() {
        let row = Coding { shared: Shared::Row, scale_bits: 16, ..Coding::plain(8.0) };
        check(row, 100, 10, 1000 + 20);
        let matrix = Coding { shared: Shared::Matrix, scale_bits: 32, tensor_bytes: 4, ..Coding::plain(8.0) };
        check(matrix, 100, 10, 1000 + 8);
    }

    #[test]
    fn runs_go_over_the_whole_matrix() {
        let nf4 = Coding { shared: Shared::Run(64), scale_bits: 32, ..Coding::plain(4.0) };
        check(nf4, 64, 32, 1024 + 32 * 4);
        // 3 x 7 = 21 weights: 11 bytes and one run.
        check(nf4, 3, 7, 11 + 4);
        let double = Coding { scale_bits: 8, second: Some(Second { each: 256, bits: 32 }), ..nf4 };
        check(double, 64, 512, 64 * 512 / 2 + 512 + 2 * 4);
        assert!((double.bits_per_weight() - (4.0 + 8.0 / 64.0 + 32.0 / (64.0 * 256.0))).abs() < 1e-12);
    }

    #[test]
    fn scale_and_bias_of_mlx_are_16_bit_each() {
        let mlx = Coding {
            word: 32,
            shared: Shared::Group(64),
            scale_bits: 16,
            zero_bits: 16,
            whole: 64,
            ..Coding::plain(4.0)
        };
        check(mlx, 128, 3, 192 + 6 * 2 + 6 * 2);
        check(Coding { bits: 3.0, ..mlx }, 64, 1, 24 + 4);
        assert!((mlx.bits_per_weight() - 4.5).abs() < 1e-12);
    }

    #[test]
    fn micro_scaled_formats_have_a_byte_per_block() {
        let mxfp4 = Coding { shared: Shared::Group(32), scale_bits: 8, ..Coding::plain(4.0) };
        check(mxfp4, 64, 2, 64 + 4);
        let nvfp4 = Coding { shared: Shared::Group(16), tensor_bytes: 8, ..mxfp4 };
        check(nvfp4, 64, 2, 64 + 8 + 8);
    }

    #[test]
    fn an_average_is_taken_over_all_weights() {
        check(Coding::plain(2.25), 64, 64, 1152);
        let exl3 = Coding { column_bits: 16, shared: Shared::Row, scale_bits: 16, ..Coding::plain(3.0) };
        check(exl3, 128, 256, 128 * 256 * 3 / 8 + 256 * 2 + 128 * 2);
    }

    #[test]
    fn nothing_takes_nothing_and_the_largest_does_not_wrap() {
        for coding in [GPTQ, FP8] {
            check(coding, 0, 10, 0);
            check(coding, 10, 0, 0);
            check(coding, u64::MAX, u64::MAX, u64::MAX);
        }
    }

    fn tensor(gguf: &'static str, part: Part, shape: [u64; 3]) -> Tensor {
        let [columns, rows, slices] = shape;
        Tensor { role: Role { gguf, part }, layer: Some(0), columns, rows, slices, pinned: None }
    }

    #[test]
    fn a_layout_keeps_some_and_codes_the_rest() {
        let layout = Layout {
            family: "GPTQ".to_owned(),
            engines: vec!["vLLM".to_owned()],
            coding: GPTQ,
            others: vec![(Class::Head, Coding::plain(6.0))],
            kept: vec![Class::Embedding, Class::Router],
            mtp: MtpLayers::Left,
            native: Native::Of(vec!["m".to_owned()]),
        };
        let bytes = |gguf, part, shape| layout.bytes(&tensor(gguf, part, shape)).get();
        assert_eq!(bytes("token_embd.weight", Part::Embedding, [64, 10, 1]), 1280);
        assert_eq!(bytes("output.weight", Part::Head, [64, 10, 1]), 480);
        assert_eq!(bytes("attn_norm.weight", Part::Attention, [64, 1, 1]), 128);
        assert_eq!(bytes("ffn_gate_inp.weight", Part::FeedForward, [64, 8, 1]), 1024);
        // Each expert is a matrix of its own; no experts take nothing; columns that are no whole words stay plain.
        assert_eq!(bytes("ffn_up_exps.weight", Part::Experts, [256, 64, 3]), 3 * GPTQ.matrix(256, 64));
        assert_eq!(bytes("ffn_up_exps.weight", Part::Experts, [256, 64, 0]), 0);
        assert_eq!(bytes("attn_q.weight", Part::Attention, [40, 8, 1]), 640);
        assert!(layout.is_read_by("vllm", "vLLM") && !layout.is_read_by("llama.cpp", "llama.cpp"));
        assert!(layout.is_native_of("m") && !layout.is_native_of("n"));
        let usual = Layout { native: Native::OfOthersThan(vec!["m".to_owned()]), ..layout };
        assert!(!usual.is_native_of("m") && usual.is_native_of("n"));
    }
}
