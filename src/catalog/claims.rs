//! Models under a quant by name, and published answers beside ours.

use std::sync::Arc;

use crate::advice::first_check;
use crate::formats::commands::{self, Shell};
use crate::hardware::Machine;
use crate::model::Architecture;
use crate::placement::Engine;
use crate::quant::{Imatrix, Quant, RuntimeFormat};
use crate::reasoning::claims::{Asked, Settled, Told};
use crate::reasoning::faq;
use crate::reasoning::terms::Terms;
use crate::scenario::{Answer, Scenario, Subject};

use super::Catalog;

/// The quant that is the form a model was published in.
const NATIVE: &str = "native";

impl Catalog {
    /// A model under a quant by name: a published file, a mix, a format of another runtime, a width such as `4.5bpw`,
    /// or `native`, the form it was published in.
    #[must_use]
    pub fn subject(&self, model: &Arc<Architecture>, quant: &str) -> Option<Subject> {
        if let Some(file) = self.published(&model.id, quant) {
            return Some(file.subject(model, None));
        }
        let quant = match quant {
            NATIVE => self.native(model).map(RuntimeFormat::quant),
            name => self.quant(name).or_else(|| Quant::parse(name, Imatrix::Without, None).ok()),
        };
        Some(Subject::new(model.clone(), quant?, None))
    }

    /// Forms of a model to hold against a machine, widest first: as released, `Q8_0`, `Q4_K_M`, the published files this
    /// engine reads, and where there are none the usual mixes.
    #[must_use]
    pub fn forms(&self, model: &Arc<Architecture>, engine: &Engine) -> Vec<Arc<Subject>> {
        let files: Vec<&str> =
            self.published_of(&model.id).filter(|file| file.is_for(&engine.id)).map(|file| file.id.as_str()).collect();
        let usual: Vec<&str> =
            if files.is_empty() { self.quality.ranked.iter().map(|mix| mix.name()).collect() } else { files };
        let mut names = vec![NATIVE, "Q8_0", "Q4_K_M"];
        names.extend(usual.into_iter().filter(|name| !["Q8_0", "Q4_K_M"].contains(name)));
        let mut forms: Vec<Arc<Subject>> =
            names.into_iter().filter_map(|name| self.subject(model, name)).map(Arc::new).collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.weights.file));
        forms
    }

    /// The first look at a scenario's model: as released, in eight bits and in four, against the memory there is.
    #[must_use]
    pub fn first_check(&self, scenario: &Scenario) -> Vec<first_check::Row> {
        let model = &scenario.subject.model;
        let forms: Vec<Arc<Subject>> =
            [NATIVE, "Q8_0", "Q4_K_M"].into_iter().filter_map(|name| self.subject(model, name)).map(Arc::new).collect();
        first_check::rows(scenario, &forms)
    }

    /// The ready-made machines that are several.
    #[must_use]
    pub fn clusters(&self) -> Vec<&Machine> {
        self.profiles.iter().map(|profile| &profile.machine).filter(|machine| !machine.nodes.is_empty()).collect()
    }

    /// Questions people ask, answered for a scenario: some work, so not for every frame.
    #[must_use]
    pub fn faq(&self, scenario: &Scenario, answer: &Answer) -> Vec<faq::Entry> {
        self.faq_at(scenario, answer, &Terms::default())
    }

    /// The same at prices and with power that were said.
    #[must_use]
    pub fn faq_at(&self, scenario: &Scenario, answer: &Answer, terms: &Terms) -> Vec<faq::Entry> {
        let Some(ceiling) = self.engines.iter().find(|engine| engine.ideal) else { return Vec::new() };
        let model = &scenario.subject.model;
        let books = faq::Shelf {
            models: &self.models,
            forms: self.forms(model, &scenario.engine),
            native: self.subject(model, NATIVE).map(Arc::new),
            ceiling,
            quality: &self.quality,
            memories: &self.memories,
            clusters: self.clusters(),
            costs: &self.costs,
            terms,
            thinking: &self.thinking,
        };
        let mut entries = faq::entries(scenario, answer, &books);
        entries.extend(how_to_run(scenario, answer));
        entries
    }

    /// Every published answer beside ours, and every contradiction with our answer: some work, so for once.
    #[must_use]
    pub fn told(&self) -> (Vec<Told<'_>>, Vec<Settled<'_>>) {
        let (Some(model), Some(ceiling)) =
            (self.model(&self.claims.model), self.engines.iter().find(|engine| engine.ideal))
        else {
            return (Vec::new(), Vec::new());
        };
        let subject = |quant: &str| self.subject(model, quant).map(Arc::new);
        let asked = Asked { model, subject: &subject, ceiling, parameters: &self.parameters, quality: &self.quality };
        (self.claims.told(&asked), self.claims.settled(&asked))
    }
}

/// The command to copy. Commands are words on paper, so the pure rooms do not know them.
fn how_to_run(scenario: &Scenario, answer: &Answer) -> Option<faq::Entry> {
    let command = commands::of(scenario, &answer.plan, Shell::HERE)?.ok()?;
    Some(faq::Entry {
        id: "how-to-run",
        question: format!("How is {} run with {}?", scenario.subject.model.name, scenario.engine.name),
        answer: command,
        how: format!("The plan of the answer in the options of {}, for {}.", scenario.engine.name, Shell::HERE.name()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reasoning::claims::Amount;

    #[test]
    fn everything_asked_has_an_answer() {
        let (told, settled) = Catalog::builtin().told();
        assert!(told.len() >= 30 && settled.len() == 16);
        for told in &told {
            for (what, amount) in &told.ours {
                assert_ne!(*amount, Amount::Unknown, "{}: {what}", told.claim.id);
            }
        }
        for settled in &settled {
            assert!(!settled.answer.contains(['{', '}']), "{}: {}", settled.contradiction.id, settled.answer);
            assert!(!settled.answer.contains("unknown"), "{}: {}", settled.contradiction.id, settled.answer);
        }
    }

    #[test]
    fn a_quant_is_found_by_any_of_its_names() {
        let catalog = Catalog::builtin();
        let r1 = catalog.model("deepseek-r1").expect("built in");
        let gb = |quant| catalog.subject(r1, quant).map(|subject| subject.weights.file.in_gb());
        assert_eq!(gb("native").as_deref(), Some("688.6 GB"));
        assert_eq!(gb("Q4_K_M").as_deref(), Some("404.5 GB"));
        assert_eq!(gb("Q4_K_M@2025-01").as_deref(), Some("404.4 GB"));
        assert_eq!(gb("4.5bpw").as_deref(), Some("377.5 GB"));
        assert_eq!(gb("about four bits"), None);
    }
}
