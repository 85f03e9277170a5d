//! Fits `assets/speed.ron` to the published measurements in `tests/golden/speed_measurements.csv` and to those of a CPU
//! beside its bandwidth in `tests/golden/speed_paired.csv`.
//!
//! `cargo run --release --example fit` prints the cross-validation (four folds, whole groups left out: those of one
//! device and model, and those of one author) in half a minute of one core; with `-- --write` it writes the parameters
//! fitted to all rows, the same ones every time. `-- --questions FILE` writes the measurements as questions for `willitrun check --batch`. The time
//! of a token and of a prompt is the crate's own: there is one estimator.
//!
//! Tried and left out, because rows left out got no better: a limit of bytes for each core, operations on a CPU by bits
//! or in proportion to cores, prompts on a CPU by a power of cores below one, a freer arithmetic of each backend,
//! narrower generations, attention in prompts by the width of heads or grouped by backend, an MLA share of its own there.

mod asset;
mod bands;
mod case;
mod knobs;
mod solve;
#[path = "../../golden/speed.rs"]
mod speed;
mod task;

use bands::Crossed;
use task::{DECODE, PREFILL, Task, print};
use willitrun::catalog::Catalog;
use willitrun::hardware::Backend;
use willitrun::speed::{Parameters, Together};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut write = false;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => write = true,
            "--questions" => return ask(&arguments.next().expect("--questions FILE")),
            other => panic!("{other} is neither --write nor --questions FILE"),
        }
    }
    let cases = case::cases();
    let mut start = Parameters::clone(&Catalog::builtin().parameters);
    start.cores = knobs::cores();
    start.copying = asset::copying();
    start.latent_prompts = asset::latent_prompts();
    println!("{} rows, {} + {} unknowns", cases.len(), DECODE.unknowns(&start), PREFILL.unknowns(&start));
    let cross = |task: &Task, start: &Parameters| Crossed {
        groups: task.cross(&cases, Together::DeviceAndModel, start),
        authors: task.cross(&cases, Together::Author, start),
    };
    let decoded = cross(&DECODE, &start);
    let mut fitted = DECODE.fit(&cases, &DECODE.rows(&cases), &start);
    if let Some(alone) = fitted.rates("llama.cpp", Backend::Cpu) {
        fitted.host.attention = alone.attention;
    }
    let prompts = cross(&PREFILL, &fitted);
    fitted = PREFILL.fit(&cases, &PREFILL.rows(&cases), &fitted);
    bands::set(&mut fitted, &cases, &decoded, &prompts);
    fitted.left_out.clear();
    for (task, crossed) in [(&DECODE, &decoded), (&PREFILL, &prompts)] {
        let name = task.what.name();
        let seen = task.all(&cases, &fitted);
        print(&format!("{name}, rows fitted"), &task.lines(&cases, &seen, Together::DeviceAndModel, &fitted));
        for (by, left) in [(Together::DeviceAndModel, &crossed.groups), (Together::Author, &crossed.authors)] {
            let lines = task.lines(&cases, left, by, &fitted);
            print(&format!("{name}, rows left out by {}", by.name()), &lines);
            fitted.left_out.extend(lines);
        }
    }
    if write {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/speed.ron");
        std::fs::write(path, asset::text(&fitted)).expect("assets/speed.ron can be written");
        println!("written to {path}");
    }
}

/// Writes the measurements as questions.
fn ask(path: &str) {
    let questions = speed::questions::questions();
    let lines: String = questions.iter().map(|asked| asked.line.clone() + "\n").collect();
    std::fs::write(path, lines).unwrap_or_else(|error| panic!("{path} cannot be written: {error}"));
    let complete = questions.iter().filter(|asked| asked.complete).count();
    println!("{} questions written to {path}; {complete} of them say all that is known", questions.len());
}
