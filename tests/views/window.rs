//! The application in a window without a screen, over a pinned machine and a folder of its own; what a hand does
//! with it, and what is read on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{DroppedFile, Key, Modifiers, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::app::{App, Event};
use willitrun::catalog::Catalog;
use willitrun::hardware::{Finding, Machine};
use willitrun::quant::{Mix, Quant};
use willitrun::scenario::{Scenario, Subject};
use willitrun::store::Store;
use willitrun::ui::bench::{Workbench, usual_answer};
use willitrun::ui::{focus, theme};

pub const DESKTOP: &str = "desktop-rtx-4090-96gb";
pub const LAPTOP: &str = "laptop-16gb";
pub const SERVER: &str = "epyc-9654-12ch-4090";
pub const SIZE: Vec2 = vec2(1280.0, 800.0);
/// The two plots, by name.
pub const MEMORY: &str = "Memory by context";
pub const SPEED: &str = "Speed by context";
/// How long a job is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The application with a folder of its own.
pub struct Window {
    pub app: App,
    pub folder: tempfile::TempDir,
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.app.show(ui);
    }
}

pub type Harnessed = Harness<'static, Window>;

pub fn machine(profile: &str) -> Machine {
    let machine = &Catalog::builtin().profile(profile).expect("a profile").machine;
    Machine { id: "this".to_owned(), ..machine.clone() }
}

pub fn question(machine: &Machine, model: &str) -> Scenario {
    let catalog = Catalog::builtin();
    let model = Clone::clone(catalog.model(model).expect("a model").as_ref());
    let subject = Subject::new(model, Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix()), None);
    let answer = usual_answer(&subject);
    let (machine, engine) = (Arc::new(machine.clone()), catalog.engines[0].clone());
    Scenario { answer, ..Scenario::new(Arc::new(subject), machine, engine, catalog.parameters.clone()) }
}

/// The event that puts a question on screen.
pub fn asked(start: Scenario, findings: Vec<Finding>) -> Event {
    Event::Detected { machine: Box::new(start.machine.as_ref().clone()), findings, start: Box::new(start) }
}

pub fn detected(profile: &str, model: &str) -> Event {
    let findings = vec![Finding::note("The RAM was never measured.", "Measure it.")];
    asked(question(&machine(profile), model), findings)
}

/// A window with a model on a machine.
pub fn window(profile: &str, model: &str) -> Harnessed {
    window_in(profile, model, Theme::Dark, SIZE)
}

pub fn window_in(profile: &str, model: &str, theme: Theme, size: Vec2) -> Harnessed {
    open(detected(profile, model), theme, size, |_, _| ())
}

/// A window an event puts something in, prepared with the application and its folder.
pub fn open(event: Event, theme: Theme, size: Vec2, prepare: impl FnOnce(&mut App, &Path)) -> Harnessed {
    let mut h = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(32)
        .with_context_setup(|ctx| {
            theme::install(ctx);
            focus::install(ctx);
        })
        .build_eframe(|creation| {
            let folder = tempfile::tempdir().expect("a folder");
            let mut app = App::idle(&creation.egui_ctx, Some(Store::at(folder.path().join("data"))));
            app.look_in(Vec::new());
            app.handle(event);
            prepare(&mut app, folder.path());
            Window { app, folder }
        });
    h.run();
    h
}

pub fn bench(h: &mut Harnessed) -> &mut Workbench {
    h.state_mut().app.bench().expect("a bench")
}

pub fn send(h: &mut Harnessed, event: Event) {
    h.state_mut().app.handle(event);
    h.run();
}

pub fn click(h: &mut Harnessed, label: &str) {
    h.get_by_label(label).click();
    h.run();
}

pub fn click_role(h: &mut Harnessed, role: Role, label: &str) {
    h.get_by_role_and_label(role, label).click();
    h.run();
}

/// Opens a list and takes a row of it.
pub fn choose(h: &mut Harnessed, list: &str, row: &str) {
    click_role(h, Role::ComboBox, list);
    // A long list may stand anywhere.
    h.get_by_label(row).scroll_to_me();
    h.run();
    click(h, row);
}

pub fn type_over(h: &mut Harnessed, role: Role, label: &str, text: &str) {
    h.get_by_role_and_label(role, label).focus();
    h.run();
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.run();
    h.get_by_role_and_label(role, label).type_text(text);
    h.run();
}

/// Runs until something a job does has come.
#[track_caller]
pub fn until(h: &mut Harnessed, what: &str, mut there: impl FnMut(&mut Workbench) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !there(bench(h)) {
        assert!(Instant::now() < end, "no {what} after {} s", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(20));
        h.step();
    }
    h.run();
}

pub fn heading(h: &Harnessed) -> String {
    h.get_by_role(Role::Heading).accesskit_node().label().expect("a verdict")
}

pub fn notice(h: &mut Harnessed) -> Option<(String, bool)> {
    bench(h).notice.clone().map(|notice| (notice.text, notice.failed))
}

/// Every name on screen.
pub fn names(h: &Harnessed) -> Vec<String> {
    h.root().children_recursive().filter_map(|node| node.accesskit_node().label()).collect()
}

pub fn text_on(h: &Harnessed, part: &str) -> bool {
    h.query_all_by_label_contains(part).next().is_some()
}

/// Types a figure of the machine over.
pub fn override_figure(h: &mut Harnessed, button: &str, field: &str, text: &str, leave: Key) {
    click(h, button);
    type_over(h, Role::TextInput, field, text);
    h.key_press(leave);
    h.run();
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("only a job reads files".to_owned())
    }
}

/// Drops a file on the window and gives what is then said.
#[track_caller]
pub fn drop_file(h: &mut Harnessed, path: &Path) -> (String, bool) {
    bench(h).notice = None;
    h.input_mut().dropped_files.push(Arc::new(Dropped(path.to_owned())));
    h.step();
    until(h, "word of the file", |bench| bench.notice.is_some());
    notice(h).expect("a notice")
}
