//! From layers to tensors: every tensor of the file, in the order in which the engine walks them.

mod attention;
mod convention;
mod feed_forward;
mod list;
mod recurrent;

use convention::Convention;
use list::List;

use super::{Architecture, FeedForward, Layer, Mixer, Recurrent, RopeTable};
use crate::quant::{Format, Mix, ModelTraits, MtpLayers, Part, Quant, Tensor};
use crate::units::Params;

/// How a file keeps the projection of latent attention back to keys and values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KvProjection {
    /// As two tensors, which lets the engine cache the latent only.
    #[default]
    Split,
    /// As one, in files converted before April 2025. The engine then caches expanded keys and values.
    Joined,
}

impl Architecture {
    /// All tensors of the file as it is made today, in the engine's order: those without a layer, then layer by
    /// layer, each by name.
    #[must_use]
    pub fn tensors(&self) -> Vec<Tensor> {
        self.tensors_in(KvProjection::Split)
    }

    /// The same for a file of a certain era; they differ for latent attention only.
    #[must_use]
    pub fn tensors_in(&self, projection: KvProjection) -> Vec<Tensor> {
        self.expand(projection, self.mtp_in_file())
    }

    /// All tensors of the file a quant is kept in. A checkpoint of another runtime holds the projection of latent
    /// attention as one and no rotary tables, and may hold the multi-token-prediction layers a GGUF leaves out.
    #[must_use]
    pub fn tensors_under(&self, quant: &Quant) -> Vec<Tensor> {
        let Some(layout) = quant.as_layout() else { return self.tensors() };
        let mtp = if layout.mtp == MtpLayers::InFile { self.mtp_layers } else { 0 };
        let mut tensors = self.expand(KvProjection::Joined, mtp);
        tensors.retain(|tensor| !tensor.role.gguf.starts_with("rope_"));
        tensors
    }

    fn expand(&self, projection: KvProjection, mtp_layers: u32) -> Vec<Tensor> {
        let convention = Convention::of(&self.gguf);
        let mut list = List::with_room_for(self.layers.len() * 20 + 8);
        self.ends(&mut list, &convention);
        for (number, layer) in (0..).zip(&self.layers) {
            list.enter(number, false);
            self.layer(&mut list, &convention, layer, number, projection);
        }
        for number in (self.layers.len() as u32..).take(mtp_layers as usize) {
            list.enter(number, true);
            self.mtp_layer(&mut list, &convention, number, projection);
        }
        list.into_tensors()
    }

    /// Whether the tensor names and shapes of this architecture are known; else they are Llama's.
    #[must_use]
    pub fn tensors_known(&self) -> bool {
        Convention::known(&self.gguf).is_some()
    }

    /// The mix that keeps the experts in the format they were published in, where they were published quantised.
    #[must_use]
    pub fn native_mix(&self) -> Option<Mix> {
        let kept = Convention::of(&self.gguf).experts_kept?;
        (kept == Format::MXFP4 && self.experts() > 0).then_some(Mix::MXFP4_MOE)
    }

    /// What the rules of a mix ask.
    #[must_use]
    pub fn traits(&self) -> ModelTraits {
        self.traits_in(KvProjection::Split)
    }

    /// The same for a file of a certain era.
    #[must_use]
    pub fn traits_in(&self, projection: KvProjection) -> ModelTraits {
        let (heads, kv_heads) = self.first_heads(projection);
        let depth = self.layers.len();
        ModelTraits {
            layers: depth as u32 + self.mtp_in_file(),
            experts: self.experts(),
            gqa: heads.checked_div(kv_heads).unwrap_or(0),
            // src/models/llama.cpp, qwen2.cpp, deci.cpp: LLM_TYPE_70B
            seventy_b: depth == 80
                && match self.gguf.as_str() {
                    "llama" => heads != kv_heads && self.experts() != 8,
                    "qwen2" | "deci" => true,
                    _ => false,
                },
            falcon: self.gguf == "falcon",
        }
    }

    /// Parameters of the main stack, without multi-token prediction: everything the file holds for it, rotary
    /// tables and biases included, as the engine counts.
    #[must_use]
    pub fn params(&self) -> Params {
        self.tensors()
            .iter()
            .filter(|tensor| tensor.role.part != Part::Mtp)
            .map(|tensor| Params::new(tensor.weights()))
            .sum()
    }

    /// Parameters that take part in one token: `used` routed experts (or as many as the model was trained with)
    /// and one row of each embedding table; a head that reuses the embedding reads all of it.
    #[must_use]
    pub fn active_params(&self, used: Option<u64>) -> Params {
        self.tensors().iter().map(|tensor| Params::new(self.weights_read(tensor, used))).sum()
    }

