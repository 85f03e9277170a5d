//! Answers on paper and machines side by side: the same figures as the answer, nothing private, safe whatever a name
//! holds.

use std::sync::Arc;

use serde_json::Value;
use willitrun::catalog::Catalog;
use willitrun::formats::commands::Shell;
use willitrun::formats::machine_diff;
use willitrun::formats::sheet::card::{self, Ground, Shape};
use willitrun::formats::sheet::{Sheet, curves, report};
use willitrun::hardware::{Figure, Machine, Measurement, Source};
use willitrun::model::Architecture;
use willitrun::quant::{Mix, Quant};
use willitrun::scenario::{FileKind, FromFile, Scenario, Subject, evaluate};
use willitrun::ui::inks;
use willitrun::units::{Bytes, BytesPerSecond, MemoryUnit, Tokens};

fn machine(id: &str) -> Machine {
    Catalog::builtin().profile(id).expect("a profile").machine.clone()
}

fn asked(machine: Machine, model: &str) -> Scenario {
    let catalog = Catalog::builtin();
    let model = Architecture::clone(catalog.model(model).expect("a model"));
    let subject = Subject::new(model, Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix()), None);
    Scenario::new(Arc::new(subject), Arc::new(machine), catalog.engines[0].clone(), catalog.parameters.clone())
}

/// Every form of a sheet that is text.
fn texts(sheet: &Sheet) -> [String; 3] {
    let picture = card::draw(sheet, &inks::of(Ground::Dark));
    [report(sheet, Shell::Sh), curves(std::slice::from_ref(sheet)), card::svg(&picture)]
}

/// The words of a card.
fn words(sheet: &Sheet) -> Vec<String> {
    let picture = card::draw(sheet, &inks::of(Ground::Light));
    let text = |shape: Shape| match shape {
        Shape::Text { text, .. } => Some(text),
        _ => None,
    };
    picture.shapes.into_iter().filter_map(text).collect()
}

#[test]
fn the_figures_are_those_of_the_answer() {
    let scenario = asked(machine("epyc-9654-12ch-4090"), "deepseek-r1");
    let answer = evaluate(&scenario);
    let rate = answer.bill.as_ref().expect("it runs").rate;
    let sheet = Sheet::new(&scenario);
    let [report, table, _] = texts(&sheet);
    for part in [
        answer.verdict.sentence(),
        format!("{:.1} tokens/s  <{:.1} to {:.1}> at depth 0", rate.expected, rate.low, rate.high),
        format!("largest context that fits: {} of 163,840 tokens", answer.fits_max.expect("it fits")),
        "* GiB = 1,073,741,824 bytes (memory), GB = 1,000,000,000 bytes (files, bandwidths)".to_owned(),
        "reads 461 GB/s [D] 12 x 4800 MT/s x 8 B".to_owned(),
        "llama-server -m ".to_owned(),
    ] {
        assert!(report.contains(&part), "{part} in\n{report}");
    }
    let rule = report.lines().next().expect("a line").len();
    let wide = report.lines().filter(|line| line.len() > rule && !line.starts_with("  llama-server")).count();
    assert!(wide <= 4, "{wide} lines are wider than the rule:\n{report}");
    let words = words(&sheet);
    for part in ["DeepSeek-R1, Q4_K_M", "Runs well:", "163,840", "llama.cpp", "RAM 768.0 GiB"] {
        assert!(words.iter().any(|word| word.contains(part)), "{part} in {words:?}");
    }
    assert!(words.contains(&format!("{:.1} tokens/s", rate.expected)), "{words:?}");
    assert!(words.contains(&format!("estimate, {:.1} to {:.1}", rate.low, rate.high)), "{words:?}");
    // The table holds what the plot shows, in plain SI.
    let lines: Vec<&str> = table.split("\r\n").filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1 + willitrun::scenario::contexts(Tokens::new(163_840)).len());
    let head: Vec<&str> = lines[0].split(',').collect();
    assert!(head.contains(&"context (tokens)") && head.contains(&"speed (tokens per second)"), "{head:?}");
    let sums = ["weights (bytes)", "KV cache (bytes)", "state (bytes)", "buffers (bytes)", "overhead (bytes)"];
    let column = |name: &str| head.iter().position(|own| *own == name).expect("a column");
    for line in &lines[1..] {
        // The machine's name, in quotes, holds two commas.
        let cells: Vec<&str> = line.split(',').skip(2).collect();
        let number = |name: &str| -> f64 { cells[column(name)].parse().expect(name) };
        let sum: f64 = sums.iter().map(|name| number(name)).sum();
        assert!((sum - number("memory in all (bytes)")).abs() < 1.0, "{line}");
        assert!(number("speed low (tokens per second)") <= number("speed (tokens per second)"), "{line}");
    }
}

