//! This machine: detection, measuring, and the answer where there is no display.

use serde_json::Value;

use super::program::{answer_json, figure, willitrun};

#[test]
fn this_machine_is_read_and_every_figure_has_a_source() {
    let value = answer_json("detect", "detect");
    assert_eq!(value["machine"]["format"], "willitrun.machine");
    let pools = value["machine"]["pools"].as_array().expect("pools");
    assert!(!pools.is_empty());
    for pool in pools {
        assert!(figure(pool, "/capacity_bytes/value") > 0, "{pool}");
        for figure in pool.as_object().expect("a pool").values().filter(|value| value.get("value").is_some()) {
            assert!(figure["source"].as_str().is_some_and(|source| !source.is_empty()), "{pool}");
        }
    }
    assert!(value["findings"].as_array().is_some_and(|found| found.iter().all(|finding| finding["what"].is_string())));
    let host = &value["host"];
    assert!(figure(host, "/threads") >= figure(&value["machine"], "/cpu/cores"), "{host}");
    assert!(figure(host, "/numa_nodes") >= 1, "{host}");
    for key in ["last_level_cache_bytes", "power", "modules"] {
        assert!(host.get(key).is_some(), "{key} is there, null where nobody tells: {host}");
    }
    for disk in value["disks"].as_array().expect("disks") {
        assert!(figure(disk, "/total_bytes") >= figure(disk, "/free_bytes"), "{disk}");
        assert!(disk["place"].is_string() && disk["kind"].is_string(), "{disk}");
    }
}

#[test]
fn the_text_of_detect_names_what_it_reads_and_each_source_once() {
    let run = willitrun(&["detect"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    for head in ["host", "modules", "power", "disks"] {
        let line = run.out.lines().find(|line| line.trim_start().starts_with(&format!("{head} ")));
        assert!(line.is_some_and(|line| line.trim().len() > head.len() + 2), "{head}: {}", run.out);
    }
    for word in ["assumed", "reported", "data sheet", "measured", "typed"] {
        assert!(!run.out.contains(&format!("{word}: {word}")), "{}", run.out);
    }
}

#[test]
fn ram_is_measured() {
    let run = willitrun(&["measure", "ram", "--seconds", "0.5", "--json"]);
    if run.code == 1 && run.err.contains("Measuring memory needs") {
        eprintln!("skipped: {}", run.err.trim());
        return;
    }
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(value["schema"], "willitrun.measure/1");
    for figure in [
        "best_bytes_per_second",
        "median_bytes_per_second",
        "ordinary_pages_bytes_per_second",
        "threads",
        "cpu_over_wall",
    ] {
        assert!(value["ram"][figure].as_f64().is_some_and(|figure| figure > 0.0), "{figure}: {value}");
    }
    assert!(value["ram"]["spread"].as_f64().is_some_and(|spread| (0.0..=1.0).contains(&spread)), "{value}");
    assert_eq!(value["ram"]["stored"], false);
    // Rows multiplied in plain loops are slower than an engine, and say so.
    let rows = value["ram"]["rows_kernel"].as_str().expect("how rows were multiplied");
    assert_eq!(value["ram"]["rows_lower_bound"], rows == "plain", "{value}");
}

#[test]
#[cfg(all(unix, not(target_vendor = "apple")))]
fn without_a_display_the_answer_comes_as_text() {
    let run = willitrun::<&str>(&[]);
    assert!(matches!(run.code, 0 | 1), "{}: {}", run.code, run.err);
    let said: Vec<&str> = run.err.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(said.len(), 1, "one sentence: {}", run.err);
    assert!(said[0].contains("display") && !said[0].contains("panicked"), "{}", run.err);
    assert!(run.out.contains("Memory (GiB = 2^30 bytes)") && run.out.contains("Best here"), "{}", run.out);
}
