//! The page of models on this disk, and files that are opened or dropped: what is listed, asked and said.

use std::path::PathBuf;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::app::Event;
use willitrun::catalog::Catalog;
use willitrun::formats::machine_doc::{MachineDoc, write};
use willitrun::formats::model_doc::write_model;
use willitrun::library::{Place, Program};
use willitrun::quant::Mix;
use willitrun::scenario::Scenario;
use willitrun::ui::MachineChoice;
use willitrun::ui::bench::{PathFor, Workspace};
use willitrun::ui::files::Looking;
use willitrun::units::Tokens;
use willitrun::verdict::Level;

use super::window::{Harnessed, LAPTOP, SIZE, asked, bench, drop_file, machine, open, question, text_on, until};
use crate::shelf::{self, SMALL};

/// A window of this machine whose programs keep their models in folders of the test.
fn window(profile: &str) -> Harnessed {
    let start = Scenario { answer: Tokens::new(512), ..question(&machine(profile), "qwen3-32b") };
    open(asked(start, Vec::new()), Theme::Dark, SIZE, |app, folder| {
        let place = |program, name| Place { program, folder: folder.join(name) };
        app.look_in(vec![place(Program::Ollama, "ollama"), place(Program::LmStudio, "lms")]);
    })
}

fn at(h: &Harnessed, path: &str) -> PathBuf {
    h.state().folder.path().join(path)
}

fn open_page(h: &mut Harnessed) {
    h.get_by_role_and_label(Role::Tab, "On this disk").click();
    h.step();
    until(h, "list", |bench| bench.files.looked_once && bench.files.looking.is_none());
}

fn names(h: &mut Harnessed) -> Vec<String> {
    bench(h).files.rows.iter().map(|row| row.name.clone()).collect()
}

#[test]
fn the_page_lists_what_is_there_and_a_click_asks_about_it() {
    let mut h = window(LAPTOP);
    shelf::ollama(&at(&h, "ollama"), "qwen3", "0.6b", 'a', Mix::Q8_0);
    shelf::model(&at(&h, "lms/q/Qwen3-8B-Q4_K_M.gguf"), ("Qwen3-8B", "qwen3-8b"), Mix::Q4_K_M);
    shelf::stray(&at(&h, "lms/q/mmproj.gguf"), "clip");
    open_page(&mut h);
    h.get_by_label("2 models on this disk");
    assert_eq!(names(&mut h), ["Qwen3-8B-Q4_K_M", "qwen3:0.6b", "mmproj"]);
    for text in ["Ollama", "LM Studio", "Q8_0", "5.0 GB", "vision part", "Runs well"] {
        assert!(text_on(&h, text), "{text}");
    }
    // Each row says what the question itself answers.
    let rows = bench(&mut h).files.rows.clone();
    h.get_by_label("Qwen3-8B-Q4_K_M").click();
    h.run();
    let subject = bench(&mut h).scenario.subject.clone();
    assert_eq!((bench(&mut h).workspace, subject.weights.file), (Workspace::Run, rows[0].bytes_of_tensors()));
    let answer = bench(&mut h).answer().clone();
    let row = rows[0].answer.as_ref().expect("an answer");
    assert_eq!((row.level, row.rate), (answer.verdict.level, answer.bill.map(|bill| bill.rate.expected)));
    h.get_by_label_contains("/lms/q/Qwen3-8B-Q4_K_M.gguf");
    // The pickers show the file; undo goes back.
    let shown = |h: &Harnessed, list: &str| {
        h.get_by_role_and_label(Role::ComboBox, list).accesskit_node().value().unwrap_or_default()
    };
    assert_eq!(shown(&h, "Model"), "Qwen3-8B-Q4_K_M");
    assert!(shown(&h, "Quant").starts_with("Q4_K_M"), "{}", shown(&h, "Quant"));
    h.get_by_label("Undo").click();
    h.run();
    assert_eq!(bench(&mut h).scenario.subject.model.id, "qwen3-32b");
    h.get_by_role_and_label(Role::Tab, "On this disk").click();
    h.run();
    h.get_by_label("mmproj").click();
    h.run();
    assert_eq!(bench(&mut h).workspace, Workspace::Files);
    assert!(text_on(&h, "mmproj: the vision part of a model, which loads beside it"));
}

