//! What a study of reasoning models found memory is best spent on, as rules with their limits.
//!
//! Kim et al., "Not All Bits Are Equal" (arXiv 2510.10964), as read in its summaries: Qwen3 models of 0.6 to 32 B, dense,
//! without error bars; the change from one rule to the next is smooth. Its GB are GiB. Nothing here is shown for other
//! kinds of models without [`CAVEAT`] and the word "not tested".

use crate::units::{Bytes, GIB};

/// Said beside every rule.
pub const CAVEAT: &str =
    "Found on dense Qwen3 models up to 32 B, by one study, without error bars; the change is smooth.";

/// The weights of an 8-bit 4 B model, GiB: below, more weights help most.
pub const FOUR_BILLION: f64 = 4.19;
/// The weights of an 8-bit 8 B model, GiB.
pub const EIGHT_BILLION: f64 = 8.94;
/// Budgets from which several samples pay, and more of them, GiB in all.
pub const SOME_SAMPLES: f64 = 16.4;
/// See [`SOME_SAMPLES`].
pub const MANY_SAMPLES: f64 = 28.9;

/// What a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Questions of knowledge.
    Knowledge,
    /// Mathematics.
    Math,
    /// Programs.
    Code,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 3] = [Self::Knowledge, Self::Math, Self::Code];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Knowledge => "knowledge",
            Self::Math => "math",
            Self::Code => "code",
        }
    }
}

/// What further memory is best spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spend {
    /// More or wider weights.
    Weights,
    /// Longer answers.
    Tokens,
    /// Longer answers up to 20,000 to 30,000 tokens, then several samples.
    TokensThenSamples,
}

/// How a cache is best kept smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Smaller {
    /// By evicting tokens.
    Evict,
    /// By evicting tokens or in 8 bit: both did as well.
    EvictOrEightBit,
}

/// What the study would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// What further memory is best spent on.
    pub spend: Spend,
    /// How the cache is best kept smaller.
    pub cache: Smaller,
    /// Whether fewer bits for more parameters is the better trade: only for knowledge.
    pub four_bit: Trade,
    /// The fewest samples that paid at this budget; 1 where several did not.
    pub samples: u64,
}

/// A larger model in 4 bit against a smaller one in 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trade {
    /// The larger in 4 bit.
    LargerInFour,
    /// The smaller in 8 bit or more.
    SmallerInEight,
}

/// A model of the study and the bits of its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sized {
    /// The model, by its id in the catalogue.
    pub model: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// Bits of a weight.
    pub bits: u64,
}

/// For mathematics and programs each of these was worse than what stands beside it, at about the memory or less.
///
/// Source: the summaries named above, of its section on math and code.
pub const BEATEN: [(Sized, &[Sized]); 2] = [
    (sized("qwen3-14b", "14B", 4), &[sized("qwen3-8b", "8B", 8)]),
    (sized("qwen3-32b", "32B", 4), &[sized("qwen3-14b", "14B", 8), sized("qwen3-8b", "8B", 16)]),
];

const fn sized(model: &'static str, name: &'static str, bits: u64) -> Sized {
    Sized { model, name, bits }
}

/// What did better than a model at these bits, where the study says so of this very one.
#[must_use]
pub fn better(model: &str, bits: u64, task: Task) -> &'static [Sized] {
    let found = BEATEN.iter().find(|(one, _)| one.model == model && one.bits == bits);
    if task == Task::Knowledge { &[] } else { found.map_or(&[], |(_, better)| better) }
}

impl Smaller {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Evict => "evict tokens rather than keep them in fewer bits",
            Self::EvictOrEightBit => "evict tokens, or keep them in 8 bit: both did as well",
        }
    }
}

impl Trade {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::LargerInFour => "a larger model in 4 bit is the better use of memory",
            Self::SmallerInEight => "a smaller model in 8 or 16 bit is the better use of memory than a larger one in 4",
        }
    }
}

impl Spend {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Weights => "spend on weights",
            Self::Tokens => "spend on tokens",
            Self::TokensThenSamples => "spend on tokens up to 20,000 to 30,000, then on samples",
        }
    }
}

/// The rules for weights of this size, a task, and a budget of memory in all.
#[must_use]
pub fn advise(weights: Bytes, task: Task, budget: Bytes) -> Strategy {
    let size = gib(weights);
    let spend = if size < FOUR_BILLION {
        Spend::Weights
    } else if size < EIGHT_BILLION {
        Spend::Tokens
    } else {
        Spend::TokensThenSamples
    };
    let samples = match gib(budget) {
        _ if size < FOUR_BILLION => 1,
        all if all >= MANY_SAMPLES => 8,
        all if all >= SOME_SAMPLES => 4,
        _ => 1,
    };
    Strategy {
        spend,
        cache: if size < EIGHT_BILLION { Smaller::Evict } else { Smaller::EvictOrEightBit },
        four_bit: if task == Task::Knowledge { Trade::LargerInFour } else { Trade::SmallerInEight },
        samples,
    }
}

/// To the two decimals the study prints: its own models lie right on its marks.
fn gib(bytes: Bytes) -> f64 {
    (bytes.as_f64() / GIB as f64 * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(gib: f64) -> Bytes {
        Bytes::saturating(gib * GIB as f64)
    }

    #[test]
    fn the_marks_are_those_of_the_study() {
        let spend = |gib| advise(at(gib), Task::Math, at(12.0)).spend;
        assert_eq!(spend(2.49), Spend::Weights);
        assert_eq!(spend(4.18), Spend::Weights);
        assert_eq!(spend(4.19), Spend::Tokens);
        assert_eq!(spend(8.94), Spend::TokensThenSamples);
        assert!(spend(8.94).words().starts_with("spend on tokens"));
    }

    #[test]
    fn samples_pay_from_a_budget_on_and_never_for_small_models() {
        let samples = |weights, budget| advise(at(weights), Task::Math, at(budget)).samples;
        assert_eq!([samples(8.94, 16.3), samples(8.94, 16.4), samples(8.94, 28.9)], [1, 4, 8]);
        assert_eq!(samples(2.49, 64.0), 1);
    }

    #[test]
    fn fourteen_billion_in_four_bits_are_beaten_at_math_and_not_at_knowledge() {
        let names = |task| better("qwen3-14b", 4, task).iter().map(|one| (one.name, one.bits)).collect::<Vec<_>>();
        assert_eq!(names(Task::Math), [("8B", 8)]);
        assert_eq!((names(Task::Knowledge), better("qwen3-14b", 8, Task::Math).len()), (vec![], 0));
    }

    #[test]
    fn four_bits_are_for_knowledge() {
        assert_eq!(advise(at(9.29), Task::Knowledge, at(20.0)).four_bit, Trade::LargerInFour);
        assert_eq!(advise(at(9.29), Task::Math, at(20.0)).four_bit, Trade::SmallerInEight);
        assert_eq!(advise(at(9.29), Task::Code, at(20.0)).cache, Smaller::EvictOrEightBit);
    }
}
