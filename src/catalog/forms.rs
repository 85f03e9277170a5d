//! What is told of each form of a model beside its size: who reads it, and what was measured of it.

use crate::model::Architecture;
use crate::quant::{Measured, Quant};

use super::Catalog;

impl Catalog {
    /// The engines that read a form of a model, by name: those a published file or a layout names, else every one that
    /// reads a GGUF as it is, by no plug-in and without making another of it. Empty where none is documented.
    #[must_use]
    pub fn readers(&self, model: &Architecture, quant: &Quant) -> Vec<String> {
        let file = self.published(&model.id, &quant.id).filter(|_| !quant.source.is_empty());
        let named = |id: &String| self.engine(id).map_or_else(|| id.clone(), |engine| engine.name.clone());
        match (file.map(|file| &file.engines), quant.as_layout()) {
            (Some(only), _) if !only.is_empty() => only.iter().map(named).collect(),
            (_, Some(layout)) => layout.engines.clone(),
            _ => {
                let own = self.engines.iter().filter(|engine| !engine.ideal && engine.gguf_note.is_empty());
                own.map(|engine| engine.name.clone()).collect()
            }
        }
    }

    /// What was measured of a quant: on this very model where somebody did, else the figure all are compared by.
    #[must_use]
    pub fn cited(&self, quant: &str, model: &Architecture) -> Option<&Measured> {
        let here = self.quality(quant).find(|row| row.is_of(&model.name));
        here.or_else(|| self.quality.headline(quant))
    }
}
