//! The search for models on a disk: what is found, what is left alone, and that it ends.

mod gguf;
mod shelf;

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use willitrun::library::{
    Askable, Content, Found, Limits, Listing, Looking, Place, Program, Reached, open_gguf, scan, spots,
};
use willitrun::measure::Cancel;
use willitrun::quant::Mix;
use willitrun::units::Bytes;

use shelf::SMALL;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn place(program: Program, folder: &Path) -> Place {
    Place { program, folder: folder.to_owned() }
}

fn look(places: &[Place]) -> Listing {
    look_within(places, Limits::default())
}

fn look_within(places: &[Place], limits: Limits) -> Listing {
    scan(places, limits, &Cancel::new(), &mut |_| ()).expect("nobody called it off")
}

fn added(folder: &Path) -> Listing {
    look(&[Place::added(folder)])
}

/// Name, kind, files and program of everything found.
fn told(listing: &Listing) -> Vec<(&str, &str, usize, &str)> {
    let row = |found: &'_ Found| (found.kind(), found.files, found.program.name());
    let rows = listing.models.iter().map(|found| (found.name.as_str(), row(found)));
    rows.map(|(name, (kind, files, program))| (name, kind, files, program)).collect()
}

#[track_caller]
fn one(listing: &Listing) -> &Found {
    assert_eq!(listing.models.len(), 1, "{:?}", told(listing));
    &listing.models[0]
}

#[test]
#[cfg(unix)]
fn every_programs_folder_is_read() {
    let root = folder();
    let at = |path: &str| root.path().join(path);
    shelf::ollama(&at("ollama"), "qwen3", "0.6b", 'a', Mix::Q8_0);
    shelf::model(&at("lms/qwen/Qwen3-GGUF/Qwen3-0.6B-Q4_K_M.gguf"), SMALL, Mix::Q4_K_M);
    shelf::stray(&at("lms/qwen/Qwen3-GGUF/mmproj-F16.gguf"), "clip");
    shelf::split(&at("llama"), "big", 3);
    shelf::write(&at("llama/other.gguf.downloadInProgress"), b"GGUF");
    let blob = shelf::hub(&at("hub"), "org/tiny", "main", "Tiny-Q8_0.gguf", &"b".repeat(64));
    shelf::model(&blob, SMALL, Mix::Q8_0);
    let [config, weights] = [("config.json", "c"), ("model.safetensors", "d")]
        .map(|(name, blob)| shelf::hub(&at("hub"), "org/plain", "main", name, &blob.repeat(64)));
    let length = shelf::safetensors(&config, &weights, 4);
    shelf::write(&at("hub/models--org--half/blobs").join(format!("{}.incomplete", "e".repeat(64))), b"1234");
    shelf::model(&at("hub/datasets--x/no.gguf"), SMALL, Mix::Q8_0);
    shelf::stray(&at("jan/org/new/new.gguf"), "never-heard-of");
    shelf::write(&at("jan/org/new/notes.txt"), b"no model");
    let listing = look(&[
        place(Program::Ollama, &at("ollama")),
        place(Program::LmStudio, &at("lms")),
        place(Program::LlamaCpp, &at("llama")),
        place(Program::HuggingFace, &at("hub")),
        place(Program::Jan, &at("jan")),
        place(Program::Gpt4All, &at("none")),
    ]);
    assert_eq!(
        told(&listing),
        [
            ("big", "gguf", 3, "llama.cpp"),
            ("org/plain", "safetensors", 1, "Hugging Face"),
            ("Qwen3-0.6B-Q4_K_M", "gguf", 1, "LM Studio"),
            ("qwen3:0.6b", "gguf", 1, "Ollama"),
            ("Tiny-Q8_0", "gguf", 1, "Hugging Face"),
            ("mmproj-F16", "vision part", 1, "LM Studio"),
            ("new", "gguf", 1, "Jan"),
            ("org/half", "incomplete", 1, "Hugging Face"),
            ("other.gguf.downloadInProgress", "incomplete", 1, "llama.cpp"),
        ]
    );
    assert!(listing.findings.is_empty(), "{:?}", listing.findings);
    let reached: Vec<Reached> = listing.looked.iter().map(|looked| looked.reached).collect();
    let read = [1, 2, 2, 3, 1].map(Reached::Read);
    assert_eq!(reached, [&read[..], &[Reached::Absent]].concat());
    let found = |name: &str| listing.models.iter().find(|found| found.name == name).expect(name);
    assert_eq!(found("Qwen3-0.6B-Q4_K_M").quant(), Some("Q4_K_M"));
    assert_eq!(found("qwen3:0.6b").quant(), Some("Q8_0"));
    assert_eq!(found("org/plain").bytes.get(), length);
    let plain = found("org/plain").subject().expect("a known shape");
    assert_eq!((plain.quant.id.as_str(), plain.model.gguf.as_str()), ("BF16", "llama"));
    assert_eq!(plain.file.as_ref().map(|file| file.name.as_str()), Some("org/plain"));
    let parts = (1..=3).map(|part| at("llama").join(format!("big-{part:05}-of-00003.gguf")));
    let bytes: u64 = parts.map(|path| fs::metadata(path).expect("a part").len()).sum();
    assert_eq!(found("big").bytes.get(), bytes);
    // An architecture that nobody has heard of still has its weights.
    let why = found("new").why().expect("a reason");
    assert!(why.starts_with("new: its 17 M weights take 67 MB at 32.00 bits each, but "), "{why}");
    assert!(found("new").subject().is_none());
}

