//! What a user chose: a named mix, a format of another runtime, one width for everything, or a file of known size.

use std::sync::Arc;

use crate::units::Bytes;

use super::{CustomMix, Format, Imatrix, Layout, Mix, ModelTraits, Part, Tensor, label_bits};

/// A chosen quant.
#[derive(Clone, Debug, PartialEq)]
pub struct Quant {
    /// Its name: `Q4_K_M`, `4.822bpw`, `UD-Q2_K_XL`.
    pub id: String,
    /// How it turns tensors into bytes.
    pub rule: Rule,
    /// Where the size of a published file was read; empty for a rule, a width and what the user typed.
    pub source: String,
}

/// How a quant turns tensors into bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// llama.cpp's rules for a named mix.
    Mix(Mix, Imatrix),
    /// A format of another runtime, by its layout.
    Layout(Arc<Layout>),
    /// Every tensor at this many bits per weight: textbook arithmetic, no real file.
    Uniform(f64),
    /// A file of this size whose recipe is no rule: spread over the tensors like the nearest mix.
    Sized(Bytes),
    /// A mix with formats of the user's own for some tensors.
    Custom(Arc<CustomMix>),
    /// A file of known size whose routed experts are known, too: each part is spread like the nearest mix.
    Parts {
        /// The whole file.
        file: Bytes,
        /// Its routed experts.
        experts: Bytes,
        /// The format of its embedding, where that is known, too.
        embedding: Option<Format>,
    },
}

/// Least and most bits per weight that make sense.
const BITS: std::ops::RangeInclusive<f64> = 0.1..=64.0;

impl Mix {
    /// Whether a file of this mix is usually made with an importance matrix: only where it needs one.
    #[must_use]
    pub const fn usual_imatrix(self) -> Imatrix {
        if self.needs_imatrix() { Imatrix::With } else { Imatrix::Without }
    }

    /// The mix whose file comes nearest in size, each made as told, and the bytes of its tensors. Ternary formats
    /// and the like are left out: they are for models trained so.
    #[must_use]
    pub fn nearest(
        file: Bytes,
        traits: &ModelTraits,
        tensors: &[Tensor],
        made: impl Fn(Self) -> Imatrix,
    ) -> Option<(Self, Vec<Bytes>)> {
        let trained = [Self::TQ1_0, Self::TQ2_0, Self::Q1_0, Self::Q2_0];
        let mixes = Self::ALL.iter().copied().filter(|mix| !trained.contains(mix));
        mixes
            .map(|mix| (mix, in_formats(tensors, mix.formats(traits, tensors, made(mix)))))
            .min_by_key(|(_, bytes)| bytes.iter().copied().sum::<Bytes>().less(file).size())
    }
}

impl Quant {
    /// A named mix.
    #[must_use]
    pub fn mix(mix: Mix, imatrix: Imatrix) -> Self {
        Self { id: mix.name().to_owned(), rule: Rule::Mix(mix, imatrix), source: String::new() }
    }

    /// A mix with formats of the user's own.
    #[must_use]
    pub fn custom(custom: Arc<CustomMix>) -> Self {
        Self { id: custom.id.clone(), rule: Rule::Custom(custom), source: String::new() }
    }

    /// Reads what a user typed: a mix by name, or a width such as `4.822bpw`; with the size of a file
    /// any name will do. An unknown name without size is refused, never taken for about four bits.
    ///
    /// # Errors
    /// The sentence to show.
    pub fn parse(text: &str, imatrix: Imatrix, file: Option<Bytes>) -> Result<Self, String> {
        let text = text.trim();
        if let Some(file) = file {
            return Ok(Self { id: text.to_owned(), rule: Rule::Sized(file), source: String::new() });
        }
        if let Some(mix) = Mix::parse(text) {
            return Ok(Self::mix(mix, imatrix));
        }
        let lower = text.to_ascii_lowercase();
        if let Some(number) = lower.strip_suffix("bpw") {
            return match number.trim().parse::<f64>() {
                Ok(bits) if BITS.contains(&bits) => {
                    Ok(Self { id: lower, rule: Rule::Uniform(bits), source: String::new() })
                }
                _ => Err(format!("'{text}' is not a width: write a number of bits between 0.1 and 64, such as 4.5bpw")),
            };
        }
        Err(format!("the quant '{text}' is not known: see `willitrun quants`, or give the file's size with --file-gib"))
    }

    /// The nominal mix: the one it is, or none.
    #[must_use]
    pub const fn as_mix(&self) -> Option<Mix> {
        match &self.rule {
            Rule::Mix(mix, _) => Some(*mix),
            Rule::Layout(_) | Rule::Uniform(_) | Rule::Sized(_) | Rule::Parts { .. } | Rule::Custom(_) => None,
        }
    }

    /// The layout, where the rule is one.
    #[must_use]
    pub fn as_layout(&self) -> Option<&Layout> {
        match &self.rule {
            Rule::Layout(layout) => Some(layout),
            Rule::Mix(..) | Rule::Uniform(_) | Rule::Sized(_) | Rule::Parts { .. } | Rule::Custom(_) => None,
        }
    }

    /// The bits its label promises; a width promises what it is, and a format of another runtime names a group too.
    #[must_use]
    pub fn label_bits(&self) -> Option<u32> {
        match &self.rule {
            Rule::Uniform(_) | Rule::Layout(_) => None,
            Rule::Custom(custom) => label_bits(custom.base.name()),
            _ if self.id.starts_with("exl") => None,
            _ => label_bits(&self.id),
        }
    }

    /// The bits it stands for: its label's, or those of a weight without scales.
    #[must_use]
    pub fn stated_bits(&self) -> Option<f64> {
        match &self.rule {
            Rule::Layout(layout) => Some(layout.coding.bits),
            _ => self.label_bits().map(f64::from),
        }
    }

