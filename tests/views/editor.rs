//! The editors of models and quants: every field under the hand, the answer follows, and it is kept.

use egui::accesskit::Role;
use egui::{Key, Theme, Vec2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::app::Event;
use willitrun::catalog::Catalog;
use willitrun::formats::any_doc::Document;
use willitrun::formats::model_doc::{self, Draft};
use willitrun::formats::share_code;
use willitrun::quant::{Format, Rule, Tensors};
use willitrun::store::{SaveMode, Store};
use willitrun::ui::Own;
use willitrun::ui::bench::{PathFor, Workspace};
use willitrun::units::Bytes;

use super::window::{
    DESKTOP, Harnessed, asked, bench, choose, click, heading, machine, open, question, text_on, until,
};

const SIZE: Vec2 = vec2(1280.0, 1200.0);

fn detected(model: &str) -> Event {
    asked(question(&machine(DESKTOP), model), Vec::new())
}

fn window(model: &str) -> Harnessed {
    window_in(model, Theme::Dark, SIZE)
}

fn window_in(model: &str, theme: Theme, size: Vec2) -> Harnessed {
    open(detected(model), theme, size, |_, _| ())
}

fn store(h: &Harnessed) -> Store {
    Store::at(h.state().folder.path().join("data"))
}

fn type_over(h: &mut Harnessed, label: &str, text: &str) {
    super::window::type_over(h, Role::TextInput, label, text);
}

fn value(h: &Harnessed, label: &str) -> String {
    h.get_by_role_and_label(Role::TextInput, label).accesskit_node().value().unwrap_or_default()
}

fn model_name(h: &mut Harnessed) -> String {
    bench(h).scenario.subject.model.name.clone()
}

const EDIT_MODEL: &str = "Edit a copy of the model";
const EDIT_QUANT: &str = "Edit a copy of the quant";

#[test]
fn a_preset_is_duplicated_and_every_change_is_followed() {
    let mut h = window("llama-3.1-8b");
    let before = bench(&mut h).scenario.subject.clone();
    click(&mut h, EDIT_MODEL);
    assert_eq!(bench(&mut h).workspace, Workspace::Model);
    assert_eq!(model_name(&mut h), "Llama 3.1 8B (copy)");
    let copy = bench(&mut h).scenario.subject.clone();
    assert_eq!(copy.weights, before.weights);
    assert!(copy.model.facts.source.starts_with("typed by you, from llama-3.1-8b"));
    let kv = bench(&mut h).answer().kv_per_token;

    type_over(&mut h, "Shape, layers", "64");
    let subject = bench(&mut h).scenario.subject.clone();
    assert_eq!(subject.model.layers.len(), 64);
    assert!(subject.weights.file > before.weights.file);
    assert_eq!(bench(&mut h).answer().kv_per_token, kv * 2_u64);
    assert!(text_on(&h, &subject.model.params().to_string()), "parameters are shown");
    assert!(text_on(&h, &subject.weights.file.in_gb()), "the file is shown");
    let sentence = bench(&mut h).answer().verdict.sentence();
    assert_eq!(heading(&h), sentence);

    // The preset is untouched.
    assert_eq!(Catalog::builtin().model("llama-3.1-8b").expect("there").layers.len(), 32);
    click(&mut h, "Done");
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    assert_eq!(model_name(&mut h), "Llama 3.1 8B (copy)");
    // Back in the editor it is the same draft, not a copy of a copy.
    click(&mut h, EDIT_MODEL);
    assert_eq!(model_name(&mut h), "Llama 3.1 8B (copy)");
}

#[test]
fn heads_that_do_not_divide_are_refused_at_their_field_and_the_answer_stays() {
    let mut h = window("llama-3.1-8b");
    click(&mut h, EDIT_MODEL);
    let (subject, sentence) = (bench(&mut h).scenario.subject.clone(), heading(&h));
    type_over(&mut h, "Attention, kv heads", "5");
    assert!(text_on(&h, "5 does not divide 32 heads"));
    assert!(text_on(&h, "attention.kv_heads: 5 does not divide 32 heads. The answer stays"));
    assert_eq!((bench(&mut h).scenario.subject.clone(), heading(&h)), (subject.clone(), sentence.clone()));
    // What is no number at all is kept beside its reason.
    type_over(&mut h, "Attention, kv heads", "many");
    assert!(text_on(&h, "'many' is not a whole number"));
    assert_eq!(value(&h, "Attention, kv heads"), "many");
    assert_eq!(bench(&mut h).scenario.subject, subject);
    // No save of what is no model.
    type_over(&mut h, "Attention, kv heads", "5");
    assert!(h.get_by_label("Save").accesskit_node().is_disabled());
    type_over(&mut h, "Attention, kv heads", "16");
    assert!(!text_on(&h, "does not divide"));
    assert_eq!(bench(&mut h).answer().kv_per_token, Bytes::new(2 * 16 * 128 * 2 * 32));
}

#[test]
fn experts_used_above_those_there_are_refused() {
    let mut h = window("deepseek-r1");
    click(&mut h, EDIT_MODEL);
    type_over(&mut h, "Experts, experts used", "300");
    assert!(text_on(&h, "moe.used: it has to be between 1 and 256, not 300"));
    type_over(&mut h, "Experts, experts used", "16");
    let active = bench(&mut h).scenario.subject.model.active_params(None);
    assert!(active > Catalog::builtin().model("deepseek-r1").expect("there").active_params(None));
}

#[test]
fn changes_are_taken_back_and_done_again() {
    let mut h = window("llama-3.1-8b");
    click(&mut h, EDIT_MODEL);
    type_over(&mut h, "Shape, layers", "48");
    h.key_press(Key::Enter);
    h.run();
    let layers = |h: &mut Harnessed| bench(h).scenario.subject.model.layers.len();
    assert_eq!(layers(&mut h), 48);
    click(&mut h, "Undo");
    assert_eq!((layers(&mut h), value(&h, "Shape, layers")), (32, "32".to_owned()));
    click(&mut h, "Redo");
    assert_eq!((layers(&mut h), value(&h, "Shape, layers")), (48, "48".to_owned()));
    click(&mut h, "Reset Shape, layers");
    assert_eq!(layers(&mut h), 32);
    // Far enough back there is no copy, and no editor to show it.
    for _ in 0..4 {
        if bench(&mut h).can_undo() {
            click(&mut h, "Undo");
        }
    }
    assert_eq!((bench(&mut h).workspace, model_name(&mut h).as_str()), (Workspace::Run, "Llama 3.1 8B"));
}

#[test]
fn parts_come_and_go() {
    let mut h = window("llama-3.1-8b");
    click(&mut h, EDIT_MODEL);
    click(&mut h, "Sliding window");
    assert!(text_on(&h, "window.tokens: it has to be between 1 and"));
    type_over(&mut h, "Sliding window, tokens", "4k");
    type_over(&mut h, "Sliding window, pattern", "5:1");
    let windowed =
        bench(&mut h).scenario.subject.model.layers.iter().filter(|layer| format!("{layer:?}").contains("4096"));
    assert_eq!(windowed.count(), 27);
    click(&mut h, "Take out sliding window");
    assert!(h.query_by_role_and_label(Role::TextInput, "Sliding window, tokens").is_none());
    click(&mut h, "Write the layers run by run");
    type_over(&mut h, "Layers 1 to 32, layers", "8");
    assert_eq!(bench(&mut h).scenario.subject.model.layers.len(), 8);
    click(&mut h, "Repeat layers 1 to 8");
    type_over(&mut h, "Layers 9 to 16, dense width", "1024");
    let model = bench(&mut h).scenario.subject.model.clone();
    assert_eq!(model.layers.len(), 16);
    assert_ne!(model.layers[0].ffn, model.layers[15].ffn);
}

#[test]
fn a_model_is_saved_listed_removed_and_saved_again() {
    let mut h = window("llama-3.1-8b");
    click(&mut h, EDIT_MODEL);
    type_over(&mut h, "Name and source, name", "Mine");
    type_over(&mut h, "Shape, layers", "40");
    click(&mut h, "Save");
    until(&mut h, "saved model", |bench| !bench.own_models.is_empty());
    let kept = store(&h).models().0;
    assert_eq!((kept.len(), kept[0].doc.name.as_str(), kept[0].doc.layers.len()), (1, "Mine", 40));
    assert_eq!(kept[0].doc.id, "llama-3.1-8b-copy");

    // Saved again it is the same one.
    type_over(&mut h, "Shape, layers", "41");
    until(&mut h, "list", |bench| bench.is_own(Own::Model, "llama-3.1-8b-copy"));
    click(&mut h, "Save");
    until(&mut h, "second save", |bench| bench.own_models.iter().any(|model| model.layers.len() == 41));
    assert_eq!(store(&h).models().0.len(), 1);

    // It is first in the list of models.
    click(&mut h, "Done");
    choose(&mut h, "Model", "Llama 3.2 1B   1.2 B");
    assert_eq!(model_name(&mut h), "Llama 3.2 1B");
    h.get_by_role_and_label(Role::ComboBox, "Model").click();
    h.run();
    h.get_by_label("Yours");
    h.get_by_label_contains("Mine   ").scroll_to_me();
    h.run();
    h.get_by_label_contains("Mine   ").click();
    h.run();
    assert_eq!(model_name(&mut h), "Mine");

    click(&mut h, EDIT_MODEL);
    assert_eq!(model_name(&mut h), "Mine", "one of the user's own is edited as it is");
    click(&mut h, "Remove");
    until(&mut h, "removal", |bench| bench.own_models.is_empty());
    assert!(store(&h).models().0.is_empty());
    assert_eq!(model_name(&mut h), "Mine", "it stays on screen");
    click(&mut h, "Save");
    until(&mut h, "save", |bench| !bench.own_models.is_empty());
    assert_eq!(store(&h).models().0.len(), 1);
}

#[test]
fn a_save_never_overwrites_another_model() {
    let mut h = window("llama-3.1-8b");
    let mine = Draft::copy_of(Catalog::builtin().model("deepseek-r1").expect("there"), |_| false);
    store(&h).save_model(&mine.build().expect("a model"), SaveMode::NewName).expect("saved");
    click(&mut h, EDIT_MODEL);
    type_over(&mut h, "Name and source, id", "deepseek-r1-copy");
    click(&mut h, "Save");
    until(&mut h, "saved model", |bench| bench.own_models.len() == 2);
    let kept: Vec<(String, usize)> =
        store(&h).models().0.into_iter().map(|entry| (entry.doc.id, entry.doc.layers.len())).collect();
    assert_eq!(kept, [("deepseek-r1-copy".to_owned(), 61), ("deepseek-r1-copy-2".to_owned(), 32)]);
    // The editor goes on with the one that was saved, under the id it got.
    assert_eq!(value(&h, "Name and source, id"), "deepseek-r1-copy-2");
    assert!(bench(&mut h).is_kept(Own::Model));
}

#[test]
fn a_share_code_that_is_pasted_is_opened_and_kept() {
    let mut h = window("llama-3.1-8b");
    let mut model = Clone::clone(Catalog::builtin().model("deepseek-r1").expect("there").as_ref());
    model.name = "R1 of a friend".to_owned();
    let code = share_code::encode(&model_doc::write_model(&model)).expect("short");
    h.event(egui::Event::Paste(format!("{code}\n")));
    h.run();
    until(&mut h, "opened model", |bench| bench.scenario.subject.model.name == "R1 of a friend");
    // The id of a preset is never taken.
    assert_eq!(store(&h).models().0[0].doc.id, "deepseek-r1-2");
    let damaged = code.replace("WIR1.", "WIR1.A");
    h.event(egui::Event::Paste(damaged));
    h.run();
    until(&mut h, "refusal", |bench| bench.notice.as_ref().is_some_and(|notice| notice.failed));
    assert!(text_on(&h, "share code is damaged"));
    // A code goes where a path is asked for, too.
    h.state_mut().app.handle(Event::NoPath(PathFor::Open));
    h.run();
    model.id = "other".to_owned();
    let code = share_code::encode(&Document::Model(Box::new(model)).write()).expect("short");
    bench(&mut h).path = code;
    h.run();
    click(&mut h, "Open");
    until(&mut h, "second model", |bench| bench.scenario.subject.model.id == "other");
}

#[test]
fn a_model_is_written_where_the_user_says() {
    let mut h = window("llama-3.1-8b");
    click(&mut h, EDIT_MODEL);
    let path = h.state().folder.path().join("mine.ron");
    h.state_mut().app.handle(Event::NoPath(PathFor::ExportOwn(Own::Model)));
    h.run();
    bench(&mut h).path = path.display().to_string();
    h.run();
    click(&mut h, "Write");
    until(&mut h, "file", |bench| bench.notice.as_ref().is_some_and(|notice| notice.text.starts_with("Written")));
    let text = std::fs::read_to_string(path).expect("written");
    assert_eq!(model_doc::parse_model(&text).expect("a model").name, "Llama 3.1 8B (copy)");
}

#[test]
fn a_quant_is_edited_kept_and_chosen_again() {
    let mut h = window("qwen3-30b-a3b");
    let before = bench(&mut h).scenario.subject.weights.clone();
    click(&mut h, EDIT_QUANT);
    assert_eq!(bench(&mut h).scenario.subject.weights, before, "a copy is the same size");
    choose(&mut h, "Format of experts down", "Q2_K   2.62 bits");
    let weights = bench(&mut h).scenario.subject.weights.clone();
    assert!(weights.file < before.file);
    assert!(text_on(&h, &weights.file.in_gb()) && text_on(&h, &format!("{:.2}", weights.bits_per_weight)));
    let Rule::Custom(mix) = bench(&mut h).scenario.subject.quant.rule.clone() else { panic!("a custom quant") };
    assert_eq!(mix.format(Tensors::ExpertsDown), Some(Format::Q2_K));

    type_over(&mut h, "Quant name", "Small experts");
    click(&mut h, "Save");
    until(&mut h, "saved quant", |bench| !bench.own_quants.is_empty());
    assert_eq!(store(&h).quants().0[0].doc.name, "Small experts");
    click(&mut h, "Done");
    choose(&mut h, "Quant", "Small experts");
    assert_eq!(bench(&mut h).scenario.subject.weights, weights);

    click(&mut h, EDIT_QUANT);
    click(&mut h, "Reset experts down");
    assert_eq!(bench(&mut h).scenario.subject.weights, before);
    click(&mut h, "Undo");
    assert_eq!(bench(&mut h).scenario.subject.weights, weights);
}

#[test]
fn a_file_of_known_size_is_taken_as_it_is() {
    let mut h = window("qwen3-30b-a3b");
    click(&mut h, EDIT_QUANT);
    type_over(&mut h, "Name of the file", "UD-Q2_K_XL");
    type_over(&mut h, "Size of the file", "12 apples");
    assert!(text_on(&h, "is not a size"));
    type_over(&mut h, "Size of the file", "11.8 GB");
    click(&mut h, "Use this size");
    assert_eq!(bench(&mut h).scenario.subject.weights.file, Bytes::new(11_800_000_000));
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
}

#[test]
fn the_editors_fit_small_and_large_windows() {
    for (theme, size) in [(Theme::Dark, vec2(900.0, 600.0)), (Theme::Light, vec2(1920.0, 1080.0))] {
        for act in [EDIT_MODEL, EDIT_QUANT] {
            let mut h = window_in("deepseek-r1", theme, size);
            click(&mut h, act);
            let page = h.get_by_label("Done").rect();
            assert!(page.right() <= size.x && page.bottom() <= size.y / 2.0, "{size:?}: {page:?}");
            for field in h.get_all_by_role(Role::TextInput) {
                assert!(field.rect().right() <= size.x, "{size:?}: {:?}", field.accesskit_node().label());
            }
        }
    }
}
