//! The models and quants of the user's own.

use super::shelf::{Entry, Kept, SaveMode, Saved};
use super::{Store, StoreError};
use crate::catalog::Catalog;
use crate::formats::machine_doc::DocError;
use crate::formats::{custom_quant_doc, model_doc};
use crate::hardware::Finding;
use crate::model::Architecture;
use crate::quant::{CustomMix, Mix};

impl Kept for Architecture {
    const FOLDER: &'static str = "models";
    const KIND: &'static str = "model";

    fn id(&self) -> &str {
        &self.id
    }

    fn set_id(&mut self, id: String) {
        self.id = id;
    }

    fn read(text: &str) -> Result<Self, DocError> {
        Ok(model_doc::parse_model(text)?)
    }

    fn write(&self) -> String {
        model_doc::write_model(self)
    }

    fn is_taken(&self, id: &str) -> bool {
        Catalog::builtin().model(id).is_some()
    }
}

impl Kept for CustomMix {
    const FOLDER: &'static str = "quants";
    const KIND: &'static str = "quant";

    fn id(&self) -> &str {
        &self.id
    }

    fn set_id(&mut self, id: String) {
        self.id = id;
    }

    fn read(text: &str) -> Result<Self, DocError> {
        Ok(custom_quant_doc::parse(text)?)
    }

    fn write(&self) -> String {
        custom_quant_doc::write(self)
    }

    fn is_taken(&self, id: &str) -> bool {
        Mix::parse(id).is_some()
    }
}

impl Store {
    /// The user's own models, by id, and a finding for every file of the folder that is none.
    #[must_use]
    pub fn models(&self) -> (Vec<Entry<Architecture>>, Vec<Finding>) {
        self.list()
    }

    /// Saves a model under its id, or under the next free one: neither a built-in one nor one of the user's.
    ///
    /// # Errors
    /// Refuses a model that contradicts itself, and, with [`SaveMode::ReplaceOwn`], to replace a file that is not
    /// this model. When the file cannot be written the old one is still there.
    pub fn save_model(&self, model: &Architecture, mode: SaveMode) -> Result<Saved, StoreError> {
        self.save(model, mode)
    }

    /// Removes the user's model of an id; whether there was one.
    ///
    /// # Errors
    /// When the system does not let it go.
    pub fn remove_model(&self, id: &str) -> Result<bool, StoreError> {
        self.remove::<Architecture>(id)
    }

    /// The user's own quants, by id, and a finding for every file of the folder that is none.
    #[must_use]
    pub fn quants(&self) -> (Vec<Entry<CustomMix>>, Vec<Finding>) {
        self.list()
    }

    /// Saves a quant under its id, or under the next free one.
    ///
    /// # Errors
    /// As [`save_model`](Self::save_model).
    pub fn save_quant(&self, mix: &CustomMix, mode: SaveMode) -> Result<Saved, StoreError> {
        self.save(mix, mode)
    }

    /// Removes the user's quant of an id; whether there was one.
    ///
    /// # Errors
    /// When the system does not let it go.
    pub fn remove_quant(&self, id: &str) -> Result<bool, StoreError> {
        self.remove::<CustomMix>(id)
    }
}
