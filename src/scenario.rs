//! The question and the one door to the answer.
//!
//! Everything on screen, in the ranking, in the advice and on the command line comes from [`evaluate`].
//!
//! Invariant: pure; a valid scenario cannot fail.

mod axis;
mod engine;
mod evidence;
mod host;
mod question;
mod roofline;
mod serving;
mod subject;

pub use axis::contexts;
pub use engine::left_out;
pub use evidence::{Evidence, predict};
pub use roofline::{AT_ONCE, Roofline, Step, roofline};
pub use serving::room;
pub use subject::{FileKind, FromFile, Release, Subject};

use std::borrow::Cow;
use std::sync::Arc;

use crate::hardware::{Backend, Figure, Finding, Machine, Pool, PoolKind, Source};
use crate::memory::{self, KvLayout, RunOptions};
use crate::placement::{Engine, Launcher, Mode, Origin, Plan, Policy, Refusal};
use crate::speed::{Bill, Parameters, Range, kinks, time_of_tokens};
use crate::units::{Bytes, MemoryUnit, Seconds, Tokens, TokensPerSecond};
use crate::verdict::{Level, Verdict, judge, phrase};

use question::{Evaluation, Fits, Question, in_memory, runs};

/// The question: what, where, how.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What is run.
    pub subject: Arc<Subject>,
    /// Where.
    pub machine: Arc<Machine>,
    /// By which engine.
    pub engine: Arc<Engine>,
    /// What is known about speeds.
    pub parameters: Arc<Parameters>,
    /// How.
    pub run: RunOptions,
    /// Date the engine is taken from, `YYYY` or `YYYY-MM`; none is the newest era.
    pub engine_date: Option<String>,
    /// What the user decides about placement.
    pub policy: Policy,
    /// The backend, where the user chose one.
    pub backend: Option<Backend>,
    /// Tokens already cached when speed is asked.
    pub depth: Tokens,
    /// Length of the prompt.
    pub prompt: Tokens,
    /// Length of the answer.
    pub answer: Tokens,
    /// What sentences write sizes of memory in; no figure depends on it.
    pub unit: MemoryUnit,
}

impl Scenario {
    /// The usual question: 8,192 tokens of context, an empty cache, a prompt and an answer of 512 tokens, and
    /// placement and backend left to the engine of today.
    #[must_use]
    pub fn new(subject: Arc<Subject>, machine: Arc<Machine>, engine: Arc<Engine>, parameters: Arc<Parameters>) -> Self {
        Self {
            subject,
            machine,
            engine,
            parameters,
            run: RunOptions::default(),
            engine_date: None,
            policy: Policy::default(),
            backend: None,
            depth: Tokens::ZERO,
            prompt: Tokens::new(512),
            answer: Tokens::new(512),
            unit: MemoryUnit::default(),
        }
    }

    /// The machine as its engine may use it: what of each pool is usable can depend on it.
    #[must_use]
    pub fn seen(&self) -> Cow<'_, Machine> {
        self.engine.sees(&self.machine)
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Where everything lies.
    pub plan: Plan,
    /// What one more token of context costs.
    pub kv_per_token: Bytes,
    /// The bill of one token at the depth asked; none when it cannot run or a bandwidth is unknown.
    pub bill: Option<Bill>,
    /// Prompt tokens per second.
    pub prefill: Option<Range>,
    /// Time to the first token.
    pub first_token: Option<Seconds>,
    /// Time to the whole answer, prompt included: every token at its own depth.
    pub whole_answer: Option<Seconds>,
    /// Tokens per second at the end of the answer, where the depth is greatest.
    pub last_rate: Option<f64>,
    /// Largest context that fits under the same policy, at most the model's limit.
    pub fits_max: Option<Tokens>,
    /// In words.
    pub verdict: Verdict,
    /// What measurements of the machine changed.
    pub evidence: Vec<Evidence>,
    /// What else is worth saying.
    pub findings: Vec<Finding>,
}

/// One point of a sweep over context.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The context.
    pub context: Tokens,
    /// The placement there.
    pub plan: Plan,
    /// Tokens per second with that context full.
    pub rate: Option<Range>,
}