    /// Bits that scales and zero points add to each weight of most tensors, (S + Z) / g; none where the rule is a
    /// width or a size.
    #[must_use]
    pub fn overhead_bits(&self) -> Option<f64> {
        let of = |format: Format| Some(format.bits_per_weight() - f64::from(label_bits(format.name())?));
        match &self.rule {
            Rule::Layout(layout) => Some(layout.coding.bits_per_weight() - layout.coding.bits),
            Rule::Mix(mix, _) => of(mix.base()),
            Rule::Custom(custom) => of(custom.base.base()),
            Rule::Uniform(_) | Rule::Sized(_) | Rule::Parts { .. } => None,
        }
    }

    /// Bytes of each tensor, in the same order.
    #[must_use]
    pub fn bytes(&self, traits: &ModelTraits, tensors: &[Tensor]) -> Vec<Bytes> {
        match &self.rule {
            Rule::Mix(mix, imatrix) => in_formats(tensors, mix.formats(traits, tensors, *imatrix)),
            Rule::Custom(custom) => in_formats(tensors, custom.formats(traits, tensors)),
            Rule::Layout(layout) => tensors.iter().map(|tensor| layout.bytes(tensor)).collect(),
            Rule::Uniform(bits) => {
                let all: f64 = tensors.iter().map(|tensor| tensor.weights() as f64).sum();
                let share = tensors.iter().map(|tensor| tensor.weights() as f64 * bits / 8.0).collect::<Vec<_>>();
                spread(Bytes::saturating(all * bits / 8.0), &share)
            }
            Rule::Sized(file) => spread(*file, &like_nearest(*file, traits, tensors)),
            Rule::Parts { file, experts, embedding } => in_parts(*file, *experts, *embedding, traits, tensors),
        }
    }
}

/// Bytes of each tensor under the mix whose file comes nearest in size.
fn like_nearest(file: Bytes, traits: &ModelTraits, tensors: &[Tensor]) -> Vec<f64> {
    let nearest = Mix::nearest(file, traits, tensors, |_| Imatrix::With);
    nearest.map(|(_, bytes)| bytes).unwrap_or_default().iter().map(|bytes| bytes.as_f64()).collect()
}

/// Each part as large as it is known to be, within it shared out like the nearest mix.
fn in_parts(
    file: Bytes,
    experts: Bytes,
    embedding: Option<Format>,
    traits: &ModelTraits,
    tensors: &[Tensor],
) -> Vec<Bytes> {
    let shares = like_nearest(file, traits, tensors);
    let known = |tensor: &Tensor| embedding.filter(|_| tensor.role.part == Part::Embedding);
    let fixed: Vec<Option<Bytes>> =
        tensors.iter().map(|tensor| known(tensor).map(|format| in_format(tensor, format))).collect();
    let part = |wanted: bool| -> Vec<f64> {
        let within = |tensor: &Tensor| (tensor.role.part == Part::Experts) == wanted && known(tensor).is_none();
        tensors.iter().zip(&shares).map(|(tensor, share)| if within(tensor) { *share } else { 0.0 }).collect()
    };
    let set_apart: Bytes = fixed.iter().flatten().copied().sum();
    let routed = spread(experts, &part(true));
    let rest = spread(file - experts - set_apart, &part(false));
    let spread = routed.into_iter().zip(rest).map(|(routed, rest)| routed + rest);
    spread.zip(fixed).map(|(spread, fixed)| fixed.unwrap_or(spread)).collect()
}

fn in_formats(tensors: &[Tensor], formats: Vec<Format>) -> Vec<Bytes> {
    tensors.iter().zip(formats).map(|(tensor, format)| in_format(tensor, format)).collect()
}

fn in_format(tensor: &Tensor, format: Format) -> Bytes {
    format.bytes(tensor.columns, tensor.rows.saturating_mul(tensor.slices))
}

/// Shares a whole in proportion, exact in sum: what rounding leaves goes to the largest part.
fn spread(whole: Bytes, shares: &[f64]) -> Vec<Bytes> {
    let total: f64 = shares.iter().sum();
    if total <= 0.0 {
        return vec![Bytes::ZERO; shares.len()];
    }
    let mut parts: Vec<Bytes> =
        shares.iter().map(|share| Bytes::saturating((whole.as_f64() * share / total).floor())).collect();
    let given: Bytes = parts.iter().copied().sum();
    if let Some(largest) = parts.iter_mut().max() {
        *largest = (*largest + whole) - given;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_is_shared_exactly() {
        let parts = spread(Bytes::new(100), &[1.0, 1.0, 1.0]);
        assert_eq!(parts.iter().copied().sum::<Bytes>(), Bytes::new(100));
        assert_eq!(spread(Bytes::new(7), &[]), []);
        assert_eq!(spread(Bytes::new(7), &[0.0]), [Bytes::ZERO]);
    }

    #[test]
    fn an_unknown_name_is_refused_unless_its_size_is_known() {
        assert!(Quant::parse("Q4", Imatrix::Without, None).expect_err("Q4 is no mix").contains("--file-gib"));
        assert!(Quant::parse("UD-Q2_K_XL", Imatrix::With, Some(Bytes::gib(211))).is_ok());
        assert_eq!(Quant::parse("4.822bpw", Imatrix::Without, None).map(|quant| quant.rule), Ok(Rule::Uniform(4.822)));
        for bad in ["bpw", "-1bpw", "NaNbpw", "infbpw", "1e9bpw", ""] {
            assert!(Quant::parse(bad, Imatrix::Without, None).is_err(), "{bad}");
        }
    }
}
