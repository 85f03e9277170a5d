//! The answer on paper, and machines through the clipboard.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, OutputCommand, Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use willitrun::app::Event;
use willitrun::catalog::Catalog;
use willitrun::formats::machine_doc::{self, MachineDoc};
use willitrun::formats::share_code;
use willitrun::formats::sheet::card::{self, Ground, SCALE};
use willitrun::formats::sheet::{self, Sheet};
use willitrun::hardware::{Figure, Measurement, Source};
use willitrun::store::Store;
use willitrun::ui::bench::{PathFor, Workspace};
use willitrun::ui::share::Form;
use willitrun::ui::{FileKind, MachineChoice, inks};
use willitrun::units::BytesPerSecond;

use super::window::{
    DESKTOP, Harnessed, LAPTOP, SERVER, SIZE, bench, choose, click, click_role, notice, send, text_on, type_over,
    until, window, window_in,
};

const PATH: &str = "Path of a picture (.png) to write…";

/// Presses a button and gives what then lies on the clipboard.
#[track_caller]
fn copied(h: &mut Harnessed, button: &str) -> OutputCommand {
    h.get_by_label(button).click();
    for _ in 0..4 {
        h.step();
        let copy = h
            .output()
            .platform_output
            .commands
            .iter()
            .find(|command| matches!(command, OutputCommand::CopyText(_) | OutputCommand::CopyImage(_)));
        if let Some(copy) = copy.cloned() {
            // What is told of it moves the page.
            h.run();
            return copy;
        }
    }
    panic!("nothing was copied");
}

#[track_caller]
fn copied_text(h: &mut Harnessed, button: &str) -> String {
    match copied(h, button) {
        OutputCommand::CopyText(text) => text,
        other => panic!("no text: {other:?}"),
    }
}

/// What is written when a button is pressed, where there is no dialog.
#[track_caller]
fn written(h: &mut Harnessed, button: &str) -> (FileKind, Vec<u8>) {
    bench(h).exported = None;
    click(h, button);
    until(h, "file", |bench| bench.exported.is_some());
    let file = bench(h).exported.clone().expect("a file");
    // Without a dialog a path is asked for a moment later; that moves the page, so it is waited for and closed.
    let end = Instant::now() + Duration::from_secs(2);
    while bench(h).path_asked.take().is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
        h.step();
    }
    h.run();
    (file.kind, file.bytes.to_vec())
}

/// Types a path where a dialog would be.
fn type_path(h: &mut Harnessed, field: &str, path: &Path) {
    send(h, Event::NoPath(PathFor::Write(FileKind::Png)));
    type_over(h, Role::TextInput, field, path.to_str().expect("a path"));
    click(h, "Write");
}

/// Pictures are too long to be printed where they differ.
#[track_caller]
fn same_file((kind, bytes): &(FileKind, Vec<u8>), expected_kind: FileKind, expected: &[u8]) {
    assert_eq!(*kind, expected_kind);
    let differs = bytes.iter().zip(expected).position(|(a, b)| a != b);
    assert!(bytes == expected, "{} bytes, expected {}, differ at {differs:?}", bytes.len(), expected.len());
}

