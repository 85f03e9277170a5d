//! Runs of the real binary, with a data folder of their own and no display.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// What a run of the program left.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The program with a data folder and no display.
pub fn command(data: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_willitrun"));
    command.env("WILLITRUN_DATA_DIR", data.path());
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
}

/// Runs the program with a data folder of its own and no display.
pub fn willitrun<S: AsRef<OsStr>>(args: &[S]) -> Run {
    let data = TempDir::new().expect("a folder");
    let output = command(&data).args(args).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes text");
    let run = Run {
        code: output.status.code().expect("the program ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    for text in [&run.out, &run.err] {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "control characters are written: {text:?}");
    }
    run
}

/// Runs a command that has to answer.
#[track_caller]
pub fn answer(args: &str) -> String {
    let run = willitrun(&args.split_whitespace().collect::<Vec<_>>());
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{args}");
    run.out
}

/// Runs a command that has to answer with JSON of this schema.
#[track_caller]
pub fn answer_json(schema: &str, args: &str) -> Value {
    let value: Value = serde_json::from_str(&answer(&format!("{args} --json"))).expect("JSON");
    assert_eq!(value["schema"], format!("willitrun.{schema}/1"), "{args}");
    value
}

/// A figure of an answer, by its pointer such as `/memory/kv_bytes`.
#[track_caller]
pub fn figure(answer: &Value, at: &str) -> u64 {
    answer.pointer(at).and_then(Value::as_u64).unwrap_or_else(|| panic!("{at} of {answer:#}"))
}

/// A file of its own folder.
pub fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("it can be written");
    (folder, path)
}
