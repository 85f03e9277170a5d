//! Headless commands over the same `evaluate` as the window. Text for people, `--json` for programs.
//!
//! Errors are one sentence on standard error; exit 2 is a bad request or input, 1 a failure of the
//! machine. A verdict of `no` is an answer: exit 0.

mod bench_file;
mod check;
mod buy;
mod claims;
mod console;
mod described;
mod detect;
mod faq;
mod files;
mod host;
mod import;
mod list;
mod measure;
mod model_file;
mod nearest;
mod on_disk;
mod paper;
mod profile;
mod quants;
mod question;
mod rank;
mod request;
mod simulate;
mod terms;
mod this;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use serde_json::Value;

pub use console::attach_console;
use request::Request;
pub use this::ThisMachine;

const HELP: &str = "\
willitrun: will this model run on this machine, and how well?

  willitrun                                   the window
  willitrun check  --model M --quant Q [...]  one question, one answer
  willitrun check  --batch FILE.jsonl --json  one question per line, one JSON answer per line
  willitrun rank   [--machine X] [--context N] [--limit N]   every model for one machine, best first
  willitrun files  [--folder DIR]... [--machine X]   every model on this disk, as rank does
  willitrun detect                            this machine, with the source of every figure
  willitrun measure [ram|gpu|link|disk|all] [--seconds S] [--file F] [--save]   what this machine really does
  willitrun measure llama-bench --model FILE.gguf [--gpu-layers N] [--save]   runs llama-bench from PATH
  willitrun buy    --model M --quant Q [--tps N] [--modules \"4x64 RDIMM\"] [...]   what to add to the machine, and what it does
  willitrun simulate kv|blocks [--model M] [...]   who gets room in a pool of caches
  willitrun claims [--topic T]                what pages and guides answer about R1, and why they differ
  willitrun faq [--model M [--quant Q4_K_M]] [--machine X] [--search TEXT]   questions answered for a model and a machine
  willitrun models | quants | devices | profiles   what is built in
  willitrun quants Q4_K_M                     every published quality figure of one quant
  willitrun quants --model M                  every file of one model, by rule and as published
  willitrun import FILE [--out model.ron]   a model preset from a .gguf, .safetensors, config.json or their folder
  willitrun import BENCH.json [--save]      what llama-bench -o json printed, beside what is predicted
  willitrun profile show|validate|encode|decode FILE|ID|CODE   machines, models and quants as share codes
  willitrun profile diff A B [C D]   in which figures machines differ

Every command takes --json. Memory is in GiB (2^30 bytes), files and bandwidths in GB (10^9).

check, what:   --model ID|FILE|FOLDER  --quant Q4_K_M|gptq|native|4.5bpw|FILE.ron  --imatrix  --file-gib G
check, where:  --machine this|ID|FILE.ron, or a new machine of
               --gpu \"NAME[ (VARIANT)][:GiB][*N]\"  --gpu-bandwidth GB/s  --ram GiB  --cpu PLATFORM
               --ram-bandwidth GB/s  --ram-bandwidth-measured GB/s  --disk-bandwidth GB/s
               --reserve GiB  --cpu-tflops T
check, how:    --context 8192|32k  --depth N  --prompt N  --answer N  --kv-k F --kv-v F
               --kv-layout auto|latent|split|expanded  --flash-attn on|off  --sequences N  --kv-unified
               --swa-full  --batch-size N  --ubatch N  --outputs last|all  --gpu-layers auto|N
               --cpu-experts auto|N|all  --kv-on-host  --split layer|tensor  --tensor-split a,b,...
               --experts N  --samples N  --engine NAME  --engine-date YYYY[-MM]  --backend NAME
               --shell sh|PowerShell|cmd   which of them the command is written for
               --command \"llama-server|llama-cli|llama-bench ...\"   options read from a command, over all others
faq, prices:   --watts W | --watts-measured W  --kwh-price D  --machine-price D  --years N  --busy PERCENT  --idle-watts W
               --api ID  --api-input D  --api-cached D  --api-output D  --api-date YYYY-MM  --cached-input PERCENT
               --currency CODE --per-dollar RATE   US dollars, where none is named; tokens are priced by the million
simulate kv:   --pool-mib N  --requests N  --gap STEPS  --prompt N  --answer N  --spread PERCENT  --seed N
               --policy lru|fifo|largest|reject  --preemption recompute|swap  --reserve-percent N
               --block TOKENS  --most-blocks N   in blocks instead of reserved whole
simulate blocks:  --block TOKENS  --most-blocks N  --blocks N  --tokens N
simulate, both:   --model M  --kv F  or  --token-bytes N   what a token takes
check, to share: --report text|csv|svg|png  [--out FILE]  [--theme dark|light]   no path, no name of a user or host
";

/// How a command ended when it did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request or the input is wrong.
    Request(String),
    /// The machine failed.
    Machine(String),
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self::Request(sentence)
    }
}

