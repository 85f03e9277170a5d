//! Published speeds of the very question on screen: its model, its devices, a quant near its own.

use crate::advice::accuracy::Class;
use crate::catalog::Catalog;
use crate::formats::measurements::Row;
use crate::placement::{Mode, Plan};
use crate::scenario::Scenario;
use crate::units::TokensPerSecond;

use super::bench::Workbench;
use super::plot::Anchor;

/// The most shown: the newest.
const MOST: usize = 8;
/// How far bits per weight or a bandwidth may be from the question's own, as a share.
const NEAR: f64 = 0.05;

impl Workbench {
    /// What others measured of the question on screen.
    pub(super) fn anchors(&mut self, catalog: &Catalog) -> Vec<Anchor> {
        let plan = self.answer().plan.clone();
        let model = self.scenario.subject.model.id.clone();
        let rows = self.published.get(model, |model| catalog.published_speeds(model));
        anchors(&self.scenario, &plan, rows, catalog)
    }
}

/// Those of the rows that are of this question, placed like this.
fn anchors(scenario: &Scenario, plan: &Plan, rows: &[Row<'_>], catalog: &Catalog) -> Vec<Anchor> {
    let mut near: Vec<&Row<'_>> = rows.iter().filter(|row| is_near(scenario, plan, row)).collect();
    near.sort_by_key(|row| row.built);
    let newest = near.split_off(near.len().saturating_sub(MOST));
    newest.into_iter().filter_map(|row| anchor(scenario, row, catalog)).collect()
}

fn anchor(scenario: &Scenario, row: &Row<'_>, catalog: &Catalog) -> Option<Anchor> {
    let rate = row.decode?;
    let engine = catalog.engine(row.engine).map_or(row.engine, |engine| engine.name.as_str());
    let name = if row.engine == scenario.engine.id { "published".to_owned() } else { format!("published, {engine}") };
    let built = row.built.map_or_else(String::new, |built| format!(" of {built}"));
    let told = format!(
        "{} tokens/s measured with {engine}{built}, {}, {} tokens deep\n{}",
        TokensPerSecond::saturating(rate),
        row.quant,
        row.depth,
        row.source
    );
    Some(Anchor { context: row.depth, rate, name, told })
}

fn is_near(scenario: &Scenario, plan: &Plan, row: &Row<'_>) -> bool {
    let subject = &scenario.subject;
    let mode = match row.class {
        Class::OneGpu | Class::Apple | Class::SeveralGpus => Mode::Gpu,
        Class::ExpertsInRam => Mode::ExpertsInRam,
        Class::Cpu => Mode::Cpu,
        Class::Partial => return false,
    };
    let one_user = scenario.run.sequences() == 1 && subject.experts_used.is_none();
    row.sound
        && one_user
        && row.model == subject.model.id
        && mode == plan.mode
        && row.kv == scenario.run.kv_k
        && same_quant(scenario, row)
        && same_devices(scenario, row)
        && (mode == Mode::Gpu || same_ram(scenario, row))
}

fn same_quant(scenario: &Scenario, row: &Row<'_>) -> bool {
    let file = scenario.subject.weights.file.as_f64();
    let near = row.file.is_some_and(|size| (size.as_f64() / file - 1.0).abs() <= NEAR);
    row.quant.eq_ignore_ascii_case(&scenario.subject.quant.id) || near
}

fn same_devices(scenario: &Scenario, row: &Row<'_>) -> bool {
    let ids: Vec<&str> =
        scenario.machine.gpus().map(|pool| pool.device.as_ref().map_or("", |device| device.id.as_str())).collect();
    let driven = |backend| {
        let mut backends = scenario.machine.gpus().map(|pool| scenario.engine.backend_on(pool, scenario.backend));
        backends.all(|own| own == Some(backend))
    };
    // A CPU alone is the same whatever card stands idle beside it.
    row.class == Class::Cpu
        || ids.len() == row.count && ids.iter().all(|id| *id == row.device) && row.backend.is_none_or(driven)
}

fn same_ram(scenario: &Scenario, row: &Row<'_>) -> bool {
    let own = scenario.machine.host().and_then(|pool| pool.read.as_ref()).map(|read| read.value.get());
    own.zip(row.ram).is_some_and(|(own, there)| (there.get() / own - 1.0).abs() <= NEAR)
        && scenario.machine.cpu.sockets == row.sockets
}
