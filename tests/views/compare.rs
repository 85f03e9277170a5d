//! Machines side by side.

use egui::accesskit::Role;
use egui::{Key, Pos2, Rect, Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::advice::asked_of;
use willitrun::catalog::Catalog;
use willitrun::scenario::evaluate;
use willitrun::ui::MachineChoice;
use willitrun::ui::bench::Workspace;
use willitrun::ui::compare::Compared;
use willitrun::units::{Bytes, Tokens, TokensPerSecond};

use super::window::{
    DESKTOP, Harnessed, SERVER, SIZE, bench, click, click_role, text_on, type_over, until, window, window_in,
};

const MAC: &str = "Mac Studio M3 Ultra, 512 GB";
const NEEDED: &str = "Memory needed by context";
const SPEED: &str = "Speed by context";

/// Ticks machines of the list by name.
fn tick(h: &mut Harnessed, names: &[&str]) {
    click_role(h, Role::Tab, "Machines");
    for name in names {
        type_over(h, Role::TextInput, "Search machines", name);
        click_role(h, Role::CheckBox, &format!("Compare {name}"));
    }
}

fn listed(id: &str) -> Compared {
    Compared::Listed(MachineChoice::BuiltIn(id.to_owned()))
}

#[test]
fn machines_are_ticked_and_stand_side_by_side() {
    let mut h = window(DESKTOP, "qwen3-32b");
    tick(&mut h, &[MAC, "Laptop, 16 GB DDR5, no graphics card"]);
    let chosen = [Compared::OnScreen, listed("mac-studio-m3-ultra-512gb"), listed("laptop-16gb")];
    assert_eq!(bench(&mut h).compare.chosen, chosen);
    click(&mut h, "Compare 3 machines");
    assert_eq!(bench(&mut h).workspace, Workspace::Compare);
    let scenario = bench(&mut h).scenario.clone();
    let rate = |id: Option<&str>| {
        let asked = match id {
            Some(id) => {
                let machine = Catalog::builtin().profile(id).expect("a profile").machine.clone();
                asked_of(&scenario, std::sync::Arc::new(machine))
            }
            None => scenario.clone(),
        };
        let answer = evaluate(&asked);
        (answer.verdict.level, TokensPerSecond::saturating(answer.bill.expect("it runs").rate.expected).to_string())
    };
    for id in [None, Some("mac-studio-m3-ultra-512gb"), Some("laptop-16gb")] {
        let (level, rate) = rate(id);
        h.get_by_label(&rate);
        assert!(text_on(&h, level.words()), "{level:?} of {id:?}");
    }
    for row in ["Verdict", "First token after", "RAM capacity", "Memory read bandwidth", "Placement"] {
        h.get_by_label(row);
    }
    assert!(!text_on(&h, "price") && !text_on(&h, "cost"), "nothing is known of prices");
    click(&mut h, &format!("Take {MAC} out"));
    assert_eq!(bench(&mut h).compare.chosen.len(), 2);
    h.key_press(Key::Escape);
    h.run();
    assert_eq!(bench(&mut h).workspace, Workspace::Profiles);
}

/// The question of where to write it comes when it comes, and moves the page: nothing is clicked after it.
#[test]
fn curves_of_all_stand_in_one_table() {
    let mut h = window(DESKTOP, "qwen3-32b");
    tick(&mut h, &[MAC, "Laptop, 16 GB DDR5, no graphics card"]);
    let chosen = [Compared::OnScreen, listed("mac-studio-m3-ultra-512gb"), listed("laptop-16gb")];
    assert_eq!(bench(&mut h).compare.chosen, chosen);
    click(&mut h, "Compare 3 machines");
    click(&mut h, "Save curves…");
    until(&mut h, "table", |bench| bench.exported.is_some());
    let table = String::from_utf8(bench(&mut h).exported.clone().expect("a table").bytes.to_vec()).expect("text");
    for name in ["\"Mac Studio M3 Ultra, 512 GB\",", "\"Laptop, 16 GB DDR5, no graphics card\","] {
        assert_eq!(table.lines().filter(|line| line.starts_with(name)).count(), 97, "{name}");
    }
    assert_eq!(table.lines().count(), 1 + 3 * 97);
}

#[test]
fn four_are_the_most_and_one_is_too_few() {
    let mut h = window(DESKTOP, "qwen3-32b");
    click_role(&mut h, Role::Tab, "Machines");
    assert!(h.get_by_label("Compare").accesskit_node().is_disabled());
    let known: Vec<&str> = Catalog::builtin().profiles.iter().map(|doc| doc.machine.name.as_str()).collect();
    tick(&mut h, &known[..3]);
    assert_eq!(bench(&mut h).compare.chosen.len(), 4);
    let other = known[3];
    type_over(&mut h, Role::TextInput, "Search machines", other);
    let label = format!("Compare {other}");
    assert!(h.get_by_role_and_label(Role::CheckBox, &label).accesskit_node().is_disabled());
    assert!(text_on(&h, "Four is the most."));
}

#[test]
fn a_context_is_asked_of_all() {
    let mut h = window(SERVER, "deepseek-r1");
    tick(&mut h, &[MAC]);
    click(&mut h, "Compare 2 machines");
    let said = |h: &Harnessed, plot: &str| {
        h.get_by_role_and_label(Role::Slider, plot).accesskit_node().value().expect("a value")
    };
    assert!(said(&h, NEEDED).starts_with("8,192 tokens: This machine 381"), "{}", said(&h, NEEDED));
    let before = said(&h, SPEED);
    h.get_by_role_and_label(Role::Slider, SPEED).focus();
    h.run();
    h.key_press(Key::ArrowRight);
    h.run();
    assert_eq!(bench(&mut h).scenario.run.context, Tokens::new(16_384));
    let after = said(&h, SPEED);
    assert!(after.starts_with("16,384 tokens: This machine ") && after.contains(MAC), "{after}");
    assert_ne!(before, after);
}

#[test]
fn what_is_typed_over_the_machine_on_screen_counts() {
    let mut h = window(DESKTOP, "qwen3-32b");
    bench(&mut h).compare.toggle(Compared::Listed(MachineChoice::This));
    h.run();
    bench(&mut h).workspace = Workspace::Compare;
    h.run();
    // The machine beside itself is one machine.
    assert!(text_on(&h, "Tick two to four machines"));
    bench(&mut h).compare.toggle(Compared::Listed(MachineChoice::This));
    bench(&mut h).edit_machine(|machine| {
        let ram = machine.pools.iter_mut().find(|pool| pool.id == "ram").expect("RAM");
        ram.capacity.value = Bytes::gib(192);
    });
    h.run();
    assert!(text_on(&h, "This machine, changed") && text_on(&h, "192.0 GiB") && text_on(&h, "96.0 GiB"));
    assert!(text_on(&h, "× 0.5"));
}

#[test]
fn the_comparison_fits_every_window() {
    for (size, theme) in [(SIZE, Theme::Dark), (vec2(900.0, 600.0), Theme::Light), (vec2(1920.0, 1080.0), Theme::Light)]
    {
        let mut h = window_in(SERVER, "deepseek-r1", theme, size);
        for id in ["mac-studio-m3-ultra-512gb", "8x-h100-80gb", "laptop-16gb"] {
            bench(&mut h).compare.toggle(listed(id));
        }
        bench(&mut h).workspace = Workspace::Compare;
        h.run();
        let screen = Rect::from_min_size(Pos2::ZERO, size);
        for plot in [NEEDED, SPEED] {
            let rect = h.get_by_role_and_label(Role::Slider, plot).rect();
            assert!(screen.contains_rect(rect), "{plot} at {rect} in {size}");
        }
        let done = h.get_by_label("Done").rect();
        assert!(screen.contains_rect(done), "{done} in {size}");
    }
}
