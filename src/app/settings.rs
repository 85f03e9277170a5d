//! The last question, kept from one start to the next.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::formats::settings_doc::Settings;
use crate::library::Askable;
use crate::model::Architecture;
use crate::quant::{Format, Imatrix, Quant};
use crate::scenario::{Scenario, Subject};
use crate::store::Store;
use crate::ui::MemoryUnit;
use crate::ui::bench::{Workbench, usual_answer};
use crate::units::Tokens;

use super::own::OwnDocuments;

/// What to keep of the state on screen.
pub(super) fn collect(bench: &Workbench, theme: &str) -> Settings {
    let scenario = &bench.scenario;
    let mut settings = Settings::default();
    theme.clone_into(&mut settings.theme);
    settings.decimal = bench.unit == MemoryUnit::Gb;
    settings.model.clone_from(&scenario.subject.model.id);
    settings.quant.clone_from(&scenario.subject.quant.id);
    settings.context = scenario.run.context.get();
    scenario.run.kv_k.name().clone_into(&mut settings.kv);
    settings.engine.clone_from(&scenario.engine.id);
    if let Some(file) = &scenario.subject.file {
        (settings.file, settings.file_name) = (file.path.clone(), file.name.clone());
    }
    settings.reason = Some(super::reason_settings::collect(&bench.reason));
    let read = bench.measure.chosen_read().map(|path| path.display().to_string());
    settings.disk_read = read.unwrap_or_default();
    settings.folders = bench.files.folders.iter().map(|folder| folder.display().to_string()).collect();
    settings
}

/// What was kept, if anything; damaged settings are passed over and written anew at the end.
pub(super) fn load(store: &Store) -> Option<Settings> {
    let text = store.load_settings().ok()??;
    Settings::read(&text).inspect_err(|error| log::warn!("settings were passed over: {error}")).ok()
}

/// Puts the last question back; what is no longer known stays as it is.
pub(super) fn restore(settings: &Settings, own: &OwnDocuments, catalog: &Catalog, scenario: &mut Scenario) {
    let model = own.models.iter().find(|model| model.id == settings.model).or_else(|| catalog.model(&settings.model));
    let custom = own.quants.iter().find(|mix| mix.id == settings.quant).map(|mix| Quant::custom(mix.clone()));
    if let Some(model) = model {
        let published = catalog.published(&model.id, &settings.quant).filter(|_| custom.is_none());
        let known = custom.or_else(|| catalog.quant(&settings.quant));
        let quant = known.or_else(|| Quant::parse(&settings.quant, Imatrix::Without, None).ok());
        let quant = quant.unwrap_or_else(|| scenario.subject.quant.clone());
        scenario.subject = Arc::new(match published {
            Some(file) => file.subject(model, None),
            None => Subject::new(Architecture::clone(model), quant, None),
        });
        scenario.answer = usual_answer(&scenario.subject);
    }
    let file =
        (!settings.file.is_empty()).then(|| Askable::open(settings.file.as_ref(), Some(&settings.file_name), None));
    if let Some(Ok(Ok(subject))) = file.map(|file| file.map(|file| file.subject)) {
        scenario.answer = usual_answer(&subject);
        scenario.subject = subject;
    }
    if let Some(engine) = catalog.engine(&settings.engine) {
        scenario.engine = engine.clone();
    }
    let limit = scenario.subject.model.max_context.get();
    scenario.run.context = Tokens::new(settings.context.clamp(1, limit));
    if let Some(kv) = Format::parse(&settings.kv).filter(|kv| crate::memory::RunOptions::KV_FORMATS.contains(kv)) {
        (scenario.run.kv_k, scenario.run.kv_v) = (kv, kv);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::model_doc::Draft;
    use crate::quant::{CustomMix, Mix, Tensors};
    use crate::scenario::{FileKind, FromFile};

    #[test]
    fn folders_and_the_file_asked_about_are_kept() {
        let catalog = Catalog::builtin();
        let machine = catalog.profiles[0].machine.clone();
        let mut start = super::super::first_question(catalog, machine).expect("a question");
        let file = FromFile {
            name: "llama3:8b".to_owned(),
            path: "/models/blob".to_owned(),
            exact: Some("/models/blob".to_owned()),
            kind: FileKind::Gguf,
        };
        start.subject = Arc::new(Subject { file: Some(file), ..Subject::clone(&start.subject) });
        let mut bench = Workbench::new(start);
        bench.files.folders.push("/models".into());
        bench.measure.choose_read("/models/large.gguf".into());
        let kept = Settings::read(&collect(&bench, "dark").write()).expect("just written");
        assert_eq!(
            (kept.folders.as_slice(), kept.disk_read.as_str()),
            (["/models".to_owned()].as_slice(), "/models/large.gguf")
        );
        assert_eq!((kept.file.as_str(), kept.file_name.as_str()), ("/models/blob", "llama3:8b"));
    }

    fn question(subject: Subject) -> Scenario {
        let catalog = Catalog::builtin();
        let machine = Arc::new(catalog.profiles[0].machine.clone());
        Scenario::new(Arc::new(subject), machine, catalog.engines[0].clone(), catalog.parameters.clone())
    }

    #[test]
    fn a_model_and_a_quant_of_the_users_own_are_there_after_a_restart() {
        let catalog = Catalog::builtin();
        let mut draft = Draft::copy_of(catalog.model("llama-3.1-8b").expect("a preset"), |_| false);
        draft.set("layers", "20").expect("a number");
        let model = Arc::new(draft.build().expect("a model"));
        let mut mix = CustomMix::of(Mix::Q4_K_M);
        mix.set(Tensors::Down, Some(Format::Q2_K));
        let mix = Arc::new(mix);
        let bench =
            Workbench::new(question(Subject::new(Architecture::clone(&model), Quant::custom(mix.clone()), None)));
        let kept = Settings::read(&collect(&bench, "").write()).expect("just written");

        let preset = catalog.model("qwen3-30b-a3b").expect("a preset");
        let mut start = question(crate::advice::default_subject(preset));
        let own = OwnDocuments { models: vec![model], quants: vec![mix], findings: Vec::new() };
        let before = start.clone();
        restore(&kept, &OwnDocuments::default(), catalog, &mut start);
        assert_eq!(start.subject, before.subject, "what is gone changes nothing");
        restore(&kept, &own, catalog, &mut start);
        assert_eq!(start.subject, bench.scenario.subject);
    }

    #[test]
    fn a_published_file_comes_back() {
        let catalog = Catalog::builtin();
        let machine = catalog.profiles[0].machine.clone();
        let scenario = super::super::first_question(catalog, machine).expect("a question");
        let mut bench = Workbench::new(scenario.clone());
        bench.pick_model(catalog.model("deepseek-r1").expect("R1"));
        bench.pick_published(catalog.published("deepseek-r1", "UD-Q2_K_XL").expect("published"));
        let kept = Settings::read(&collect(&bench, "dark").write()).expect("just written");
        let mut back = scenario;
        restore(&kept, &OwnDocuments::default(), catalog, &mut back);
        assert_eq!(back.subject, bench.scenario.subject);
    }
}
