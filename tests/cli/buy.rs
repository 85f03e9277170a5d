//! What to add to a machine, and what each step does.

use serde_json::Value;

use super::program::{answer, answer_json, file, willitrun};

fn steps(asked: &str) -> Value {
    answer_json("buy", &format!("buy {asked}"))
}

fn list<'a>(found: &'a Value, name: &str) -> &'a Vec<Value> {
    found[name].as_array().expect(name)
}

fn of_kind<'a>(found: &'a Value, kind: &str) -> Vec<&'a Value> {
    list(found, "steps").iter().filter(|step| step["kind"] == kind).collect()
}

fn rate(row: &Value) -> f64 {
    row["decode_tps"].as_f64().expect("a speed")
}

/// What the machine with the step bought is answered by `check`, which knows nothing of steps.
#[test]
fn a_step_does_what_the_machine_with_it_does() {
    let found = steps("--model qwen3-30b-a3b --quant Q4_K_M --machine laptop-16gb");
    let ram = of_kind(&found, "ram");
    let kit = ram.iter().find(|step| step["what"] == "RAM 32 GiB").expect("a kit that holds it");
    let check = answer_json("check", "check --model qwen3-30b-a3b --quant Q4_K_M --machine laptop-16gb --ram 32");
    assert_eq!(check["verdict"]["level"], kit["verdict"]);
    assert_eq!(check["speed"]["decode_tps"]["expected"], kit["decode_tps"]);
    assert_eq!(kit["reaches"], true);
    let before = rate(&found);
    assert!((rate(kit) - before - kit["gain_tps"].as_f64().expect("a gain")).abs() < 1e-9);
    // 24 GiB are one module, which leaves a channel empty that is filled now.
    assert!(ram.iter().all(|step| step["what"] != "RAM 24 GiB"), "{ram:?}");
}

#[test]
fn what_reaches_the_wish_comes_first_and_helps() {
    let found = steps("--model llama-3.3-70b --quant Q4_K_M --machine desktop-32gb-ddr4 --tps 5");
    let reaching: Vec<bool> = list(&found, "steps").iter().map(|step| step["reaches"] == true).collect();
    assert!(reaching.is_sorted_by(|a, b| a >= b) && reaching[0], "{reaching:?}");
    for step in list(&found, "steps") {
        assert_eq!(step["reaches"] == true, rate(step) >= 5.0 && step["verdict"] != "disk", "{step}");
        assert!(rate(step) > rate(&found) || step["verdict"] != found["verdict"], "{step}");
    }
    let more = steps("--model llama-3.3-70b --quant Q4_K_M --machine desktop-32gb-ddr4 --tps 1000");
    assert!(list(&more, "steps").iter().all(|step| step["reaches"] == false));
}

#[test]
fn kits_of_ram_fill_channels_or_say_what_they_leave_empty() {
    let found = steps("--model deepseek-r1 --quant Q4_K_M --machine server-8ch-ddr5-512gb");
    let kits = list(&found, "ram");
    let kit = |gib: u64| kits.iter().find(|kit| kit["capacity_bytes"] == gib << 30).expect("a size");
    assert_eq!((kits.first(), kits.last()), (Some(kit(16)), Some(kit(2048))));
    assert_eq!(kit(512)["modules"]["count"], 8);
    assert_eq!(kit(512)["verdict"], "runs-slowly");
    assert_eq!(kit(384)["verdict"], "tight");
    assert_eq!(kit(256)["verdict"], "disk");
    // Six modules of 8 GiB in eight channels read three quarters.
    let full = kit(512)["bytes_per_second"].as_f64().expect("a rate");
    assert_eq!(kit(48)["modules"]["count"], 6);
    assert!((kit(48)["bytes_per_second"].as_f64().expect("a rate") / full - 0.75).abs() < 1e-9);
    assert!(kit(48)["findings"][0].as_str().is_some_and(|said| said.contains("6 of the 8 channels")));
    // Two channels take four plain modules of 64 GiB at the most.
    let found = steps("--model deepseek-r1 --quant Q4_K_M --machine desktop-32gb-ddr4");
    let kits = list(&found, "ram");
    let large = kits.iter().find(|kit| kit["capacity_bytes"] == 512_u64 << 30).expect("a size");
    assert!(large["findings"][0].as_str().is_some_and(|said| said.contains("at most 256 GiB")), "{large}");
    assert!(large["verdict"].is_null() && large["decode_tps"].is_null(), "what cannot be had has no speed: {large}");
    assert!(of_kind(&found, "ram").iter().all(|step| step["what"] != "RAM 512 GiB"));
}

