//! The plan as a command to copy, for each engine and each shell.
//!
//! Every option comes from `engines.ron`, where the document it was read in stands beside it; an option an engine
//! does not have is left out here and said in the findings.

mod ktransformers;
mod line;
mod llama_server;
mod mlx;
mod nodes;
mod ollama;
mod read;
mod shell;
mod vllm;
mod weights;

pub use read::{Read, read};
pub use shell::{Shell, Unwritable};

use std::sync::Arc;

use crate::hardware::Finding;
use crate::placement::{Engine, Launcher, Mode, Plan, Setting, Way};
use crate::scenario::{self, Scenario};

use line::{Step, line};

/// The command that starts the engine asked about with this plan; none where there is no plan, where the engine does
/// not read such files or cannot run here, and for a ceiling, which is no engine.
///
/// # Errors
/// The shell cannot write a name that is in it.
#[must_use]
pub fn of(scenario: &Scenario, plan: &Plan, shell: Shell) -> Option<Result<String, Unwritable>> {
    if scenario.engine.ideal || plan.mode == Mode::None || scenario.refusal().is_some() {
        return None;
    }
    let steps = match scenario.engine.command {
        Launcher::LlamaServer | Launcher::IkLlamaServer => llama_server::steps(scenario, plan),
        Launcher::Ollama => ollama::steps(scenario, plan),
        Launcher::Vllm => vllm::steps(scenario, plan),
        Launcher::Mlx => mlx::steps(scenario, plan),
        Launcher::KTransformers => ktransformers::steps(scenario, plan),
    };
    Some(steps.and_then(|steps| line(shell, &steps)))
}

/// What one engine is started with.
#[derive(Clone, Debug, PartialEq)]
pub struct OfEngine {
    /// The engine, by id.
    pub engine: String,
    /// Its command; none where it cannot run this.
    pub command: Option<Result<String, Unwritable>>,
    /// What the command leaves out of what was asked.
    pub left_out: Option<Finding>,
}

/// The command of every engine for its own plan of the same question. `plan` is that of the engine asked about, of
/// which the answer says itself what is left out.
#[must_use]
pub fn of_each(scenario: &Scenario, plan: &Plan, engines: &[Arc<Engine>], shell: Shell) -> Vec<OfEngine> {
    let of_one = |engine: &Arc<Engine>| {
        let id = engine.id.clone();
        if engine.id == scenario.engine.id {
            return OfEngine { engine: id, command: of(scenario, plan, shell), left_out: None };
        }
        // A backend one engine was asked to use says nothing about an engine that has none of that kind.
        let backend = scenario.backend.filter(|backend| engine.backends.contains(backend));
        let own = Scenario { engine: engine.clone(), backend, ..scenario.clone() };
        if own.refusal().is_some() || engine.takes_formats(&own.run).is_err() {
            return OfEngine { engine: id, command: None, left_out: None };
        }
        let plan = scenario::plan(&own);
        let command = of(&own, &plan, shell);
        let left_out = command.as_ref().and_then(|_| scenario::left_out(&own, &plan));
        OfEngine { engine: id, command, left_out }
    };
    engines.iter().filter(|engine| !engine.ideal).map(of_one).collect()
}

/// The words of a command as they are gathered: what an engine has no option for is left out.
struct Words<'a> {
    engine: &'a Engine,
    words: Vec<String>,
}

impl<'a> Words<'a> {
    fn new(engine: &'a Engine, program: &str) -> Self {
        Self { engine, words: program.split(' ').map(str::to_owned).collect() }
    }

    /// A word that is no option.
    fn word(&mut self, word: impl Into<String>) {
        self.words.push(word.into());
    }

    /// An option without a value.
    fn say(&mut self, sets: Setting) {
        if let Some(flag) = self.engine.flag(sets).filter(|flag| flag.way == Way::Argument) {
            self.words.extend(flag.word.split(' ').map(str::to_owned));
        }
    }

    /// An option with its value.
    fn set(&mut self, sets: Setting, value: &impl ToString) {
        if self.engine.flag(sets).is_some_and(|flag| flag.way == Way::Argument) {
            self.say(sets);
            self.words.push(value.to_string());
        }
    }

    fn run(self) -> Step {
        Step::Run(self.words)
    }
}
