//! The one place that starts child processes, and ends them: this program's own, and `llama-bench`.
//!
//! Graphics drivers crash and hang while being asked what there is. They are asked by a child, this very
//! program with a hidden argument, so that the worst it can do is not answer. Invariant: no call here
//! waits longer than its limit plus a second, keeps more than 1 MiB, or starts a thread.

mod bench;
mod family;

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{ChildStdout, Command, ExitStatus};
use std::time::{Duration, Instant};

use super::gpu::{self, Api, Line, Probe, parse_lines};
use family::Family;

pub use bench::{BENCH_TIMEOUT, BenchCommand, BenchFailure};

/// The hidden subcommand: `main` hands over to [`probe_gpus_main`] when it is the first argument.
pub const PROBE_ARGUMENT: &str = "__probe-gpus";

/// The hidden subcommand that asks only for what is free: `main` hands over to [`free_main`].
pub const FREE_ARGUMENT: &str = "__free-memory";

/// Tells a probing child which process asks: what that one holds of a card, others do not.
pub(super) const ASKED_BY: &str = "WILLITRUN_ASKED_BY";

/// Long enough for a card that has to wake and a driver that compiles on its first start.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// More than any answer.
const MOST_OUTPUT: usize = 1 << 20;
/// Between two looks at the child.
const PAUSE: Duration = Duration::from_millis(5);
/// A child whose parent is gone ends itself after this many seconds: more than any measurement takes.
#[cfg(unix)]
const SELF_LIMIT: u32 = 600;

/// How a child ended that did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It never started; the system's reason.
    NotStarted(String),
    /// It was killed by a signal or an exception; which.
    Crashed(String),
    /// It returned this exit code.
    Failed(i32),
    /// It was still running after this long, and was killed.
    TimedOut(Duration),
    /// It printed more than 1 MiB, and was killed.
    TooMuch,
    /// It ended well without having said all.
    Unfinished,
    /// It was no longer wanted, and was killed.
    Stopped,
}

/// A probe that broke off, with what it had found until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildFailure {
    /// How it ended.
    pub how: Ended,
    /// What it had found.
    pub partial: Probe,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(why) => write!(f, "could not be started ({why})"),
            Self::Crashed(how) => write!(f, "crashed ({how})"),
            Self::Failed(code) => write!(f, "failed with exit code {code}"),
            Self::TimedOut(limit) => write!(f, "did not answer within {} s", limit.as_secs_f64()),
            Self::TooMuch => f.write_str("printed more than 1 MiB"),
            Self::Unfinished => f.write_str("ended without an answer"),
            Self::Stopped => f.write_str("was stopped"),
        }
    }
}

impl fmt::Display for ChildFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.how.fmt(f)
    }
}

impl std::error::Error for ChildFailure {}

/// Asks the drivers for GPUs in a child process: `exe` with [`PROBE_ARGUMENT`].
///
/// # Errors
/// How the child ended, with what it had found until then.
pub fn probe_gpus_in_child(exe: &Path, timeout: Duration) -> Result<Probe, ChildFailure> {
    let mut command = Command::new(exe);
    command.arg(PROBE_ARGUMENT).env(ASKED_BY, std::process::id().to_string());
    without_overlays(&mut command);
    probe_with(&mut command, timeout)
}

/// Asks these interfaces for what is free, in a child process, until `stop` says that it is no longer wanted. What was
/// found before it broke off comes with how it did.
pub(super) fn free_in_child(
    exe: &Path,
    apis: &[Api],
    timeout: Duration,
    stop: &dyn Fn() -> bool,
) -> (Probe, Option<Ended>) {
    let mut words = vec![FREE_ARGUMENT.to_owned()];
    words.extend(apis.iter().map(|api| api.name().to_owned()));
    let mut said = String::new();
    let ended = lines_of(exe, &words, timeout, stop, &mut |line| said.extend([line, "\n"]));
    let (probe, complete) = parse_lines(&said);
    let broken = if complete { None } else { Some(ended.err().unwrap_or(Ended::Unfinished)) };
    (probe, broken)
}

