//! What the user works on: the question, its answer, and the machine with the figures typed over it.

use std::sync::Arc;

use crate::advice::{self, Change};
use crate::catalog::Catalog;
use crate::formats::commands::Shell;
use crate::formats::file_doc::Published;
use crate::formats::measurements::Row;
use crate::hardware::{BenchRun, Finding, Machine, Pool, PoolKind, Source};
use crate::model::Architecture;
use crate::placement::{Plan, Policy};
use crate::quant::{CustomMix, Quant, Rule};
use crate::scenario::{Answer, Point, Scenario, Subject, contexts, evaluate_here, largest_context, sweep};
use crate::units::Tokens;

use super::accuracy::Accuracy;
use super::buy::Buying;
use super::by_hand::{Lower, Plot};
use super::compare::ComparePage;
use super::editor::{ModelEditor, QuantEditor};
use super::files::Files;
use super::free::Told;
use super::history::History;
use super::measure::MeasurePage;
use super::measured::LlamaBench;
use super::memo::Memo;
use super::offer::{Offer, offers};
use super::rank::{RankPage, Ranking};
use super::reason::Reason;
use super::share::SharePage;
use super::step::Step;
use super::{Exported, FileKind, MachineChoice, MemoryUnit, Own};

pub use super::measure::Measuring;

/// The shortest context offered.
pub const SHORTEST: u64 = 512;

/// A page of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workspace {
    /// One model on one machine.
    #[default]
    Run,
    /// Every model on one machine.
    Rank,
    /// Long thoughts and many requests.
    Reason,
    /// The models on this disk.
    Files,
    /// Ready-made machines and the user's own.
    Profiles,
    /// What this machine really does, run by run.
    Measure,
    /// What was predicted beside what was measured.
    Accuracy,
    /// The model on screen, field by field.
    Model,
    /// The quant on screen, tensor by tensor.
    Quant,
    /// What to add to the machine on screen.
    Buy,
    /// The answer on paper, as it is before it leaves.
    Share,
    /// Machines side by side.
    Compare,
}

/// A machine that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Which one.
    pub choice: MachineChoice,
    /// Its name.
    pub name: String,
    /// What is in it, in a few words.
    pub summary: String,
    /// The machine.
    pub machine: Arc<Machine>,
}

/// A sentence to the user that stays until it is closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// Whether something went wrong.
    pub failed: bool,
}

