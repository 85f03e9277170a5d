//! What is being edited: a draft of a model, a mix of the user's own, and what they were before.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::formats::any_doc::Document;
use crate::formats::model_doc::{Draft, Unfit};
use crate::quant::{CustomMix, Mix, Quant, Rule};
use crate::scenario::Subject;
use crate::ui::Own;
use crate::ui::bench::{Workbench, Workspace};

/// A model being edited.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ui) struct ModelEditor {
    /// As typed.
    pub(super) draft: Arc<Draft>,
    /// As it was when the editor was opened: what differs from it is marked as typed.
    pub(super) before: Arc<Draft>,
    /// Texts that are no values of their fields, with the reason.
    pub(super) wrong: BTreeMap<String, (String, String)>,
    /// Why the draft is no model, if it is none.
    pub(super) fault: Option<Unfit>,
    /// The id it is kept under, once it is.
    kept: Option<String>,
}

/// A quant being edited.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ui) struct QuantEditor {
    /// As chosen.
    pub(super) mix: Arc<CustomMix>,
    /// As it was when the editor was opened.
    pub(super) before: Arc<CustomMix>,
    /// A file of known size being typed: its name and its size.
    pub(super) sized: (String, String),
    /// The id it is kept under, once it is.
    kept: Option<String>,
}

impl ModelEditor {
    fn of(draft: Draft, kept: Option<String>) -> Self {
        let draft = Arc::new(draft);
        Self { before: draft.clone(), fault: draft.build().err(), draft, wrong: BTreeMap::new(), kept }
    }

    /// Why a field is not taken: its text is no value, or the draft contradicts itself there.
    pub(super) fn reason(&self, path: &str) -> Option<&str> {
        let own = self.wrong.get(path).map(|(_, why)| why.as_str());
        own.or_else(|| self.fault.as_ref().filter(|unfit| unfit.path == path).map(|unfit| unfit.why.as_str()))
    }
}

impl QuantEditor {
    fn of(mix: Arc<CustomMix>, kept: Option<String>) -> Self {
        Self { before: mix.clone(), mix, sized: (String::new(), String::new()), kept }
    }
}

impl Workbench {
    /// Opens the model on screen in the editor: one of the user's own as it is, any other as a copy.
    pub(in crate::ui) fn edit_model(&mut self) {
        let model = &self.scenario.subject.model;
        let open = self.model.as_ref().and_then(|editor| editor.draft.build().ok());
        if open.as_ref() != Some(model) {
            let own = self.own_models.iter().any(|own| own.id == model.id);
            let draft = if own {
                Draft::of(model)
            } else {
                Draft::copy_of(model, |id| self.own_models.iter().any(|own| own.id == id))
            };
            let kept = own.then(|| model.id.clone());
            self.model = Some(ModelEditor::of(draft, kept));
            self.take_draft();
        }
        self.workspace = Workspace::Model;
    }

    /// Changes the draft; a draft that is a model is on screen at once.
    pub(super) fn edit_draft(&mut self, edit: impl FnOnce(&mut Draft)) {
        let Some(editor) = &mut self.model else { return };
        edit(Arc::make_mut(&mut editor.draft));
        // Fields move or go: what was refused in them goes, too.
        editor.wrong.clear();
        self.take_draft();
    }

    /// Takes the text of a field, or keeps it beside its reason where it is no value.
    pub(super) fn type_field(&mut self, path: &str, text: &str) {
        let Some(editor) = &mut self.model else { return };
        editor.wrong.remove(path);
        let mut draft = Draft::clone(&editor.draft);
        match draft.set(path, text) {
            Ok(()) => {
                editor.draft = Arc::new(draft);
                self.take_draft();
            }
            Err(unfit) => {
                editor.wrong.insert(path.to_owned(), (text.to_owned(), unfit.why));
            }
        }
    }

    /// Puts the draft on screen where it is a model; else the last good one stays.
    fn take_draft(&mut self) {
        let Some(editor) = &mut self.model else { return };
        match editor.draft.build() {
            Ok(model) => {
                editor.fault = None;
                if model != *self.scenario.subject.model {
                    let subject = self.under_this_quant(&model, self.scenario.subject.experts_used);
                    self.put_subject(Arc::new(subject));
                }
            }
            Err(unfit) => editor.fault = Some(unfit),
        }
    }

