//! Several machines as one: what they hold, and that one answer gets no faster by them.

use egui::Ui;

use crate::advice::nodes::{Group, takes_several};
use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::paint::verdict;
use crate::ui::widget::card::card;
use crate::ui::widget::sheet::{Col, pick, quiet, sheet, value, words};
use crate::ui::{Command, MachineChoice};
use crate::units::{Seconds, TokensPerSecond};

use super::remark;

/// Of the machine on screen, alone and with others; the other rows are ready-made.
const OWN: usize = 2;

/// The table; a ready-made cluster is opened by a click.
pub(super) fn ui(ui: &mut Ui, bench: &Workbench, groups: &[Group]) -> Option<Command> {
    let mut command = None;
    let unit = bench.unit;
    let wide = ui.available_width() >= super::BESIDE;
    card(
        ui,
        ["Several machines", "tokens/s"],
        |_| (),
        |ui| {
            let mut columns = vec![
                Col::rest("Machines"),
                Col::number("Memory", 76.0),
                Col::words("", 110.0),
                Col::number("At most", 58.0),
                Col::number("Layers on each", 92.0),
                Col::number("On the network", 96.0),
            ];
            if wide {
                columns.push(Col::number("As one", 58.0));
                columns.push(Col::number("Expected", 92.0));
            }
            sheet(ui, "machines", &columns, groups.len(), None, |ui, row, column| {
                let group = &groups[row];
                let rate = |rate: Option<TokensPerSecond>| rate.map_or_else(|| "—".to_owned(), |rate| rate.to_string());
                match column {
                    0 if row < OWN => _ = words(ui, &group.machine.name),
                    0 => {
                        let response = pick(ui, &group.machine.name, false).on_hover_text("Ask about these");
                        if response.clicked() {
                            let choice = MachineChoice::BuiltIn(group.machine.id.clone());
                            command = Some(Command::PickMachine(choice));
                        }
                    }
                    1 => _ = quiet(ui, &unit.of(group.memory)),
                    2 => {
                        let glyph = glyph_of(group.level);
                        verdict::glyph(ui, glyph, 12.0);
                        quiet(ui, glyph.word());
                    }
                    3 => _ = value(ui, &rate(group.ceiling)),
                    4 => _ = value(ui, &rate(group.shared.map(|shared| shared.ceiling))),
                    5 => {
                        let passing = group.shared.map(|shared| micro(shared.passing));
                        quiet(ui, &passing.map_or_else(|| "—".to_owned(), |time| format!("{time} a token")));
                    }
                    6 => _ = quiet(ui, &rate(group.as_one)),
                    _ => {
                        let expected = group.expected.map(|range| {
                            let [low, high] = [range.low, range.high].map(TokensPerSecond::saturating);
                            if range.is_exact() { high.to_string() } else { format!("{low} to {high}") }
                        });
                        quiet(ui, &expected.unwrap_or_else(|| "—".to_owned()));
                    }
                }
            });
            ui.add_space(4.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            let serving = &bench.scenario.parameters.serving;
            remark(
                ui,
                &format!(
                    "Memory adds up; the speed of one answer does not, for layers take turns: at most as much as one of these with all the memory (as one), less what a token spends on the network. At most: bytes over bandwidth, by the placement that is fastest, which leaves out machines it does not need. A network of which nothing is known is assumed at {} and {} a message.",
                    serving.network,
                    micro(serving.network_latency)
                ),
            );
            if !takes_several(&bench.scenario.engine) {
                remark(ui, &format!("{} itself runs on one machine.", bench.scenario.engine.name));
            }
        },
    );
    command
}

/// What is shorter than a millisecond, too.
fn micro(time: Seconds) -> String {
    if time.get() < 1e-3 { format!("{:.0} µs", time.get() * 1e6) } else { time.to_string() }
}