/// Answers a question.
#[must_use]
pub fn evaluate(scenario: &Scenario) -> Answer {
    let scenario = &*settled(scenario);
    let here = evaluate_settled(scenario);
    Answer { fits_max: largest(scenario, Some(&here.plan)), ..here }
}

/// The question with the room on the disk that its file takes already: a model file of this machine needs no
/// second place. It may lie on another disk than the one that is known.
fn settled(scenario: &Scenario) -> Cow<'_, Scenario> {
    let is_here = |disk: &Pool| disk.kind == PoolKind::Disk && disk.usable() < scenario.subject.weights.file;
    let Some(at) = scenario.machine.pools.iter().position(is_here) else { return Cow::Borrowed(scenario) };
    if !scenario.machine.is_this() || scenario.subject.file.is_none() {
        return Cow::Borrowed(scenario);
    }
    let mut settled = scenario.clone();
    let file = scenario.subject.weights.file;
    let disk = &mut Arc::make_mut(&mut settled.machine).pools[at];
    disk.capacity.value = disk.capacity.value.max(file);
    let room = disk.usable() + file;
    disk.reserve = None;
    disk.free_now = Some(Figure::new(room, Source::Reported, "with the file that is there"));
    Cow::Owned(settled)
}

/// Answers a question for its own context alone: the largest that fits is not looked for.
#[must_use]
pub fn evaluate_here(scenario: &Scenario) -> Answer {
    evaluate_settled(&settled(scenario))
}

/// The placement the automatic choice would take, whatever was decided by hand: the mark on each slider.
#[must_use]
pub fn optimum(scenario: &Scenario) -> Plan {
    plan(&Scenario { policy: Policy::default(), ..scenario.clone() })
}

fn evaluate_settled(scenario: &Scenario) -> Answer {
    let question = Question::new(scenario);
    let at = question.at(scenario.run.context);
    let plan = at.place().plan;
    let mut evidence = Vec::new();
    let bill = at.predicted_bill(&plan, scenario.depth).map(|bill| {
        let (bill, found) = evidence::on_bill(&at, &plan, scenario.depth, bill);
        evidence.extend(found);
        bill
    });
    let prompt_rate = at.predicted_prompt(&plan).map(|rate| {
        let (rate, found) = evidence::on_prompt(&at, &plan, rate);
        evidence.extend(found);
        rate
    });
    let prompt_time = prompt_rate.and_then(|rate| Seconds::new(scenario.prompt.as_f64() / rate.expected));
    let start = scenario.depth + scenario.prompt;
    let step = |depth: Tokens| at.bill(&plan, depth).map(|bill| bill.total);
    let kinks = kinks(&at.cache, plan.split, start, scenario.answer);
    let spent = time_of_tokens(step, start, scenario.answer, &kinks);
    let first_token = prompt_time.zip(spent).map(|(prompt, spent)| prompt + spent.first);
    let whole_answer = prompt_time.zip(spent).map(|(prompt, spent)| prompt + spent.all);
    let last_rate = spent.and_then(|spent| spent.last.rate()).map(TokensPerSecond::get);
    let verdict = match &question.refusal {
        Some(why) => Verdict::refused(why),
        None => phrase(&plan, &question.machine, bill.as_ref(), scenario.answer, whole_answer, scenario.unit),
    };
    let mut findings = findings(scenario, &at, &plan);
    findings.extend(evidence.iter().map(Evidence::finding));
    Answer {
        kv_per_token: at.cache.bytes_per_token(),
        fits_max: None,
        plan,
        bill,
        prefill: prompt_rate,
        first_token,
        whole_answer,
        last_rate,
        verdict,
        evidence,
        findings,
    }
}

/// Where everything would lie: the plan of [`evaluate`] alone.
#[must_use]
pub fn plan(scenario: &Scenario) -> Plan {
    let scenario = &*settled(scenario);
    Question::new(scenario).at(scenario.run.context).place().plan
}

/// What a list of many models shows of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// The verdict.
    pub level: Level,
    /// Expected tokens per second; none when it cannot run or a bandwidth is unknown.
    pub rate: Option<f64>,
    /// Everything the engine takes.
    pub memory: Bytes,
}

