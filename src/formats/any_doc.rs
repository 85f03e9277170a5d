//! A document of any kind that users share: a machine, a model or a quant of their own. Its header tells which.

use serde::Deserialize;

use super::document::options;
use super::machine_doc::{self, DocError, MachineDoc, Origin};
use super::{Refused, custom_quant_doc, model_doc, share_code};
use crate::model::Architecture;
use crate::quant::CustomMix;

/// A document that users share.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// The profile of a machine.
    Machine(Box<MachineDoc>),
    /// A model.
    Model(Box<Architecture>),
    /// A quant.
    Quant(Box<CustomMix>),
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    format: String,
}

impl Document {
    /// Reads a document from elsewhere, or the share code of one.
    ///
    /// # Errors
    /// What the readers of its kind refuse, and a damaged share code.
    pub fn read(text: &str) -> Result<Self, DocError> {
        let code = text.trim();
        if code.starts_with("WIR") {
            let text = share_code::decode(code).map_err(|error| DocError { place: None, what: error.to_string() })?;
            return Self::read_text(&text);
        }
        Self::read_text(text)
    }

    fn read_text(text: &str) -> Result<Self, DocError> {
        // What has no readable header is taken for a machine, whose reader says what is wrong with it.
        let format = options().from_str::<Header>(text).map(|header| header.format).unwrap_or_default();
        match format.as_str() {
            model_doc::FORMAT => {
                let model = model_doc::parse_model(text)?;
                Ok(Self::Model(Box::new(model_doc::from_elsewhere(model))))
            }
            custom_quant_doc::FORMAT => Ok(Self::Quant(Box::new(custom_quant_doc::parse(text)?))),
            _ => machine_doc::read(text, Origin::Foreign).map(|doc| Self::Machine(Box::new(doc))),
        }
    }

    /// As text.
    #[must_use]
    pub fn write(&self) -> String {
        match self {
            Self::Machine(doc) => machine_doc::write(doc),
            Self::Model(model) => model_doc::write_model(model),
            Self::Quant(mix) => custom_quant_doc::write(mix),
        }
    }

    /// The id in it.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Machine(doc) => &doc.machine.id,
            Self::Model(model) => &model.id,
            Self::Quant(mix) => &mix.id,
        }
    }

    /// The name in it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Machine(doc) => &doc.machine.name,
            Self::Model(model) => &model.name,
            Self::Quant(mix) => &mix.name,
        }
    }
}

impl From<Refused> for DocError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Syntax { line, column, why } => Self { place: Some((line, column)), what: why },
            Refused::Version { .. } => Self::newer(&refused.to_string()),
            refused => Self { place: None, what: refused.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Mix;

    #[test]
    fn the_header_tells_what_a_document_is() {
        let model = model_doc::parse_model(
            r#"(format: "willitrun.model", version: 1, id: "a", name: "A", arch: "llama", layers: 4, hidden: 512,
            vocab: 1000, max_context: 4096, attention: (kind: "gqa", heads: 8, kv_heads: 2),
            ffn: (widths: [(3, 1024), (1, 512)]))"#,
        )
        .expect("a model");
        let machine = include_str!("../../profiles/desktop-32gb-ddr4.ron");
        let machine = Document::read(machine).expect("a machine");
        assert!(matches!(machine, Document::Machine(_)));
        for document in
            [machine, Document::Model(Box::new(model)), Document::Quant(Box::new(CustomMix::of(Mix::Q4_K_M)))]
        {
            assert_eq!(Document::read(&document.write()).as_ref(), Ok(&document));
            let code = share_code::encode(&document.write()).expect("short");
            assert_eq!(Document::read(&format!(" {code}\n")).as_ref(), Ok(&document));
        }
        for (bad, said) in [("WIR1.abc", "damaged"), ("(format: \"willitrun.cat\")", "willitrun.cat"), ("", "")] {
            let error = Document::read(bad).expect_err(bad).to_string();
            assert!(error.contains(said), "{error}");
        }
        let newer =
            Document::read(&Document::Quant(Box::new(CustomMix::of(Mix::Q4_K_M))).write().replace(": 1,", ": 9,"));
        assert!(newer.expect_err("newer").needs_newer_app());
    }
}