/// Runs a command. `None` means that no command was given and the window is wanted.
#[must_use]
pub fn run(args: &[OsString]) -> Option<ExitCode> {
    let command = args.first()?;
    let mut out = Output::new();
    let ended = command
        .to_str()
        .ok_or_else(|| Failure::Request("the arguments are not valid text".to_owned()))
        .and_then(|command| dispatch(command, &args[1..], &mut out));
    Some(out.finish(ended))
}

/// Standard output that knows when nobody reads on: `willitrun models | head -1` is no failure.
struct Output {
    inner: std::io::StdoutLock<'static>,
    closed: bool,
}

impl Output {
    fn new() -> Self {
        Self { inner: std::io::stdout().lock(), closed: false }
    }

    /// Says how a command ended, if anybody still listens.
    fn finish(self, ended: Result<(), Failure>) -> ExitCode {
        if self.closed { ExitCode::SUCCESS } else { finish(ended) }
    }

    fn watch<T>(&mut self, done: std::io::Result<T>) -> std::io::Result<T> {
        self.closed |= done.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe);
        done
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let done = self.inner.write(bytes);
        self.watch(done)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let done = self.inner.flush();
        self.watch(done)
    }
}

/// Says how a command ended.
fn finish(ended: Result<(), Failure>) -> ExitCode {
    let (code, sentence) = match ended {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Request(sentence)) => (2, sentence),
        Err(Failure::Machine(sentence)) => (1, sentence),
    };
    let clean: String = sentence.chars().filter(|c| !c.is_control()).collect();
    let _ = writeln!(std::io::stderr(), "willitrun: {clean}");
    ExitCode::from(code)
}

/// What can be asked for.
const COMMANDS: [&str; 15] = [
    "check", "buy", "rank", "files", "detect", "measure", "simulate", "claims", "faq", "models", "quants", "devices",
    "profiles", "profile", "import",
];

fn dispatch(command: &str, args: &[OsString], out: &mut dyn Write) -> Result<(), Failure> {
    let mut words = Words::parse(args)?;
    if words.flag("help") {
        return print(out, HELP);
    }
    match command {
        "check" => check_command(words, out),
        "buy" => buy::run(words, out),
        "rank" => rank::run(words, out),
        "files" => on_disk::run(words, out),
        "detect" => detect::run(words, out),
        "measure" => measure::run(words, out),
        "simulate" => simulate::run(words, out),
        "claims" => claims::run(words, out),
        "faq" => faq::run(words, out),
        "quants" => quants::run(words, out),
        "models" | "devices" | "profiles" => {
            let json = words.flag("json");
            words.done()?;
            list::run(command, json, out).map_err(Failure::Machine)
        }
        "profile" => profile::run(words, out),
        "import" => import::run(words, out),
        "help" | "--help" | "-h" => print(out, HELP),
        "version" | "--version" | "-V" => print(out, &format!("willitrun {}\n", env!("CARGO_PKG_VERSION"))),
        _ => Err(Failure::Request(format!(
            "'{}' is not a command{} See willitrun --help",
            crate::formats::shown(command, 40),
            sentence(nearest::hint(command, COMMANDS, "")),
        ))),
    }
}

