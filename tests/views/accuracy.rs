//! The accuracy page: what is predicted beside what was measured, by class, beside another formula, row by row.

use std::sync::OnceLock;

use egui::accesskit::Role;
use egui::{Key, Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::advice::accuracy::{Compared, Group, Off, Rate};
use willitrun::advice::peers::Peer;
use willitrun::app::Event;
use willitrun::catalog::Catalog;
use willitrun::ui::bench::Workspace;

use super::window::{DESKTOP, Harnessed, SIZE, bench, click, click_role, detected, names, open, send, text_on, until};

/// Every seventh measurement with its predictions, worked out once.
fn some() -> &'static [Compared] {
    static ROWS: OnceLock<Vec<Compared>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let catalog = Catalog::builtin();
        let rows = catalog.measurements().expect("the table");
        rows.into_iter().step_by(7).map(|row| Compared::of(row, &catalog.peers)).collect()
    })
}

/// Stated rows of a group that have a rate.
fn within(group: Group, rate: Rate) -> Vec<&'static Compared> {
    let holds = |row: &&Compared| row.measured.sound && group.holds(&row.measured) && row.seen(rate).is_some();
    some().iter().filter(holds).collect()
}

fn ours(group: Group, rate: Rate) -> Off {
    let pair = |row: &&Compared| Some((row.ours(rate)?.expected, row.seen(rate)?));
    Off::of(&within(group, rate).iter().filter_map(pair).collect::<Vec<_>>()).expect("rows")
}

/// The sentence that says what is drawn.
fn drawn(off: &Off, what: &str) -> String {
    let Off { rows, median, tail, .. } = off;
    format!("{rows} {what}, half within {median:.1} %, nine in ten within {tail:.1} %. Sources below.")
}

/// The page with some measurements, all there are as far as it knows.
fn page(theme: Theme, size: egui::Vec2) -> Harnessed {
    let mut h = open(detected(DESKTOP, "qwen3-32b"), theme, size, |app, _| {
        app.handle(Event::Compared(some().to_vec(), some().len()));
    });
    click_role(&mut h, Role::Tab, "Accuracy");
    h
}

fn choose_class(h: &mut Harnessed, group: Group) {
    let name = names(h).into_iter().find(|name| name.starts_with(&format!("{}, ", group.name()))).expect("a class");
    click(h, &name);
}

/// The machine of each row of the list on screen is not told apart from other labels: the first is looked for.
fn first_of(h: &Harnessed, texts: &[String]) -> Option<String> {
    let top = |text: &String| {
        let nodes = h.query_all_by_label(text.as_str());
        nodes.map(|node| node.rect().top()).filter(|top| *top > 480.0).fold(f32::INFINITY, f32::min)
    };
    texts.iter().filter(|text| top(text).is_finite()).min_by(|a, b| top(a).total_cmp(&top(b))).cloned()
}

#[test]
fn a_class_filters_what_is_shown() {
    let mut h = page(Theme::Dark, SIZE);
    h.get_by_label_contains(&drawn(&ours(Group::All, Rate::Decode), "speeds"));
    let all = within(Group::All, Rate::Decode).len();
    h.get_by_label(&format!("willitrun, predicted against measured, {all} measurements"));
    choose_class(&mut h, Group::Apple);
    let apple = within(Group::Apple, Rate::Decode).len();
    assert!(0 < apple && apple < all);
    h.get_by_label(&format!("willitrun, predicted against measured, {apple} measurements"));
    h.get_by_label_contains(&drawn(&ours(Group::Apple, Rate::Decode), "speeds"));
    h.get_by_label_contains("(Apple) within ");
    assert!(!text_on(&h, "GeForce"), "only Apple chips are listed");
    assert!(text_on(&h, "that the model was fitted to"));
}

#[test]
fn another_formula_stands_beside_ours_and_is_called_re_computed() {
    let mut h = page(Theme::Dark, SIZE);
    click_role(&mut h, Role::RadioButton, "llmfit");
    let all = within(Group::All, Rate::Decode).len();
    h.get_by_label(&format!("llmfit, re-computed, predicted against measured, {all} measurements"));
    h.get_by_label_contains("commit 3f44fd3), not run.");
    let pairs: Vec<(f64, f64)> = within(Group::All, Rate::Decode)
        .iter()
        .filter_map(|row| Some((row.theirs(Peer::Llmfit, Rate::Decode)?, row.seen(Rate::Decode)?)))
        .collect();
    let theirs = Off::of(&pairs).expect("rows");
    let said = format!("; llmfit half within {:.1} %, nine in ten within {:.1} %", theirs.median, theirs.tail);
    assert!(names(&h).iter().any(|name| name.starts_with("all, ") && name.ends_with(&said)), "{said}");
    click_role(&mut h, Role::RadioButton, "Prompts");
    h.get_by_label("llmfit has no formula for prompts.");
    h.get_by_label_contains(&drawn(&ours(Group::All, Rate::Prefill), "prompt speeds"));
    assert!(!text_on(&h, "llmfit, re-computed"), "no empty plot");
    click_role(&mut h, Role::RadioButton, "none");
    assert!(!text_on(&h, "no formula for prompts"));
}