/// Two cards in slots of four lanes, and two of four channels with modules.
const HALF_FILLED: &str = r#"(
    format: "willitrun.machine", version: 1, id: "half", name: "Half filled",
    cpu: (name: "", sockets: 1, cores: 16, simd: "avx2"),
    pools: [
        (id: "ram", kind: "ram", capacity_bytes: (value: 68719476736, source: "typed"),
         read_bytes_per_second: (value: 102.4e9, basis: "data sheet", source: "4 x 3200 MT/s x 8 B"),
         dimms: (populated: 2, channels: 4, mega_transfers: 3200, kind: "DDR4"), numa_nodes: 1),
        (id: "gpu0", kind: "vram", device: "nvidia-geforce-rtx-3090", capacity_bytes: (value: 25769803776, source: "data sheet"),
         read_bytes_per_second: (value: 936.2e9, basis: "data sheet", source: "devices"), link: "pcie0"),
        (id: "gpu1", kind: "vram", device: "nvidia-geforce-rtx-3090", capacity_bytes: (value: 25769803776, source: "data sheet"),
         read_bytes_per_second: (value: 936.2e9, basis: "data sheet", source: "devices"), link: "pcie1"),
    ],
    links: [
        (id: "pcie0", kind: "pcie", generation: 3, lanes: 1),
        (id: "pcie1", kind: "pcie", generation: 3, lanes: 1),
    ],
    nodes: [], measurements: [],
)"#;

#[test]
fn empty_channels_and_a_narrow_slot_are_seen() {
    let (_folder, path) = file("half.ron", HALF_FILLED);
    let machine = path.to_str().expect("a path");
    let found = steps(&format!("--model deepseek-v2 --quant Q2_K --machine {machine}"));
    let filled = of_kind(&found, "channels");
    assert_eq!(filled.len(), 1, "{found:#}");
    assert_eq!(filled[0]["what"], "2 modules of 32 GiB more");
    // Twice the channels read the experts in RAM twice as fast, so it is clearly more than the kit alone.
    assert!(rate(filled[0]) > 1.3 * rate(&found), "{} from {}", rate(filled[0]), rate(&found));
    // An engine that splits every layer sends each over one lane; sixteen help.
    let found = steps(&format!("--model llama-3.1-8b --quant bf16 --engine vllm --machine {machine}"));
    let slot = of_kind(&found, "slot");
    assert_eq!(slot.len(), 1, "{found:#}");
    assert!(slot[0]["note"].as_str().is_some_and(|said| said.contains("3.0 x1")), "{slot:?}");
    for step in list(&found, "steps") {
        assert!(rate(step) > 0.97 * rate(&found), "nothing that slows it down is advised: {step}");
    }
    let text = answer(&format!("buy --model llama-3.3-70b --quant Q8_0 --machine {machine}"));
    assert!(text.contains("One more RTX 3090"), "{text}");
}

/// Two sockets are no single one of twice the bandwidth: a board is what the machine built with it is.
#[test]
fn a_board_with_two_sockets_is_two_sockets() {
    let found = steps("--model llama-3.3-70b --quant Q4_K_M --machine desktop-32gb-ddr4 --tps 5");
    let named = "24 channels of DDR5-4800, two sockets";
    let board = of_kind(&found, "board").into_iter().find(|step| step["what"] == named).expect("it helps");
    let check = "check --model llama-3.3-70b --quant Q4_K_M --machine 2x-epyc-9654-24ch-1536gb";
    let built = answer_json("check", check).pointer("/speed/decode_tps/expected").and_then(Value::as_f64);
    let built = built.expect("a speed");
    assert!((rate(board) / built - 1.0).abs() < 0.1, "{} as a board, {built} as a machine", rate(board));
}

