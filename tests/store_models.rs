//! The user's own models and quants in a real folder: kept, never overwritten, and there again after a restart.

use std::fs;

use willitrun::catalog::Catalog;
use willitrun::formats::any_doc::Document;
use willitrun::formats::model_doc::{self, Draft};
use willitrun::hardware::Level;
use willitrun::model::{Architecture, Confidence};
use willitrun::quant::{CustomMix, Format, Mix, Tensors};
use willitrun::store::{SaveMode, Store, StoreError, open_document};

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::at(folder.path().join("data"));
    (folder, store)
}

fn preset(id: &str) -> Architecture {
    Clone::clone(Catalog::builtin().model(id).expect("a preset").as_ref())
}

/// A copy of a preset with another number of layers.
fn edited(id: &str, layers: u32) -> Architecture {
    let mut draft = Draft::copy_of(&preset(id), |_| false);
    draft.set("layers", &layers.to_string()).expect("a number");
    draft.build().expect("a model")
}

fn mix(id: &str) -> CustomMix {
    let mut mix = CustomMix { id: id.to_owned(), ..CustomMix::of(Mix::Q4_K_M) };
    mix.set(Tensors::ExpertsDown, Some(Format::Q2_K));
    mix
}

fn ids(store: &Store) -> Vec<String> {
    let (entries, findings) = store.models();
    assert!(findings.is_empty(), "{findings:?}");
    entries.into_iter().map(|entry| entry.doc.id).collect()
}

#[test]
fn nothing_is_made_until_something_is_saved() {
    let (folder, store) = store();
    assert!(store.models().0.is_empty() && store.quants().0.is_empty());
    assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 0);
}

#[test]
fn every_preset_can_be_kept_and_comes_back_the_same() {
    let (_folder, store) = store();
    for model in Catalog::builtin().models.iter().step_by(5) {
        let copy = Draft::copy_of(model, |_| false).build().expect("a copy");
        let saved = store.save_model(&copy, SaveMode::NewName).expect("saved");
        assert_eq!(open_document(&saved.path).expect("read").id(), copy.id);
    }
    let (entries, findings) = store.models();
    assert!(findings.is_empty(), "{findings:?}");
    for entry in entries {
        let preset = entry.doc.id.strip_suffix("-copy").expect("a copy");
        let again = Draft::copy_of(&self::preset(preset), |_| false).build().expect("a copy");
        assert_eq!(entry.doc, again);
        assert_eq!(entry.doc.facts.confidence, Confidence::Typed);
    }
}

#[test]
fn a_new_name_never_overwrites() {
    let (_folder, store) = store();
    for (layers, id) in [(10, "llama-3.1-8b-copy"), (20, "llama-3.1-8b-copy-2"), (30, "llama-3.1-8b-copy-3")] {
        let saved = store.save_model(&edited("llama-3.1-8b", layers), SaveMode::NewName).expect("saved");
        assert_eq!(saved.id, id);
    }
    // Neither is the id of a preset ever taken, in whatever case.
    for (id, kept) in [("deepseek-r1", "deepseek-r1-2"), ("DeepSeek-R1", "DeepSeek-R1-2")] {
        let model = Architecture { id: id.to_owned(), ..preset("deepseek-r1") };
        assert_eq!(store.save_model(&model, SaveMode::NewName).expect("saved").id, kept);
    }
    let layers: Vec<usize> = store.models().0.iter().map(|entry| entry.doc.layers.len()).collect();
    assert_eq!(layers, [61, 61, 10, 20, 30]);
}

#[test]
fn a_save_in_place_replaces_this_model_alone() {
    let (_folder, store) = store();
    let first = store.save_model(&edited("llama-3.1-8b", 10), SaveMode::NewName).expect("saved");
    let again = store.save_model(&edited("llama-3.1-8b", 11), SaveMode::ReplaceOwn).expect("saved");
    assert_eq!(first, again);
    assert_eq!(store.models().0[0].doc.layers.len(), 11);
    // A file of that name that is no model stays what it is.
    fs::write(&first.path, "not a model").expect("written");
    let error = store.save_model(&edited("llama-3.1-8b", 12), SaveMode::ReplaceOwn).expect_err("another file");
    assert!(matches!(&error, StoreError::Unsaved { .. }), "{error}");
    assert!(error.to_string().contains("a file that is not this model has that name"), "{error}");
    assert_eq!(fs::read_to_string(&first.path).expect("there"), "not a model");
}

