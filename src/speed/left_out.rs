//! How far off predictions are of measurements the parameters were not fitted to.

/// One line of the cross-validation: what is honest to say of a machine never seen.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// What was predicted.
    pub what: Predicted,
    /// What was left out together.
    pub by: Together,
    /// The class of runs, such as `experts in RAM`.
    pub class: String,
    /// Measurements in it.
    pub rows: u32,
    /// Median of the error in percent.
    pub median: f64,
    /// Its 90th percentile.
    pub tail: f64,
    /// Median of predicted / measured.
    pub bias: f64,
    /// Share of the measurements the 80 % band holds.
    pub held: f64,
}

/// What was predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicted {
    /// Tokens per second while generating.
    Tokens,
    /// Prompt tokens per second.
    Prompts,
}

/// Measurements that are not independent of one another and so are left out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// Those of one device and one model.
    DeviceAndModel,
    /// Those of one author.
    Author,
}

impl Predicted {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tokens, Self::Prompts];

    /// The word in `speed.ron`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Prompts => "prompts",
        }
    }
}

impl Together {
    /// Both.
    pub const ALL: [Self; 2] = [Self::DeviceAndModel, Self::Author];

    /// The words in `speed.ron`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeviceAndModel => "device and model",
            Self::Author => "author",
        }
    }
}