/// Answers a question for a list of many: the plan and the bill of [`evaluate_here`] without its words and times.
#[must_use]
pub fn standing(scenario: &Scenario) -> Standing {
    let scenario = &*settled(scenario);
    let question = Question::new(scenario);
    let at = question.at(scenario.run.context);
    let plan = at.place().plan;
    let bill = at.bill(&plan, scenario.depth);
    let level = match question.refusal {
        Some(_) => Level::No,
        None => judge(&plan, &question.machine, bill.as_ref()),
    };
    Standing { level, rate: bill.map(|bill| bill.rate.expected), memory: plan.total() }
}

/// Asks the same question at several contexts. From one to a longer one the placement is kept as long as it fits:
/// what is the fastest that fits at one context is so at a longer one, or does not fit.
#[must_use]
pub fn sweep(scenario: &Scenario, contexts: &[Tokens]) -> Vec<Point> {
    let scenario = &*settled(scenario);
    let question = Question::new(scenario);
    let mut last: Option<(Tokens, Option<Origin>)> = None;
    contexts
        .iter()
        .map(|&context| {
            let at = question.at(context);
            let kept = last.filter(|(before, _)| *before <= context).and_then(|(_, origin)| at.again(origin?));
            let offer = kept.unwrap_or_else(|| at.place());
            // A cache that was moved to RAM was so for its own context.
            let keeps = in_memory(&offer.plan, &question.machine) && offer.plan.kv_place == scenario.run.kv_place;
            last = Some((context, keeps.then_some(offer.origin)));
            let rate = at.bill(&offer.plan, context).map(|bill| bill.rate);
            Point { context, plan: offer.plan, rate }
        })
        .collect()
}

/// The largest context that fits under the scenario's policy, exact to one token and at most the
/// model's limit. A model that only runs from disk is asked for the largest context that still does.
#[must_use]
pub fn largest_context(scenario: &Scenario) -> Option<Tokens> {
    largest(&settled(scenario), None)
}

/// The same of a settled question, with the plan of its own context where that is known already. A longer
/// context never takes less, so that one bounds the answer from below or from above.
fn largest(scenario: &Scenario, here: Option<&Plan>) -> Option<Tokens> {
    let limit = scenario.subject.model.max_context.get().max(1);
    let question = Question::new(scenario);
    if question.refusal.is_some() {
        return None;
    }
    let own = scenario.run.context.get().clamp(1, limit);
    let here = here.filter(|_| own == scenario.run.context.get());
    let fits = |context: u64, how: Fits| question.at(Tokens::new(context)).fits(how);
    let (how, mut low) = match here {
        Some(plan) if in_memory(plan, &question.machine) => (Fits::InMemory, own),
        _ => ([Fits::InMemory, Fits::AtAll].into_iter().find(|how| fits(1, *how))?, 1),
    };
    let mut high = limit;
    match here {
        Some(plan) if !how.holds(plan, &question.machine) => high = own,
        _ if low == limit || fits(limit, how) => return Some(Tokens::new(limit)),
        _ => {}
    }
    // Of contexts with the same room, one answers for all.
    let rules = scenario.engine.rules;
    let room = |context: u64| RunOptions { context: Tokens::new(context), rules, ..scenario.run }.room();
    while high - low > 1 {
        let middle = low.midpoint(high);
        let fits = match room(middle) {
            same if same == room(low) => true,
            same if same == room(high) => false,
            _ => fits(middle, how),
        };
        if fits { low = middle } else { high = middle }
    }
    Some(Tokens::new(low))
}

