//! The speed model against published measurements and what is promised of it.

#[path = "golden/speed.rs"]
mod golden;

use std::sync::Arc;

use golden::{BARS, error, measurements};
use willitrun::advice::accuracy::Class;
use willitrun::catalog::Catalog;
use willitrun::hardware::{Basis, Figure, Machine, Pool, PoolKind};
use willitrun::scenario::{Scenario, Subject, evaluate_here};
use willitrun::units::{Bytes, BytesPerSecond, Tokens};

/// Published speeds are met, class by class, within fixed bars. The parameters were fitted to these rows: what holds
/// for rows never seen is what `cargo run --example fit` prints.
#[test]
fn published_measurements_are_met() {
    let rows = measurements();
    let answers: Vec<_> = rows.iter().filter(|row| row.sound).map(|row| (row, evaluate_here(&row.scenario))).collect();
    let mut missed = Vec::new();
    for (name, of, median, tail) in BARS {
        let pairs: Vec<(f64, f64)> = answers
            .iter()
            .filter(|(row, _)| of(row))
            .filter_map(|(row, answer)| Some((answer.bill.as_ref()?.rate.expected, row.decode?)))
            .collect();
        let expected = rows.iter().filter(|row| row.sound && row.decode.is_some() && of(row)).count();
        assert_eq!(pairs.len(), expected, "{name}: every measured row has a speed");
        let (off, worst, bias) = error(&pairs);
        println!("{name:18} {:4} rows {off:5.1} / {worst:5.1} %   x {bias:.2}", pairs.len());
        if off > median || worst > tail || !(0.88..=1.12).contains(&bias) {
            missed.push(format!("{name}: {off:.1} / {worst:.1} %, x {bias:.2}"));
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

/// The band holds about four of five measurements it was not fitted to, so of those it was fitted to no fewer.
#[test]
fn bands_hold_what_they_promise() {
    for (name, of, ..) in BARS {
        let held: Vec<bool> = measurements()
            .iter()
            .filter(|row| row.sound && of(row))
            .filter_map(|row| {
                let rate = evaluate_here(&row.scenario).bill?.rate;
                row.decode.map(|seen| (rate.low..=rate.high).contains(&seen))
            })
            .collect();
        let share = held.iter().filter(|held| **held).count() as f64 / held.len() as f64;
        assert!((0.75..=0.97).contains(&share), "{name}: {share:.2}");
    }
}

/// Prompts, likewise: 20 / 65 % over all, 10 / 25 % on Apple.
#[test]
fn published_prompts_are_met() {
    let rows: Vec<_> = measurements().into_iter().filter(|row| row.sound && row.prefill.is_some()).collect();
    for (name, apple, median, tail) in [("all", false, 20.0, 65.0), ("Apple", true, 10.0, 25.0)] {
        let pairs: Vec<(f64, f64)> = rows
            .iter()
            .filter(|row| !apple || row.class == Class::Apple)
            .filter_map(|row| {
                let scenario = Scenario { depth: row.start, ..row.scenario.clone() };
                Some((evaluate_here(&scenario).prefill?.expected, row.prefill?))
            })
            .collect();
        let (off, worst, _) = error(&pairs);
        println!("{name:18} {:4} rows {off:5.1} / {worst:5.1} %", pairs.len());
        assert!(off <= median && worst <= tail, "{name}: {off:.1} / {worst:.1} %");
    }
}

/// Tokens per second from disk are 1 / (m E / disk + (A - m E) / RAM): a share m of the routed experts is missing, and
/// which of them a token needs is taken as uniform. The same on an engine's efficiencies stays below that ceiling.
#[test]
fn experts_that_are_not_in_memory_come_from_disk() {
    let catalog = Catalog::builtin();
    // The file as published, its cache kept latent: the room set aside is for the system, that cache and buffers.
    let model = catalog.model("deepseek-r1").expect("built in").as_ref().clone();
    let file = catalog.published("deepseek-r1", "UD-Q2_K_XL").expect("published");
    let subject = Arc::new(Subject::new(model, file.quant(), None));
    let mut machine = Machine::new("disk", "96 GiB and a fast disk");
    let mut ram = Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(96)));
    ram.reserve = Some(Figure::typed(Bytes::gib(8)));
    ram.read = BytesPerSecond::from_gb(96.0).map(Figure::typed);
    let mut disk = Pool::new("disk", PoolKind::Disk, Figure::typed(Bytes::gib(2000)));
    disk.read = BytesPerSecond::from_gb(7.0).map(Figure::typed);
    machine.pools = vec![ram, disk];
    let ask = |engine: &str| {
        let engine = catalog.engine(engine).expect("an engine").clone();
        let mut scenario =
            Scenario::new(subject.clone(), Arc::new(machine.clone()), engine, catalog.parameters.clone());
        scenario.run.context = Tokens::new(2048);
        evaluate_here(&scenario)
    };
    let ceiling = ask("ideal");
    let weights = &subject.weights;
    let used: f64 = weights.layers.iter().map(|layer| layer.experts_read().as_f64()).sum();
    let all = weights.read_per_token().as_f64();
    let missing = ceiling.plan.on_disk.as_f64() / weights.experts().as_f64();
    let formula = 1.0 / (missing * used / 7e9 + (all - missing * used) / 96e9);
    let ceiling = ceiling.bill.expect("a speed").rate.expected;
    assert!((ceiling / formula - 1.0).abs() < 0.005, "{ceiling} against {formula}");
    // The bytes of the file's routed experts are known, and with its own tensors it is 1.38.
    println!("R1 UD-Q2_K_XL from disk: {ceiling:.3} tokens per second at most");
    assert!((ceiling / 1.38 - 1.0).abs() < 0.05, "{ceiling}");
    let real = ask("llama.cpp").bill.expect("a speed").rate;
    assert!(real.expected < ceiling && real.low < 1.38 && 1.38 < real.high, "{real:?}");
}

/// One click on Measure moves a prediction by no more than the two bases differ.
#[test]
fn a_measurement_near_the_data_sheet_changes_little() {
    let parameters = &Catalog::builtin().parameters;
    for reached in [0.80, 0.85, 0.90, 0.95] {
        for (sheet, measured) in [
            (parameters.cpu_alone("llama.cpp", Basis::DataSheet), parameters.cpu_alone("llama.cpp", Basis::Measured)),
            (parameters.cpu_beside(Basis::DataSheet), parameters.cpu_beside(Basis::Measured)),
        ] {
            let moved = measured.weights * reached / sheet.weights - 1.0;
            assert!(moved.abs() <= 1.0 - reached + 0.10, "measuring {reached} of the sheet moves it by {moved}");
        }
    }
}

/// A faster memory never makes a token slower, and the bill adds up.
#[test]
fn a_bill_adds_up_and_bandwidth_only_helps() {
    for row in measurements().iter().filter(|row| row.class != Class::SeveralGpus).step_by(25) {
        let bill = evaluate_here(&row.scenario).bill.expect("a bill");
        let sum: f64 = bill.lines.iter().map(|line| line.time.get()).sum();
        assert!((sum / bill.total.get() - 1.0).abs() < 1e-9, "{}", row.id);
        let machine = Arc::new(faster(&row.scenario.machine));
        let scenario = Scenario { machine, ..row.scenario.clone() };
        let better = evaluate_here(&scenario).bill.expect("a bill");
        assert!(better.rate.expected > bill.rate.expected, "{}", row.id);
    }
}

fn faster(machine: &Machine) -> Machine {
    let mut machine = machine.clone();
    for pool in &mut machine.pools {
        pool.read = pool
            .read
            .as_ref()
            .map(|read| Figure::new(BytesPerSecond::saturating(read.value.get() * 1.2), read.source, "a fifth more"));
    }
    machine
}
