//! Formats of other runtimes: every one the field knows is there, and whole models have the size that was published.

use willitrun::catalog::Catalog;
use willitrun::memory::{RunOptions, Weights};
use willitrun::quant::{Class, Format, Mix, Part};
use willitrun::units::Bytes;

fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1)
}

fn weights(model: &str, quant: &str) -> Weights {
    let catalog = Catalog::builtin();
    Weights::new(catalog.model(model).expect(model), &catalog.quant(quant).expect(quant), None)
}

#[test]
fn whole_models_have_the_published_size() {
    for row in rows(include_str!("golden/published_sizes.csv")) {
        let [model, quant, bytes, slack, _] = row.splitn(5, ',').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let number = |text: &str| text.parse::<u64>().expect(row);
        let ours = weights(model, quant).file.get();
        let off = ours.abs_diff(number(bytes));
        println!("{model},{quant},{bytes},{ours},{:+.4} %", (ours as f64 / number(bytes) as f64 - 1.0) * 100.0);
        assert!(off <= number(slack), "{row}: {ours} is off by {off}");
        assert!(number(slack) as f64 <= 0.02 * number(bytes) as f64, "{row}: the slack hides too much");
    }
}

#[test]
fn every_format_of_the_field_is_known() {
    // In one stored version of ggml's header, in no file: not shipped.
    let unshipped = ["IQ2_NL", "IQ3_NL"];
    let catalog = Catalog::builtin();
    let mut counted = 0;
    for row in rows(include_str!("golden/quant_names.csv")) {
        let [kind, bits, name] = row.splitn(3, ',').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let same = |ours: f64| (ours - bits.parse::<f64>().expect(row)).abs() < 1e-3;
        let known = match kind {
            "tensor" => unshipped.contains(&name) || Format::parse(name).is_some_and(|f| same(f.bits_per_weight())),
            "file" => Mix::parse(name).is_some(),
            "runtime" => {
                let plain = name.trim_matches('"');
                let name = plain.split_once(" (Kimi").map_or(plain, |(name, _)| name);
                let linear = |name: &str| catalog.runtime(name).map(|row| row.layout.coding.bits_per_weight());
                let listed = [("MXFP4 (OCP, gpt-oss experts)", "mxfp4-experts"), ("NVFP4", "nvfp4-modelopt")];
                let listed = listed.iter().find(|(other, _)| *other == name).map(|(_, id)| *id);
                let listed =
                    listed.or_else(|| name.ends_with("sym g32").then_some("compressed-tensors-w4a16-g32-experts"));
                linear(listed.unwrap_or(name)).is_some_and(same)
            }
            _ => {
                let names = name.trim_start_matches("KV ").split(['/', ' ']).filter(|word| !word.is_empty());
                let known =
                    |name: &str| Format::parse(name).is_some_and(|format| RunOptions::KV_FORMATS.contains(&format));
                // vLLM's FP8 cache is of an engine whose cache is not modelled.
                names.take(1).all(known) || name == "KV fp8 (vLLM)"
            }
        };
        assert!(known, "{row}");
        counted += 1;
    }
    assert_eq!(counted, 127);
}

#[test]
fn r1_as_published_adds_up() {
    let catalog = Catalog::builtin();
    let model = catalog.model("deepseek-r1").expect("R1");
    let native = catalog.native(model).expect("it was published in FP8").quant();
    let all = Weights::new(model, &native, None);
    let layout = native.as_layout().expect("a layout");
    let (mut fp8, mut scales, mut plain, mut wide) = (0, 0, 0, 0);
    for tensor in model.tensors_under(&native) {
        let bytes = layout.bytes(&tensor).get();
        match Class::of(&tensor) {
            Some(Class::Attention | Class::FeedForward | Class::Experts) => {
                fp8 += tensor.weights();
                scales += bytes - tensor.weights();
            }
            None if tensor.role.gguf == "exp_probs_b.bias" => wide += bytes,
            _ => plain += bytes,
        }
    }
    // 62 attentions, 3 dense blocks, 59 x 257 experts in FP8.
    assert_eq!(fp8, 62 * 187_105_280 + 3 * 3 * 7168 * 18432 + 59 * 257 * 3 * 7168 * 2048);
    // 4 bytes for each square of 128; the 576 rows of kv_a are 4.5 squares and take 5.
    assert_eq!(scales, fp8 / 128 / 128 * 4 + 62 * 56 * 4 / 2);
    // Embedding and head twice, as the prediction layer has its own; its projection, 59 routers, norms: in BF16.
    let norms = 62 * (2 * 7168 + 1536 + 512) + 7168 + 3 * 7168;
    assert_eq!(plain, 2 * (4 * 129_280 * 7168 + 2 * 7168 * 7168 + 59 * 256 * 7168 + norms));
    // 59 router biases in F32.
    assert_eq!(wide, 4 * 59 * 256);
    assert_eq!(fp8 + scales + plain + wide, 688_574_839_360);
    assert_eq!(all.file, Bytes::new(688_574_839_360));
    let published = 688.6e9;
    assert!((all.file.as_f64() / published - 1.0).abs() < 1e-3);
    // What is loaded leaves the prediction layer out.
    let mtp: u64 =
        model.tensors_under(&native).iter().filter(|t| t.role.part == Part::Mtp).map(|t| layout.bytes(t).get()).sum();
    assert_eq!(all.loaded(), all.file - Bytes::new(mtp));
    assert_eq!(all.loaded().in_gb(), "673.2 GB");
}

#[test]
fn mlx_reports_the_average_its_converter_prints() {
    // mlx_lm prints 4.501 to 4.503 bits per weight for whole models of 4 bit in groups of 64.
    for model in ["llama-3.1-8b", "qwen3-30b-a3b", "llama-3.2-1b", "gemma-3-27b"] {
        let bits = weights(model, "mlx-4bit-g64").bits_per_weight;
        assert!((4.5..4.5035).contains(&bits), "{model}: {bits}");
    }
}

#[test]
fn every_format_counts_every_model() {
    let catalog = Catalog::builtin();
    for model in &catalog.models {
        for row in &catalog.quants.runtimes {
            let weights = Weights::new(model, &row.quant(), None);
            let bits = weights.bits_per_weight;
            let floor = row.layout.coding.bits.min(row.layout.others.iter().map(|(_, o)| o.bits).fold(16.0, f64::min));
            assert!(bits >= floor * 0.999 && bits < 16.2, "{} {}: {bits}", model.id, row.id);
            assert!(weights.loaded() <= weights.file, "{} {}", model.id, row.id);
        }
    }
}