#[test]
fn a_corrupt_file_is_a_finding_and_the_rest_is_listed() {
    let (_folder, store) = store();
    store.save_model(&edited("llama-3.1-8b", 10), SaveMode::NewName).expect("saved");
    let folder = store.folder().join("models");
    let good = model_doc::write_model(&edited("qwen3-30b-a3b", 48));
    for (name, text) in [
        ("contradicts.ron", good.replace("kv_heads:4", "kv_heads:5").replace("kv_heads: 4", "kv_heads: 5")),
        ("cut.ron", good[..good.len() / 2].to_owned()),
        ("newer.ron", good.replacen("version: 1", "version: 9", 1)),
        ("machine.ron", "(format: \"willitrun.machine\", version: 1)".to_owned()),
        ("empty.ron", String::new()),
    ] {
        fs::write(folder.join(name), text).expect("written");
    }
    fs::write(folder.join("bytes.ron"), b"\xff\xfe").expect("written");
    let (entries, findings) = store.models();
    assert_eq!(entries.len(), 1);
    assert_eq!(findings.len(), 6, "{findings:?}");
    assert!(findings.iter().all(|finding| finding.level == Level::Warning && !finding.remedy.is_empty()));
    let said = |name: &str| findings.iter().find(|finding| finding.what.contains(name)).expect(name).what.clone();
    assert!(said("contradicts.ron").contains("attention.kv_heads: 5 does not divide"), "{}", said("contradicts.ron"));
    assert!(said("cut.ron").contains("line "), "{}", said("cut.ron"));
    assert!(said("newer.ron").contains("needs a newer"), "{}", said("newer.ron"));
    assert!(said("machine.ron").contains("willitrun.machine") || said("machine.ron").contains("line"));
}

#[test]
fn a_model_is_removed_and_nothing_else() {
    let (_folder, store) = store();
    for layers in [10, 20] {
        store.save_model(&edited("llama-3.1-8b", layers), SaveMode::NewName).expect("saved");
    }
    assert!(store.remove_model("llama-3.1-8b-copy").expect("removed"));
    assert!(!store.remove_model("llama-3.1-8b-copy").expect("nothing left to remove"));
    assert!(!store.remove_model("../settings").expect("no such model"));
    assert_eq!(ids(&store), ["llama-3.1-8b-copy-2"]);
}

#[test]
fn quants_are_kept_the_same_way() {
    let (_folder, store) = store();
    for id in ["mine", "mine-2"] {
        assert_eq!(store.save_quant(&mix("mine"), SaveMode::NewName).expect("saved").id, id);
    }
    assert_eq!(store.save_quant(&mix("Q4_K_M"), SaveMode::NewName).expect("saved").id, "Q4_K_M-2");
    fs::write(store.folder().join("quants/bad.ron"), "(format: \"willitrun.quant\", version: 1)").expect("written");
    let (entries, findings) = store.quants();
    assert_eq!((entries.len(), findings.len()), (3, 1));
    assert_eq!(entries[1].doc, mix("mine"));
    assert!(store.remove_quant("mine").expect("removed"));
    assert_eq!(store.quants().0.len(), 2);
}

#[test]
fn what_somebody_else_typed_was_not_typed_here() {
    let (folder, store) = store();
    let saved = store.save_model(&edited("llama-3.1-8b", 10), SaveMode::NewName).expect("saved");
    let elsewhere = folder.path().join("theirs.ron");
    fs::copy(&saved.path, &elsewhere).expect("copied");
    let Document::Model(model) = open_document(&elsewhere).expect("read") else { panic!("a model") };
    assert!(model.facts.source.starts_with("typed by its author, from llama-3.1-8b"));
    assert!(store.models().0[0].doc.facts.source.starts_with("typed by you, from llama-3.1-8b"));
}

#[test]
fn a_store_opened_again_has_everything() {
    let (_folder, first) = store();
    first.save_model(&edited("deepseek-r1", 40), SaveMode::NewName).expect("saved");
    first.save_quant(&mix("mine"), SaveMode::NewName).expect("saved");
    let again = Store::at(first.folder());
    assert_eq!(again.models().0[0].doc, edited("deepseek-r1", 40));
    assert_eq!(again.quants().0[0].doc, mix("mine"));
}