    /// Weights of one tensor that are read for one token.
    #[must_use]
    pub fn weights_read(&self, tensor: &Tensor, used: Option<u64>) -> u64 {
        match tensor.role.part {
            Part::Mtp => 0,
            Part::Embedding if self.tied_embeddings && tensor.role.gguf == "token_embd.weight" => tensor.weights(),
            Part::Embedding => tensor.columns,
            Part::FeedForward if tensor.role.gguf == "ffn_gate_tid2eid.weight" => tensor.columns,
            Part::Experts => {
                let moe = tensor.layer.and_then(|layer| self.layers.get(layer as usize)).map(|layer| layer.ffn);
                let Some(FeedForward::Moe(moe)) = moe else { return tensor.weights() };
                let used = used.unwrap_or(moe.used).min(moe.experts);
                tensor.weights() / moe.experts.max(1) * used
            }
            Part::Head | Part::Attention | Part::FeedForward => tensor.weights(),
        }
    }

    /// Routed experts of the layers that have the most; 0 in a dense model.
    #[must_use]
    pub fn experts(&self) -> u64 {
        let experts = |layer: &Layer| match layer.ffn {
            FeedForward::Moe(moe) => moe.experts,
            FeedForward::Dense { .. } | FeedForward::None => 0,
        };
        self.layers.iter().map(experts).max().unwrap_or(0)
    }

    fn mtp_in_file(&self) -> u32 {
        if self.details.mtp_in_file { self.mtp_layers } else { 0 }
    }

    /// Query and key heads of the first layer, as the file's metadata gives them.
    fn first_heads(&self, projection: KvProjection) -> (u64, u64) {
        let uniform = Convention::of(&self.gguf).uniform_heads;
        for layer in &self.layers {
            match layer.mixer {
                Mixer::Attention(attention) => return (attention.heads, attention.kv_heads),
                Mixer::Compressed(compressed) => return (compressed.heads, 1),
                Mixer::Mla(mla) if projection == KvProjection::Split => return (mla.heads, 1),
                Mixer::Mla(mla) => return (mla.heads, mla.heads),
                Mixer::Recurrent(_) | Mixer::None if uniform => {}
                Mixer::Recurrent(_) | Mixer::None => return (0, 0),
            }
        }
        (0, 0)
    }

    /// What stands before the first layer and after the last.
    fn ends(&self, list: &mut List, convention: &Convention) {
        let hidden = self.hidden;
        list.matrix(Part::Embedding, "token_embd.weight", hidden, self.vocab);
        list.vector(Part::Head, convention.output_norm, hidden);
        if convention.norm_bias {
            list.vector(Part::Head, "output_norm.bias", hidden);
        }
        if !self.tied_embeddings {
            list.matrix(Part::Head, "output.weight", hidden, self.vocab);
        }
        if convention.output_bias {
            list.vector(Part::Head, "output.bias", self.vocab);
        }
        match self.details.rope_table {
            RopeTable::None => {}
            RopeTable::Freqs(length) => list.vector(Part::Head, "rope_freqs.weight", length),
            RopeTable::LongShort(length) => {
                list.vector(Part::Head, "rope_factors_long.weight", length);
                list.vector(Part::Head, "rope_factors_short.weight", length);
            }
        }
        if convention.residual_scores {
            list.vector(Part::Head, "output_res_score.weight", hidden);
        }
        if let Some(width) = self.details.per_layer_embedding {
            let all = width * self.layers.len() as u64;
            list.matrix(Part::Embedding, "per_layer_token_embd.weight", all, self.vocab);
            list.matrix(Part::Head, "per_layer_model_proj.weight", hidden, all);
            list.vector(Part::Head, "per_layer_proj_norm.weight", width);
        }
        if self.gguf == "gemma3n" {
            list.cube(Part::Head, "altup_proj.weight", hidden, hidden, ALTUP - 1);
            list.cube(Part::Head, "altup_unembd_proj.weight", hidden, hidden, ALTUP - 1);
        }
        let streams = self.details.residual_streams;
        if streams > 0 {
            list.matrix(Part::Head, "output_hc_fn.weight", streams * hidden, streams);
            list.vector(Part::Head, "output_hc_base.weight", streams);
            list.vector(Part::Head, "output_hc_scale.weight", 1);
        }
    }

    fn layer(&self, list: &mut List, convention: &Convention, layer: &Layer, number: u32, projection: KvProjection) {
        if layer.mixer != Mixer::None {
            self.norms(list, convention, Part::Attention, convention.mixer_norms);
        }
        if layer.ffn != FeedForward::None {
            self.norms(list, convention, Part::FeedForward, convention.ffn_norms);
        }
        match &layer.mixer {
            Mixer::Attention(attention) => {
                attention::attention(list, self, convention, attention);
                if self.gguf == "falcon" && attention.kv_heads > 1 {
                    list.vector(Part::Attention, "attn_norm_2.weight", self.hidden);
                    list.vector(Part::Attention, "attn_norm_2.bias", self.hidden);
                }
            }
            Mixer::Mla(mla) => attention::latent(list, self, convention, mla, projection),
            Mixer::Compressed(compressed) => attention::compressed(list, self, compressed),
            Mixer::Recurrent(recurrent) => recurrent::recurrent(list, self, convention, recurrent),
            Mixer::None => {}
        }
        match &layer.ffn {
            FeedForward::Dense { width } => feed_forward::dense(list, convention, self.hidden, *width),
            FeedForward::Moe(moe) => {
                feed_forward::experts(list, self, convention, moe, number < self.details.hash_layers);
                if matches!(layer.mixer, Mixer::Attention(_)) {
                    attention::block_indexer(list, self);
                }
            }
            FeedForward::None => {}
        }
        self.extras(list, convention);
    }