fn findings(scenario: &Scenario, at: &Evaluation<'_>, plan: &Plan) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(refused) = &at.refused {
        found.push(Finding::warning(format!("{refused} Answered with an f16 cache."), "Choose another KV type."));
    }
    found.extend(engine::findings(scenario, plan));
    found.extend(host::findings(scenario, plan));
    found.extend(format_findings(scenario));
    let model = &scenario.subject.model;
    if memory::is_simplified(model) {
        found.push(Finding::note(
            format!("The buffers of {} are estimated; its cache and weights are exact.", model.name),
            "At long contexts leave some room.",
        ));
    }
    if scenario.run.context > model.max_context {
        found.push(Finding::warning(
            format!(
                "{} tokens are more than the {} {} was made for.",
                scenario.run.context, model.max_context, model.name
            ),
            "Shorten the context; beyond the limit answers degrade.",
        ));
    }
    found.extend(serving::findings(scenario, plan, &at.question.machine));
    if scenario.engine.ideal {
        found.push(Finding::note(
            "A ceiling: bytes over bandwidth, no efficiency and no overhead.",
            "No engine reaches it.",
        ));
    }
    let old = scenario.subject.layout == Some(KvLayout::Expanded) && !scenario.subject.quant.source.is_empty();
    if old && scenario.run.layout == KvLayout::Auto {
        found.push(Finding::warning(
            "This file was made before April 2025, so its cache is kept expanded, many times larger.",
            "Take a file converted since: the same quant by rule.",
        ));
    }
    let file = scenario.subject.weights.file;
    if let Some(disk) = scenario.machine.disk()
        && plan.mode != Mode::Disk
        && plan.mode != Mode::None
        && disk.usable() < file
    {
        found.push(Finding::warning(
            format!("The file is {}; the disk has {} free.", file.in_gb(), disk.usable().in_gb()),
            "Free some space before the download, unless the file is already there.",
        ));
    }
    if plan.mode == Mode::Disk && model.experts() > 0 {
        found.push(Finding::note("Which experts a token needs is taken as uniform; real routing is skewed.", ""));
    }
    // Last: what is wrong with the file or the cache matters more.
    found.extend(serving::room(scenario).filter(|_| runs(plan)));
    found
}

impl Scenario {
    /// Whether the engine reads files of the kind asked about. A ceiling reads everything.
    #[must_use]
    pub fn engine_reads_files(&self) -> bool {
        let engine = &self.engine;
        let gguf_only = matches!(engine.command, Launcher::LlamaServer | Launcher::IkLlamaServer | Launcher::Ollama);
        let safetensors = self.subject.file.as_ref().is_some_and(|file| file.kind == FileKind::Safetensors);
        let only = self.subject.only_for();
        if !engine.ideal && !only.is_empty() {
            return only.iter().any(|id| id.eq_ignore_ascii_case(&engine.id));
        }
        engine.ideal
            || match self.subject.quant.as_layout() {
                Some(layout) => layout.engines.is_empty() || layout.is_read_by(&engine.id, &engine.name),
                None => !(safetensors && gguf_only),
            }
    }

    /// Why the engine cannot run this at all, if it cannot: it does not drive the machine, or does not read the files.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        let name = &self.engine.name;
        let unread = || {
            let others = |engines: &[String], kind: &str| {
                format!("Choose an engine that does ({}), or {kind} quant.", engines.join(", "))
            };
            let (files, remedy) = match self.subject.quant.as_layout() {
                Some(layout) => (layout.family.as_str(), others(&layout.engines, "a GGUF")),
                None if !self.subject.only_for().is_empty() => {
                    (self.subject.quant.id.as_str(), others(self.subject.only_for(), "another"))
                }
                None => ("safetensors", "Choose vLLM or MLX, or a GGUF of the model.".to_owned()),
            };
            Refusal { what: format!("{name} does not read {files} files"), remedy }
        };
        let drives = self.engine.refusal(&self.seen(), self.backend);
        drives.or_else(|| (!self.engine_reads_files()).then(unread))
    }
}

/// What is to be said of a format of another runtime under the engine chosen.
fn format_findings(scenario: &Scenario) -> Vec<Finding> {
    let Scenario { subject, engine, .. } = scenario;
    let Some(layout) = subject.quant.as_layout().filter(|_| !engine.ideal) else { return Vec::new() };
    let mut found = Vec::new();
    found.push(Finding::note(
        format!(
            "The fit of speeds does not tell formats apart: {} weights are read at the usual share of bandwidth.",
            layout.family
        ),
        "",
    ));
    found
}