/// What is left out because the machine cannot take it.
fn left_out(found: &Value) -> Vec<&str> {
    list(found, "left_out").iter().map(|said| said.as_str().expect("a sentence")).collect()
}

#[test]
fn memory_beside_the_processor_takes_nothing() {
    let pi = steps("--model llama-3.1-8b --quant Q4_K_M --machine raspberry-pi-5-8gb");
    assert!(list(&pi, "steps").is_empty() && list(&pi, "ram").is_empty(), "nothing is plugged into it: {pi}");
    assert!(left_out(&pi)[0].contains("single-board computer takes none"), "{pi}");
    let mac = steps("--model llama-3.3-70b --quant Q8_0 --machine macbook-air-m2-16gb");
    assert!(list(&mac, "steps").is_empty() && list(&mac, "ram").is_empty(), "memory there is soldered: {mac}");
    assert!(
        answer("buy --model llama-3.3-70b --quant Q8_0 --machine macbook-air-m2-16gb").contains("a Mac takes none")
    );
}

#[test]
fn nothing_is_offered_that_the_form_does_not_take() {
    let kinds = |machine: &str| -> Vec<String> {
        let found = steps(&format!("--model llama-3.3-70b --quant Q4_K_M --machine {machine} --tps 20"));
        let kind = |step: &Value| step["kind"].as_str().expect("a kind").to_owned();
        list(&found, "steps").iter().map(kind).collect()
    };
    for machine in ["laptop-16gb", "laptop-32gb-rtx-4060", "laptop-64gb-rtx-4090", "n100-mini-pc-16gb"] {
        let kinds = kinds(machine);
        let plugged = kinds.iter().all(|kind| ["ram", "channels", "drive"].contains(&kind.as_str()));
        assert!(plugged, "{machine}: {kinds:?}");
    }
    for machine in ["steam-deck", "dgx-spark", "strix-halo-128gb", "laptop-32gb-lunar-lake"] {
        assert!(kinds(machine).iter().all(|kind| kind == "drive"), "{machine}: {:?}", kinds(machine));
    }
    let desktop = kinds("desktop-32gb-ddr4");
    assert!(desktop.iter().any(|kind| kind == "card") && desktop.iter().any(|kind| kind == "board"), "{desktop:?}");
    // A laptop of two slots takes two modules, and this processor so much memory.
    let laptop = steps("--model llama-3.3-70b --quant Q4_K_M --machine laptop-16gb");
    let most = list(&laptop, "ram").iter().filter(|row| row["modules"]["count"].as_u64() > Some(2)).count();
    assert_eq!(most, 0, "{laptop:#}");
    let small = steps("--model llama-3.1-8b --quant Q8_0 --machine n100-mini-pc-16gb");
    let more = list(&small, "ram").iter().find(|row| row["capacity_bytes"] == 32_u64 << 30).expect("a size");
    assert_eq!(more["findings"][0], "Intel N100 takes at most 16 GiB.");
    assert!(
        more["decode_tps"].is_null() && list(&small, "steps").iter().all(|step| step["kind"] != "ram"),
        "{small:#}"
    );
}

#[test]
fn a_footnote_stands_only_where_something_is_left_out() {
    let of = |machine: &str| {
        let found = steps(&format!("--model llama-3.1-8b --quant Q4_K_M --machine {machine}"));
        left_out(&found).join(" ")
    };
    assert_eq!(of("desktop-32gb-ddr4"), "");
    assert_eq!(of("epyc-9654-12ch-768gb"), "");
    assert_eq!(of("laptop-16gb"), "Left out are cards, wider slots and other boards: a laptop takes none.");
    assert!(of("8x-h100-80gb").contains("one more of its GPUs"), "{}", of("8x-h100-80gb"));
    let text = answer("buy --model llama-3.1-8b --quant Q4_K_M --machine desktop-32gb-ddr4");
    assert!(!text.contains("Left out") && !text.contains("laptop"), "{text}");
}

