use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::json;

use super::super::schema::{Attention, Ffn, Hybrid, Indexer, Model, Moe, RopeTable, Run, Window};
use super::*;
use crate::formats::model_doc::{parse_model, write_model};
use crate::units::Params;

const SMALL: &str = r#"(format: "willitrun.model", version: 1, id: "a", name: "A", arch: "llama", layers: 4,
    hidden: 512, vocab: 1000, max_context: 4096, attention: (kind: "gqa", heads: 8, kv_heads: 2),
    ffn: (width: 1024))"#;

fn presets() -> Vec<Architecture> {
    let folder = include_dir::include_dir!("$CARGO_MANIFEST_DIR/assets/models");
    let texts = folder.files().filter_map(include_dir::File::contents_utf8);
    texts.flat_map(|text| crate::formats::model_doc::parse_models(text).expect("built in")).collect()
}

fn small() -> Draft {
    Draft::of(&parse_model(SMALL).expect("small"))
}

fn fields(draft: &Draft) -> Vec<Field> {
    draft.sections().into_iter().flat_map(|section| section.fields).collect()
}

/// What the schema calls its fields: it names them all when it meets one it does not know.
fn keys<T: DeserializeOwned>() -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(json!({ "?": 0 })) else { panic!("'?' was taken") };
    let error = error.to_string();
    let (_, expected) = error.split_once("expected").expect("a list of names");
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_field_of_the_schema_can_be_edited() {
    let shown = |groups: &[&Group]| -> BTreeSet<String> {
        groups.iter().flat_map(|group| group.fields).map(|spec| spec.key.to_owned()).collect()
    };
    let check = |schema: BTreeSet<String>, groups: &[&Group], else_where: &[&str]| {
        let mut all = shown(groups);
        all.extend(else_where.iter().map(|key| (*key).to_owned()));
        assert_eq!(schema, all);
    };
    let parts = ["format", "version", "stack", "attention", "window", "hybrid", "ffn", "moe", "rope_table", "indexer"];
    check(keys::<Model>(), &[&fields::IDENTITY, &fields::SHAPE, &fields::OTHERS], &parts);
    check(keys::<Attention>(), &[&fields::ATTENTION], &[]);
    check(keys::<Window>(), &[&fields::WINDOW], &[]);
    check(keys::<Hybrid>(), &[&fields::HYBRID], &[]);
    check(keys::<Ffn>(), &[&fields::FFN], &[]);
    check(keys::<Moe>(), &[&fields::MOE], &[]);
    check(keys::<RopeTable>(), &[&fields::ROPE], &[]);
    check(keys::<Indexer>(), &[&fields::INDEXER], &[]);
    check(keys::<Run>(), &[&fields::RUN], &["attention", "window", "recurrent", "moe"]);
}

#[test]
fn every_preset_becomes_a_draft_and_the_same_model_again() {
    let presets = presets();
    assert!(presets.len() > 160);
    for model in presets {
        assert_eq!(Draft::of(&model).build().as_ref(), Ok(&model), "{}", model.id);
        assert_eq!(Draft::run_by_run(&model).build().as_ref(), Ok(&model), "{} by runs", model.id);
    }
}

#[test]
fn writing_a_field_as_it_is_changes_nothing() {
    for model in presets() {
        for draft in [Draft::of(&model), Draft::run_by_run(&model)] {
            let mut same = draft.clone();
            for field in fields(&draft) {
                same.set(&field.path, &field.value).unwrap_or_else(|unfit| panic!("{}: {unfit}", model.id));
                assert_eq!(same.text(&field.path), field.value, "{}: {}", model.id, field.path);
            }
            assert_eq!(same.build().as_ref(), Ok(&model), "{}", model.id);
        }
    }
}

#[test]
fn junk_is_refused_and_changes_nothing() {
    for model in presets().iter().step_by(7).chain(presets().iter().filter(|model| Draft::of(model).has_runs())) {
        let draft = Draft::of(model);
        for field in fields(&draft) {
            for junk in ["?", "-1", "1e9", "99999999999999999999999", "\u{202e}", "12 apples", "NaN"] {
                let mut edited = draft.clone();
                match edited.set(&field.path, junk) {
                    Ok(()) => assert!(
                        field.kind == Kind::Text || matches!((field.kind, junk), (Kind::Tokens, _)),
                        "{} took {junk}",
                        field.path
                    ),
                    Err(unfit) => {
                        assert_eq!(unfit.path, field.path);
                        assert_eq!(edited, draft);
                    }
                }
                // Whatever was taken, building it answers.
                let _ = edited.build();
            }
            for number in ["0", "1", "18446744073709551615"] {
                let mut edited = draft.clone();
                let _ = edited.set(&field.path, number);
                let _ = edited.build().map(|model| model.params());
            }
        }
    }
}

