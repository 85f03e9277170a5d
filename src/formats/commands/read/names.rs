//! What options of llama.cpp are called, and which of them are no matter of memory or speed
//! (ggml-org/llama.cpp, tools/server/README.md, tools/cli/README.md and tools/llama-bench/README.md, read 2026-11-26).

/// Other names of options, as the documents list them beside those of `engines.ron`.
const ALIASES: [(&str, &str); 31] = [
    ("--model", "-m"),
    ("--hf-repo", "-hf"),
    ("-hfr", "-hf"),
    ("--ctx-size", "-c"),
    ("--gpu-layers", "-ngl"),
    ("--n-gpu-layers", "-ngl"),
    ("-ncmoe", "--n-cpu-moe"),
    ("--split-mode", "-sm"),
    ("--tensor-split", "-ts"),
    ("--main-gpu", "-mg"),
    ("--cache-type-k", "-ctk"),
    ("--cache-type-v", "-ctv"),
    ("--no-kv-offload", "-nkvo"),
    ("--kv-offload", "-kvo"),
    ("--flash-attn", "-fa"),
    ("--parallel", "-np"),
    ("-kvu", "--kv-unified"),
    ("-no-kvu", "--no-kv-unified"),
    ("--batch-size", "-b"),
    ("--ubatch-size", "-ub"),
    ("--threads", "-t"),
    ("--predict", "-n"),
    ("--n-predict", "-n"),
    ("--override-tensor", "-ot"),
    ("-cmoe", "--cpu-moe"),
    // llama-bench's own.
    ("--n-prompt", "-p"),
    ("--n-gen", "-n"),
    ("--n-depth", "-d"),
    ("--output", "-o"),
    ("--output-err", "-oe"),
    ("--repetitions", "-r"),
];

/// The name an option goes by here.
pub(super) fn own(option: &str) -> &str {
    ALIASES.iter().find(|(other, _)| *other == option).map_or(option, |(_, own)| own)
}

/// Whether an option that is no matter of memory or speed has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Value,
    Nothing,
}

/// Whether an option is no matter of memory or speed, and if so what it takes.
pub(super) fn is_beside(option: &str) -> Option<Takes> {
    if VALUES.contains(&option) {
        Some(Takes::Value)
    } else if WORDS.contains(&option) {
        Some(Takes::Nothing)
    } else {
        None
    }
}

/// Addresses, logs, chat templates and sampling, which have a value.
const VALUES: [&str; 66] = [
    "--host",
    "--port",
    "--alias",
    "-a",
    "--tags",
    "--path",
    "--api-prefix",
    "--api-key",
    "--api-key-file",
    "--ssl-key-file",
    "--ssl-cert-file",
    "--timeout",
    "-to",
    "--threads-http",
    "--slot-save-path",
    "--media-path",
    "--cors-origins",
    "--cors-methods",
    "--cors-headers",
    "--hf-token",
    "-hft",
    "--hf-file",
    "-hff",
    "--log-file",
    "--log-colors",
    "-lv",
    "--verbosity",
    "--log-verbosity",
    "--chat-template",
    "--chat-template-file",
    "--chat-template-kwargs",
    "--reasoning-format",
    "--reasoning-budget",
    "--reasoning-effort",
    "-rea",
    "--reasoning",
    "--samplers",
    "-s",
    "--seed",
    "--sampler-seq",
    "--sampling-seq",
    "--temp",
    "--temperature",
    "--top-k",
    "--top-p",
    "--min-p",
    "--typical",
    "--typical-p",
    "--repeat-last-n",
    "--repeat-penalty",
    "--presence-penalty",
    "--frequency-penalty",
    "--dry-multiplier",
    "--dry-base",
    "--mirostat",
    "--grammar",
    "--grammar-file",
    "-j",
    "--json-schema",
    "-l",
    "--logit-bias",
    "--keep",
    "-r",
    "--reverse-prompt",
    "-sys",
    "--system-prompt",
];

/// The same without a value.
const WORDS: [&str; 40] = [
    "--jinja",
    "--no-jinja",
    "--metrics",
    "--props",
    "--slots",
    "--no-slots",
    "--ui",
    "--no-ui",
    "--webui",
    "--no-webui",
    "--reuse-port",
    "-v",
    "--verbose",
    "--log-verbose",
    "--log-disable",
    "--log-prefix",
    "--no-log-prefix",
    "--log-timestamps",
    "--no-log-timestamps",
    "--perf",
    "--no-perf",
    "--offline",
    "-e",
    "--escape",
    "--no-escape",
    "--ignore-eos",
    "-sp",
    "--special",
    "--warmup",
    "--no-warmup",
    "-cnv",
    "--conversation",
    "-no-cnv",
    "--no-conversation",
    "-st",
    "--single-turn",
    "-co",
    "--color",
    "--simple-io",
    "--no-display-prompt",
];

/// Options without a value that may change memory or speed, and are not counted.
pub(super) const FLAGS: [&str; 22] = [
    "--mlock",
    "--mmap",
    "--no-mmap",
    "-dio",
    "--direct-io",
    "-ndio",
    "--no-direct-io",
    "--repack",
    "-nr",
    "--no-repack",
    "--no-host",
    "--op-offload",
    "--no-op-offload",
    "-cb",
    "--cont-batching",
    "-nocb",
    "--no-cont-batching",
    "--embedding",
    "--embeddings",
    "--rerank",
    "--reranking",
    "--no-mmproj",
];