#[test]
fn a_wish_that_is_none_is_refused() {
    for wish in ["0", "-1", "NaN", "fast", "1e99"] {
        let asked = format!("buy --model llama-3.1-8b --quant Q4_K_M --machine laptop-16gb --tps {wish}");
        let run = willitrun(&asked.split_whitespace().collect::<Vec<_>>());
        assert_eq!(run.code, 2, "{wish}");
        assert!(run.err.contains("tokens per second"), "{wish}: {}", run.err);
    }
}

/// Modules somebody has or thinks of: what they read and do, and what does not go together.
#[test]
fn modules_are_named_and_judged() {
    let asked = |modules: &str, machine: &str| {
        let command = format!("buy --model deepseek-r1 --quant Q4_K_M --machine {machine} --json");
        let mut words: Vec<&str> = command.split_whitespace().collect();
        words.extend(["--modules", modules]);
        let run = willitrun(&words);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{modules}");
        serde_json::from_str::<Value>(&run.out).expect("JSON")["modules"].clone()
    };
    let server = "server-8ch-ddr5-512gb";
    let full = asked("8x64", server);
    assert_eq!((full["capacity_bytes"].as_u64(), &full["verdict"]), (Some(512 << 30), &"runs-slowly".into()));
    assert!(full["findings"].as_array().is_some_and(Vec::is_empty), "{full}");
    let reads = |row: &Value| row["bytes_per_second"].as_f64().expect("a rate");
    // Four of eight channels read half, and slower modules less.
    let half = asked("4x128", server);
    assert!((reads(&half) / reads(&full) - 0.5).abs() < 1e-9 && rate(&half) < rate(&full), "{half}");
    assert!(half["findings"][0].as_str().is_some_and(|said| said.contains("4 of the 8 channels")), "{half}");
    let slow = asked("8x64@3200", server);
    assert!((reads(&slow) / reads(&full) - 3200.0 / 4800.0).abs() < 1e-9, "{slow}");
    let faster = asked("8x64@6400", server);
    assert!((reads(&faster) - reads(&full)).abs() < 1.0, "the board runs them at its own speed: {faster}");
    assert!(faster["findings"][0].as_str().is_some_and(|said| said.contains("at 4800")), "{faster}");
    for (modules, machine, why) in [
        ("4x64 RDIMM, 4x64 LRDIMM", server, "RDIMM and LRDIMM do not work in one board"),
        ("8x64 RDIMM", "desktop-32gb-ddr4", "takes no RDIMM"),
        ("17x64", server, "17 modules are more than the 16 slots"),
        ("4x16", "laptop-16gb", "4 modules are more than the 2 slots"),
        ("1x32", "n100-mini-pc-16gb", "32.0 GiB is more than the 16.0 GiB of Intel N100"),
    ] {
        let row = asked(modules, machine);
        assert!(row["findings"].to_string().contains(why), "{modules}: {row}");
        assert!(row["verdict"].is_null() && row["decode_tps"].is_null(), "{modules} in {machine}: {row}");
    }
    for (modules, machine, why) in [
        ("many", "laptop-16gb", "'many' is no kind of modules"),
        ("2x16", "macbook-air-m2-16gb", "takes none"),
        ("2x16", "raspberry-pi-5-8gb", "takes none"),
    ] {
        let asked = format!("buy --model llama-3.1-8b --quant Q4_K_M --machine {machine} --modules {modules}");
        let run = willitrun(&asked.split_whitespace().collect::<Vec<_>>());
        assert_eq!(run.code, 2, "{modules}");
        assert!(run.err.contains("--modules: ") && run.err.contains(why), "{modules}: {}", run.err);
    }
}
