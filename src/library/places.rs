//! Where other programs keep their models.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A program that keeps models in a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// Ollama: manifests that name blobs.
    Ollama,
    /// LM Studio: publisher / model / file.
    LmStudio,
    /// llama.cpp's own downloads.
    LlamaCpp,
    /// The cache of the Hugging Face hub.
    HuggingFace,
    /// Jan.
    Jan,
    /// `GPT4All`.
    Gpt4All,
    /// A folder the user named.
    Added,
}

impl Program {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ollama => "Ollama",
            Self::LmStudio => "LM Studio",
            Self::LlamaCpp => "llama.cpp",
            Self::HuggingFace => "Hugging Face",
            Self::Jan => "Jan",
            Self::Gpt4All => "GPT4All",
            Self::Added => "your folder",
        }
    }
}

/// A folder to look in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub program: Program,
    /// The folder.
    pub folder: PathBuf,
}

impl Place {
    /// A folder the user named.
    #[must_use]
    pub fn added(folder: impl Into<PathBuf>) -> Self {
        Self { program: Program::Added, folder: folder.into() }
    }
}

/// The kind of system a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Linux and the other free Unixes.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

impl System {
    /// The one this was built for.
    pub const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_vendor = "apple") {
        Self::Mac
    } else {
        Self::Linux
    };
}

/// The folders in which programs of this system keep models, by the environment of this process.
#[must_use]
pub fn places() -> Vec<Place> {
    places_of(System::HERE, &|name| std::env::var_os(name))
}