/// What that subcommand runs; its words are the names of the interfaces. Returns the exit code.
#[must_use]
pub fn free_main(words: &[String]) -> i32 {
    let apis: Vec<Api> = Api::ALL.into_iter().filter(|api| words.iter().any(|word| word == api.name())).collect();
    serve_lines(|print| {
        gpu::probe_some(&apis, &mut |line| print(&line.write()));
        print(&Line::End.write());
    })
}

/// Overlays and recorders hook in as implicit layers and add crashes of their own.
fn without_overlays(command: &mut Command) {
    if std::env::var_os("VK_LOADER_LAYERS_DISABLE").is_none() {
        command.env("VK_LOADER_LAYERS_DISABLE", "~implicit~");
    }
}

fn probe_with(command: &mut Command, timeout: Duration) -> Result<Probe, ChildFailure> {
    let (bytes, ended) = output(command, timeout);
    let (probe, complete) = parse_lines(&String::from_utf8_lossy(&bytes));
    match ended {
        // Drivers crash on their way out too, when all has been said.
        Ok(()) | Err(Ended::Crashed(_) | Ended::Failed(_)) if complete => Ok(probe),
        Ok(()) => Err(ChildFailure { how: Ended::Unfinished, partial: probe }),
        Err(how) => Err(ChildFailure { how, partial: probe }),
    }
}

/// What the hidden subcommand runs: asks the drivers and prints one line per answer. Returns the exit code.
#[must_use]
pub fn probe_gpus_main() -> i32 {
    serve_lines(|print| {
        gpu::probe(&mut |line| print(&line.write()));
        print(&Line::End.write());
    })
}

/// Does the work of a child that answers in lines, and ends itself when it takes far too long. Returns the exit code.
#[must_use]
pub fn serve_lines(work: impl FnOnce(&mut dyn FnMut(&str))) -> i32 {
    limit_own_life();
    let mut stdout = io::stdout().lock();
    let mut failed = false;
    work(&mut |line| {
        // A driver may have left a line of its own unfinished.
        failed |= writeln!(stdout, "\n{line}").and_then(|()| stdout.flush()).is_err();
    });
    i32::from(failed)
}

/// Runs this program as a child with these words, and hands on each line as it comes, until `stop` says so.
///
/// # Errors
/// How the child ended that did not do its work.
pub fn lines_of(
    exe: &Path,
    arguments: &[String],
    timeout: Duration,
    stop: &dyn Fn() -> bool,
    take: &mut dyn FnMut(&str),
) -> Result<(), Ended> {
    let mut command = Command::new(exe);
    command.args(arguments);
    without_overlays(&mut command);
    let mut passed = 0;
    let mut hand_on = |bytes: &[u8], all: bool| {
        while let Some(length) = bytes[passed..].iter().position(|byte| *byte == b'\n') {
            take(&String::from_utf8_lossy(&bytes[passed..passed + length]));
            passed += length + 1;
        }
        if all && passed < bytes.len() {
            take(&String::from_utf8_lossy(&bytes[passed..]));
            passed = bytes.len();
        }
    };
    let (bytes, ended) = watched(&mut command, timeout, &mut |bytes| {
        hand_on(bytes, false);
        !stop()
    });
    hand_on(&bytes, true);
    ended
}

#[cfg(unix)]
fn limit_own_life() {
    // SAFETY: plain call; no handler is set, the default action of SIGALRM ends the process.
    unsafe { libc::alarm(SELF_LIMIT) };
}

/// A crash would otherwise wait for a dialog or a debugger.
#[cfg(windows)]
fn limit_own_life() {
    use windows::Win32::System::Diagnostics::Debug::{
        SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX, SetErrorMode,
    };
    // SAFETY: plain call that changes flags of this process.
    unsafe {
        SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    }
}