/// The state the views edit.
pub struct Workbench {
    /// The question on screen.
    pub scenario: Scenario,
    /// The machine without what the user typed over it.
    pub base: Arc<Machine>,
    /// Which machine that is.
    pub choice: MachineChoice,
    /// This very machine, as read and measured.
    pub this: Option<Arc<Machine>>,
    /// Machines to choose from besides this one.
    pub machines: Vec<Choice>,
    /// What detection found worth saying.
    pub findings: Vec<Finding>,
    /// How sizes of memory are written.
    pub unit: MemoryUnit,
    /// The shell commands are written for.
    pub shell: Shell,
    /// The page.
    pub workspace: Workspace,
    /// A measurement under way.
    pub measuring: Option<Measuring>,
    /// The runs of measurements, and what of them is looked at.
    pub measure: MeasurePage,
    /// What has to be told.
    pub notice: Option<Notice>,
    /// A path being typed, where no dialog is available.
    pub path: String,
    /// Why the path field is shown, when it is.
    pub path_asked: Option<PathFor>,
    /// Text the lists are filtered by.
    pub search: String,
    /// Text the models to choose from are filtered by.
    pub model_search: String,
    /// Text the quants to choose from are filtered by.
    pub quant_search: String,
    /// Every model on this machine, when ranked, with the question it was ranked for.
    pub ranking: Option<Ranking>,
    /// What the user chose on the page of the ranking.
    pub rank: RankPage,
    /// What is to be written where no dialog is available.
    pub exported: Option<Exported>,
    /// What the user chose on the page of thinking and serving.
    pub reason: Reason,
    /// What to add to the machine on screen.
    pub(super) buying: Buying,
    /// What the user chose to compare.
    pub compare: ComparePage,
    /// What the user chose on the page that shares the answer.
    pub share: SharePage,
    /// Published measurements with what is predicted for them.
    pub accuracy: Accuracy,
    /// Speeds measured on this machine, whichever is on screen.
    pub runs: Vec<BenchRun>,
    /// Whether `llama-bench` can be run.
    pub llama_bench: LlamaBench,
    /// Models on this disk.
    pub files: Files,
    /// The model file opened last.
    pub opened: Option<Arc<Subject>>,
    /// The user's own models.
    pub own_models: Vec<Arc<Architecture>>,
    /// The user's own quants.
    pub own_quants: Vec<Arc<CustomMix>>,
    /// What stands in the card at the lower right of the page.
    pub lower: Lower,
    /// Answers drawn for each question side by side; every one is a sequence of the question's.
    pub(super) samples: u64,
    /// Which plot is shown where there is room for one.
    pub plot: Plot,
    /// Whether the controls that are folded in a narrow window are out.
    pub more: bool,
    /// The model being edited.
    pub(super) model: Option<ModelEditor>,
    /// The quant being edited.
    pub(super) quant: Option<QuantEditor>,
    pub(super) history: History<Step>,
    pub(super) told: Told,
    answer: Memo<Scenario, Answer>,
    fits_max: Memo<Scenario, Option<Tokens>>,
    pub(super) points: Memo<Scenario, Vec<Point>>,
    changes: Memo<Scenario, Vec<Change>>,
    offers: Memo<Arc<Architecture>, Vec<Offer>>,
    pub(super) automatic: Memo<Scenario, Plan>,
    pub(super) before: Memo<Scenario, Vec<Point>>,
    pub(super) published: Memo<String, Vec<Row<'static>>>,
}

/// What a typed path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFor {
    /// Opening a profile.
    Open,
    /// Writing the machine on screen.
    Export,
    /// Opening a model.
    Model,
    /// A folder to look for models in.
    Folder,
    /// Writing what is edited.
    ExportOwn(Own),
    /// Writing a file for others.
    Write(FileKind),
}

/// Whether two questions differ in the model at most, in the length of its answers, and in what other programs leave free.
pub(super) fn is_same_but_for_the_model(asked: &Scenario, scenario: &Scenario) -> bool {
    let same_model =
        Scenario { subject: asked.subject.clone(), answer: asked.answer, unit: asked.unit, ..scenario.clone() };
    let at_rest = |question: &Scenario| Scenario {
        machine: Arc::new(question.machine.without_free_memory()),
        ..question.clone()
    };
    same_model == *asked || at_rest(&same_model) == at_rest(asked)
}