#[test]
fn a_contradiction_names_its_field() {
    let check = |path: &str, text: &str, blamed: &str, why: &str| {
        let mut draft = small();
        draft.set(path, text).expect("a value");
        let unfit = draft.build().expect_err(why);
        assert_eq!(unfit.path, blamed);
        assert!(unfit.why.contains(why), "{unfit}");
    };
    check("attention/kv_heads", "3", "attention/kv_heads", "3 does not divide 8 heads");
    check("layers", "4,000", "layers", "between 1 and 1024");
    check("hidden", "0", "hidden", "between 1 and");
    check("attention/kind", "mla", "attention/kv_rank", "missing");
    check("id", "../x", "id", "only letters");
    let mut draft = small();
    draft.add("moe");
    for (key, value) in [("experts", "8"), ("used", "9"), ("width", "64")] {
        draft.set(&format!("moe/{key}"), value).expect("a number");
    }
    let unfit = draft.build().expect_err("9 of 8 experts");
    assert_eq!((unfit.path.as_str(), unfit.why.as_str()), ("moe/used", "it has to be between 1 and 8, not 9"));
    draft.remove("moe");
    assert_eq!(draft, small());
}

#[test]
fn every_part_can_be_added_and_taken_out() {
    let mut draft = small();
    for part in draft.absent(None) {
        draft.add(&part.path);
        assert!(draft.sections().iter().any(|section| section.path == part.path && section.optional), "{part:?}");
        // A part with nothing in it yet asks for what it needs.
        assert!(draft.build().is_err() || part.path == "ffn", "{part:?}");
        draft.remove(&part.path);
    }
    assert_eq!(draft, small());
}

#[test]
fn runs_are_edited_one_by_one() {
    let mut draft = Draft::run_by_run(&small().build().expect("small"));
    assert_eq!((draft.has_runs(), draft.runs()), (true, 1));
    draft.repeat_run(0);
    draft.set("stack/1/layers", "2").expect("a number");
    draft.set("stack/1/attention/kv_heads", "4").expect("a number");
    let model = draft.build().expect("six layers");
    assert_eq!(model.layers.len(), 6);
    draft.set("stack/1/attention/kv_heads", "3").expect("a number");
    assert_eq!(draft.build().expect_err("3 of 8").path, "stack/1/attention/kv_heads");
    draft.remove("stack/1");
    assert_eq!(draft.build().map(|model| model.layers.len()), Ok(4));
    draft.remove("stack/0");
    assert_eq!(draft.runs(), 1, "the last run stays");
    draft.set("layers", "5").expect("a number");
    assert_eq!(draft.build().expect_err("4 are not 5").path, "stack");
    assert!(draft.set("stack/7/layers", "5").is_err());
}

#[test]
fn a_copy_has_a_name_of_its_own_and_says_that_it_was_typed() {
    let model = small().build().expect("small");
    let copy = Draft::copy_of(&model, |id| id == "a-copy").build().expect("a copy");
    assert_eq!((copy.id.as_str(), copy.name.as_str()), ("a-copy-2", "A (copy)"));
    assert_eq!(copy.facts.source, "typed by you, from a");
    assert_eq!(copy.facts.confidence, Confidence::Typed);
    let back = parse_model(&write_model(&copy)).expect("written");
    assert_eq!(back, copy);
    assert_eq!(from_elsewhere(back).facts.source, "typed by its author, from a");
    assert_eq!(from_elsewhere(model.clone()), model);
}

#[test]
fn numbers_are_read_as_people_write_them() {
    let mut draft = small();
    for (text, value) in [("8,192", "8,192"), ("8192", "8,192"), ("8 192", "8,192"), ("1_000", "1,000")] {
        draft.set("hidden", text).expect("a number");
        assert_eq!(draft.text("hidden"), value);
    }
    draft.set("max_context", "128k").expect("tokens");
    assert_eq!(draft.text("max_context"), "131,072");
    draft.set("ffn/widths", "2 x 1,024, 2x512").expect("runs");
    assert_eq!(draft.text("ffn/widths"), "2 x 1,024, 2 x 512");
    let params = |draft: &Draft| draft.build().map(|model| model.params());
    let both = params(&draft).expect("two widths");
    draft.set("ffn/widths", "").expect("left out");
    assert!(params(&draft).expect("one width") > both);
    assert!(both > Params::new(0));
}
