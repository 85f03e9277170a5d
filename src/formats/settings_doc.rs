//! What the window remembers: the last question and how it was shown.

use serde::{Deserialize, Serialize};

use super::Refused;
use super::document::{check_header, options};
use super::reason_doc::Reason;

const FORMAT: &str = "willitrun.settings";
const VERSION: u32 = 1;

/// What the window remembers. Names are ids; what is no longer known is left out on reading it back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    format: String,
    version: u32,
    /// `dark`, `light`, or empty for the system's.
    pub theme: String,
    /// Whether memory is written in GB.
    pub decimal: bool,
    /// The model, by id.
    pub model: String,
    /// The quant, as typed.
    pub quant: String,
    /// The context in tokens.
    pub context: u64,
    /// The format of the cache.
    pub kv: String,
    /// The engine, by id.
    pub engine: String,
    /// Path of the model file that was asked about; empty for a model of the catalogue.
    pub file: String,
    /// What that file is called.
    pub file_name: String,
    /// Folders of the user's own to look for models in.
    pub folders: Vec<String>,
    /// Where the disk was chosen to be read when it is measured; empty for the best place.
    pub disk_read: String,
    /// What was chosen on the page of thinking and serving.
    pub reason: Option<Reason>,
}

impl Settings {
    /// As text.
    #[must_use]
    pub fn write(&self) -> String {
        let settings = Self { format: FORMAT.to_owned(), version: VERSION, ..self.clone() };
        ron::ser::to_string_pretty(&settings, ron::ser::PrettyConfig::default()).unwrap_or_default()
    }

    /// From text.
    ///
    /// # Errors
    /// The place and the reason.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let settings: Self = options().from_str(text)?;
        check_header(&settings.format, settings.version, FORMAT, VERSION)?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn settings_come_back() {
        let settings = Settings { model: "deepseek-r1".to_owned(), context: 32_768, ..Settings::default() };
        let back = Settings::read(&settings.write()).expect("just written");
        assert_eq!((back.model.as_str(), back.context), ("deepseek-r1", 32_768));
        assert!(Settings::read("()").is_err());
        assert!(Settings::read("(format: \"willitrun.settings\", version: 9)").is_err());
    }
}