#[test]
fn what_is_shown_is_what_leaves() {
    let mut h = window(SERVER, "deepseek-r1");
    click(&mut h, "Share…");
    assert_eq!(bench(&mut h).workspace, Workspace::Share);
    let scenario = bench(&mut h).scenario.clone();
    let sheet = Sheet::new(&scenario);
    let picture = card::draw(&sheet, &inks::of(Ground::Dark));
    h.get_by_role_and_label(Role::Image, &picture.told);
    let pixels = card::pixels(&picture, SCALE);
    same_file(&written(&mut h, "Save PNG…"), FileKind::Png, &card::png(&pixels).expect("a picture"));
    let (kind, svg) = written(&mut h, "Save SVG…");
    assert_eq!((kind, String::from_utf8(svg).expect("text")), (FileKind::Svg, card::svg(&picture)));
    match copied(&mut h, "Copy") {
        OutputCommand::CopyImage(image) => {
            assert_eq!(image.size, [pixels.width, pixels.height]);
            assert_eq!(image.pixels[0].to_array(), pixels.rgba[..4], "the ground");
        }
        other => panic!("no picture: {other:?}"),
    }
    click_role(&mut h, Role::RadioButton, "light");
    assert_eq!(bench(&mut h).share.ground, Some(Ground::Light));
    let light = card::pixels(&card::draw(&sheet, &inks::of(Ground::Light)), SCALE);
    same_file(&written(&mut h, "Save PNG…"), FileKind::Png, &card::png(&light).expect("a picture"));

    click_role(&mut h, Role::RadioButton, "Report");
    let report = sheet::report(&sheet, bench(&mut h).shell);
    assert!(text_on(&h, &report), "the whole report is on screen");
    assert_eq!(copied_text(&mut h, "Copy"), report);
    assert_eq!(written(&mut h, "Save…"), (FileKind::Text, report.into_bytes()));

    click_role(&mut h, Role::RadioButton, "Curves");
    let table = sheet::curves(&[sheet]);
    assert_eq!(copied_text(&mut h, "Copy"), table);
    assert_eq!(written(&mut h, "Save…"), (FileKind::Csv, table.into_bytes()));
    h.key_press(Key::Escape);
    h.run();
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
}

#[test]
fn a_card_is_written_where_the_user_says() {
    let mut h = window(DESKTOP, "qwen3-32b");
    click(&mut h, "Share…");
    let (_, bytes) = written(&mut h, "Save PNG…");
    let path = h.state().folder.path().join("card.png");
    type_path(&mut h, PATH, &path);
    until(&mut h, "word of the file", |bench| {
        bench.notice.as_ref().is_some_and(|notice| notice.text.starts_with("Written to"))
    });
    assert!(std::fs::read(&path).expect("written") == bytes);
    // A folder that is not there is told, and nothing is lost.
    let (_, again) = written(&mut h, "Save PNG…");
    assert!(again == bytes);
    let nowhere = h.state().folder.path().join("no/card.png");
    type_path(&mut h, PATH, &nowhere);
    until(&mut h, "refusal", |bench| bench.notice.as_ref().is_some_and(|notice| notice.failed));
    assert!(text_on(&h, "was not saved"));
}

/// A machine with something measured on it, as its author has it.
fn measured_document() -> MachineDoc {
    let mut machine = Catalog::builtin().profile(DESKTOP).expect("a profile").machine.clone();
    "friends-box".clone_into(&mut machine.id);
    "A friend's box".clone_into(&mut machine.name);
    let mut doc = MachineDoc::new(machine);
    doc.add_measurement(Measurement {
        what: "ram".into(),
        best: BytesPerSecond::saturating(80e9),
        ordinary_pages: Some(BytesPerSecond::saturating(72e9)),
        spread: 0.02,
        threads: 8,
        date: "2026-11-22".into(),
        method: "read/1".into(),
        conditions: "idle, mains".into(),
        besides: Vec::new(),
    });
    doc
}

/// What the machine on screen says of the bandwidth measured on it.
fn measured(h: &mut Harnessed) -> Option<(f64, Source, String)> {
    let read: Figure<BytesPerSecond> = bench(h).scenario.machine.host()?.read_measured.clone()?;
    Some((read.value.get(), read.source, read.origin))
}