/// The bytes of a row's tensors.
trait Tensors {
    fn bytes_of_tensors(&self) -> willitrun::units::Bytes;
}

impl Tensors for willitrun::ui::files::FileRow {
    fn bytes_of_tensors(&self) -> willitrun::units::Bytes {
        self.subject.as_ref().expect("a known shape").weights.file
    }
}

#[test]
fn another_machine_is_asked_anew() {
    let mut h = window(LAPTOP);
    shelf::model(&at(&h, "lms/q/Qwen3-32B-Q4_K_M.gguf"), ("Qwen3-32B", "qwen3-32b"), Mix::Q4_K_M);
    open_page(&mut h);
    let level = |h: &mut Harnessed| bench(h).files.rows[0].answer.as_ref().expect("an answer").level;
    assert!(level(&mut h) > Level::RunsWell);
    let machine = machine("desktop-rtx-4090-96gb");
    bench(&mut h).set_machine(machine, MachineChoice::This);
    h.step();
    until(&mut h, "answers", |bench| bench.files.judged.as_ref().is_some_and(|judged| !judged.running));
    assert_eq!(level(&mut h), Level::RunsWell);
    h.get_by_label_contains("1 run well on ");
}

#[test]
fn where_nothing_is_found_the_page_says_what_to_do() {
    let mut h = window(LAPTOP);
    open_page(&mut h);
    h.get_by_label("No models found on this disk");
    assert!(text_on(&h, "Add the folder your models are in"));
    let ollama = at(&h, "ollama").display().to_string();
    assert!(text_on(&h, &format!("Not there: Ollama {ollama}")));
    // A folder of the user's own is looked in from now on, and no more once it is removed.
    let own = at(&h, "own");
    shelf::model(&own.join("small.gguf"), SMALL, Mix::Q8_0);
    h.state_mut().app.handle(Event::NoPath(PathFor::Folder));
    h.run();
    let field = "Path of a folder with models…";
    h.get_by_role_and_label(Role::TextInput, field).focus();
    h.run();
    h.get_by_role_and_label(Role::TextInput, field).type_text(own.to_str().expect("a path"));
    h.run();
    h.key_press(Key::Enter);
    h.step();
    until(&mut h, "list", |bench| bench.files.rows.len() == 1);
    assert_eq!(names(&mut h), ["small"]);
    assert_eq!(bench(&mut h).files.folders, std::slice::from_ref(&own));
    h.get_by_label(&format!("Remove the folder {}", own.display())).click();
    h.step();
    until(&mut h, "list", |bench| bench.files.rows.is_empty());
    assert!(bench(&mut h).files.folders.is_empty());
}

#[test]
fn a_search_is_stopped_and_the_old_list_stays() {
    let mut h = window(LAPTOP);
    shelf::ollama(&at(&h, "ollama"), "qwen3", "0.6b", 'a', Mix::Q8_0);
    open_page(&mut h);
    bench(&mut h).files.looking = Some(Looking { names: 12_345, models: 6, folder: "/models".to_owned() });
    h.run();
    assert!(text_on(&h, "12345 names, 6 models, in /models"));
    assert!(h.query_by_label("Scan again").is_none());
    h.get_by_label("Stop").click();
    h.run();
    h.state_mut().app.handle(Event::Found(None));
    h.run();
    assert!(text_on(&h, "The search was stopped; the old list stays."));
    assert_eq!(names(&mut h), ["qwen3:0.6b"]);
    shelf::ollama(&at(&h, "ollama"), "qwen3", "other", 'b', Mix::Q4_K_M);
    h.get_by_label("Scan again").click();
    h.step();
    until(&mut h, "second model", |bench| bench.files.rows.len() == 2);
}