fn print(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    out.write_all(text.as_bytes()).map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

fn check_command(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let machines = ThisMachine::default();
    if let Some(file) = words.take("batch") {
        words.done()?;
        return check::batch(file.as_ref(), &machines, out).map_err(Failure::Request);
    }
    let (paper, command) = (paper::wanted(&mut words)?, words.take("command"));
    let request = words.request(&[])?;
    if paper.is_some() && json {
        return Err(Failure::Request("--report and --json are two forms of one answer: choose one".to_owned()));
    }
    let question = check::asked(&request, command.as_deref(), &machines)?;
    if let Some(paper) = paper {
        return paper::write(&paper, &question, out);
    }
    check::one(&question, json, out).map_err(Failure::Request)
}

/// A hint that ends a sentence, or the end of the sentence without one.
fn sentence(hint: String) -> String {
    if hint.is_empty() { ".".to_owned() } else { hint }
}

/// The words after a command: options with their values, and the rest in order.
pub(crate) struct Words {
    options: Vec<(String, Option<String>)>,
    plain: Vec<String>,
    /// The options the command has looked for.
    known: Vec<&'static str>,
}

impl Words {
    fn parse(args: &[OsString]) -> Result<Self, Failure> {
        let mut words = Self { options: Vec::new(), plain: Vec::new(), known: Vec::new() };
        let mut args =
            args.iter().map(|arg| arg.to_str().ok_or_else(|| "the arguments are not valid text".to_owned())).peekable();
        while let Some(arg) = args.next() {
            let arg = arg?;
            let Some(key) = arg.strip_prefix("--") else {
                words.plain.push(arg.to_owned());
                continue;
            };
            if let Some((key, value)) = key.split_once('=') {
                words.options.push((key.to_owned(), Some(value.to_owned())));
            } else if Request::is_flag(key) || matches!(key, "json" | "save" | "help") {
                words.options.push((key.to_owned(), None));
            } else {
                let value = args.next_if(|next| next.as_ref().is_ok_and(|next| !next.starts_with("--"))).transpose()?;
                words.options.push((key.to_owned(), value.map(str::to_owned)));
            }
        }
        Ok(words)
    }

    /// Whether a flag was given, plain or as `--json=true`; with another value it is left, to be refused.
    pub(crate) fn flag(&mut self, key: &'static str) -> bool {
        self.known.push(key);
        let mut given = false;
        self.options.retain(|(own, value)| match (own == key, value.as_deref()) {
            (true, None | Some("true")) => {
                given = true;
                false
            }
            (true, Some("false")) => false,
            _ => true,
        });
        given
    }

    /// The value of an option, taken out.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<String> {
        self.known.push(key);
        let place = self.options.iter().position(|(own, value)| own == key && value.is_some())?;
        self.options.remove(place).1
    }

    /// The next plain word.
    pub(crate) fn next(&mut self) -> Option<String> {
        (!self.plain.is_empty()).then(|| self.plain.remove(0))
    }

    /// The options that are left as a question; those of the list do not belong to this command.
    fn request(mut self, foreign: &[&str]) -> Result<Request, Failure> {
        self.no_plain_word()?;
        let mut request = Request::default();
        let own = Request::OPTIONS.into_iter().filter(|own| !foreign.contains(own));
        let known: Vec<&str> = self.known.iter().copied().chain(own).collect();
        for (key, value) in &self.options {
            let name = key.replace('_', "-");
            let is_own = !foreign.contains(&name.as_str()) && Request::OPTIONS.contains(&name.as_str());
            let value = match value {
                _ if !is_own => return Err(self.unknown(key, &known)),
                None if Request::is_flag(&name) => Value::Bool(true),
                None => return Err(Failure::Request(format!("--{name} wants a value: see willitrun --help"))),
                Some(value) => Value::String(value.clone()),
            };
            request.set(&name, &value)?;
        }
        Ok(request)
    }

    /// Refuses whatever is left.
    pub(crate) fn done(mut self) -> Result<(), Failure> {
        self.no_plain_word()?;
        match self.options.first() {
            Some((key, _)) => Err(self.unknown(key, &self.known)),
            None => Ok(()),
        }
    }

    fn no_plain_word(&mut self) -> Result<(), Failure> {
        match self.next() {
            Some(word) => Err(Failure::Request(format!(
                "'{}' is out of place: see willitrun --help",
                crate::formats::shown(&word, 40)
            ))),
            None => Ok(()),
        }
    }

    /// Why an option is refused: a known one has the wrong kind of value or none, another does not belong here.
    fn unknown(&self, key: &str, known: &[&str]) -> Failure {
        let shown = crate::formats::shown(key, 40);
        let value = self.options.iter().find(|(own, _)| own == key).and_then(|(_, value)| value.as_ref());
        Failure::Request(match value {
            None if known.contains(&key) => format!("--{shown} wants a value: see willitrun --help"),
            Some(value) if known.contains(&key) => {
                format!("--{shown} cannot be '{}': expected true or false", crate::formats::shown(value, 40))
            }
            _ if Request::OPTIONS.contains(&key) => {
                format!("--{shown} does not belong here: see willitrun --help")
            }
            _ => format!(
                "'{shown}' is not an option here{} See willitrun --help",
                sentence(nearest::hint(key, known.iter().copied(), "--"))
            ),
        })
    }
}

/// The answer for this machine as text, where there is no window: the largest model that runs well, and
/// the best of the rest.
#[must_use]
pub fn answer_here() -> ExitCode {
    let (machine, findings) = ThisMachine::default().get().clone();
    let mut out = Output::new();
    let ended = check::here(machine, &findings, &mut out).map_err(Failure::Machine);
    out.finish(ended)
}