impl Workbench {
    /// A bench with a question on it.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        let scenario_file = scenario.subject.file.is_some().then(|| scenario.subject.clone());
        Self {
            base: scenario.machine.clone(),
            history: History::new(Step::first(&scenario)),
            told: Told::default(),
            runs: scenario.machine.runs.clone(),
            llama_bench: LlamaBench::default(),
            scenario,
            choice: MachineChoice::This,
            this: None,
            machines: Vec::new(),
            findings: Vec::new(),
            unit: MemoryUnit::Gib,
            shell: Shell::HERE,
            workspace: Workspace::Run,
            measuring: None,
            measure: MeasurePage::default(),
            notice: None,
            path: String::new(),
            path_asked: None,
            search: String::new(),
            model_search: String::new(),
            quant_search: String::new(),
            ranking: None,
            rank: RankPage::default(),
            exported: None,
            reason: Reason::default(),
            buying: Buying::default(),
            compare: ComparePage::default(),
            share: SharePage::default(),
            accuracy: Accuracy::default(),
            files: Files::default(),
            opened: scenario_file,
            own_models: Vec::new(),
            own_quants: Vec::new(),
            lower: Lower::default(),
            samples: 1,
            plot: Plot::default(),
            more: false,
            model: None,
            quant: None,
            answer: Memo::default(),
            fits_max: Memo::default(),
            points: Memo::default(),
            changes: Memo::default(),
            offers: Memo::default(),
            automatic: Memo::default(),
            before: Memo::default(),
            published: Memo::default(),
        }
    }

    /// The answer to the question on screen.
    ///
    /// The largest context that fits does not depend on the context asked, so a drag does not look for it.
    pub fn answer(&mut self) -> &Answer {
        let fits_max = *self.fits_max.get(without_context(&self.scenario), largest_context);
        self.answer.get(self.scenario.clone(), |scenario| Answer { fits_max, ..evaluate_here(scenario) })
    }

    /// The question asked at many contexts. The context on screen is not part of the key: dragging it
    /// moves the mark, not the curve.
    pub fn points(&mut self) -> &[Point] {
        self.points.get(without_context(&self.scenario), |scenario| {
            sweep(scenario, &contexts(scenario.subject.model.max_context))
        })
    }

    /// What would change the answer.
    pub fn changes(&mut self) -> &[Change] {
        let answer = self.answer().clone();
        self.changes.get(self.scenario.clone(), |scenario| advice::next(scenario, &answer, &Catalog::builtin().engines))
    }

    /// Every quant the model on screen can be had in, with the size of its file.
    pub fn offers(&mut self, catalog: &Catalog) -> &[Offer] {
        let model = &self.scenario.subject.model;
        self.offers.get(model.clone(), |model| offers(model, catalog))
    }

    /// A model under the quant on screen. A file of known size belongs to its own model: after it comes the quant
    /// most people download.
    pub(super) fn under_this_quant(&self, model: &Architecture, experts_used: Option<u64>) -> Subject {
        let quant = &self.scenario.subject.quant;
        match quant.rule {
            Rule::Sized(_) | Rule::Parts { .. } => advice::default_subject(model),
            _ => Subject::new(model.clone(), quant.clone(), experts_used),
        }
    }

    /// Puts a model under the quant on screen; the context stays within the model's limit. Layers placed by hand were
    /// those of the model before.
    pub fn pick_model(&mut self, model: &Architecture) {
        if model.id != self.scenario.subject.model.id {
            let policy = &mut self.scenario.policy;
            *policy = Policy {
                split: policy.split,
                tensor_split: std::mem::take(&mut policy.tensor_split),
                ..Policy::default()
            };
        }
        let subject = self.under_this_quant(model, None);
        self.set_subject(Arc::new(subject));
    }

    /// Takes a published file of the model on screen.
    pub fn pick_published(&mut self, file: &Published) {
        let old = &self.scenario.subject;
        let subject = file.subject(&old.model, old.experts_used);
        self.set_subject(Arc::new(subject));
    }

    /// Takes another quant for the model on screen.
    pub fn pick_quant(&mut self, quant: Quant) {
        let old = &self.scenario.subject;
        let subject = Subject::new(old.model.clone(), quant, old.experts_used);
        self.set_subject(Arc::new(subject));
    }

    /// Asks about a model file, with its very bytes.
    pub fn ask_file(&mut self, file: Arc<Subject>) {
        self.opened = Some(file.clone());
        self.workspace = Workspace::Run;
        self.search.clear();
        self.set_subject(file);
    }

    /// The file of the model on screen, where one was opened.
    #[must_use]
    pub fn file_of_model(&self) -> Option<&Arc<Subject>> {
        self.opened.as_ref().filter(|file| file.model == self.scenario.subject.model)
    }

    /// Asks about a row of the ranking.
    pub(super) fn open_ranked(&mut self, row: Arc<Subject>) {
        self.workspace = Workspace::Run;
        self.search.clear();
        self.set_subject(row);
    }

    fn set_subject(&mut self, subject: Arc<Subject>) {
        let limit = subject.model.max_context;
        self.scenario.run.context = self.scenario.run.context.min(limit);
        self.put_subject(subject);
    }

    /// Puts a model under a quant on screen and leaves the context alone, as while a number is being typed.
    pub(super) fn put_subject(&mut self, subject: Arc<Subject>) {
        self.scenario.answer = usual_answer(&subject);
        self.scenario.subject = subject;
    }

    /// Puts a machine on screen. What was placed by hand was placed on the one before.
    pub fn set_machine(&mut self, machine: Machine, choice: MachineChoice) {
        if choice != self.choice {
            self.scenario.policy = Policy::default();
            self.scenario.backend = None;
        }
        self.base = Arc::new(machine);
        self.scenario.machine = self.base.clone();
        self.choice = choice;
    }

    /// Takes speeds as measured on this machine.
    pub fn set_runs(&mut self, runs: Vec<BenchRun>) {
        if self.choice == MachineChoice::This {
            for machine in [&mut self.base, &mut self.scenario.machine] {
                if machine.runs != runs {
                    Arc::make_mut(machine).runs.clone_from(&runs);
                }
            }
        }
        self.runs = runs;
    }

    /// Changes a figure of the machine on screen.
    pub fn edit_machine(&mut self, edit: impl FnOnce(&mut Machine)) {
        edit(Arc::make_mut(&mut self.scenario.machine));
    }

    /// Whether the user typed over a figure of the machine.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.scenario.machine != self.base
    }

    /// Tells the user something.
    pub fn tell(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), failed: false });
    }

    /// Tells the user that something went wrong.
    pub fn tell_failure(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), failed: true });
    }
}

