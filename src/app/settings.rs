//! The last question, kept from one start to the next.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::formats::settings_doc::Settings;
use crate::model::Architecture;
use crate::quant::{Format, Imatrix, Quant};
use crate::scenario::{Scenario, Subject};
use crate::store::Store;
use crate::ui::MemoryUnit;
use crate::ui::bench::{Workbench, usual_answer};
use crate::units::Tokens;

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
    settings
}

/// What was kept, if anything; damaged settings are passed over and written anew at the end.
pub(super) fn load(store: &Store) -> Option<Settings> {
    let text = store.load_settings().ok()??;
    Settings::read(&text).inspect_err(|error| log::warn!("settings were passed over: {error}")).ok()
}

/// Puts the last question back; what is no longer known stays as it is.
pub(super) fn restore(store: &Store, catalog: &Catalog, scenario: &mut Scenario) {
    if let Some(settings) = load(store) {
        put_back(&settings, catalog, scenario);
    }
}

fn put_back(settings: &Settings, catalog: &Catalog, scenario: &mut Scenario) {
    if let Some(model) = catalog.model(&settings.model) {
        let quant = Quant::parse(&settings.quant, Imatrix::Without, None).map(|quant| match quant.as_mix() {
            Some(mix) => Quant::mix(mix, mix.usual_imatrix()),
            None => quant,
        });
        let quant = quant.unwrap_or_else(|_| scenario.subject.quant.clone());
        scenario.subject = Arc::new(match catalog.published(&model.id, &settings.quant) {
            Some(file) => file.subject(model, None),
            None => Subject::new(Architecture::clone(model), quant, None),
        });
        scenario.answer = usual_answer(&scenario.subject);
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
        put_back(&kept, catalog, &mut back);
        assert_eq!(back.subject, bench.scenario.subject);
    }
}