#[test]
fn what_is_found_is_asked_about_with_the_files_own_bytes() {
    let root = folder();
    let path = root.path().join("small.gguf");
    shelf::model(&path, SMALL, Mix::Q4_K_M);
    let listing = added(root.path());
    let found = one(&listing);
    let subject = found.subject().expect("a known shape");
    let file = open_gguf(&path).expect("a model");
    assert_eq!(subject.weights, file.weights(None));
    assert_eq!(subject.weights.file, file.tensor_bytes);
    assert_eq!(subject.file.as_ref().map(|file| file.name.as_str()), Some("small"));
    let opened = Askable::open(&path, None, None).expect("a model");
    assert_eq!(opened.subject.map(|subject| subject.weights.clone()), Ok(subject.weights.clone()));
}

#[test]
#[cfg(unix)]
fn a_file_of_several_names_is_listed_once() {
    let root = folder();
    let path = root.path().join("a/first.gguf");
    shelf::model(&path, SMALL, Mix::Q8_0);
    fs::hard_link(&path, root.path().join("second.gguf")).expect("linked");
    std::os::unix::fs::symlink(&path, root.path().join("third.gguf")).expect("linked");
    std::os::unix::fs::symlink(root.path().join("a"), root.path().join("b")).expect("linked");
    one(&added(root.path()));
    // Nor twice when a second folder leads to it, nor when the hub has it in two revisions.
    one(&look(&[Place::added(root.path()), Place::added(root.path().join("a")), Place::added(root.path())]));
    let hub = root.path().join("hub");
    for revision in ["1111", "2222"] {
        let blob = shelf::hub(&hub, "org/tiny", revision, "tiny.gguf", &"b".repeat(64));
        shelf::model(&blob, SMALL, Mix::Q8_0);
    }
    one(&look(&[place(Program::HuggingFace, &hub)]));
}

#[test]
#[cfg(unix)]
fn links_in_a_circle_end() {
    let root = folder();
    shelf::model(&root.path().join("x/y/small.gguf"), SMALL, Mix::Q8_0);
    std::os::unix::fs::symlink(root.path(), root.path().join("x/y/up")).expect("linked");
    std::os::unix::fs::symlink("self", root.path().join("self")).expect("linked");
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    let listing = look_within(&[Place::added(root.path()), Place::added(root.path().join("self"))], limits);
    one(&listing);
    assert_eq!(listing.looked[1].reached, Reached::Refused);
    assert_eq!(listing.findings.len(), 1, "{:?}", listing.findings);
}