/// By file, by code and by paste a measurement of somebody else is what its author reports, and this machine is left
/// as it is.
#[test]
fn what_others_measured_is_reported_and_calibrates_nothing() {
    let document = machine_doc::write(&measured_document());
    let code = share_code::encode(&document).expect("short");
    let reported = || Some((72e9, Source::Reported, "measured by the profile's author".to_owned()));
    for way in ["file", "code", "paste"] {
        let mut h = window(SERVER, "qwen3-32b");
        let here = bench(&mut h).scenario.clone();
        match way {
            "file" => {
                let path = h.state().folder.path().join("friend.ron");
                std::fs::write(&path, &document).expect("written");
                super::window::drop_file(&mut h, &path);
            }
            "code" => {
                h.state_mut().app.handle(Event::NoPath(PathFor::Open));
                h.run();
                bench(&mut h).path.clone_from(&code);
                h.run();
                click(&mut h, "Open");
            }
            _ => h.event(egui::Event::Paste(code.clone())),
        }
        until(&mut h, "the friend's machine", |bench| bench.scenario.machine.name == "A friend's box");
        assert_eq!(measured(&mut h), reported(), "by {way}");
        // Kept and opened again it is still theirs.
        let store = Store::at(h.state().folder.path().join("data"));
        let kept = store.profiles().0.remove(0).doc;
        assert_eq!(
            kept.machine.pools.iter().find_map(|pool| pool.read_measured.as_ref()).map(|read| read.source),
            Some(Source::Reported),
            "by {way}"
        );
        // Saved from the screen under the user's own name it is as well.
        click(&mut h, "Save this machine as a profile");
        until(&mut h, "a second profile", |_| store.profiles().0.len() == 2);
        for entry in store.profiles().0 {
            let read = entry.doc.machine.pools.into_iter().find_map(|pool| pool.read_measured);
            assert_eq!(read.map(|read| read.source), Some(Source::Reported), "by {way}");
        }
        choose(&mut h, "Machine", "This machine");
        assert_eq!(bench(&mut h).scenario, here, "by {way} this machine was changed");
    }
}

#[test]
fn a_machine_goes_through_the_clipboard() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let machine = bench(&mut h).scenario.machine.clone();
    click_role(&mut h, Role::Tab, "Machines");
    click(&mut h, "Share…");
    assert_eq!(bench(&mut h).share.form, Form::Machine);
    let code = copied_text(&mut h, "Copy");
    assert!(code.starts_with("WIR1.") && text_on(&h, &code), "{code}");
    let shared = share_code::decode(&code).expect("a code");
    assert!(text_on(&h, &shared), "what is in the code is shown word for word");
    // Somewhere else: another machine is on screen, and no field has the keyboard.
    choose(&mut h, "Machine", "Mac Studio M3 Ultra, 512 GB");
    h.event(egui::Event::Paste(format!("  {code}\n")));
    until(&mut h, "the machine that was pasted", |bench| matches!(bench.choice, MachineChoice::Own(_)));
    let opened = bench(&mut h).scenario.machine.clone();
    let sizes = |machine: &willitrun::hardware::Machine| -> Vec<_> {
        machine.pools.iter().map(|pool| (pool.id.clone(), pool.capacity.value, pool.bandwidth())).collect()
    };
    assert_eq!(sizes(&opened), sizes(&machine));
    assert_eq!(opened.name, machine.title());
    let store = Store::at(h.state().folder.path().join("data"));
    assert_eq!(store.profiles().0.len(), 1);
    // The same code again is one more, and never in place of the first.
    h.event(egui::Event::Paste(code));
    until(&mut h, "a second one", |_| store.profiles().0.len() == 2);
    let kept: Vec<String> = store.profiles().0.into_iter().map(|entry| entry.doc.machine.id).collect();
    assert_eq!(kept[1], format!("{}-2", kept[0]));
}

#[test]
fn what_is_pasted_into_a_field_stays_there() {
    let mut h = window(DESKTOP, "qwen3-32b");
    click_role(&mut h, Role::Tab, "Machines");
    let code = share_code::encode(&machine_doc::write(&measured_document())).expect("short");
    h.get_by_role_and_label(Role::TextInput, "Search machines").focus();
    h.run();
    h.event(egui::Event::Paste(code.clone()));
    h.run();
    assert_eq!(bench(&mut h).search, code);
    assert_eq!(bench(&mut h).choice, MachineChoice::This);
}