#[cfg(not(any(unix, windows)))]
fn limit_own_life() {}

/// What macOS's I/O registry says of a class.
#[cfg(target_vendor = "apple")]
pub(super) fn io_registry(class: &str) -> Option<String> {
    let mut command = Command::new("/usr/sbin/ioreg");
    command.args(["-rd1", "-c", class]);
    let (bytes, ended) = output(&mut command, Duration::from_secs(3));
    ended.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What macOS's power manager says of the battery.
#[cfg(target_vendor = "apple")]
pub(super) fn power_report() -> Option<String> {
    let mut command = Command::new("/usr/bin/pmset");
    command.args(["-g", "batt"]);
    let (bytes, ended) = output(&mut command, Duration::from_secs(3));
    ended.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs a command without input, for at most so long, and returns what it printed and how it ended.
fn output(command: &mut Command, timeout: Duration) -> (Vec<u8>, Result<(), Ended>) {
    watched(command, timeout, &mut |_| true)
}

/// The same, shown what was printed so far every few milliseconds, until that says to stop.
fn watched(
    command: &mut Command,
    timeout: Duration,
    go_on: &mut dyn FnMut(&[u8]) -> bool,
) -> (Vec<u8>, Result<(), Ended>) {
    let started = Instant::now();
    let mut bytes = Vec::new();
    let mut family = match Family::start(command) {
        Ok(family) => family,
        // The kind only: the full text may hold a path.
        Err(error) => return (bytes, Err(Ended::NotStarted(error.kind().to_string()))),
    };
    // However this returns, the child and all it started are ended with `family`.
    let Some(mut stdout) = family.stdout() else {
        return (bytes, Err(Ended::Unfinished));
    };
    loop {
        // Look at the child first: what it printed before its end is then sure to be read.
        let has_ended = family.has_ended();
        let read = pipe::drain(&mut stdout, &mut bytes);
        if bytes.len() > MOST_OUTPUT {
            bytes.truncate(MOST_OUTPUT);
            return (bytes, Err(Ended::TooMuch));
        }
        match has_ended {
            Ok(true) => return (bytes, family.end().map_or(Err(Ended::Unfinished), judge)),
            Ok(false) if !go_on(&bytes) => return (bytes, Err(Ended::Stopped)),
            Ok(false) if started.elapsed() < timeout && read.is_ok() => std::thread::sleep(PAUSE),
            Ok(false) | Err(_) => return (bytes, Err(Ended::TimedOut(timeout))),
        }
    }
}

fn judge(status: ExitStatus) -> Result<(), Ended> {
    if status.success() {
        return Ok(());
    }
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Err(Ended::Crashed(signal_name(signal)));
    }
    match status.code() {
        // Windows: 0xC0000005 and its kin.
        Some(code) if cfg!(windows) && code < 0 => {
            Err(Ended::Crashed(format!("exception 0x{:08X}", code.cast_unsigned())))
        }
        Some(code) => Err(Ended::Failed(code)),
        None => Err(Ended::Unfinished),
    }
}

#[cfg(unix)]
fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGABRT => "abort",
        libc::SIGSEGV => "segmentation fault",
        libc::SIGBUS => "bus error",
        libc::SIGILL => "illegal instruction",
        libc::SIGFPE => "arithmetic error",
        libc::SIGKILL => "killed, perhaps for want of memory",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal}, {name}")
}

/// Reads what a pipe holds without waiting for more.
#[cfg(unix)]
mod pipe {
    use std::io::{self, Read as _};
    use std::os::fd::AsRawFd as _;

