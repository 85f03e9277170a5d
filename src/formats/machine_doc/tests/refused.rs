//! Bad documents, each with the sentence it must give.

use super::{EXAMPLE, Origin, read};

/// The example with one thing changed.
fn check(from: &str, to: &str, expected: &str) {
    assert!(EXAMPLE.contains(from), "{from} is not in the example");
    let text = EXAMPLE.replacen(from, to, 1);
    let answer = read(&text, Origin::Foreign).map_or_else(|error| error.to_string(), |_| "read".into());
    assert_eq!(answer, expected, "{from} -> {to}");
}

#[test]
fn wrong_words_are_refused_with_the_right_ones() {
    check(
        "kind: \"vram\"",
        "kind: \"vran\"",
        "line 9, column 28: kind is 'vran'; expected one of ram, vram, unified, disk",
    );
    check(
        "kind: \"ram\"",
        "kind: \"Ram\"",
        "line 6, column 27: kind is 'Ram'; expected one of ram, vram, unified, disk",
    );
    check("kind: \"vram\"", "kind: vram", "line 9, column 28: 'vram' is not a value; text stands in double quotes");
    check(
        "kind: \"vram\", ",
        "",
        "line 9, column 9: kind of pool 'gpu0' is missing; expected one of ram, vram, unified, disk",
    );
    check(
        "kind: \"pcie\"",
        "kind: \"usb\"",
        "line 13, column 33: kind is 'usb'; expected one of pcie, nvlink, network",
    );
    check(
        "\"reported\"",
        "\"guessed\"",
        "line 9, column 116: source is 'guessed'; expected one of measured, typed, reported, data sheet, assumed",
    );
    check(
        ", source: \"reported\"",
        "",
        "line 9, column 87: source of pool 'gpu0' is missing; expected one of measured, typed, reported, data sheet, assumed",
    );
    check(
        "basis: \"assumed\"",
        "basis: \"hoped\"",
        "line 13, column 106: basis is 'hoped'; expected one of data sheet, assumed, measured",
    );
    check(
        "basis: \"assumed\", ",
        "",
        "line 13, column 85: basis of link 'pcie0' is missing; expected one of data sheet, assumed, measured",
    );
    check(
        "source: \"devices\"",
        "source: \"measured\"",
        "line 10, column 33: basis is 'data sheet' but source is 'measured'; expected basis measured",
    );
    check(
        "\"willitrun.machine\"",
        "\"willitrun.model\"",
        "line 2, column 13: format is 'willitrun.model'; expected \"willitrun.machine\", a machine profile",
    );
    check("format: \"willitrun.machine\", ", "", "line 1, column 1: format is missing; expected \"willitrun.machine\"");
    check(
        "version: 1",
        "version: 99",
        "line 2, column 43: version 99 needs a newer willitrun (this one reads version 1)",
    );
    check(
        "version: 1",
        "version: 0",
        "line 2, column 43: version is 0; expected a whole number from 1 to 4,294,967,295",
    );
    check(
        "id: \"epyc-9654-12ch-4090\",",
        "form: \"toaster\", id: \"epyc-9654-12ch-4090\",",
        "line 3, column 11: form is 'toaster'; expected one of desktop, server, laptop, mini, mac, console, sbc",
    );
    check(", version: 1", "", "line 1, column 1: version is missing; expected 1");
    check("version: 1,", "version: 1, from: \"mars\",", "line 2, column 52: from is 'mars'; expected one of elsewhere");
}

#[test]
fn numbers_out_of_range_are_refused() {
    let range = "expected a whole number from 1 to 1,152,921,504,606,846,976";
    check("824633720832", "0", &format!("line 6, column 58: capacity_bytes of pool 'ram' is 0; {range}"));
    check("824633720832", "-5", &format!("line 6, column 58: capacity_bytes of pool 'ram' is -5; {range}"));
    check("824633720832", "1.5", &format!("line 6, column 58: capacity_bytes of pool 'ram' is 1.5; {range}"));
    check("824633720832", "2e18", &format!("line 6, column 58: capacity_bytes of pool 'ram' is 2e18; {range}"));
    check(
        "824633720832",
        "1152921504606846977",
        &format!("line 6, column 58: capacity_bytes of pool 'ram' is 1152921504606846977; {range}"),
    );
    check("824633720832", "1152921504606846976", "read");
    check("824633720832", "NaN", "line 6, column 58: NaN is not a number; expected a finite one");
    check("824633720832", "inf", "line 6, column 58: inf is not a number; expected a finite one");
    check("824633720832", "-inf", "line 6, column 58: '-inf' is not a number; expected a finite one");
    check("824633720832", "\"64 GB\"", "line 6, column 58: capacity_bytes of pool 'ram' is text; expected a number");
    check(
        "(value: 824633720832, source: \"typed\")",
        "64",
        "line 6, column 50: capacity_bytes of pool 'ram' is a number; expected a group in parentheses",
    );
    check(
        "460.8e9",
        "460.8",
        "line 7, column 41: read_bytes_per_second of pool 'ram' is 460.8; expected a number from 1e6 to 1e15",
    );
    check(
        "460.8e9",
        "2e15",
        "line 7, column 41: read_bytes_per_second of pool 'ram' is 2e15; expected a number from 1e6 to 1e15",
    );
    check("460.8e9", "1e400", "line 7, column 41: '1e400' is not a number; expected a finite one");
    check(
        "spread: 0.02",
        "spread: 2",
        "line 15, column 112: spread of the measurement of 'ram' is 2; expected a number from 0 to 1",
    );
    check(
        "lanes: 16",
        "lanes: 0",
        "line 13, column 63: lanes of link 'pcie0' is 0; expected a whole number from 1 to 1,024",
    );
    check(
        "channels: 12",
        "channels: 0",
        "line 8, column 43: channels of pool 'ram' is 0; expected a number from 0.25 to 4096",
    );
    check("cores: 96", "cores: 0", "line 4, column 53: cores is 0; expected a whole number from 1 to 1,048,576");
    check(
        "numa_nodes: 1",
        "numa_nodes: true",
        "line 8, column 96: numa_nodes of pool 'ram' is true or false; expected a number",
    );
}