/// The folders by what the environment says. A program that was told another folder uses that one only.
#[must_use]
pub fn places_of(system: System, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<Place> {
    let named = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = named(if system == System::Windows { "USERPROFILE" } else { "HOME" });
    let in_home = |folder: &str| home.as_ref().map(|home| home.join(folder));
    let cache = || match system {
        System::Linux => named("XDG_CACHE_HOME").or_else(|| in_home(".cache")),
        System::Mac => in_home("Library/Caches"),
        System::Windows => named("LOCALAPPDATA"),
    };
    let data = || match system {
        System::Linux => named("XDG_DATA_HOME").or_else(|| in_home(".local/share")),
        System::Mac => in_home("Library/Application Support"),
        System::Windows => named("APPDATA"),
    };
    let mut places = Vec::new();
    let mut add = |program: Program, folder: Option<PathBuf>| {
        let known = |folder: &Path| places.iter().any(|place: &Place| place.folder == folder);
        if let Some(folder) = folder.filter(|folder| !known(folder)) {
            places.push(Place { program, folder });
        }
    };
    // docs.ollama.com/faq, "Where are models stored?"; the service of the Linux installer runs as the user
    // ollama, whose home is /usr/share/ollama. OLLAMA_HOME: envconfig/config.go.
    if let Some(folder) = named("OLLAMA_MODELS") {
        add(Program::Ollama, Some(folder));
    } else {
        add(Program::Ollama, named("OLLAMA_HOME").or_else(|| in_home(".ollama")).map(|home| home.join("models")));
        let service = (system == System::Linux).then(|| PathBuf::from("/usr/share/ollama/.ollama/models"));
        add(Program::Ollama, service);
    }
    // lmstudio.ai/docs/basics/import-model; older versions used ~/.cache/lm-studio.
    add(Program::LmStudio, in_home(".lmstudio/models"));
    add(Program::LmStudio, in_home(".cache/lm-studio/models"));
    // llama.cpp common/common.cpp, fs_get_cache_directory.
    add(Program::LlamaCpp, named("LLAMA_CACHE").or_else(|| cache().map(|cache| cache.join("llama.cpp"))));
    // huggingface.co/docs/huggingface_hub/package_reference/environment_variables; HUGGINGFACE_HUB_CACHE is the
    // older name. The cache is in ~/.cache on every system.
    let hub = named("HF_HUB_CACHE").or_else(|| named("HUGGINGFACE_HUB_CACHE"));
    let hub = hub.or_else(|| {
        let base = named("XDG_CACHE_HOME").or_else(|| in_home(".cache")).map(|cache| cache.join("huggingface"));
        named("HF_HOME").or(base).map(|base| base.join("hub"))
    });
    add(Program::HuggingFace, hub);
    // jan.ai/docs/desktop/data-folder: models of llama.cpp in llamacpp/models, of MLX in mlx/models.
    for engine in ["llamacpp", "mlx"] {
        add(Program::Jan, data().map(|data| data.join("Jan/data").join(engine).join("models")));
    }
    // gpt4all-chat/src/mysettings.cpp, defaultLocalModelsPath: Qt's AppLocalDataLocation of nomic.ai/GPT4All.
    let local = if system == System::Windows { named("LOCALAPPDATA") } else { data() };
    add(Program::Gpt4All, local.map(|data| data.join("nomic.ai/GPT4All")));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(system: System, variables: &[(&str, &str)], program: Program, expected: &[&str]) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let found: Vec<PathBuf> = places_of(system, &variable)
            .into_iter()
            .filter(|place| place.program == program)
            .map(|place| place.folder)
            .collect();
        assert_eq!(found, expected.iter().map(PathBuf::from).collect::<Vec<_>>());
    }

    #[test]
    fn the_folders_are_those_the_programs_document() {
        use Program::{Gpt4All, HuggingFace, Jan, LlamaCpp, LmStudio, Ollama};
        let linux = [("HOME", "/home/u")];
        check(System::Linux, &linux, Ollama, &["/home/u/.ollama/models", "/usr/share/ollama/.ollama/models"]);
        check(System::Linux, &linux, LmStudio, &["/home/u/.lmstudio/models", "/home/u/.cache/lm-studio/models"]);
        check(System::Linux, &linux, LlamaCpp, &["/home/u/.cache/llama.cpp"]);
        check(System::Linux, &linux, HuggingFace, &["/home/u/.cache/huggingface/hub"]);
        let jan = ["/home/u/.local/share/Jan/data/llamacpp/models", "/home/u/.local/share/Jan/data/mlx/models"];
        check(System::Linux, &linux, Jan, &jan);
        check(System::Linux, &linux, Gpt4All, &["/home/u/.local/share/nomic.ai/GPT4All"]);
        let mac = [("HOME", "/Users/u")];
        check(System::Mac, &mac, Ollama, &["/Users/u/.ollama/models"]);
        check(System::Mac, &mac, LlamaCpp, &["/Users/u/Library/Caches/llama.cpp"]);
        check(System::Mac, &mac, HuggingFace, &["/Users/u/.cache/huggingface/hub"]);
        check(System::Mac, &mac, Gpt4All, &["/Users/u/Library/Application Support/nomic.ai/GPT4All"]);
        let windows = [("USERPROFILE", "/u"), ("LOCALAPPDATA", "/u/Local"), ("APPDATA", "/u/Roaming")];
        check(System::Windows, &windows, Ollama, &["/u/.ollama/models"]);
        check(System::Windows, &windows, LlamaCpp, &["/u/Local/llama.cpp"]);
        check(
            System::Windows,
            &windows,
            Jan,
            &["/u/Roaming/Jan/data/llamacpp/models", "/u/Roaming/Jan/data/mlx/models"],
        );
        check(System::Windows, &windows, Gpt4All, &["/u/Local/nomic.ai/GPT4All"]);
    }

    #[test]
    fn a_variable_moves_the_folder() {
        let home = ("HOME", "/h");
        check(System::Linux, &[home, ("OLLAMA_MODELS", "/o")], Program::Ollama, &["/o"]);
        check(System::Linux, &[home, ("LLAMA_CACHE", "/l")], Program::LlamaCpp, &["/l"]);
        check(System::Linux, &[home, ("XDG_CACHE_HOME", "/c")], Program::LlamaCpp, &["/c/llama.cpp"]);
        check(System::Linux, &[home, ("XDG_CACHE_HOME", "/c")], Program::HuggingFace, &["/c/huggingface/hub"]);
        check(System::Linux, &[home, ("HF_HOME", "/f")], Program::HuggingFace, &["/f/hub"]);
        check(System::Linux, &[home, ("HF_HOME", "/f"), ("HF_HUB_CACHE", "/k")], Program::HuggingFace, &["/k"]);
        check(System::Linux, &[home, ("HF_HUB_CACHE", "")], Program::HuggingFace, &["/h/.cache/huggingface/hub"]);
        check(System::Linux, &[], Program::LmStudio, &[]);
    }
}