/// Each bad code is refused whole with its reason, and the window stays as it was.
#[test]
fn bad_codes_are_refused_whole() {
    let mut h = window(LAPTOP, "llama-3.1-8b");
    let before = bench(&mut h).scenario.clone();
    let good = machine_doc::write(&measured_document());
    let code = |text: &str| share_code::encode(text).expect("short");
    let mut flipped = code(&good).into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    for (bad, said) in [
        (String::from_utf8(flipped).expect("text"), "damaged"),
        (code(&format!("{good}{}", "[".repeat(10_000))), "line"),
        (code(&format!("(extra: {}", "[".repeat(10_000))), "nested deeper than 64 levels"),
        (code(&good.replacen("version: 1", "version: 99", 1)), "needs a newer willitrun"),
        (code(&good.replacen("value: 96e9", "value: NaN", 1)), "NaN is not a number"),
        (code(&good.replacen("value: 96e9", "value: -96e9", 1)), "expected a number from"),
        (code(&good.replacen("id: \"gpu0\"", "id: \"ram\"", 1)), "the pool id 'ram' is given twice"),
        (
            code(&good.replacen("capacity_bytes: (value: ", "capacity_bytes: (value: 0, was: ", 1)),
            "is 0; expected a whole number",
        ),
        (format!("WIR1.{}", "A".repeat(1 << 20)), "longer than 64 KiB"),
        ("WIR7.abc.00000000".to_owned(), "needs a newer willitrun"),
    ] {
        bench(&mut h).notice = None;
        h.event(egui::Event::Paste(bad.clone()));
        h.step();
        until(&mut h, "refusal", |bench| bench.notice.is_some());
        let (sentence, failed) = notice(&mut h).expect("a notice");
        assert!(failed && sentence.contains(said), "{said}: {sentence}");
        assert_eq!(bench(&mut h).scenario, before, "{said}");
    }
    let store = Store::at(h.state().folder.path().join("data"));
    assert!(store.profiles().0.is_empty());
}

/// A file far larger than any profile is not read at all.
#[test]
fn fifty_megabytes_are_refused_at_once() {
    let mut h = window(LAPTOP, "llama-3.1-8b");
    let before = bench(&mut h).scenario.clone();
    let path = h.state().folder.path().join("huge.ron");
    let text = format!("(format: \"willitrun.machine\", version: 1, id: \"a\", extra: [{}", "1,".repeat(25_000_000));
    std::fs::write(&path, text).expect("written");
    let (said, failed) = super::window::drop_file(&mut h, &path);
    assert!(failed && said.contains("huge.ron") && said.contains("1 MiB"), "{said}");
    assert_eq!(bench(&mut h).scenario, before);
}

#[test]
fn the_page_fits_every_window() {
    for (size, theme) in [(SIZE, Theme::Dark), (vec2(900.0, 600.0), Theme::Light), (vec2(1920.0, 1080.0), Theme::Dark)]
    {
        let mut h = window_in(SERVER, "deepseek-r1", theme, size);
        let told = card::draw(&Sheet::new(&bench(&mut h).scenario), &inks::of(Ground::Dark)).told;
        bench(&mut h).workspace = Workspace::Share;
        for form in [Form::Card, Form::Report, Form::Curves, Form::Machine] {
            bench(&mut h).share.form = form;
            h.run();
            let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
            for name in ["Copy", "Done"] {
                let rect = h.get_by_label(name).rect();
                assert!(screen.contains_rect(rect), "{name} at {rect} in {size}");
            }
        }
        bench(&mut h).share.form = Form::Card;
        h.run();
        let picture = h.get_by_role_and_label(Role::Image, &told).rect();
        assert!(egui::Rect::from_min_size(egui::Pos2::ZERO, size).contains_rect(picture), "{picture} in {size}");
    }
}

/// A path stays on this machine, whatever the form.
#[test]
fn no_path_leaves() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let mut subject = bench(&mut h).scenario.subject.as_ref().clone();
    subject.file = Some(willitrun::scenario::FromFile {
        name: "x-Q4_K_M.gguf".to_owned(),
        path: "/home/alice/My Secrets/x-Q4_K_M.gguf".to_owned(),
        exact: Some("/home/alice/My Secrets/x-Q4_K_M.gguf".to_owned()),
        kind: willitrun::scenario::FileKind::Gguf,
    });
    bench(&mut h).ask_file(Arc::new(subject));
    click(&mut h, "Share…");
    let mut all = vec![String::from_utf8(written(&mut h, "Save SVG…").1).expect("text")];
    for form in ["Report", "Curves", "Machine"] {
        click_role(&mut h, Role::RadioButton, form);
        all.push(copied_text(&mut h, "Copy"));
    }
    assert!(all[1].contains("File: x-Q4_K_M.gguf") && all[1].contains("-m x-Q4_K_M.gguf"), "{}", all[1]);
    for text in all {
        for part in ["alice", "Secrets", "home"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }
}