#[test]
fn ids_are_unique_known_and_plain() {
    check("id: \"gpu0\"", "id: \"ram\"", "line 9, column 9: the pool id 'ram' is given twice");
    check(
        "link: \"pcie0\"",
        "link: \"pcie7\"",
        "line 10, column 96: link of pool 'gpu0' is 'pcie7'; expected an id from links",
    );
    check(
        "links: [",
        "links: [(id: \"pcie0\", kind: \"network\"), ",
        "line 13, column 45: the link id 'pcie0' is given twice",
    );
    let node = "(id: \"n\", pools: [(id: \"ram\", kind: \"ram\", capacity_bytes: (value: 1, source: \"typed\"))])";
    check("nodes: []", &format!("nodes: [{node}, {node}]"), "line 14, column 104: the node id 'n' is given twice");
    check(
        "nodes: []",
        &format!("nodes: [{}]", node.replace("\"n\"", "\"n\", link: \"x\"")),
        "line 14, column 29: link of node 'n' is 'x'; expected an id from links",
    );
    check(
        "nodes: []",
        "nodes: [(id: \"n\")]",
        "line 14, column 13: pools is empty; expected a list with at least one pool",
    );
    for bad in ["", "A", "a b", "a/b", "..", "a\\u{202e}b", "é", "a.ron"] {
        let shown = bad.replace("\\u{202e}", "");
        let sentence = format!("line 3, column 9: id is '{shown}'; expected 1 to 64 of a-z, 0-9 and -");
        check("\"epyc-9654-12ch-4090\"", &format!("\"{bad}\""), &sentence);
    }
    let long = "a".repeat(65);
    check(
        "\"epyc-9654-12ch-4090\"",
        &format!("\"{long}\""),
        &format!("line 3, column 9: id is '{long}'; expected 1 to 64 of a-z, 0-9 and -"),
    );
    check("id: \"epyc-9654-12ch-4090\", ", "", "line 1, column 1: id is missing; expected 1 to 64 of a-z, 0-9 and -");
    check(
        "nvidia-geforce",
        "NVIDIA GeForce",
        "line 9, column 44: device of pool 'gpu0' is 'NVIDIA GeForce-rtx-4090'; expected 1 to 64 of a-z, 0-9 and -",
    );
    check(
        "lanes: 16,",
        "lanes: 16, pools: [\"ram\", \"../x\"],",
        "line 13, column 82: pools of link 'pcie0' holds what is no id; expected ids of pools in double quotes",
    );
    check("what: \"ram\"", "what: \"../x\"", "line 15, column 27: what is '../x'; expected a pool or link id");
    check("2026-11-22", "yesterday", "line 15, column 137: date is 'yesterday'; expected a date such as 2026-11-22");
    check("id: \"gpu0\"", "id: \"gpu0\", id: \"gpu1\"", "line 9, column 22: the key 'id' is given twice");
}

#[test]
fn shapes_are_checked() {
    check("nodes: []", "nodes: 3", "line 14, column 12: nodes is a number; expected a list in brackets");
    check("nodes: []", "nodes: [3]", "line 14, column 13: a node is a number; expected a group in parentheses");
    check(
        "best_bytes_per_second: 391e9, ",
        "",
        "line 15, column 20: best_bytes_per_second of the measurement of 'ram' is missing; expected bytes per second",
    );
}

#[test]
fn twice_measured_is_refused() {
    check(
        "dimms:",
        "measured_bytes_per_second: (value: 1e9, basis: \"assumed\"), dimms:",
        "line 8, column 37: basis of measured_bytes_per_second of pool 'ram' is not 'measured'; expected basis measured",
    );
    let text = EXAMPLE
        .replace("basis: \"data sheet\", source: \"devices\"", "basis: \"measured\"")
        .replace("link: \"pcie0\"", "measured_bytes_per_second: (value: 1e9, basis: \"measured\")");
    let error = read(&text, Origin::Own).expect_err("twice").to_string();
    assert!(
        error.ends_with("measured_bytes_per_second of pool 'gpu0' is the second measured figure; expected one"),
        "{error}"
    );
}
