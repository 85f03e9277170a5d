//! File sizes against a real engine: every row exact to the byte.

use super::report::Tally;
use willitrun::formats::model_doc::parse_models;
use willitrun::model::{Architecture, KvProjection};
use willitrun::quant::{Imatrix, Mix, Part};
use willitrun::units::Bytes;

const ASSETS: &[&str] = &[
    include_str!("../../assets/models/command.ron"),
    include_str!("../../assets/models/deepseek.ron"),
    include_str!("../../assets/models/falcon.ron"),
    include_str!("../../assets/models/gemma.ron"),
    include_str!("../../assets/models/glm.ron"),
    include_str!("../../assets/models/gpt-oss.ron"),
    include_str!("../../assets/models/granite.ron"),
    include_str!("../../assets/models/kimi.ron"),
    include_str!("../../assets/models/llama.ron"),
    include_str!("../../assets/models/minimax.ron"),
    include_str!("../../assets/models/mistral.ron"),
    include_str!("../../assets/models/nemotron.ron"),
    include_str!("../../assets/models/olmo.ron"),
    include_str!("../../assets/models/others.ron"),
    include_str!("../../assets/models/phi.ron"),
    include_str!("../../assets/models/qwen.ron"),
];

fn models() -> Vec<Architecture> {
    ASSETS.iter().flat_map(|text| parse_models(text).expect("built-in models are valid")).collect()
}

fn model(id: &str) -> Architecture {
    models().into_iter().find(|model| model.id == id).expect(id)
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split(',').collect())
}

fn bytes(model: &Architecture, mix: Mix, imatrix: Imatrix, projection: KvProjection) -> Bytes {
    let tensors = model.tensors_in(projection);
    let formats = mix.formats(&model.traits_in(projection), &tensors, imatrix);
    tensors.iter().zip(formats).map(|(tensor, format)| format.bytes(tensor.columns, tensor.rows * tensor.slices)).sum()
}

/// Whole files, as the engine's own quantizer makes them.
pub fn sizes() -> Tally {
    compared(include_str!("../golden/tensor_bytes.csv"))
}

/// Bytes from the engine's own rule functions, run over our tensors: every mix for the architectures that the
/// measured files do not have, among them eight experts and Falcon.
pub fn by_the_rules() -> Tally {
    compared(include_str!("../golden/rule_bytes.csv"))
}

fn compared(table: &str) -> Tally {
    let (models, mut tally) = (models(), Tally::default());
    for row in rows(table) {
        let [id, quant, imatrix, expected] = row[..] else { panic!("{row:?}") };
        let model = models.iter().find(|model| model.id == id).expect(id);
        let imatrix = if imatrix == "1" { Imatrix::With } else { Imatrix::Without };
        let ours = bytes(model, Mix::parse(quant).expect(quant), imatrix, KvProjection::Split).get();
        tally.add(ours, expected.parse().expect("a number"), &row.join(","));
    }
    tally
}

/// How many tensors and weights a file has.
pub fn counts() -> Tally {
    let (models, mut tally) = (models(), Tally::default());
    for row in rows(include_str!("../golden/tensors.csv")) {
        let [id, count, params] = row[..] else { panic!("{row:?}") };
        let model = models.iter().find(|model| model.id == id).expect(id);
        let tensors = model.tensors();
        let weights: u64 = tensors.iter().map(willitrun::quant::Tensor::weights).sum();
        let truth = [count, params].map(|number| number.parse().expect("a number"));
        tally.add_all(&[tensors.len() as u64, weights], &truth, id);
        assert!(model.tensors_known(), "{id}");
    }
    tally
}

#[test]
fn deepseek_r1_in_numbers() {
    let r1 = model("deepseek-r1");
    assert_eq!(r1.params().get(), 671_026_419_200);
    assert!((r1.active_params(None).as_f64() / 1e9 - 36.63).abs() < 0.005, "{}", r1.active_params(None).get());
    for (mix, expected) in [
        (Mix::Q8_0, 713_281_210_368),
        (Mix::BF16, 1_342_267_742_208),
        (Mix::Q4_K_M, 404_488_847_360),
        (Mix::Q4_K_S, 380_060_532_736),
    ] {
        assert_eq!(bytes(&r1, mix, Imatrix::Without, KvProjection::Split).get(), expected, "{}", mix.name());
    }
    assert_eq!(bytes(&r1, Mix::Q4_K_M, Imatrix::Without, KvProjection::Joined).get(), 404_424_884_224);
    assert_eq!(r1.tensors_in(KvProjection::Joined).len(), 1025);
}

#[test]
fn a_token_of_deepseek_r1_reads_what_its_experts_and_the_rest_weigh() {
    let r1 = model("deepseek-r1");
    let tensors = r1.tensors();
    for (mix, expected) in [(Mix::Q4_K_M, "22.296"), (Mix::Q4_K_S, "21.390"), (Mix::Q8_0, "39.230")] {
        let formats = mix.formats(&r1.traits(), &tensors, Imatrix::Without);
        let read: f64 = tensors
            .iter()
            .zip(formats)
            .filter(|(tensor, _)| tensor.role.part != Part::Embedding)
            .map(|(tensor, format)| r1.weights_read(tensor, None) as f64 * format.bits_per_weight() / 8e9)
            .sum();
        assert_eq!(format!("{read:.3}"), expected, "{}", mix.name());
    }
}

#[test]
fn gpt_oss_keeps_its_experts_whatever_the_file_is_called() {
    let bf16 = |id| bytes(&model(id), Mix::BF16, Imatrix::Without, KvProjection::Split).get();
    assert_eq!(bf16("gpt-oss-20b"), 13_779_630_336);
    assert_eq!(bf16("gpt-oss-120b"), 65_355_994_368);
}

#[test]
fn multi_token_prediction_is_in_the_file_and_not_counted() {
    let air = model("glm-4.5-air");
    assert!(air.tensors().iter().any(|tensor| tensor.role.part == Part::Mtp));
    assert_eq!(bytes(&air, Mix::BF16, Imatrix::Without, KvProjection::Split).in_gb(), "221.0 GB");
}

#[test]
fn every_built_in_model_is_written_and_read_back() {
    use willitrun::formats::model_doc::{parse_model, write_model};
    for model in models() {
        let text = write_model(&model);
        assert_eq!(parse_model(&text).as_ref(), Ok(&model), "{text}");
        assert!(model.tensors_known(), "{}", model.id);
    }
}

#[test]
fn a_stack_in_any_order_is_written_and_read_back() {
    use willitrun::formats::model_doc::{parse_model, write_model};
    for mut model in models() {
        model.layers.reverse();
        let third = model.layers.len() / 3;
        model.layers.rotate_left(third);
        model.layers.pop();
        let text = write_model(&model);
        assert_eq!(parse_model(&text).as_ref(), Ok(&model), "{text}");
    }
}

#[test]
fn every_format_and_mix_has_its_facts() {
    use willitrun::formats::quant_doc::parse_quants;
    use willitrun::quant::Format;
    let facts = parse_quants(include_str!("../../assets/quants.ron")).expect("built-in quants are valid");
    assert_eq!(facts.blocks.len(), Format::ALL.len());
    assert_eq!(facts.mixes.iter().map(|row| row.mix).collect::<Vec<_>>(), Mix::ALL);
}