/// The question without its context and depth: a key for what does not depend on them.
pub(super) fn without_context(scenario: &Scenario) -> Scenario {
    let mut key = scenario.clone();
    key.run.context = Tokens::new(SHORTEST);
    key.depth = Tokens::ZERO;
    key
}

/// The length of an answer a model usually gives: about 12,000 tokens where it thinks first (R1 on AIME
/// 2024 by its model card), else a page.
#[must_use]
pub fn usual_answer(subject: &Subject) -> Tokens {
    Tokens::new(if subject.model.facts.reasoning { 12_000 } else { 512 })
}

/// The name of a pool for a list.
pub(super) fn pool_title(machine: &Machine, pool: &Pool) -> String {
    match pool.kind {
        PoolKind::Unified if let Some(node) = pool.node.and_then(|node| machine.nodes.get(node)) => node.id.clone(),
        PoolKind::Ram if pool.node.is_some() => pool.id.clone(),
        PoolKind::Ram => "RAM".to_owned(),
        PoolKind::Unified => "Memory".to_owned(),
        PoolKind::Disk => "Disk".to_owned(),
        PoolKind::Vram if machine.gpus().count() > 1 => format!("VRAM {}", pool.id),
        PoolKind::Vram => "VRAM".to_owned(),
    }
}

/// The mark of a source.
pub(super) fn mark_of(source: Source) -> super::paint::mark::Mark {
    use super::paint::mark::Mark;
    match source {
        Source::Measured => Mark::Measured,
        Source::Typed => Mark::Typed,
        Source::Reported => Mark::Reported,
        Source::DataSheet => Mark::DataSheet,
        Source::Assumed => Mark::Assumed,
    }
}

/// The drawing of a level.
pub(super) fn glyph_of(level: crate::verdict::Level) -> super::paint::verdict::Verdict {
    use super::paint::verdict::Verdict;
    use crate::verdict::Level;
    match level {
        Level::RunsWell => Verdict::Well,
        Level::RunsSlowly => Verdict::Slowly,
        Level::Tight => Verdict::Tight,
        Level::Disk => Verdict::Disk,
        Level::No => Verdict::No,
    }
}