#[test]
fn a_dropped_model_is_the_question() {
    let mut h = window(LAPTOP);
    // Told by what is in it, not by its name.
    let path = at(&h, "weights.bin");
    let length = shelf::model(&path, SMALL, Mix::Q4_K_M);
    let (text, failed) = drop_file(&mut h, &path);
    assert!(!failed && text.starts_with("Opened weights.bin: Q4_K_M, "), "{text}");
    let subject = bench(&mut h).scenario.subject.clone();
    assert!(subject.weights.file.get() < length && subject.weights.file.get() > length - 100_000);
    assert_eq!(subject.file.as_ref().map(|file| file.name.as_str()), Some("weights.bin"));
    // What if it were of another quant: the rule of its shape.
    h.get_by_role_and_label(Role::ComboBox, "Quant").click();
    h.run();
    h.get_by_label_contains("Q8_0  ").click();
    h.run();
    let other = bench(&mut h).scenario.subject.clone();
    assert_eq!((other.quant.as_mix(), &other.file), (Some(Mix::Q8_0), &None));
    assert_eq!(other.model, subject.model);
    h.get_by_role_and_label(Role::ComboBox, "Quant").click();
    h.run();
    h.get_by_label_contains(", the file").click();
    h.run();
    assert_eq!(bench(&mut h).scenario.subject, subject);
    // The list of models leads back to it, too.
    bench(&mut h).undo();
    bench(&mut h).undo();
    bench(&mut h).undo();
    assert_eq!(bench(&mut h).scenario.subject.model.id, "qwen3-32b");
    h.run();
    h.get_by_role_and_label(Role::ComboBox, "Model").click();
    h.run();
    h.get_by_label("Open a model file…");
    h.get_by_label("weights.bin").click();
    h.run();
    assert_eq!(bench(&mut h).scenario.subject, subject);
}

#[test]
fn whatever_is_dropped_is_told_by_its_content() {
    let mut h = window(LAPTOP);
    let catalog = Catalog::builtin();
    let r1 = catalog.model("deepseek-r1").expect("a model");
    let path = shelf::write(&at(&h, "preset.txt"), write_model(r1).as_bytes());
    let (text, failed) = drop_file(&mut h, &path);
    assert_eq!((text.as_str(), failed), ("Opened DeepSeek-R1; kept among yours as deepseek-r1-2.", false));
    assert_eq!(bench(&mut h).scenario.subject.model.layers, r1.layers);
    let doc = MachineDoc::new(catalog.profile("desktop-rtx-4090-96gb").expect("a profile").machine.clone());
    let path = shelf::write(&at(&h, "machine.txt"), write(&doc).as_bytes());
    let (text, failed) = drop_file(&mut h, &path);
    assert!(!failed && text.starts_with("Opened "), "{text}");
    assert!(matches!(bench(&mut h).choice, MachineChoice::Own(_)));
    // The one model of a folder.
    shelf::safetensors(&at(&h, "st/config.json"), &at(&h, "st/model.safetensors"), 4);
    let path = at(&h, "st");
    for path in [path.clone(), path.join("model.safetensors")] {
        let (text, failed) = drop_file(&mut h, &path);
        assert!(!failed && text.contains(": BF16, "), "{text}");
        assert_eq!(bench(&mut h).scenario.subject.model.layers.len(), 4);
    }
    // A configuration alone is a shape: the quant stays.
    let path = shelf::write(&at(&h, "alone/config.json"), &std::fs::read(at(&h, "st/config.json")).expect("written"));
    let (text, failed) = drop_file(&mut h, &path);
    assert!(!failed && text.starts_with("Opened the model "), "{text}");
    assert_eq!(bench(&mut h).scenario.subject.file, None);
    let before = bench(&mut h).scenario.clone();
    shelf::model(&at(&h, "two/a.gguf"), SMALL, Mix::Q8_0);
    shelf::model(&at(&h, "two/b.gguf"), SMALL, Mix::Q4_K_M);
    for (path, words) in [
        (at(&h, "two"), "2 models lie in it"),
        (at(&h, "none.gguf"), "cannot be opened"),
        (shelf::write(&at(&h, "cut.gguf"), b"GGUF\x03\0\0\0"), "cut.gguf: "),
        (shelf::write(&at(&h, "picture.gguf"), b"\x89PNG\r\n\x1a\n"), "picture.gguf: "),
        (shelf::write(&at(&h, "bad.ron"), b"(\n  format: \"willitrun.model\",\n  id: 7)"), "bad.ron, line 3"),
        (shelf::write(&at(&h, "worse.ron"), b"(\n  format: 7"), "line 2"),
    ] {
        let (text, failed) = drop_file(&mut h, &path);
        assert!(failed && text.contains(words), "{}: {text}", path.display());
    }
    // Exact weights without a shape.
    let path = at(&h, "strange.gguf");
    shelf::stray(&path, "never-heard-of");
    let (text, _) = drop_file(&mut h, &path);
    assert!(
        text.starts_with("strange.gguf: its 17 M weights take 67 MB at 32.00 bits each, but what else it needs"),
        "{text}"
    );
    assert_eq!(bench(&mut h).scenario, before);
}