#[test]
#[cfg(unix)]
fn the_hubs_links_stay_in_its_cache() {
    let root = folder();
    let outside = root.path().join("outside.gguf");
    shelf::model(&outside, SMALL, Mix::Q8_0);
    let snapshot = root.path().join("hub/models--org--x/snapshots/main");
    fs::create_dir_all(&snapshot).expect("made");
    std::os::unix::fs::symlink(&outside, snapshot.join("x.gguf")).expect("linked");
    std::os::unix::fs::symlink(root.path(), snapshot.join("away")).expect("linked");
    let listing = look(&[place(Program::HuggingFace, &root.path().join("hub"))]);
    assert!(listing.models.is_empty(), "{:?}", told(&listing));
}

#[test]
fn nine_folders_deep_is_too_deep() {
    let root = folder();
    let deep = |levels: usize| (0..levels).fold(root.path().to_owned(), |path, _| path.join("d"));
    shelf::model(&deep(8).join("eight.gguf"), SMALL, Mix::Q8_0);
    shelf::model(&deep(9).join("nine.gguf"), SMALL, Mix::Q8_0);
    let listing = added(root.path());
    assert_eq!(one(&listing).name, "eight");
    assert!(listing.findings[0].what.contains("more than 8 deep"), "{:?}", listing.findings);
}

#[test]
fn the_search_ends_after_so_many_names() {
    let root = folder();
    for file in 0..50 {
        shelf::write(&root.path().join(format!("{file}.txt")), b"");
    }
    let limits = Limits { entries: 20, ..Limits::default() };
    let mut counted = 0;
    let places = [Place::added(root.path()), Place::added(root.path().join("none"))];
    let listing = scan(&places, limits, &Cancel::new(), &mut |at: Looking| counted = at.entries).expect("a listing");
    assert!(counted <= 20, "{counted}");
    assert!(listing.findings[0].what.starts_with("The search ended after 20 names, in "), "{:?}", listing.findings);
    assert!(look_within(&places, Limits { entries: 50, ..limits }).findings.is_empty());
}

#[test]
#[cfg(unix)]
fn a_pipe_is_not_waited_for() {
    let root = folder();
    for name in ["pipe.gguf", "config.json", "x.gguf.part"] {
        let pipe = root.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success());
        assert!(made, "mkfifo");
    }
    std::os::unix::fs::symlink("/dev/zero", root.path().join("zero.gguf")).expect("linked");
    let listing = added(root.path());
    assert!(listing.models.is_empty() && listing.findings.is_empty(), "{listing:?}");
    let manifests = root.path().join("manifests/registry.ollama.ai/library/x");
    fs::create_dir_all(&manifests).expect("made");
    let pipe = manifests.join("latest");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success());
    assert!(made, "mkfifo");
    assert!(look(&[place(Program::Ollama, root.path())]).models.is_empty());
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_read_is_a_finding() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = folder();
    shelf::model(&root.path().join("good.gguf"), SMALL, Mix::Q8_0);
    let shut = root.path().join("shut");
    fs::create_dir(&shut).expect("made");
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o0)).expect("shut");
    // To the superuser nothing is shut; a name that is too long cannot be read by anybody.
    let long = root.path().join("n".repeat(300));
    let open_to_all = fs::read_dir(&shut).is_ok();
    let listing = look(&[Place::added(root.path()), Place::added(&long)]);
    one(&listing);
    let expected = if open_to_all { 1 } else { 2 };
    assert_eq!(listing.findings.len(), expected, "{:?}", listing.findings);
    assert!(listing.findings.iter().all(|finding| finding.what.contains(" cannot be read: ")));
    assert_eq!(listing.looked[1].reached, Reached::Refused);
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).expect("open again");
}