    pub fn drain(pipe: &mut super::ChildStdout, into: &mut Vec<u8>) -> io::Result<()> {
        let fd = pipe.as_raw_fd();
        // SAFETY: `fd` is open as long as `pipe`; this end is ours alone, so the flag disturbs no one.
        let set = unsafe { libc::fcntl(fd, libc::F_SETFL, libc::fcntl(fd, libc::F_GETFL) | libc::O_NONBLOCK) };
        if set == -1 {
            return Err(io::Error::last_os_error());
        }
        let mut chunk = [0; 16 * 1024];
        while into.len() <= super::MOST_OUTPUT {
            match pipe.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => into.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(windows)]
mod pipe {
    use std::io::{self, Read as _};
    use std::os::windows::io::AsRawHandle as _;

    use windows::Win32::Foundation::HANDLE;
    use windows::Win32::System::Pipes::PeekNamedPipe;

    pub fn drain(pipe: &mut super::ChildStdout, into: &mut Vec<u8>) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        while into.len() <= super::MOST_OUTPUT {
            let mut waiting = 0;
            // SAFETY: the handle is open as long as `pipe`; only the count is asked for.
            let peeked =
                unsafe { PeekNamedPipe(HANDLE(pipe.as_raw_handle()), None, 0, None, Some(&raw mut waiting), None) };
            // An error means that the other end is closed: nothing more will come.
            if peeked.is_err() || waiting == 0 {
                break;
            }
            let most = chunk.len().min(waiting as usize);
            match pipe.read(&mut chunk[..most])? {
                0 => break,
                read => into.extend_from_slice(&chunk[..read]),
            }
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Runs one of the small children in `tests/children`.
    fn child(name: &str, timeout: f64) -> Result<Probe, ChildFailure> {
        let script = format!("{}/tests/children/{name}.sh", env!("CARGO_MANIFEST_DIR"));
        probe_with(Command::new("sh").arg(script), Duration::from_secs_f64(timeout))
    }

    fn check(name: &str, timeout: f64, how: &Ended, sentence: &str, gpus: usize) {
        let failure = child(name, timeout).expect_err(name);
        assert_eq!(&failure.how, how, "{name}");
        assert_eq!(failure.to_string(), sentence);
        assert_eq!(failure.partial.reports.len(), gpus, "{name}");
    }

    #[test]
    fn a_child_that_answers_is_heard_through_a_drivers_noise() {
        let probe = child("good", 10.0).expect("an answer");
        assert_eq!(probe.reports.len(), 1);
        assert_eq!(probe.reports[0].name, "NVIDIA GeForce RTX 4090");
        assert_eq!(probe.troubles.len(), 1);
        // Crashing after the last word changes nothing.
        assert_eq!(child("good-then-abort", 10.0), Ok(probe));
    }

    #[test]
    fn a_child_that_crashes_leaves_what_it_had_said() {
        let how = Ended::Crashed("signal 6, abort".into());
        check("abort", 10.0, &how, "crashed (signal 6, abort)", 1);
    }

    #[test]
    fn a_child_that_hangs_is_killed_in_time() {
        let started = Instant::now();
        let how = Ended::TimedOut(Duration::from_millis(300));
        check("hang", 0.3, &how, "did not answer within 0.3 s", 1);
        assert!(started.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn a_grandchild_that_holds_the_pipe_keeps_no_one_waiting() {
        let started = Instant::now();
        assert_eq!(child("leaves-a-grandchild", 10.0).map(|probe| probe.reports.len()), Ok(1));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_child_that_floods_is_killed() {
        check("flood", 20.0, &Ended::TooMuch, "printed more than 1 MiB", 0);
    }

    #[test]
    fn a_child_that_is_something_else_is_told_apart() {
        check("fail", 10.0, &Ended::Failed(3), "failed with exit code 3", 0);
        check("silent", 10.0, &Ended::Unfinished, "ended without an answer", 0);
        let failure = probe_gpus_in_child(Path::new("/nonexistent/program"), PROBE_TIMEOUT).expect_err("no program");
        assert_eq!(failure.to_string(), "could not be started (entity not found)");
    }
}
