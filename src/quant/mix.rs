//! The file types of llama.cpp: one name for a whole file, a format for each of its tensors.
//!
//! Source of the rules: llama.cpp v0.5.0, `src/llama-quant.cpp` (`tensor_get_category`,
//! `tensor_allows_quantization`, `llama_tensor_get_type_impl`, `tensor_type_fallback`). The recipes are in
//! [`super::recipe`]; here they are walked over the tensors in the order the engine walks them.

use super::recipe::{Category, Recipe, Step, When};
use super::{Format, Tensor};

/// Whether the quantizer was given an importance matrix. It changes `IQ4_XS`, `IQ4_NL`, `IQ3_XXS`,
/// `Q4_0` and `Q5_0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Imatrix {
    /// No importance matrix.
    #[default]
    Without,
    /// With one, as for most published files.
    With,
}

/// What the rules of a mix ask about a model besides its tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelTraits {
    /// Layers of the file, multi-token-prediction layers included.
    pub layers: u32,
    /// Routed experts; 0 in a dense model.
    pub experts: u64,
    /// Query heads over key heads in the first layer; 0 where that layer has no key heads.
    pub gqa: u64,
    /// Whether the engine calls it a 70B and spends more on its values (80-layer Llama, Qwen2, Deci).
    pub seventy_b: bool,
    /// The one architecture with rules of its own.
    pub falcon: bool,
}