    fn norms(&self, list: &mut List, convention: &Convention, part: Part, norms: &[&'static str]) {
        for gguf in norms {
            list.vector(part, gguf, self.hidden);
            if convention.norm_bias {
                list.vector(
                    part,
                    if *gguf == "ffn_norm.weight" { "ffn_norm.bias" } else { "attn_norm.bias" },
                    self.hidden,
                );
            }
        }
    }

    /// What a few architectures add to each layer.
    fn extras(&self, list: &mut List, convention: &Convention) {
        let (part, hidden) = (Part::Attention, self.hidden);
        if convention.layer_scale {
            list.vector(part, "layer_output_scale.weight", 1);
        }
        if convention.residual_scores {
            list.vector(part, "attn_res_score.weight", hidden);
            list.vector(part, "ffn_res_score.weight", hidden);
        }
        if let Some(width) = self.details.per_layer_embedding {
            list.matrix(part, "inp_gate.weight", hidden, width);
            list.matrix(part, "proj.weight", width, hidden);
            list.vector(part, "post_norm.weight", hidden);
        }
        if self.gguf == "gemma3n" {
            list.matrix(part, "altup_correct_coef.weight", ALTUP, ALTUP);
            list.vector(part, "altup_correct_scale.weight", hidden);
            list.matrix(part, "altup_predict_coef.weight", ALTUP, ALTUP * ALTUP);
            list.matrix(part, "altup_router.weight", hidden, ALTUP);
            list.vector(part, "altup_router_norm.weight", hidden);
            list.matrix(part, "laurel_l.weight", hidden, LAUREL);
            list.matrix(part, "laurel_r.weight", LAUREL, hidden);
            list.vector(part, "laurel_post_norm.weight", hidden);
        }
        let streams = self.details.residual_streams;
        if streams > 0 {
            let mix = (2 + streams) * streams;
            for (weights, base, scale) in [
                ("hc_attn_fn.weight", "hc_attn_base.weight", "hc_attn_scale.weight"),
                ("hc_ffn_fn.weight", "hc_ffn_base.weight", "hc_ffn_scale.weight"),
            ] {
                list.matrix(part, weights, streams * hidden, mix);
                list.vector(part, base, mix);
                list.vector(part, scale, 3);
            }
        }
    }

    /// A multi-token-prediction layer: one more layer like the last with attention and the last with experts.
    fn mtp_layer(&self, list: &mut List, convention: &Convention, number: u32, projection: KvProjection) {
        let attends = |mixer: &Mixer| matches!(mixer, Mixer::Attention(_) | Mixer::Mla(_) | Mixer::Compressed(_));
        let mixer = self.layers.iter().rev().map(|layer| layer.mixer).find(attends);
        let ffn = self.layers.iter().rev().map(|layer| layer.ffn).find(|ffn| *ffn != FeedForward::None);
        let (Some(mixer), Some(ffn)) = (mixer, ffn) else { return };
        self.layer(list, convention, &Layer { mixer, ffn }, number, projection);
        list.matrix(Part::Mtp, "nextn.eh_proj.weight", 2 * self.hidden, self.hidden);
        for gguf in ["nextn.enorm.weight", "nextn.hnorm.weight", "nextn.shared_head_norm.weight"] {
            list.vector(Part::Mtp, gguf, self.hidden);
        }
        if self.details.mtp_ends {
            list.matrix(Part::Mtp, "nextn.embed_tokens.weight", self.hidden, self.vocab);
            list.matrix(Part::Mtp, "nextn.shared_head_head.weight", self.hidden, self.vocab);
        }
    }
}

/// Inputs of the alternating updates of Gemma 3n.
const ALTUP: u64 = 4;
/// Rank of the learned augmented residual of Gemma 3n.
const LAUREL: u64 = 64;

impl Recurrent {
    /// Short name, for documents and people.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DeltaNet { .. } => "deltanet",
            Self::Mamba1 { .. } => "mamba1",
            Self::Mamba2 { .. } => "mamba2",
            Self::ShortConv { .. } => "shortconv",
            Self::Lightning { .. } => "lightning",
            Self::Kda { .. } => "kda",
        }
    }
}