/// Memory is written in the unit chosen; the table stays in bytes.
#[test]
fn sizes_of_memory_are_in_the_unit_chosen() {
    let scenario = asked(machine("epyc-9654-12ch-4090"), "deepseek-r1");
    let total = evaluate(&scenario).plan.total();
    let gib = Sheet::new(&scenario);
    let gb = gib.clone().in_unit(MemoryUnit::Gb);
    let [report, table, _] = texts(&gb);
    assert_eq!(table, texts(&gib)[1]);
    for part in [total.in_gb(), "RAM: 824.6 GB [T]".to_owned()] {
        assert!(report.contains(&part), "{part} in\n{report}");
    }
    let words = words(&gb);
    assert!(words.contains(&total.in_gb()) && words.contains(&"GB".to_owned()), "{words:?}");
    assert!(words.iter().any(|word| word.contains("RAM 824.6 GB")), "{words:?}");
}

/// What cannot run, runs from disk, or has no known speed is on paper as well.
#[test]
fn every_verdict_has_a_card() {
    let mut no_disk = machine("laptop-16gb");
    no_disk.pools.retain(|pool| pool.id != "disk");
    let mut unknown = machine("laptop-16gb");
    for pool in &mut unknown.pools {
        pool.read = None;
    }
    for (machine, model, expected) in [
        (machine("laptop-16gb"), "deepseek-r1", "Only from disk:"),
        (no_disk, "deepseek-r1", "Will not run:"),
        (unknown, "llama-3.1-8b", "Runs slowly:"),
        (machine("macbook-pro-m4-max-128gb"), "llama-3.1-8b", "Runs well:"),
        (machine("2x-mac-studio-m3-ultra-512gb"), "deepseek-r1", "Runs well:"),
        (machine("8x-h100-80gb"), "qwen3-next-80b-a3b", "Runs well:"),
    ] {
        let sheet = Sheet::new(&asked(machine, model));
        assert!(words(&sheet).iter().any(|word| word == expected), "{model}: {:?}", words(&sheet));
        for ground in Ground::ALL {
            let picture = card::draw(&sheet, &inks::of(ground));
            inside(&picture);
            well_formed(&card::svg(&picture));
        }
        let [report, ..] = texts(&sheet);
        assert!(report.contains("[Answer]") && report.contains("[Machine]"), "{report}");
    }
}

/// Nothing is drawn outside the picture.
#[track_caller]
fn inside(picture: &card::Picture) {
    for shape in &picture.shapes {
        let spots: Vec<(f64, f64)> = match shape {
            Shape::Rect { at, size, .. } => vec![*at, (at.0 + size.0, at.1 + size.1)],
            Shape::Area { spots, .. } | Shape::Line { spots, .. } => spots.clone(),
            Shape::Disc { at, .. } | Shape::Text { at, .. } => vec![*at],
        };
        for (x, y) in spots {
            let fits = (-0.5..=picture.width + 0.5).contains(&x) && (-0.5..=picture.height + 0.5).contains(&y);
            assert!(fits, "{shape:?}");
        }
    }
}

/// Elements are those of a card, each closed, with attributes in quotes and text without markup.
#[track_caller]
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "{}", &rest[..start]);
        let end = rest.find('>').expect("an end");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().expect("a name");
        assert!(["svg", "title", "rect", "circle", "polygon", "polyline", "text"].contains(&name), "{name}");
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
    assert!(!svg.chars().any(|c| c.is_control() && c != '\n'));
}

/// Names hold whatever a file from elsewhere put there.
#[test]
fn hostile_names_are_text() {
    for name in [
        "</text><script>alert(1)</script>".to_owned(),
        "=cmd|'/c calc'!A0".to_owned(),
        "a\u{1b}[31m\u{202e}b\nc\u{0}".to_owned(),
        "模型 модель 🦙".to_owned(),
        "x".repeat(10_000),
        "& \" ' < > ]]>".to_owned(),
        String::new(),
    ] {
        let mut machine = machine("desktop-rtx-3060-12gb");
        machine.name.clone_from(&name);
        machine.cpu.name.clone_from(&name);
        for pool in &mut machine.pools {
            pool.name.clone_from(&name);
            if let Some(read) = &mut pool.read {
                read.origin.clone_from(&name);
            }
        }
        let mut scenario = asked(machine, "llama-3.1-8b");
        let mut subject = scenario.subject.as_ref().clone();
        let mut model = Architecture::clone(&subject.model);
        model.name.clone_from(&name);
        subject.model = Arc::new(model);
        scenario.subject = Arc::new(subject);
        let sheet = Sheet::new(&scenario);
        let picture = card::draw(&sheet, &inks::of(Ground::Dark));
        well_formed(&card::svg(&picture));
        inside(&picture);
        let pixels = card::pixels(&picture, 0.5);
        assert_eq!(pixels.rgba.len(), pixels.width * pixels.height * 4);
        let [report, table, _] = texts(&sheet);
        assert!(!report.chars().any(|c| c.is_control() && c != '\n') && !report.contains('\u{202e}'), "{name}");
        for line in table.split("\r\n") {
            assert!(!line.contains(['\n', '\r', '\u{1b}']) && !line.starts_with(['=', '+', '-', '@']), "{line}");
        }
        assert!(!sheet.file_name().contains(['/', '\\', '.', '\n']) && sheet.file_name().len() <= 100);
    }
}

