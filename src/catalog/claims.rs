//! Models under a quant by name, and published answers beside ours.

use std::sync::Arc;

use crate::model::Architecture;
use crate::quant::{Imatrix, Quant, RuntimeFormat};
use crate::reasoning::claims::{Asked, Settled, Told};
use crate::scenario::Subject;

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