#[test]
fn a_point_tells_what_it_is() {
    let mut h = page(Theme::Dark, SIZE);
    choose_class(&mut h, Group::Cpu);
    let rows = within(Group::Cpu, Rate::Decode);
    let plot = format!("willitrun, predicted against measured, {} measurements", rows.len());
    h.get_by_label(&plot).focus();
    h.run();
    h.key_press(Key::Home);
    h.run();
    let least = rows.iter().min_by(|a, b| a.measured.decode.unwrap().total_cmp(&b.measured.decode.unwrap())).unwrap();
    let machine = least.measured.scenario.machine.name.clone();
    let value = h.get_by_label(&plot).accesskit_node().value().expect("what is pointed out");
    assert!(value.starts_with(&format!("{machine}, ")) && value.contains("tokens per second, predicted"), "{value}");
    h.key_press(Key::ArrowRight);
    h.run();
    let next = h.get_by_label(&plot).accesskit_node().value();
    assert_ne!(next, Some(value), "an arrow walks on");

    // Most points lie near the diagonal: along it, one comes under the pointer.
    let rect = h.get_by_label(&plot).rect();
    let told = |h: &Harnessed| text_on(h, "tokens deep");
    for step in 1..80 {
        let share = step as f32 / 80.0;
        h.hover_at(rect.lerp_inside(vec2(0.08 + 0.9 * share, 0.94 - 0.92 * share)));
        h.step();
        if told(&h) {
            break;
        }
    }
    h.run();
    assert!(told(&h), "hovering a point shows it");
    for part in ["tokens deep, ", "measured ", ", willitrun ", "band ", "https://"] {
        assert!(text_on(&h, part), "{part}");
    }
}

#[test]
fn a_column_sorts_the_list() {
    let mut h = page(Theme::Light, SIZE);
    let rows = within(Group::All, Rate::Decode);
    let mut machines: Vec<String> = rows.iter().map(|row| row.measured.scenario.machine.name.clone()).collect();
    machines.sort();
    machines.dedup();
    click(&mut h, "Sort by Machine");
    assert_eq!(first_of(&h, &machines).as_ref(), machines.first());
    click(&mut h, "Sort by Machine, least first");
    assert_eq!(first_of(&h, &machines).as_ref(), machines.last());
    click(&mut h, "Sort by Measured");
    let fastest = rows.iter().max_by(|a, b| a.measured.decode.unwrap().total_cmp(&b.measured.decode.unwrap())).unwrap();
    assert_eq!(first_of(&h, &machines), Some(fastest.measured.scenario.machine.name.clone()));
}

#[test]
fn measurements_come_as_they_are_answered() {
    let mut h = open(detected(DESKTOP, "qwen3-32b"), Theme::Dark, SIZE, |_, _| ());
    assert!(bench(&mut h).accuracy.rows().is_empty());
    click_role(&mut h, Role::Tab, "Accuracy");
    assert_eq!(bench(&mut h).workspace, Workspace::Accuracy);
    until(&mut h, "the first measurements", |bench| !bench.accuracy.rows().is_empty());
    let of = bench(&mut h).accuracy.of().expect("how many");
    assert!(of > 800 && text_on(&h, &format!("of {of} measurements predicted…")), "{of}");
    send(&mut h, Event::Told("still there".to_owned()));
    h.get_by_label("still there");
}

#[test]
fn it_fits_a_small_window() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut h = page(theme, vec2(900.0, 600.0));
        click_role(&mut h, Role::RadioButton, "canirun.ai");
        for part in ["willitrun, predicted", "canirun.ai, re-computed, predicted"] {
            let rect = h.get_by_label_contains(part).rect();
            assert!(rect.left() >= 44.0 && rect.right() <= 900.0, "{part} at {rect}");
        }
        let source = h.get_by_label("Sort by Source").rect();
        assert!(source.right() <= 890.0, "{source}");
    }
}
