//! `llama-bench`, run for one model.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Ended, watched};

/// The largest models take minutes to load from a slow disk, and minutes for a prompt on a CPU.
pub const BENCH_TIMEOUT: Duration = Duration::from_mins(30);

/// What is run: a program by its whole path, and fixed arguments. No shell reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenchCommand {
    program: PathBuf,
    model: PathBuf,
    placement: Vec<(&'static str, u32)>,
}

/// Why it brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenchFailure(pub Ended);

impl fmt::Display for BenchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "llama-bench {}", self.0)?;
        match self.0 {
            Ended::Stopped => f.write_str("; nothing was taken from it."),
            Ended::Failed(_) | Ended::Crashed(_) => {
                f.write_str("; the model may not fit as asked: run the same command in a terminal to read why.")
            }
            _ => f.write_str("."),
        }
    }
}

impl std::error::Error for BenchFailure {}

impl BenchCommand {
    /// Times a prompt of 512 tokens and an answer of 128 of a model file. `gpu_layers` and `expert_layers` are those of
    /// the plan to be measured; none leaves them to the engine.
    #[must_use]
    pub fn new(program: &Path, model: &Path, gpu_layers: Option<u32>, expert_layers: u32) -> Self {
        let mut placement = Vec::new();
        placement.extend(gpu_layers.map(|layers| ("-ngl", layers)));
        placement.extend((expert_layers > 0).then_some(("-ncmoe", expert_layers)));
        Self { program: program.to_owned(), model: model.to_owned(), placement }
    }

    fn arguments(&self) -> Vec<String> {
        let fixed = ["-p", "512", "-n", "128", "-r", "5", "-o", "json"].map(str::to_owned);
        let placement = self.placement.iter().flat_map(|(flag, layers)| [(*flag).to_owned(), layers.to_string()]);
        fixed.into_iter().chain(placement).collect()
    }

    /// All of it, to be read before it is started.
    #[must_use]
    pub fn shown(&self) -> String {
        let path = |path: &Path| {
            let text = crate::formats::shown(&path.display().to_string(), 400);
            if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text }
        };
        format!("{} -m {} {}", path(&self.program), path(&self.model), self.arguments().join(" "))
    }

    /// Runs it to its end, and returns what it printed. It is ended, with all it started, after half an hour, when it
    /// prints more than 1 MiB, and when `stop` says so.
    ///
    /// # Errors
    /// How it ended.
    pub fn run(&self, stop: &dyn Fn() -> bool) -> Result<String, BenchFailure> {
        self.run_within(BENCH_TIMEOUT, stop)
    }

    fn run_within(&self, timeout: Duration, stop: &dyn Fn() -> bool) -> Result<String, BenchFailure> {
        let mut command = Command::new(&self.program);
        command.arg("-m").arg(&self.model).args(self.arguments());
        // Its libraries lie beside it; nothing is to be found in the folder this program was started in.
        if let Some(folder) = self.program.parent() {
            command.current_dir(folder);
        }
        let (bytes, ended) = watched(&mut command, timeout, &mut |_| !stop());
        ended.map_err(BenchFailure)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Instant;

    use super::*;

    /// A program of one of the small scripts in `tests/children`.
    fn program(script: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("llama-bench");
        let script = format!("{}/tests/children/{script}.sh", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(script).expect("a script");
        fs::write(&path, format!("#!/bin/sh\n{text}")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        (folder, path)
    }

    fn run(script: &str, timeout: f64, stop: &dyn Fn() -> bool) -> Result<String, BenchFailure> {
        let (_folder, path) = program(script);
        let command = BenchCommand::new(&path, Path::new("/models/a b.gguf"), Some(99), 3);
        command.run_within(Duration::from_secs_f64(timeout), stop)
    }

    #[test]
    fn the_command_is_shown_as_it_is_run() {
        let command = BenchCommand::new(Path::new("/opt/llama-bench"), Path::new("/models/a b.gguf"), Some(20), 3);
        assert_eq!(
            command.shown(),
            "/opt/llama-bench -m \"/models/a b.gguf\" -p 512 -n 128 -r 5 -o json -ngl 20 -ncmoe 3"
        );
        let said = run("bench-arguments", 10.0, &|| false).expect("an answer");
        assert_eq!(said, "-m\n/models/a b.gguf\n-p\n512\n-n\n128\n-r\n5\n-o\njson\n-ngl\n99\n-ncmoe\n3\n");
    }

    #[test]
    fn one_that_hangs_or_floods_is_ended() {
        let started = Instant::now();
        let failure = run("hang", 0.3, &|| false).expect_err("hangs");
        assert_eq!(failure.to_string(), "llama-bench did not answer within 0.3 s.");
        let failure = run("flood", 20.0, &|| false).expect_err("floods");
        assert_eq!(failure.to_string(), "llama-bench printed more than 1 MiB.");
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_stop_ends_it_and_what_it_started() {
        let looks = Cell::new(0);
        let stop = || looks.replace(looks.get() + 1) > 20;
        let failure = run("bench-with-child", 20.0, &stop).expect_err("stopped");
        assert_eq!(failure.to_string(), "llama-bench was stopped; nothing was taken from it.");
        let failure = run("fail", 20.0, &|| false).expect_err("fails");
        assert!(failure.to_string().starts_with("llama-bench failed with exit code 3; the model may not fit"));
    }

    /// Waits until the process whose number a script noted beside itself is gone.
    #[cfg(target_os = "linux")]
    fn gone(folder: &tempfile::TempDir) {
        let child = noted(folder).expect("its child");
        // A killed process may stay for a moment as one that nobody has collected yet.
        let gone = || {
            fs::read_to_string(format!("/proc/{child}/stat"))
                .map_or(true, |stat| stat.contains(") Z ") || stat.contains(") X "))
        };
        let end = Instant::now() + Duration::from_secs(5);
        while !gone() {
            assert!(Instant::now() < end, "process {child} is still there");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[cfg(target_os = "linux")]
    fn noted(folder: &tempfile::TempDir) -> Option<u32> {
        fs::read_to_string(folder.path().join("child")).ok()?.trim().parse().ok()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_it_started_is_ended_with_it() {
        let (folder, path) = program("bench-with-child");
        let command = BenchCommand::new(&path, Path::new("/models/a.gguf"), None, 0);
        let failure = command.run_within(Duration::from_secs(20), &|| noted(&folder).is_some()).expect_err("stopped");
        assert_eq!(failure.0, Ended::Stopped);
        gone(&folder);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_it_leaves_behind_is_ended_too() {
        for (script, said) in [
            ("leaves-a-sleeper", Ok("done\n".to_owned())),
            ("leaves-a-sleeper-and-fails", Err(BenchFailure(Ended::Failed(3)))),
            ("leaves-a-sleeper-and-crashes", Err(BenchFailure(Ended::Crashed("signal 6, abort".into())))),
        ] {
            let (folder, path) = program(script);
            let command = BenchCommand::new(&path, Path::new("/models/a.gguf"), None, 0);
            let started = Instant::now();
            assert_eq!(command.run_within(Duration::from_secs(20), &|| false), said, "{script}");
            assert!(started.elapsed() < Duration::from_secs(10), "{script}: its sleeper was waited for");
            gone(&folder);
        }
    }
}
