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
    for row in rows(include_str!("golden/runtime_sizes.csv")) {
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
    let catalog = Catalog::builtin();
    let (mut counted, mut absent) = (0, 0);
    for row in rows(include_str!("golden/quant_names.csv")) {
        let [kind, bits, ours, _] = row.splitn(4, ',').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let same = |ours: f64| (ours - bits.parse::<f64>().expect(row)).abs() < 1e-3;
        counted += 1;
        absent += usize::from(ours.is_empty());
        let known = ours.is_empty()
            || match kind {
                "tensor" => Format::parse(ours).is_some_and(|format| same(format.bits_per_weight())),
                "file" => Mix::parse(ours).is_some(),
                "runtime" => catalog.runtime(ours).is_some_and(|row| same(row.layout.coding.bits_per_weight())),
                _ => Format::parse(ours)
                    .is_some_and(|format| RunOptions::KV_FORMATS.contains(&format) && same(format.bits_per_weight())),
            };
        assert!(known, "{row}");
    }
    assert_eq!((counted, absent), (127, 3));
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