#[test]
fn a_manifest_leads_to_its_blobs_and_nowhere_else() {
    let root = folder();
    shelf::model(&root.path().join("secret"), SMALL, Mix::Q8_0);
    shelf::manifest(root.path(), "good", "latest", &format!("sha256:{}", "a".repeat(64)), 5);
    shelf::manifest(root.path(), "bad", "latest", "sha256:../secret", 5);
    shelf::manifest(root.path(), "bad", "long", &format!("sha256:{}", "a".repeat(65)), 5);
    shelf::write(&root.path().join("manifests/registry.ollama.ai/library/bad/cut"), b"{\"layers\": [");
    shelf::write(&root.path().join("manifests/registry.ollama.ai/library/bad/bytes"), b"\xff\xfe");
    let partial = format!("sha256-{}-partial", "b".repeat(64));
    shelf::write(&root.path().join("blobs").join(&partial), b"123");
    shelf::write(&root.path().join("blobs").join(partial + "-0"), b"{}");
    let listing = look(&[place(Program::Ollama, root.path())]);
    assert_eq!(
        told(&listing),
        [("download bbbbbbbbbbbb…", "incomplete", 1, "Ollama"), ("good:latest", "incomplete", 1, "Ollama")]
    );
    assert_eq!(listing.findings.len(), 4, "{:?}", listing.findings);
    assert!(listing.findings.iter().all(|finding| finding.what.contains("was passed over: ")));
    // A file shorter than the manifest says is no whole model.
    shelf::write(&root.path().join("blobs").join(format!("sha256-{}", "a".repeat(64))), b"1234");
    let listing = look(&[place(Program::Ollama, root.path())]);
    let Content::Incomplete(why) = &listing.models[1].content else { panic!("{:?}", listing.models) };
    assert!(why.contains("should be"), "{why}");
}

#[test]
fn a_model_with_parts_missing_says_which() {
    let root = folder();
    shelf::split(root.path(), "big", 3);
    fs::remove_file(root.path().join("big-00002-of-00003.gguf")).expect("removed");
    shelf::write(&root.path().join("st/config.json"), b"{}");
    shelf::write(&root.path().join("st/model-00002-of-00002.safetensors"), b"x");
    let listing = added(root.path());
    assert_eq!(
        told(&listing),
        [("big", "incomplete", 2, "your folder"), ("model-00002-of-00002.safetensors", "incomplete", 1, "your folder")]
    );
    let whys: Vec<String> = listing.models.iter().filter_map(Found::why).collect();
    assert!(whys[0].starts_with("big: Part 2 of 3 is not there"), "{whys:?}");
    assert!(whys[1].contains(": Part 1 of 2 is not there"), "{whys:?}");
}

#[test]
fn what_is_no_gguf_says_so_under_a_clean_name() {
    let root = folder();
    shelf::write(&root.path().join("bad\u{1b}[31m\u{202e}.gguf"), b"not at all");
    let listing = added(root.path());
    let found = one(&listing);
    assert_eq!(found.name, "bad[31m");
    assert!(found.why().is_some_and(|why| why.contains(": It cannot be read as a model: ")), "{found:?}");
}

#[test]
fn a_search_is_called_off() {
    let root = folder();
    shelf::model(&root.path().join("small.gguf"), SMALL, Mix::Q8_0);
    let cancel = Cancel::new();
    let places = [Place::added(root.path())];
    let mut told = 0;
    let stopped = scan(&places, Limits::default(), &cancel, &mut |_| {
        told += 1;
        cancel.cancel();
    });
    assert_eq!((stopped, told), (None, 1));
    assert_eq!(scan(&places, Limits::default(), &cancel, &mut |_| ()), None);
}