macro_rules! mixes {
    ($($variant:ident $name:literal,)*) => {
        /// A named file type: the format of every tensor follows from it.
        ///
        /// ```
        /// use willitrun::quant::Mix;
        /// assert_eq!(Mix::parse("q4_k_m"), Some(Mix::Q4_K_M));
        /// assert_eq!(Mix::parse("about 4 bits"), None);
        /// ```
        #[allow(non_camel_case_types, reason = "the field's own names")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mix { $(#[doc = concat!("`", $name, "`.")] $variant,)* }

        impl Mix {
            /// Every mix there is, widest first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name the field uses.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

mixes! {
    F32 "F32", F16 "F16", BF16 "BF16", Q8_0 "Q8_0", Q6_K "Q6_K",
    Q5_K_M "Q5_K_M", Q5_K_S "Q5_K_S", Q5_1 "Q5_1", Q5_0 "Q5_0",
    Q4_K_M "Q4_K_M", Q4_K_S "Q4_K_S", Q4_1 "Q4_1", Q4_0 "Q4_0", IQ4_NL "IQ4_NL", IQ4_XS "IQ4_XS",
    MXFP4_MOE "MXFP4_MOE", NVFP4 "NVFP4",
    Q3_K_L "Q3_K_L", Q3_K_M "Q3_K_M", Q3_K_S "Q3_K_S",
    IQ3_M "IQ3_M", IQ3_S "IQ3_S", IQ3_XS "IQ3_XS", IQ3_XXS "IQ3_XXS",
    Q2_K "Q2_K", Q2_K_S "Q2_K_S", IQ2_M "IQ2_M", IQ2_S "IQ2_S", IQ2_XS "IQ2_XS", IQ2_XXS "IQ2_XXS",
    Q2_0 "Q2_0", TQ2_0 "TQ2_0", IQ1_M "IQ1_M", TQ1_0 "TQ1_0", IQ1_S "IQ1_S", Q1_0 "Q1_0",
}

impl Mix {
    /// By name, in any case; an unknown name is `None`, never a neighbour.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mix| mix.name().eq_ignore_ascii_case(name))
    }

    /// The format of each tensor, in the same order.
    ///
    /// The tensors have to be all of the file and in the order of the engine (those without a layer first, then
    /// by layer, then by name), because some rules count: [`crate::model::Architecture::tensors`] gives them so.
    #[must_use]
    pub fn formats(self, traits: &ModelTraits, tensors: &[Tensor], imatrix: Imatrix) -> Vec<Format> {
        let recipe = self.recipe();
        let mut walk = Walk::new(&recipe, *traits, tensors, imatrix);
        tensors.iter().map(|tensor| walk.format(tensor)).collect()
    }

    /// The format most of the weights get.
    #[must_use]
    pub fn base(self) -> Format {
        self.recipe().base
    }

    /// Whether a useful file of this type needs an importance matrix (the engine refuses to make one without).
    #[must_use]
    pub const fn needs_imatrix(self) -> bool {
        matches!(
            self,
            Self::IQ3_XXS
                | Self::IQ2_M
                | Self::IQ2_S
                | Self::IQ2_XS
                | Self::IQ2_XXS
                | Self::IQ1_M
                | Self::IQ1_S
                | Self::Q2_K_S
        )
    }
}

/// The walk over a file's tensors: several rules depend on how many of a kind came before.
struct Walk<'a> {
    recipe: &'a Recipe,
    traits: ModelTraits,
    imatrix: Imatrix,
    tied: bool,
    values: u64,
    seen_values: u64,
    seen: [u64; 3],
}

impl<'a> Walk<'a> {
    fn new(recipe: &'a Recipe, traits: ModelTraits, tensors: &[Tensor], imatrix: Imatrix) -> Self {
        let is = |category: Category| move |tensor: &&Tensor| Category::of(tensor.role.gguf) == category;
        Self {
            recipe,
            traits,
            imatrix,
            tied: tensors.iter().find(is(Category::Head)).is_none(),
            values: tensors.iter().filter(is(Category::Value)).count() as u64,
            seen_values: 0,
            seen: [0; 3],
        }
    }

    fn format(&mut self, tensor: &Tensor) -> Format {
        match (tensor.pinned, self.recipe.plain) {
            (Some(Format::F16 | Format::BF16) | None, true) => return self.recipe.base,
            (Some(format), _) => return format,
            (None, false) => {}
        }
        let wanted = self.wanted(tensor);
        fallback(wanted, tensor.columns)
    }

    fn wanted(&mut self, tensor: &Tensor) -> Format {
        let recipe = self.recipe;
        let category = match Category::of(tensor.role.gguf) {
            Category::Embedding if self.tied => Category::Head,
            category => category,
        };
        if let Some(experts) = recipe.experts {
            return if category != Category::Head && tensor.slices > 1 { experts } else { recipe.base };
        }
        match category {
            Category::Head if self.traits.falcon || !recipe.base.divides(tensor.columns) => Format::Q8_0,
            Category::Head => recipe.head,
            Category::Embedding => recipe.embedding,
            Category::Value => {
                let (at, of) = (self.seen_values, self.values);
                self.seen_values += 1;
                let wanted = self.first(recipe.value, at, of);
                self.more_for_values(wanted)
            }
            Category::Key if self.traits.experts == 8 => recipe.key_of_eight,
            Category::Key => recipe.key,
            Category::Query => recipe.query,
            Category::Output => self.first(recipe.output, 0, 0),
            Category::Down => self.first_by_layer(0, tensor, recipe.down),
            Category::Gate => self.first_by_layer(1, tensor, recipe.gate_up),
            Category::Up => self.first_by_layer(2, tensor, recipe.gate_up),
            Category::Other => recipe.base,
        }
    }

    /// 70B models and models of eight experts share values among so many heads that more bits cost little.
    fn more_for_values(&self, wanted: Format) -> Format {
        if self.recipe.low {
            return wanted;
        }
        match wanted {
            _ if self.traits.experts == 8 => Format::Q8_0,
            Format::Q3_K | Format::Q4_K if self.traits.seventy_b => Format::Q5_K,
            _ => wanted,
        }
    }

    /// Feed-forward rules count tensors in dense models and go by the layer's number in models with experts.
    fn first_by_layer(&mut self, kind: usize, tensor: &Tensor, steps: &[Step]) -> Format {
        let seen = self.seen[kind];
        self.seen[kind] += 1;
        let at = match tensor.layer {
            Some(layer) if self.traits.experts > 1 && !self.recipe.low => u64::from(layer),
            _ => seen,
        };
        self.first(steps, at, u64::from(self.traits.layers))
    }

    /// The first step that applies to number `at` of `of`.
    fn first(&self, steps: &[Step], at: u64, of: u64) -> Format {
        steps
            .iter()
            .find(|(when, _)| when.iter().all(|when| self.holds(*when, at, of)))
            .map_or(self.recipe.base, |(_, format)| *format)
    }

    fn holds(&self, when: When, at: u64, of: u64) -> bool {
        let eighth = of / 8;
        match when {
            When::First(count) => at < count,
            When::FirstSixteenth => at < of / 16,
            When::FirstEighth => at < eighth,
            When::Middle => at >= eighth && at < 7 * of / 8,
            When::MoreBits => at < eighth || at >= 7 * of / 8 || (at - eighth) % 3 == 2,
            When::SharedByFour => self.traits.gqa >= 4,
            When::FourExperts => self.traits.experts >= 4,
            When::EightExperts => self.traits.experts == 8,
            When::OtherExperts => self.traits.experts != 8,
            When::Falcon => self.traits.falcon,
            When::OtherThanFalcon => !self.traits.falcon,
            When::Imatrix => self.imatrix == Imatrix::With,
            When::NoImatrix => self.imatrix == Imatrix::Without,
        }
    }
}

/// A format with smaller blocks where rows are not whole blocks of the wanted one; F16 where nothing fits.
pub(super) fn fallback(wanted: Format, columns: u64) -> Format {
    if wanted.divides(columns) {
        return wanted;
    }
    let smaller = match wanted {
        Format::IQ1_S
        | Format::IQ1_M
        | Format::IQ2_XXS
        | Format::IQ2_XS
        | Format::IQ2_S
        | Format::IQ3_XXS
        | Format::IQ3_S
        | Format::IQ4_XS => Format::IQ4_NL,
        Format::Q2_0 | Format::Q2_K | Format::Q3_K | Format::TQ1_0 | Format::TQ2_0 => Format::Q4_0,
        Format::Q4_K => Format::Q5_0,
        Format::Q5_K => Format::Q5_1,
        Format::Q6_K => Format::Q8_0,
        other => other,
    };
    if smaller.divides(columns) { smaller } else { Format::F16 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Part, Role};

    fn tensor(gguf: &'static str, layer: Option<u32>, columns: u64) -> Tensor {
        Tensor { role: Role { gguf, part: Part::Attention }, layer, columns, rows: 64, slices: 1, pinned: None }
    }

    #[test]
    fn names_round_trip_and_neighbours_are_refused() {
        for mix in Mix::ALL {
            assert_eq!(Mix::parse(&mix.name().to_lowercase()), Some(*mix));
        }
        for bad in ["", "Q4", "Q4_K", "q4km", "UD-Q4_K_XL"] {
            assert_eq!(Mix::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn rows_that_are_no_whole_blocks_fall_back() {
        assert_eq!(fallback(Format::Q4_K, 1408), Format::Q5_0);
        assert_eq!(fallback(Format::Q6_K, 896), Format::Q8_0);
        assert_eq!(fallback(Format::IQ2_XS, 128), Format::IQ4_NL);
        assert_eq!(fallback(Format::Q4_0, 40), Format::F16);
        assert_eq!(fallback(Format::Q4_K, 4096), Format::Q4_K);
    }

    #[test]
    fn a_tied_embedding_is_treated_as_the_head() {
        let traits = ModelTraits { layers: 8, ..ModelTraits::default() };
        let tied = [tensor("token_embd.weight", None, 1024)];
        let untied = [tensor("output.weight", None, 1024), tensor("token_embd.weight", None, 1024)];
        assert_eq!(Mix::Q4_K_M.formats(&traits, &tied, Imatrix::Without), [Format::Q6_K]);
        assert_eq!(Mix::Q4_K_M.formats(&traits, &untied, Imatrix::Without), [Format::Q6_K, Format::Q4_K]);
    }

    #[test]
    fn an_importance_matrix_protects_the_first_layers_of_q4_0() {
        let traits = ModelTraits { layers: 16, ..ModelTraits::default() };
        let down: Vec<_> = (0..16).map(|layer| tensor("ffn_down.weight", Some(layer), 1024)).collect();
        let with = Mix::Q4_0.formats(&traits, &down, Imatrix::With);
        assert_eq!(with.iter().filter(|format| **format == Format::Q4_1).count(), 2);
        assert!(Mix::Q4_0.formats(&traits, &down, Imatrix::Without).iter().all(|format| *format == Format::Q4_0));
    }
}