    /// Opens the quant on screen in the editor: one of the user's own as it is, any other as a copy.
    pub(in crate::ui) fn edit_quant(&mut self) {
        let chosen = self.scenario.subject.quant.clone();
        let mix = match &chosen.rule {
            Rule::Custom(mix) => mix.clone(),
            Rule::Mix(mix, imatrix) => Arc::new(CustomMix { imatrix: *imatrix, ..CustomMix::of(*mix) }),
            // No recipe is known: the mix of the nearest size is what it is copied from.
            _ => Arc::new(CustomMix::of(self.nearest_mix())),
        };
        let open = self.quant.as_ref().is_some_and(|editor| editor.mix == mix);
        if !open {
            let mix = if matches!(chosen.rule, Rule::Custom(_)) { mix } else { Arc::new(self.free_id(&mix)) };
            let kept = Some(mix.id.clone()).filter(|id| self.is_own(Own::Quant, id));
            self.quant = Some(QuantEditor::of(mix, kept));
            self.take_mix();
        }
        self.workspace = Workspace::Quant;
    }

    fn free_id(&self, mix: &CustomMix) -> CustomMix {
        let taken = |id: &str| self.own_quants.iter().any(|own| own.id == id);
        let id = (1..=u32::MAX)
            .map(|number| if number < 2 { mix.id.clone() } else { format!("{}-{number}", mix.id) })
            .find(|id| !taken(id))
            .unwrap_or_default();
        CustomMix { id, ..mix.clone() }
    }

    fn nearest_mix(&self) -> Mix {
        let Subject { model, weights, .. } = &*self.scenario.subject;
        let (tensors, traits) = (model.tensors(), model.traits());
        let nearest = Mix::nearest(weights.file, &traits, &tensors, Mix::usual_imatrix);
        nearest.map_or(Mix::Q4_K_M, |(mix, _)| mix)
    }

    /// Changes the mix; it is on screen at once.
    pub(super) fn edit_mix(&mut self, edit: impl FnOnce(&mut CustomMix)) {
        let Some(editor) = &mut self.quant else { return };
        edit(Arc::make_mut(&mut editor.mix));
        self.take_mix();
    }

    fn take_mix(&mut self) {
        let Some(editor) = &self.quant else { return };
        let quant = Quant::custom(editor.mix.clone());
        if quant != self.scenario.subject.quant {
            let old = &self.scenario.subject;
            self.put_subject(Arc::new(Subject::new(old.model.clone(), quant, old.experts_used)));
        }
    }

    /// What is edited, as a document to keep or share; none while it is no model.
    #[must_use]
    pub fn own_document(&self, own: Own) -> Option<Document> {
        match own {
            Own::Model => {
                let model = self.model.as_ref()?.draft.build().ok()?;
                Some(Document::Model(Box::new(model)))
            }
            Own::Quant => Some(Document::Quant(Box::new(CustomMix::clone(&self.quant.as_ref()?.mix)))),
        }
    }

    /// Whether what is edited is among the user's own, under the id it has now: then a save replaces it.
    #[must_use]
    pub fn is_kept(&self, own: Own) -> bool {
        let kept = match own {
            Own::Model => self.model.as_ref().and_then(|editor| editor.kept.as_ref()),
            Own::Quant => self.quant.as_ref().and_then(|editor| editor.kept.as_ref()),
        };
        let document = self.own_document(own);
        let is_same = |kept: &&String| document.as_ref().is_some_and(|document| document.id() == kept.as_str());
        kept.filter(is_same).is_some_and(|id| self.is_own(own, id))
    }

    /// Whether a document of this id is among the user's own.
    #[must_use]
    pub fn is_own(&self, own: Own, id: &str) -> bool {
        match own {
            Own::Model => self.own_models.iter().any(|model| model.id == id),
            Own::Quant => self.own_quants.iter().any(|mix| mix.id == id),
        }
    }

    /// Puts a document on screen that was opened or saved; the editor goes on with it.
    pub fn take_document(&mut self, document: Document) {
        match document {
            Document::Machine(_) => {}
            Document::Model(model) => {
                let draft = Draft::of(&model);
                if self.workspace == Workspace::Model {
                    self.model = Some(ModelEditor::of(draft, Some(model.id.clone())));
                }
                if *model != *self.scenario.subject.model {
                    self.pick_model(&model);
                }
                self.own_models.retain(|own| own.id != model.id);
                self.own_models.push(Arc::from(model));
            }
            Document::Quant(mix) => {
                let mix: Arc<CustomMix> = Arc::from(mix);
                if self.workspace == Workspace::Quant {
                    self.quant = Some(QuantEditor::of(mix.clone(), Some(mix.id.clone())));
                }
                let quant = Quant::custom(mix.clone());
                if quant != self.scenario.subject.quant {
                    self.pick_quant(quant);
                }
                self.own_quants.retain(|own| own.id != mix.id);
                self.own_quants.push(mix);
            }
        }
    }
}