#[test]
fn a_file_that_is_there_needs_no_second_place_on_the_disk() {
    let mut h = window(LAPTOP);
    shelf::model(&at(&h, "lms/q/Qwen3-32B-Q4_K_M.gguf"), ("Qwen3-32B", "qwen3-32b"), Mix::Q4_K_M);
    bench(&mut h).edit_machine(|machine| {
        let disk = machine.pools.iter_mut().find(|pool| pool.id == "disk").expect("a disk");
        disk.free_now = Some(willitrun::hardware::Figure::typed(willitrun::units::Bytes::gib(1)));
    });
    h.run();
    assert_eq!(bench(&mut h).answer().verdict.level, Level::No, "the model of the catalogue is not there yet");
    open_page(&mut h);
    let row = bench(&mut h).files.rows[0].clone();
    assert_eq!(row.answer.expect("an answer").level, Level::Disk);
    let mut scenario = bench(&mut h).scenario.clone();
    scenario.subject = row.subject.expect("a known shape");
    Arc::make_mut(&mut scenario.machine).id = "another".to_owned();
    assert_eq!(willitrun::scenario::evaluate(&scenario).verdict.level, Level::No, "another machine lacks the file");
}

#[test]
fn the_page_is_drawn_at_every_size_and_reached_by_keys() {
    let mut h = window(LAPTOP);
    for number in 0..40 {
        shelf::model(
            &at(&h, &format!("lms/q/a-rather-long-name-of-a-model-number-{number:02}-Q8_0.gguf")),
            SMALL,
            Mix::Q8_0,
        );
    }
    let own = at(&h, "own");
    bench(&mut h).files.folders.push(own.clone());
    open_page(&mut h);
    h.get_by_label("40 models on this disk");
    for (width, height) in [(900.0, 600.0), (1024.0, 720.0), (1280.0, 800.0), (1920.0, 1080.0)] {
        h.set_size(vec2(width, height));
        h.run();
        for button in ["Open a model file…", "Add a folder…", "Scan again"] {
            let rect = h.get_by_role_and_label(Role::Button, button).rect();
            assert!(rect.right() <= width && rect.bottom() <= height, "{button} at {rect}");
        }
        let foot = h.get_by_label_contains("Looked in: LM Studio").rect();
        assert!(foot.bottom() <= height, "{foot} in {width} x {height}");
        let remove = h.get_by_label(&format!("Remove the folder {}", own.display())).rect();
        assert!(remove.bottom() <= height, "{remove} in {width} x {height}");
    }
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..60 {
        h.key_press_modifiers(Modifiers::NONE, Key::Tab);
        h.run();
        let focused = h.root().children_recursive().find(egui_kittest::Node::is_focused);
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for name in ["On this disk", "Open a model file…", "Add a folder…", "Scan again", "Search files"] {
        assert!(reached.contains(name), "Tab does not reach {name}: {reached:?}");
    }
}
