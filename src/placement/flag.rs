//! What an engine can be told, and in which words: its options as data, each with the document it was read in.

/// What an option sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The model: a file, a folder, or a repository where the engine takes one by the same option.
    Model,
    /// The model by its repository and label.
    Repository,
    /// The tokenizer, where it does not come with the model.
    Tokenizer,
    /// Tokens of context of all sequences together.
    Context,
    /// Tokens of context of one sequence.
    OneContext,
    /// Layers on GPUs.
    GpuLayers,
    /// Layers whose routed experts stay in RAM, the first ones.
    CpuExperts,
    /// Every layer on all GPUs.
    SplitTensor,
    /// So many GPUs share every layer.
    TensorParallel,
    /// So many GPUs take layers in turn.
    PipelineParallel,
    /// Shares of the GPUs.
    Shares,
    /// The share of each GPU the engine takes for itself.
    GpuShare,
    /// The format of keys.
    KvK,
    /// The format of values.
    KvV,
    /// The format of keys and values.
    Kv,
    /// Bits of keys and values.
    KvBits,
    /// Keys and values that share a scale.
    KvGroup,
    /// The cache stays in RAM.
    KvOnHost,
    /// The cache of latent attention keeps the latent alone.
    LatentCache,
    /// Flash attention.
    FlashOn,
    /// No flash attention.
    FlashOff,
    /// Sequences at a time.
    Sequences,
    /// One cache for all sequences.
    Unified,
    /// Layers with a window keep the whole context.
    WindowsFull,
    /// Tokens of a batch.
    Batch,
    /// Tokens computed together.
    Ubatch,
    /// Threads of the CPU.
    Threads,
    /// Pools of threads, one for each NUMA node.
    ThreadPools,
    /// Routed experts used per token.
    ExpertsUsed,
    /// Other machines that lend their memory, as `host:port`.
    Servers,
    /// Several machines work together.
    Together,
    /// The machines that work together, by host.
    Hosts,
    /// They take layers in turn.
    InTurn,
    /// The form of the weights the CPU computes with.
    WeightForm,
    /// The folder of the weights the CPU computes with.
    WeightFolder,
    /// Experts of each layer on GPUs.
    GpuExperts,
    /// Tokens of the answer.
    Answer,
    /// The prompt comes from standard input.
    PromptFromInput,
    /// A file of settings.
    SettingsFile,
    /// For a conversion: the weights to start from.
    ConvertFrom,
    /// For a conversion: the folder to write.
    ConvertTo,
    /// For a conversion: quantise.
    Quantise,
    /// For a conversion: bits of a weight.
    QuantBits,
    /// For a conversion: weights that share a scale.
    QuantGroup,
    /// For a conversion: the kind of numbers.
    QuantMode,
    /// For a download: the folder to write.
    DownloadTo,
}

impl Setting {
    /// The words of `engines.ron`, and for a sentence what is set.
    pub const WORDS: [(&str, Self); 46] = [
        ("model", Self::Model),
        ("repository", Self::Repository),
        ("tokenizer", Self::Tokenizer),
        ("context", Self::Context),
        ("context of one sequence", Self::OneContext),
        ("GPU layers", Self::GpuLayers),
        ("layers with experts in RAM", Self::CpuExperts),
        ("tensor split", Self::SplitTensor),
        ("tensor parallel", Self::TensorParallel),
        ("pipeline parallel", Self::PipelineParallel),
        ("shares of the GPUs", Self::Shares),
        ("share of each GPU", Self::GpuShare),
        ("format of keys", Self::KvK),
        ("format of values", Self::KvV),
        ("format of the cache", Self::Kv),
        ("bits of the cache", Self::KvBits),
        ("groups of the cache", Self::KvGroup),
        ("cache in RAM", Self::KvOnHost),
        ("latent cache", Self::LatentCache),
        ("flash attention", Self::FlashOn),
        ("no flash attention", Self::FlashOff),
        ("sequences", Self::Sequences),
        ("one cache for all sequences", Self::Unified),
        ("full cache for windows", Self::WindowsFull),
        ("batch", Self::Batch),
        ("micro-batch", Self::Ubatch),
        ("threads", Self::Threads),
        ("pools of threads", Self::ThreadPools),
        ("experts per token", Self::ExpertsUsed),
        ("servers", Self::Servers),
        ("several machines", Self::Together),
        ("hosts", Self::Hosts),
        ("layers in turn", Self::InTurn),
        ("form of the weights", Self::WeightForm),
        ("folder of the weights", Self::WeightFolder),
        ("experts on GPUs", Self::GpuExperts),
        ("length of the answer", Self::Answer),
        ("prompt from input", Self::PromptFromInput),
        ("file of settings", Self::SettingsFile),
        ("convert from", Self::ConvertFrom),
        ("convert to", Self::ConvertTo),
        ("quantise", Self::Quantise),
        ("bits of a weight", Self::QuantBits),
        ("groups of weights", Self::QuantGroup),
        ("kind of numbers", Self::QuantMode),
        ("download to", Self::DownloadTo),
    ];

    /// What is set, for a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        Self::WORDS.iter().find(|(_, own)| *own == self).map_or("", |(word, _)| word)
    }
}

/// Where an option is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Behind the program.
    Argument,
    /// In the environment of the program.
    Environment,
    /// In a file of settings.
    File,
}

/// One option of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// What it sets.
    pub sets: Setting,
    /// How it is written; a value follows where the setting has one. Several words for a fixed value: `-fa on`.
    pub word: String,
    /// Where it is written.
    pub way: Way,
    /// The document it was read in, and when.
    pub source: String,
}
