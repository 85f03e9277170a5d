//! A mix of the user's own: one of llama.cpp's, with other formats for some kinds of tensors.
//!
//! What `llama-quantize --tensor-type NAME=FORMAT`, `--token-embedding-type` and `--output-tensor-type` do: a
//! tensor that is named gets the format given, with the usual fallback for rows that are no whole blocks; the
//! rest follows the rules of the base. Source: llama.cpp v0.5.0, `src/llama-quant.cpp`, `llama_tensor_get_type`,
//! which looks at formats given only where the base is a quantized type.

use super::mix::fallback;
use super::{Format, Imatrix, Mix, ModelTraits, Tensor};

/// A mix of the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomMix {
    /// Its id: letters, digits, `-`, `.` and `_`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The mix whose rules hold for all other tensors.
    pub base: Mix,
    /// Whether the quantizer had an importance matrix.
    pub imatrix: Imatrix,
    /// Tensors with a format of their own, each kind at most once.
    pub formats: Vec<(Tensors, Format)>,
    /// What else to know.
    pub note: String,
}

macro_rules! kinds {
    ($($variant:ident $id:literal $label:literal [$($gguf:literal)*],)*) => {
        /// A kind of tensors that can have a format of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Tensors { $(#[doc = $label] $variant,)* }

        impl Tensors {
            /// Every kind, in the order shown.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its id in a document.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// Its name for people.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// The kind of a tensor by its GGUF name without the layer; none for norms, biases, routers and
            /// what else keeps its format.
            #[must_use]
            pub fn of(gguf: &str) -> Option<Self> {
                match gguf {
                    $($($gguf)|* => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    Embedding "embedding" "Embedding" ["token_embd.weight" "per_layer_token_embd.weight"],
    Head "head" "Output head" ["output.weight"],
    Query "attention-q" "Attention queries" ["attn_q.weight" "attn_q_a.weight" "attn_q_b.weight"],
    Key "attention-k" "Attention keys" ["attn_k.weight" "attn_k_b.weight"],
    Value "attention-v" "Attention values" ["attn_v.weight" "attn_v_b.weight"],
    Fused "attention-qkv" "Attention, fused or compressed" [
        "attn_qkv.weight" "attn_kv.weight" "attn_kv_a_mqa.weight" "attn_kv_b.weight"
    ],
    Output "attention-output" "Attention output" ["attn_output.weight" "attn_output_a.weight" "attn_output_b.weight"],
    Gate "ffn-gate" "Feed-forward gate" ["ffn_gate.weight"],
    Up "ffn-up" "Feed-forward up" ["ffn_up.weight"],
    Down "ffn-down" "Feed-forward down" ["ffn_down.weight"],
    ExpertsGate "experts-gate" "Experts gate" ["ffn_gate_exps.weight" "ffn_gate_up_exps.weight"],
    ExpertsUp "experts-up" "Experts up" ["ffn_up_exps.weight"],
    ExpertsDown "experts-down" "Experts down" ["ffn_down_exps.weight"],
    SharedGate "shared-gate" "Shared experts gate" ["ffn_gate_shexp.weight"],
    SharedUp "shared-up" "Shared experts up" ["ffn_up_shexp.weight"],
    SharedDown "shared-down" "Shared experts down" ["ffn_down_shexp.weight"],
    Recurrent "recurrent" "Recurrent layers" [
        "ssm_in.weight" "ssm_out.weight" "ssm_x.weight" "ssm_dt.weight" "ssm_ba.weight" "ssm_alpha.weight"
        "ssm_beta.weight" "ssm_f_a.weight" "ssm_f_b.weight" "ssm_g_a.weight" "ssm_g_b.weight" "ssm_g.weight"
        "shortconv.in_proj.weight" "shortconv.out_proj.weight"
    ],
}

impl Tensors {
    /// By id; an unknown one is `None`.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.id() == id)
    }
}

impl CustomMix {
    /// A copy of a mix with nothing changed yet.
    #[must_use]
    pub fn of(base: Mix) -> Self {
        Self {
            id: format!("{}-custom", base.name()),
            name: format!("{} (copy)", base.name()),
            base,
            imatrix: base.usual_imatrix(),
            formats: Vec::new(),
            note: String::new(),
        }
    }

    /// The format given to a kind of tensors, if one is.
    #[must_use]
    pub fn format(&self, kind: Tensors) -> Option<Format> {
        self.formats.iter().find(|(own, _)| *own == kind).map(|(_, format)| *format)
    }

    /// Gives a kind of tensors a format, or leaves it to the base again.
    pub fn set(&mut self, kind: Tensors, format: Option<Format>) {
        self.formats.retain(|(own, _)| *own != kind);
        self.formats.extend(format.map(|format| (kind, format)));
        self.formats.sort_unstable_by_key(|(kind, _)| *kind);
    }

    /// Whether a mix can be the base of others: the quantizer takes no other formats for plain files.
    #[must_use]
    pub fn takes_formats(base: Mix) -> bool {
        !base.recipe().plain
    }

    /// The format of each tensor, in the same order; the tensors as [`Mix::formats`] wants them.
    #[must_use]
    pub fn formats(&self, traits: &ModelTraits, tensors: &[Tensor]) -> Vec<Format> {
        let mut formats = self.base.formats(traits, tensors, self.imatrix);
        for (tensor, format) in tensors.iter().zip(&mut formats) {
            if tensor.pinned.is_none()
                && let Some(own) = Tensors::of(tensor.role.gguf).and_then(|kind| self.format(kind))
            {
                *format = fallback(own, tensor.columns);
            }
        }
        formats
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Part, Quant, Role};
    use crate::units::Bytes;

    fn tensor(gguf: &'static str, columns: u64, pinned: Option<Format>) -> Tensor {
        let role = Role { gguf, part: Part::Attention };
        Tensor { role, layer: Some(0), columns, rows: 64, slices: 1, pinned }
    }

    #[test]
    fn kinds_have_ids_of_their_own() {
        for kind in Tensors::ALL {
            assert_eq!(Tensors::parse(kind.id()), Some(*kind));
        }
        assert_eq!(Tensors::of("ffn_norm.weight"), None);
        assert_eq!(Tensors::of("ffn_gate_inp.weight"), None);
    }

    #[test]
    fn a_format_holds_for_its_kind_alone() {
        let tensors = [
            tensor("ffn_down_exps.weight", 2048, None),
            tensor("ffn_up_exps.weight", 2048, None),
            tensor("ffn_down_exps.weight", 1408, None),
            tensor("ffn_gate_inp.weight", 2048, Some(Format::F32)),
        ];
        let traits = ModelTraits { layers: 32, experts: 64, ..ModelTraits::default() };
        let mut custom = CustomMix::of(Mix::Q4_K_M);
        let base = Mix::Q4_K_M.formats(&traits, &tensors, custom.imatrix);
        assert_eq!(custom.formats(&traits, &tensors), base);
        custom.set(Tensors::ExpertsDown, Some(Format::Q2_K));
        let formats = custom.formats(&traits, &tensors);
        // 1408 is no whole number of 256: the usual fallback.
        assert_eq!(formats, [Format::Q2_K, base[1], Format::Q4_0, Format::F32]);
        let bytes = Quant::custom(std::sync::Arc::new(custom.clone())).bytes(&traits, &tensors);
        assert_eq!(bytes[0], Bytes::new(2048 / 256 * 84 * 64));
        custom.set(Tensors::ExpertsDown, None);
        assert_eq!(custom, CustomMix::of(Mix::Q4_K_M));
    }
}
