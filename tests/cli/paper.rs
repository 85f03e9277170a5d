//! Answers on paper and differences of machines, on the real binary.

use serde_json::Value;
use tempfile::TempDir;
use willitrun::quant::Mix;

use super::program::{answer, answer_json, file, willitrun};
use super::shelf;

const R1: [&str; 7] = ["check", "--model", "deepseek-r1", "--quant", "Q4_K_M", "--machine", "epyc-9654-12ch-4090"];

/// A run that writes to a file; what stands in it.
#[track_caller]
fn written(args: &[&str], name: &str) -> Vec<u8> {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(name);
    let path_text = path.to_str().expect("text");
    let run = willitrun(&[args, &["--out", path_text]].concat());
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{args:?}");
    assert!(run.out.starts_with("Written to ") && run.out.contains(name), "{}", run.out);
    std::fs::read(path).expect("written")
}

#[test]
fn an_answer_is_written_in_every_form() {
    let text = willitrun(&[&R1[..], &["--report", "text"]].concat());
    assert_eq!((text.code, text.err.as_str()), (0, ""));
    let sentence = answer_json("check", &R1.join(" "))["verdict"]["sentence"].as_str().expect("words").to_owned();
    for part in ["[Answer]", "[Memory]", "[Speed]", "[By context, filled]", "[Machine]", sentence.as_str()] {
        assert!(text.out.contains(part), "{part} in {}", text.out);
    }
    let same = written(&[&R1[..], &["--report", "text"]].concat(), "r1.txt");
    assert_eq!(String::from_utf8(same).expect("text"), text.out);
    let svg = willitrun(&[&R1[..], &["--report", "svg"]].concat()).out;
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains("rgb(14,17,21)"), "{svg}");
    let light = willitrun(&[&R1[..], &["--report=SVG", "--theme", "light"]].concat()).out;
    assert!(light.contains("rgb(241,243,245)") && !light.contains("rgb(14,17,21)"));
    let png = written(&[&R1[..], &["--report", "png"]].concat(), "r1.png");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 10_000);
    let csv = String::from_utf8(written(&[&R1[..], &["--report", "csv"]].concat(), "r1.csv")).expect("text");
    assert!(csv.starts_with("machine,model,quant,") && csv.lines().count() == 98, "{}", csv.lines().count());
}

#[test]
fn what_cannot_be_written_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let nowhere = folder.path().join("no/r1.txt");
    for (more, code, said) in [
        (&["--report", "pdf"][..], 2, "--report cannot be 'pdf': expected text, csv, svg or png"),
        (&["--report"], 2, "--report wants a value"),
        (&["--report", "png"], 2, "name a file with --out FILE.png"),
        (&["--report", "svg", "--theme", "pink"], 2, "--theme cannot be 'pink': expected dark or light"),
        (&["--theme", "dark"], 2, "--theme belongs to --report"),
        (&["--out", "x.txt"], 2, "--out belongs to --report"),
        (&["--report", "text", "--json"], 2, "choose one"),
        (&["--report", "text", "--out", nowhere.to_str().expect("text")], 1, "r1.txt was not saved"),
    ] {
        let run = willitrun(&[&R1[..], more].concat());
        assert_eq!(run.code, code, "{more:?}: {}", run.err);
        assert!(run.err.contains(said) && run.err.lines().count() == 1 && run.out.is_empty(), "{more:?}: {}", run.err);
    }
}

/// A model opened from a folder of one's own: no form holds the folder.
#[test]
fn no_path_is_on_paper() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("alice's secrets").join("tiny-Q4_K_M.gguf");
    shelf::model(&path, shelf::SMALL, Mix::Q4_K_M);
    let model = path.to_str().expect("text");
    let asked = ["check", "--model", model, "--machine", "laptop-16gb", "--report"];
    for (kind, name) in [("text", "a.txt"), ("svg", "a.svg"), ("csv", "a.csv"), ("png", "a.png")] {
        let bytes = written(&[&asked[..], &[kind]].concat(), name);
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("secrets") && !text.contains("alice"), "{kind}");
        assert!(kind != "text" || text.contains("-m tiny-Q4_K_M.gguf"), "{text}");
    }
}

#[test]
fn machines_are_compared_by_id_file_and_code() {
    let code = answer("profile encode laptop-16gb").trim().to_owned();
    let document = willitrun(&["profile", "decode", &code]).out;
    let (_folder, path) = file("friend.ron", &document);
    let path = path.to_str().expect("text");
    let same = willitrun(&["profile", "diff", "laptop-16gb", &code, path]);
    assert_eq!((same.code, same.err.as_str()), (0, ""));
    assert!(same.out.contains("They do not differ in any of"), "{}", same.out);
    let text = answer("profile diff laptop-16gb desktop-rtx-4090-96gb");
    assert!(text.contains("1  Laptop, 16 GB DDR5") && text.contains("RAM capacity"), "{text}");
    let json = answer_json("diff", "profile diff laptop-16gb desktop-rtx-4090-96gb");
    let rows = json["differences"].as_array().expect("a list");
    let vram = rows.iter().find(|row| row["figure"] == "VRAM capacity").expect("a row");
    assert_eq!((&vram["values"][0], &vram["values"][1]["value"]), (&Value::Null, &Value::from(25_769_803_776_u64)));
    let mut damaged = code.clone();
    damaged.replace_range(20..21, if &code[20..21] == "A" { "B" } else { "A" });
    for (args, said) in [
        (vec!["laptop-16gb"], "compares two to 4 machines"),
        (vec!["laptop-16gb", "a", "b", "c", "d"], "compares two to 4 machines"),
        (vec!["laptop-16gb", "abacus"], "'abacus' is not known"),
        (vec!["laptop-16gb", damaged.as_str()], "the share code is damaged"),
        (vec!["laptop-16gb", "deepseek-r1"], "is not the profile of a machine"),
    ] {
        let run = willitrun(&[&["profile", "diff"][..], &args].concat());
        assert!(run.code == 2 && run.err.contains(said), "{args:?}: {}", run.err);
    }
}
