//! Where the disk is measured: on a model that is there, where it was told to, and nothing left behind.

use std::time::{Duration, SystemTime};

use egui::Theme;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::app::Event;
use willitrun::library::{Place, Program};
use willitrun::ui::bench::Workspace;
use willitrun::ui::measure::{Large, ReadAt};
use willitrun::units::Bytes;

use super::measure::begin;
use super::window::{Harnessed, LAPTOP, SERVER, SIZE, bench, choose, detected, open, send, until, window};

fn read_at(name: Option<&str>, folder: &str) -> ReadAt {
    let file = name.map(|name| Large {
        name: name.to_owned(),
        path: std::path::Path::new(folder).join(format!("{name}.gguf")),
        bytes: Bytes::new(18_600_000_000),
    });
    let whose = if file.is_some() { "LM Studio" } else { "this app" };
    ReadAt { whose, folder: folder.into(), file, free: Bytes::gib(40) }
}

#[test]
fn where_the_disk_is_read_is_chosen_from_what_is_there() {
    let mut h = window(SERVER, "deepseek-r1");
    bench(&mut h).workspace = Workspace::Measure;
    until(&mut h, "search", |bench| bench.files.looked_once);
    let list = |h: &Harnessed| h.get_by_role_and_label(Role::ComboBox, "Disk reads").accesskit_node().value();
    // Without a model one place is left: nothing to choose.
    assert!(bench(&mut h).measure.read_at().is_none_or(|at| at.file.is_none()));
    assert!(list(&h).is_some_and(|value| value.contains("temporary file")), "{:?}", list(&h));
    send(
        &mut h,
        Event::Spots(vec![
            read_at(Some("Qwen3-30B-A3B-Q4_K_M"), "/models"),
            read_at(Some("gemma"), "/other"),
            read_at(None, "/cache"),
        ]),
    );
    assert!(list(&h).is_some_and(|value| value.contains("Qwen3-30B-A3B-Q4_K_M, 18.6 GB")), "{:?}", list(&h));
    choose(&mut h, "Disk reads", "temporary file, this app");
    assert_eq!(bench(&mut h).measure.read_at(), Some(&read_at(None, "/cache")));
    choose(&mut h, "Disk reads", "gemma, 18.6 GB   LM Studio");
    assert_eq!(bench(&mut h).measure.read_at(), Some(&read_at(Some("gemma"), "/other")));
    // A choice that is gone gives way to the best.
    send(&mut h, Event::Spots(vec![read_at(Some("Qwen3-30B-A3B-Q4_K_M"), "/models"), read_at(None, "/cache")]));
    assert_eq!(bench(&mut h).measure.read_at(), Some(&read_at(Some("Qwen3-30B-A3B-Q4_K_M"), "/models")));
    // What was chosen is kept, also while it is not there.
    assert_eq!(bench(&mut h).measure.chosen_read(), Some(std::path::Path::new("/other/gemma.gguf")));
    // While it is measured nothing is chosen.
    begin(&mut h);
    assert!(h.get_by_role_and_label(Role::ComboBox, "Disk reads").accesskit_node().is_disabled());
}

#[test]
fn where_the_disk_is_read_is_kept_over_a_restart() {
    let mut h = open(Event::ReadAt("/other/gemma.gguf".into()), Theme::Dark, SIZE, |app, _| {
        app.handle(detected(SERVER, "deepseek-r1"));
    });
    send(&mut h, Event::Spots(vec![read_at(Some("large"), "/models"), read_at(Some("gemma"), "/other")]));
    assert_eq!(bench(&mut h).measure.read_at(), Some(&read_at(Some("gemma"), "/other")));
}

#[test]
fn what_a_killed_measurement_left_is_removed_at_the_start() {
    let mut left = Vec::new();
    let mut h = open(detected(LAPTOP, "qwen2.5-7b"), Theme::Dark, SIZE, |app, folder| {
        let store = willitrun::store::Store::at(folder.join("data"));
        let named = folder.join("models of mine");
        let mut kept = willitrun::formats::settings_doc::Settings::default();
        kept.folders.push(named.display().to_string());
        store.save_settings(&kept.write()).expect("saved");
        let other = Place { program: Program::LmStudio, folder: folder.join("lms") };
        for folder in [&store.cache_folder(), &named, &other.folder] {
            std::fs::create_dir_all(folder).expect("a folder");
            let path = folder.join("willitrun-disk-1.tmp");
            let file = std::fs::File::create(&path).expect("a file");
            file.set_modified(SystemTime::now() - Duration::from_hours(1)).expect("an age");
            left.push(path);
        }
        app.look_in(vec![other]);
        app.tidy();
    });
    until(&mut h, "tidy folders", |_| left.iter().all(|path| !path.exists()));
}
