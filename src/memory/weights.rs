//! The tensors of a model under a quant, summed into what is placed and read together.

use crate::model::{Architecture, FeedForward};
use crate::quant::{Part, Quant, Tensor};
use crate::units::Bytes;

/// The weights of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LayerWeights {
    /// Attention or recurrent mixing, with its norms.
    pub attention: Bytes,
    /// Dense feed-forward, shared experts, router.
    pub ffn: Bytes,
    /// All routed experts.
    pub experts: Bytes,
    /// The share of the routed experts read for one token.
    pub used: f64,
    /// The largest matrix outside the routed experts.
    pub largest_dense: Bytes,
    /// The largest matrix of routed experts, all of them together.
    pub largest_experts: Bytes,
    /// Number of weights in attention and feed-forward.
    pub dense_count: u64,
    /// Number of weights in all routed experts.
    pub experts_count: u64,
    /// Number of tensors outside the routed experts: matrices, norms, biases.
    pub tensors: u32,
}

impl LayerWeights {
    /// What stays together when experts move to RAM.
    #[must_use]
    pub fn dense(&self) -> Bytes {
        self.attention + self.ffn
    }

    /// Everything in the layer.
    #[must_use]
    pub fn total(&self) -> Bytes {
        self.dense() + self.experts
    }

    /// Bytes of routed experts read for one token.
    #[must_use]
    pub fn experts_read(&self) -> Bytes {
        Bytes::saturating(self.experts.as_f64() * self.used)
    }
}

/// All weights of a model under one quant.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Every tensor of the file.
    pub file: Bytes,
    /// Input embedding tables.
    pub embedding: Bytes,
    /// Output head and final norm; for a tied model only the norm.
    pub head: Bytes,
    /// The embedding table once more, where a tied model needs it as a head on a device.
    pub tied_head: Bytes,
    /// The main stack.
    pub layers: Vec<LayerWeights>,
    /// Multi-token-prediction layers: in the file, not loaded.
    pub mtp: Bytes,
    /// Number of weights in the head as it is multiplied for each token.
    pub head_count: u64,
    /// Real bits per weight of the file.
    pub bits_per_weight: f64,
}

/// A tensor with its size and where it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed<'a> {
    /// Its GGUF name without the layer.
    pub name: &'a str,
    /// The group it is placed and read with.
    pub part: Part,
    /// Its layer; none for embeddings and head.
    pub layer: Option<u32>,
    /// Number of weights.
    pub weights: u64,
    /// Its size.
    pub bytes: Bytes,
}

/// What the input embedding serves as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedding {
    /// Only as input: the head is a tensor of its own.
    InputOnly,
    /// As the head, too.
    AlsoHead,
}

impl Embedding {
    /// What it is in a model.
    #[must_use]
    pub const fn of(model: &Architecture) -> Self {
        if model.tied_embeddings { Self::AlsoHead } else { Self::InputOnly }
    }
}

/// The share of its routed experts that each layer reads for a token; 0 where it has none.
#[must_use]
pub fn shares_used(model: &Architecture, experts_used: Option<u64>) -> Vec<f64> {
    let share = |ffn: &FeedForward| match ffn {
        FeedForward::Moe(moe) => {
            let used = experts_used.unwrap_or(moe.used).clamp(1, moe.experts.max(1));
            used as f64 / moe.experts.max(1) as f64
        }
        FeedForward::Dense { .. } | FeedForward::None => 0.0,
    };
    model.layers.iter().map(|layer| share(&layer.ffn)).collect()
}

impl Weights {
    /// Expands the model into tensors and gives each its bytes.
    ///
    /// `experts_used` overrides how many routed experts a token uses; above what is there means all.
    #[must_use]
    pub fn new(model: &Architecture, quant: &Quant, experts_used: Option<u64>) -> Self {
        Self::of_tensors(model, quant, experts_used, &model.tensors_under(quant))
    }