#[test]
fn the_command_lists_the_same() {
    let root = folder();
    let at = |path: &str| root.path().join(path);
    shelf::ollama(&at("home/.ollama/models"), "qwen3", "0.6b", 'a', Mix::Q8_0);
    shelf::stray(&at("own/strange.gguf"), "never-heard-of");
    let run = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_willitrun"));
        for name in
            ["XDG_CACHE_HOME", "XDG_DATA_HOME", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "LLAMA_CACHE"]
        {
            command.env_remove(name);
        }
        for name in ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"] {
            command.env(name, at("home"));
        }
        command.env("OLLAMA_MODELS", at("home/.ollama/models")).env("WILLITRUN_DATA_DIR", at("data"));
        command.args(["files", "--machine", "laptop-16gb", "--folder"]).arg(at("own")).args(more);
        let output = command.output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, out, err) = run(&["--json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(value["schema"], "willitrun.files/1");
    let rows = value["rows"].as_array().expect("rows");
    let told = |row: &serde_json::Value| ["name", "kind", "program", "verdict"].map(|key| row[key].clone());
    assert_eq!(told(&rows[0]), ["qwen3:0.6b", "gguf", "Ollama", "runs-well"].map(serde_json::Value::from));
    assert!(rows[0]["decode_tps"].as_f64().is_some_and(|rate| rate > 10.0), "{}", rows[0]);
    assert_eq!(told(&rows[1])[..3], ["strange", "gguf", "your folder"].map(serde_json::Value::from));
    assert!(rows[1]["verdict"].is_null() && rows[1]["why"].is_string(), "{}", rows[1]);
    let (code, out, _) = run(&[]);
    assert_eq!(code, Some(0));
    assert!(out.lines().next().is_some_and(|line| line.contains("Runs well") && line.contains("qwen3:0.6b")), "{out}");
    let (code, _, err) = run(&["--model", "x"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("--model does not belong here"), "{err}");
}

#[test]
fn a_disk_is_read_where_a_large_model_lies() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let at = |path: &str| home.path().join(path);
    let own = at("cache");
    let told_of = |listing: &Listing| -> Vec<(Option<Program>, Option<String>)> {
        let all = spots(listing, &own);
        assert!(all.iter().all(|spot| spot.free > Bytes::ZERO), "{all:?}");
        all.into_iter().map(|spot| (spot.program, spot.file.map(|file| file.name))).collect()
    };
    // Nothing large: the app's own folder alone, also before it is made. Another folder on that disk adds nothing.
    shelf::model(&at("lms/q/Qwen3-0.6B-Q4_K_M.gguf"), SMALL, Mix::Q4_K_M);
    let places = [place(Program::LmStudio, &at("lms")), place(Program::LlamaCpp, &at("cpp")), Place::added(at("none"))];
    assert_eq!(told_of(&look(&places)), [(None, None)]);
    // The largest of each folder, the larger folder first; the app's own stays.
    let bytes = shelf::model(&at("lms/q/Qwen3-8B-Q4_K_M.gguf"), ("Qwen3-8B", "qwen3-8b"), Mix::Q4_K_M);
    shelf::model(&at("lms/q/Qwen3-4B-Q4_K_M.gguf"), ("Qwen3-4B", "qwen3-4b"), Mix::Q4_K_M);
    shelf::model(&at("cpp/Qwen3-8B-Q8_0.gguf"), ("Qwen3-8B", "qwen3-8b"), Mix::Q8_0);
    let named = |program, name: &str| (Some(program), Some(name.to_owned()));
    let both = [named(Program::LlamaCpp, "Qwen3-8B-Q8_0"), named(Program::LmStudio, "Qwen3-8B-Q4_K_M"), (None, None)];
    let listing = look(&places);
    assert_eq!(told_of(&listing), both);
    let all = spots(&listing, &own);
    let file = all[1].file.as_ref().expect("a file");
    assert_eq!((file.path.clone(), file.bytes), (at("lms/q/Qwen3-8B-Q4_K_M.gguf"), Bytes::new(bytes)));
    // What has not come in whole is no model to read.
    std::fs::rename(at("cpp/Qwen3-8B-Q8_0.gguf"), at("cpp/Qwen3-8B-Q8_0.gguf.part")).expect("renamed");
    assert_eq!(told_of(&look(&places)), both[1..]);
}