#[test]
fn of_a_model_file_only_its_name_is_told() {
    let mut scenario = asked(machine("desktop-rtx-4090-96gb"), "qwen3-32b");
    let mut subject = scenario.subject.as_ref().clone();
    for path in ["/home/alice/My Secrets/x.gguf", "C:\\Users\\alice\\My Secrets\\x.gguf"] {
        subject.file = Some(FromFile {
            name: "x.gguf".to_owned(),
            path: path.to_owned(),
            exact: Some(path.to_owned()),
            kind: FileKind::Gguf,
        });
        scenario.subject = Arc::new(subject.clone());
        let sheet = Sheet::new(&scenario);
        for text in texts(&sheet) {
            assert!(!text.contains("alice") && !text.contains("Secrets"), "{text}");
        }
        assert!(report(&sheet, Shell::Sh).contains("     File: x.gguf\n"));
    }
}

/// Who measured is told: this machine, or the author of a profile.
#[test]
fn a_report_says_who_measured() {
    let rate = BytesPerSecond::saturating(72e9);
    let measurement = Measurement {
        what: "ram".into(),
        best: BytesPerSecond::saturating(80e9),
        ordinary_pages: Some(rate),
        spread: 0.02,
        threads: 8,
        date: "2026-11-22".into(),
        method: "read/1".into(),
        conditions: "idle, mains".into(),
        besides: Vec::new(),
    };
    for (source, read, told) in [
        (Source::Measured, "72.0 GB/s [M]", "Measured: ram best 80.0 GB/s, read/1, 2026-11-22, idle, mains"),
        (Source::Reported, "72.0 GB/s [R]", "Reported: ram best 80.0 GB/s, read/1, 2026-11-22, idle, mains"),
    ] {
        let mut machine = machine("desktop-rtx-4090-96gb");
        machine.measurements = vec![measurement.clone()];
        let ram = machine.pools.iter_mut().find(|pool| pool.id == "ram").expect("RAM");
        ram.read_measured = Some(Figure::new(rate, source, ""));
        let text = report(&Sheet::new(&asked(machine, "llama-3.1-8b")), Shell::Sh);
        assert!(text.contains(read) && text.contains(told), "{text}");
    }
}

#[test]
fn machines_differ_in_what_differs() {
    let (a, b) = (machine("epyc-9654-12ch-4090"), machine("mac-studio-m3-ultra-512gb"));
    let json = machine_diff::json(&[&a, &b]);
    assert_eq!(json["schema"], "willitrun.diff/1");
    let figure = |json: &Value, name: &str| -> Value {
        let rows = json["differences"].as_array().expect("a list");
        rows.iter().find(|row| row["figure"] == name).cloned().unwrap_or(Value::Null)
    };
    let ram = figure(&json, "RAM capacity");
    assert_eq!(ram["unit"], "bytes");
    assert_eq!(ram["values"][0]["value"], Bytes::gib(768).get());
    assert_eq!(ram["values"][0]["source"], "typed");
    assert_eq!(ram["values"][1], Value::Null, "it has unified memory, not 0 bytes of RAM");
    assert_eq!(figure(&json, "Memory read bandwidth")["values"][1]["value"], 819_200_000_000_u64);
    let text = machine_diff::text(&[&a, &b]);
    assert!(text.contains("768.0 GiB (typed)") && text.contains("819 GB/s (data sheet)"), "{text}");
    let mut more = a.clone();
    let row = more.pools.iter_mut().find(|pool| pool.id == "ram").expect("RAM");
    row.capacity.value = Bytes::gib(1536);
    let json = machine_diff::json(&[&a, &more]);
    assert_eq!(json["differences"].as_array().map(Vec::len), Some(1), "{json}");
    let same = machine_diff::text(&[&a, &a.clone(), &a.clone()]);
    assert!(same.contains("They do not differ in any of"), "{same}");
}