    /// The same where the tensors of the quant's file are known already ([`Architecture::tensors_under`]).
    #[must_use]
    pub fn of_tensors(model: &Architecture, quant: &Quant, experts_used: Option<u64>, tensors: &[Tensor]) -> Self {
        let bytes = quant.bytes(&model.traits(), tensors);
        let placed = tensors.iter().zip(bytes).map(|(tensor, bytes)| Placed {
            name: tensor.role.gguf,
            part: tensor.role.part,
            layer: tensor.layer,
            weights: tensor.weights(),
            bytes,
        });
        Self::gather(shares_used(model, experts_used), Embedding::of(model), placed)
    }

    /// Sums tensors whose sizes are known, such as those of a file. `used` is the share of its experts that
    /// each layer reads for a token; there are as many layers as shares.
    pub fn gather<'a>(used: Vec<f64>, embedding: Embedding, tensors: impl IntoIterator<Item = Placed<'a>>) -> Self {
        let mut all = Self {
            file: Bytes::ZERO,
            embedding: Bytes::ZERO,
            head: Bytes::ZERO,
            tied_head: Bytes::ZERO,
            layers: used.into_iter().map(|used| LayerWeights { used, ..LayerWeights::default() }).collect(),
            mtp: Bytes::ZERO,
            head_count: 0,
            bits_per_weight: 0.0,
        };
        let mut count = 0_u64;
        for Placed { name, part, layer, weights, bytes: size } in tensors {
            all.file += size;
            count = count.saturating_add(weights);
            let layer = layer.and_then(|index| all.layers.get_mut(index as usize));
            match (part, layer) {
                (Part::Attention, Some(layer)) => {
                    layer.attention += size;
                    layer.largest_dense = layer.largest_dense.max(size);
                    layer.tensors += 1;
                    layer.dense_count = layer.dense_count.saturating_add(weights);
                }
                (Part::FeedForward, Some(layer)) => {
                    layer.ffn += size;
                    layer.largest_dense = layer.largest_dense.max(size);
                    layer.tensors += 1;
                    layer.dense_count = layer.dense_count.saturating_add(weights);
                }
                (Part::Experts, Some(layer)) => {
                    layer.experts += size;
                    layer.largest_experts = layer.largest_experts.max(size);
                    layer.experts_count = layer.experts_count.saturating_add(weights);
                }
                (Part::Embedding, _) => {
                    all.embedding += size;
                    if embedding == Embedding::AlsoHead && name == "token_embd.weight" {
                        all.tied_head += size;
                        all.head_count = all.head_count.saturating_add(weights);
                    }
                }
                (Part::Mtp, _) => all.mtp += size,
                _ => {
                    all.head += size;
                    all.head_count = all.head_count.saturating_add(weights);
                }
            }
        }
        all.bits_per_weight = all.file.as_f64() * 8.0 / count.max(1) as f64;
        all
    }

    /// What an engine loads on one device without a copy of a tied embedding.
    #[must_use]
    pub fn loaded(&self) -> Bytes {
        self.file - self.mtp
    }

    /// The head as it is read for each token: its own, or the tied embedding.
    #[must_use]
    pub fn head_read(&self) -> Bytes {
        self.head + self.tied_head
    }

    /// Bytes read for one token, the embedding's one row not counted.
    #[must_use]
    pub fn read_per_token(&self) -> Bytes {
        self.layers.iter().map(|layer| layer.dense() + layer.experts_read()).sum::<Bytes>() + self.head_read()
    }

    /// Weights multiplied for one token, the head counted, the input embedding not.
    #[must_use]
    pub fn active_count(&self) -> f64 {
        let layers: f64 =
            self.layers.iter().map(|layer| layer.dense_count as f64 + layer.experts_count as f64 * layer.used).sum();
        layers + self.head_count as f64
    }

    /// All routed experts.
    #[must_use]
    pub fn experts(&self) -> Bytes {
        self.layers.iter().map(|layer| layer.experts).sum()
    }
}
