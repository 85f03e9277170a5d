//! Arguments, logging, then the window or a headless command.
//!
//! On Windows the program has no console of its own, so the window opens without one; headless commands write to the
//! console they were started from.
#![cfg_attr(windows, windows_subsystem = "windows")]

use std::process::ExitCode;

use willitrun::{app, cli, detect, measure};

fn main() -> ExitCode {
    cli::attach_console();
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let words = || args[1..].iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<String>>();
    // GPU drivers are asked in a child: this program once more, with a hidden word.
    let hidden = match args.first().and_then(|word| word.to_str()) {
        Some(detect::PROBE_ARGUMENT) => Some(detect::probe_gpus_main()),
        Some(detect::FREE_ARGUMENT) => Some(detect::free_main(&words())),
        Some(measure::gpu::MEASURE_ARGUMENT) => Some(measure::gpu::measure_gpus_main(&words())),
        _ => None,
    };
    if let Some(code) = hidden {
        return ExitCode::from(u8::try_from(code).unwrap_or(1));
    }
    env_logger::Builder::from_env(
        env_logger::Env::default().default_filter_or("warn,wgpu_hal=off,wgpu_core=error,egui_wgpu=error"),
    )
    .init();
    if let Some(code) = cli::run(&args) {
        return code;
    }
    match app::open() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("willitrun: {error}. Here is the answer without a window:\n");
            cli::answer_here()
        }
    }
}
