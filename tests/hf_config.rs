//! `config.json` of Hugging Face: little models of every family against what they mean, and bad ones refused.

use std::fs;

use willitrun::catalog::Catalog;
use willitrun::formats::hf_config::{self, HfConfig, parse};
use willitrun::formats::{Refused, model_doc, quant_doc};
use willitrun::memory::{RunOptions, cache};
use willitrun::model::Architecture;
use willitrun::quant::Format;
use willitrun::units::Tokens;

fn folder() -> String {
    format!("{}/tests/fixtures/config", env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    fs::read_to_string(format!("{}/{name}.json", folder())).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(name: &str) -> HfConfig {
    parse(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}")).named(name)
}

fn expected() -> Vec<Architecture> {
    let text = fs::read_to_string(format!("{}/expected.ron", folder())).expect("the expected shapes are there");
    model_doc::parse_models(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_configuration_of_each_family_means_its_shape() {
    let expected = expected();
    let files = fs::read_dir(folder()).expect("the folder is there").count();
    assert_eq!(files, expected.len() + 1, "each configuration has an expected shape");
    for model in expected {
        let own = read(&model.id).architecture;
        for (at, (layer, meant)) in own.layers.iter().zip(&model.layers).enumerate() {
            assert_eq!(layer, meant, "{} layer {at}", model.id);
        }
        let meant = Architecture { name: own.name.clone(), facts: own.facts.clone(), ..model };
        assert_eq!(own, meant);
        assert_eq!(model_doc::parse_model(&model_doc::write_model(&own)).as_ref(), Ok(&own), "{}", own.id);
    }
}

#[test]
fn r1_is_read_with_no_hand_edit() {
    let r1 = read("deepseek-r1");
    let model = &r1.architecture;
    assert_eq!(model.params().get(), 671_026_419_200);
    assert!((model.active_params(None).get() as f64 / 1e9 - 36.63).abs() < 0.01, "{}", model.active_params(None));
    let kept = cache(model, &RunOptions::default()).expect("usual options");
    assert_eq!(kept.bytes_per_token().get(), 70_272);
    assert_eq!((model.layers.len(), model.mtp_layers), (61, 1), "the MTP layer is known and not loaded");
    let preset = Catalog::builtin().model("deepseek-r1").expect("a preset");
    assert_eq!(model.layers, preset.layers);
    assert_eq!(model.params(), preset.params());
    for context in [8192, 131_072] {
        let options = RunOptions { context: Tokens::new(context), ..RunOptions::default() };
        let [own, preset] = [model, preset].map(|model| cache(model, &options).expect("usual options"));
        assert_eq!(own, preset);
    }
    assert_eq!(r1.quant_name().as_deref(), Some("fp8-block-128"));
    assert_eq!(r1.findings, []);
}

#[test]
fn what_is_not_known_is_said() {
    let finding = |name: &str| read(name).findings.iter().map(|finding| finding.what.clone()).collect::<Vec<_>>();
    assert_eq!(finding("unheard-of"), ["The model type 'zebra2' is not known here, so it is read like Llama."]);
    assert_eq!(finding("gemma3-nested"), ["Its parts for images or sound are not counted."]);
    assert!(finding("mamba2-only")[0].contains("1,048,576 tokens"));
    assert_eq!(finding("llama-rope"), Vec::<String>::new());
    let twelve = text("unheard-of").replace("512", "768").replace("zebra2", "\\u001b[31mzebra\u{202e}");
    let what = parse(&twelve).expect("plain").findings[0].what.clone();
    assert_eq!(what, "The model type '[31mzebra' is not known here, so it is read like Llama.");
}

const SMALL: &str = r#"{"model_type": "llama", "hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8,
    "num_key_value_heads": 2, "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 4096}"#;

/// A small configuration with one change.
fn changed(from: &str, to: &str) -> Result<HfConfig, Refused> {
    let text = SMALL.replace(from, to);
    assert_ne!(text, SMALL, "{from}");
    parse(&text)
}

#[track_caller]
fn refuses(from: &str, to: &str, words: &str) {
    let error = changed(from, to).expect_err(words).to_string();
    assert!(error.contains(words), "'{error}' does not say '{words}'");
}

#[test]
fn what_makes_no_sense_is_refused_by_its_key() {
    let one = |key: &str, value: &str, words: &str| {
        let key = format!("\"{key}\": ");
        let start = SMALL.find(&key).expect("a key of the small one") + key.len();
        let end = start + SMALL[start..].find([',', '}']).expect("an end");
        let text = format!("{}{value}{}", &SMALL[..start], &SMALL[end..]);
        let error = parse(&text).expect_err(words).to_string();
        assert_eq!(error.split(':').next(), key.trim_matches(['"', ':', ' ']).split('"').next(), "{error}");
        assert!(error.contains(words), "'{error}' does not say '{words}'");
    };
    for key in ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"] {
        one(key, "NaN", "it has to be a whole number, not 'NaN'");
        one(key, "-Infinity", "not '-Infinity'");
        one(key, "-4", "it has to be a whole number, not -4");
        one(key, "512.0", "it has to be a whole number, not 512.0");
        one(key, "1e3", "it has to be a whole number, not 1000.0");
        one(key, "18446744073709551615", "too");
        one(key, "9007199254740993", "too");
        one(key, "\"512\"", "it has to be a whole number, not '512'");
        one(key, "{}", "not a table");
    }
    one("vocab_size", "[512]", "not a list of 1");
    one("vocab_size", "0", "it is 0");
    one("num_hidden_layers", "0", "it is 0");
    one("num_hidden_layers", "1025", "1025 layers are too many");
    one("num_attention_heads", "0", "it is 0");
    one("num_attention_heads", "[8]", "1 values for 4 layers");
    one("num_key_value_heads", "0", "it is 0");
    one("num_key_value_heads", "3", "3 key heads do not divide 8 heads");
    one("max_position_embeddings", "0", "it is 0");
    one("hidden_size", "1000000000", "too large");
    for key in
        ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings"]
    {
        refuses(&format!("\"{key}\""), "\"other\"", &format!("{key}: it is missing"));
    }
}

#[test]
fn contradictions_are_refused() {
    let more = |keys: &str| format!("\"model_type\": \"llama\", {keys}");
    let check = |keys: &str, words: &str| refuses("\"model_type\": \"llama\"", &more(keys), words);
    let expert =
        |used: &str| format!("\"num_experts\": 8, \"num_experts_per_tok\": {used}, \"moe_intermediate_size\": 64");
    check(&expert("9"), "num_experts_per_tok: 9 of 8 experts in layer 0");
    check(&expert("0"), "num_experts_per_tok: 0 of 8 experts");
    check("\"num_experts\": 8", "num_experts_per_tok: it is missing");
    check("\"layer_types\": [\"full_attention\"]", "layer_types: 1 words for 4 layers");
    check("\"layer_types\": 7", "layer_types: it has to be a list of words, not 7");
    check(
        "\"layer_types\": [\"full_attention\", \"magic\", \"full_attention\", \"full_attention\"]",
        "layer_types: layers of the kind 'magic' are not known here",
    );
    check("\"hybrid_override_pattern\": \"M-\"", "hybrid_override_pattern: 2 letters for 4 layers");
    check("\"hybrid_override_pattern\": \"M-x*\"", "hybrid_override_pattern: only M, *, - and E are known");
    check("\"kv_lora_rank\": 64", "qk_rope_head_dim: it is missing");
    check("\"num_nextn_predict_layers\": 100000", "num_nextn_predict_layers: it has to be between 0 and 64");
    check("\"head_dim\": 99999", "head_dim: it has to be between 1 and");
    check("\"sliding_window\": -1", "sliding_window: it has to be a whole number, not -1");
    let huge = changed("\"vocab_size\": 1000", "\"vocab_size\": 16777216").expect("large and possible");
    assert_eq!(huge.architecture.vocab, 1 << 24);
}

#[test]
fn what_is_no_decoder_is_refused_with_the_reason() {
    let kind = |to: &str, words: &str| refuses("\"llama\"", to, words);
    kind("\"bert\"", "model_type: 'bert' is not supported: it is an encoder");
    kind("\"t5\"", "it has an encoder");
    kind("\"falcon_h1\"", "its layers attend and recur at once");
    kind("\"new\", \"hidden_act\": \"gelu\"", "'new' is not known here, and it is no plain decoder: its activation is");
    kind("\"new\", \"architectures\": [\"NewForMaskedLM\"]", "its class is 'NewForMaskedLM'");
    kind("\"new\", \"ssm_state_size\": 16", "it names ssm_state_size");
    kind("\"new\", \"is_encoder_decoder\": true", "it has an encoder");
    refuses("\"model_type\": \"llama\", \"hidden_size\": 512,", "", "it has no hidden_size");
    assert!(changed("\"llama\"", "7").is_ok_and(|config| !config.findings.is_empty()), "it is read like Llama");
}

#[test]
fn what_is_no_configuration_is_refused_with_its_place() {
    let check = |text: &str, words: &str| {
        let error = parse(text).expect_err(words).to_string();
        assert!(error.contains(words), "'{error}' does not say '{words}'");
    };
    check("", "line 1, column 0: EOF");
    check("[]", "a config.json is a table of keys");
    check("{\n\"hidden_size\": 5,\n}", "line 3, column 1");
    check("{} {}", "trailing");
    check("\u{feff}{}", "line 1, column 1");
    check("<!DOCTYPE html>", "line 1, column 1");
    check(&format!("{{\"a\": {}", "[".repeat(100_000)), "recursion limit");
    check(&format!("{{\"a\": [{}0]}}", "0,".repeat(1 << 20)), "too many values");
    check(&" ".repeat(hf_config::MOST_BYTES + 1), "larger than 16 MiB");
    check("{\"a\": 1e999}", "out of range");
    let nested = (0..50).fold(SMALL.to_owned(), |inner, _| format!("{{\"text_config\": {inner}}}"));
    check(&nested, "hidden_size");
}

#[test]
fn a_configuration_cut_anywhere_is_refused() {
    for name in ["nemotron-h-blocks", "gemma4-experts"] {
        let text = text(name);
        let text = text.trim_end();
        for end in 0..text.len() {
            assert!(parse(&text[..end]).is_err(), "{name} cut at {end}");
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |most: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % most as u64) as usize
    };
    let mut read = 0;
    for model in expected() {
        let text = text(&model.id);
        for _ in 0..60 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                bytes[at] = b"0123456789-.eE\"{}[],:nulltrue"[next(29)];
            }
            if let Ok(config) = parse(&String::from_utf8_lossy(&bytes)) {
                read += 1;
                let kept = cache(&config.architecture, &RunOptions::default());
                assert!(kept.is_ok() || kept.is_err());
                assert!(config.architecture.params().get() > 0);
            }
        }
    }
    assert!(read > 100, "only {read} still were configurations");
}

#[test]
fn the_quant_is_named() {
    let check = |table: &str, bits: Option<f64>, group: Option<u64>, runtime: Option<&str>| {
        let config = changed("\"model_type\"", &format!("{table}, \"model_type\"")).expect(table);
        let quant = config.quant.expect(table);
        assert_eq!((quant.bits, quant.group, quant.runtime.as_deref()), (bits, group, runtime), "{table}");
        if let Some(id) = runtime {
            let all = quant_doc::parse_quants(include_str!("../assets/quants.ron")).expect("the built-in quants");
            assert!(all.runtimes.iter().any(|format| format.id == id), "{id} is in quants.ron");
        }
    };
    let own = |fields: &str| format!("\"quantization_config\": {{{fields}}}");
    let fp8 = "\"quant_method\": \"fp8\"";
    check(&own(&format!("{fp8}, \"weight_block_size\": [128, 128]")), Some(8.0), Some(16_384), Some("fp8-block-128"));
    check(&own(fp8), Some(8.0), None, Some("fp8-tensor"));
    check(&own(&format!("{fp8}, \"weight_block_size\": [1, 64]")), Some(8.0), Some(64), None);
    let gptq =
        |bits: u8, group: i32| own(&format!("\"quant_method\": \"gptq\", \"bits\": {bits}, \"group_size\": {group}"));
    check(&gptq(4, 128), Some(4.0), Some(128), Some("gptq-int4-g128"));
    check(&gptq(8, 128), Some(8.0), Some(128), Some("gptq-int8-g128"));
    check(&gptq(4, -1), Some(4.0), None, None);
    check(
        &own("\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 128"),
        Some(4.0),
        Some(128),
        Some("awq-int4-g128"),
    );
    let bnb = |rest: &str| own(&format!("\"quant_method\": \"bitsandbytes\", {rest}"));
    let nf4 = "\"load_in_4bit\": true, \"bnb_4bit_quant_type\": \"nf4\"";
    check(&bnb(nf4), Some(4.0), Some(64), Some("nf4"));
    check(&bnb(&format!("{nf4}, \"bnb_4bit_use_double_quant\": true")), Some(4.0), Some(64), Some("nf4-double"));
    check(&bnb("\"load_in_8bit\": true"), Some(8.0), None, Some("llm-int8"));
    check(&own("\"quant_method\": \"mxfp4\""), Some(4.0), None, Some("mxfp4-experts"));
    check(&own("\"quant_method\": \"modelopt\", \"quant_algo\": \"NVFP4\""), Some(4.0), Some(16), Some("nvfp4"));
    check(&own("\"quant_method\": \"modelopt\", \"quant_algo\": \"MIXED_PRECISION\""), None, None, None);
    check(&own("\"quant_method\": \"exl2\", \"bits\": 4.5"), Some(4.5), None, Some("exl2-4.5-bpw"));
    check(&own("\"quant_method\": \"exl3\", \"bits\": 3.07"), Some(3.07), None, None);
    let hqq = "\"quant_config\": {\"weight_quant_params\": {\"nbits\": 4, \"group_size\": 64}}";
    check(&own(&format!("\"quant_method\": \"hqq\", {hqq}")), Some(4.0), Some(64), Some("hqq-4-g64"));
    let group = |weights: &str, rest: &str| {
        own(&format!(
            "\"quant_method\": \"compressed-tensors\", \"config_groups\": {{\"a\": {{\"weights\": {{{weights}}}}}}}{rest}"
        ))
    };
    let int4 = |size: u8| format!("\"num_bits\": 4, \"type\": \"int\", \"symmetric\": true, \"group_size\": {size}");
    check(&group(&int4(128), ""), Some(4.0), Some(128), Some("compressed-tensors-w4a16-sym-g128"));
    let kept = ", \"ignore\": [\"re:.*self_attn.*\"]";
    check(&group(&int4(32), kept), Some(4.0), Some(32), Some("compressed-tensors-w4a16-g32-experts"));
    check(&group(&int4(32), ""), Some(4.0), Some(32), None);
    check(&group("\"num_bits\": 8, \"type\": \"float\"", ""), Some(8.0), None, Some("fp8-tensor"));
    let mlx = |fields: &str| format!("\"quantization\": {{{fields}}}, \"quantization_config\": {{{fields}}}");
    check(&mlx("\"group_size\": 64, \"bits\": 4"), Some(4.0), Some(64), Some("mlx-4bit-g64"));
    check(&mlx("\"group_size\": 16, \"bits\": 4"), Some(4.0), Some(16), None);
    check(&mlx("\"group_size\": 32, \"bits\": 4, \"mode\": \"mxfp4\""), Some(4.0), Some(32), Some("mlx-mxfp4-g32"));
    check(&own("\"quant_method\": \"brand new\", \"bits\": 3"), Some(3.0), None, None);
    assert_eq!(read("gpt-oss-sinks").quant.map(|quant| quant.kept.len()), Some(3));
    assert_eq!(read("deepseek-v4-compressed").quant.and_then(|quant| quant.runtime), None, "its experts differ");
}

#[test]
fn weights_that_are_not_quantized_have_the_type_of_the_file() {
    let of = |to: &str| changed("\"model_type\"", to).expect("plain").dtype;
    assert_eq!(of("\"torch_dtype\": \"bfloat16\", \"model_type\""), Some(Format::BF16));
    assert_eq!(of("\"dtype\": \"torch.float16\", \"model_type\""), Some(Format::F16));
    assert_eq!(of("\"dtype\": \"float32\", \"model_type\""), Some(Format::F32));
    assert_eq!(of("\"dtype\": \"int3\", \"model_type\""), None);
    assert_eq!(read("qwen3.5-nested").quant_name().as_deref(), Some("BF16"));
    assert_eq!(read("unheard-of").quant_name(), None);
}

#[test]
fn a_quant_in_a_file_of_its_own_is_read() {
    let quant = |text: &str| hf_config::parse_quant(text);
    let read = quant(
        r#"{"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4", "group_size": 16,
        "exclude_modules": ["lm_head"]}}"#,
    );
    let read = read.expect("as ModelOpt writes it");
    assert_eq!((read.runtime.as_deref(), read.kept), (Some("nvfp4"), vec!["lm_head".to_owned()]));
    assert!(quant("{}").is_err_and(|error| error.to_string() == "quantization: it is missing"));
}

#[test]
fn names_become_ids() {
    let id = |name: &str| read("unheard-of").named(name).architecture.id;
    assert_eq!(id("Qwen3 8B/../x"), "Qwen3-8B-..-x");
    assert_eq!(id("..."), "unheard-of");
    assert_eq!(id(""), "unheard-of");
}
