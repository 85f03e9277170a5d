//! Models from GGUF files: every model of the engine's table, written with a quant and read back.

mod gguf;
mod golden;

use std::fs;
use std::path::PathBuf;

use gguf::table::{file, keys, large, length};
use gguf::{File, Row, Sparse};
use willitrun::formats::Value;
use willitrun::formats::gguf::{ByteOrder, MOST_READ, read};
use willitrun::formats::gguf_model::GgufModel;
use willitrun::formats::model_doc;
use willitrun::library::open_gguf;
use willitrun::memory::{KvLayout, Weights};
use willitrun::model::{Architecture, KvProjection};
use willitrun::quant::{Format, Imatrix, Mix, Quant, Rule};
use willitrun::units::Bytes;

/// Changes tried on each model.
const ROUNDS: usize = 20;

/// Tensor bytes of a file as the engine's own quantizer makes it.
fn by_the_engine(id: &str, mix: &str) -> Option<u64> {
    let path = format!("{}/tests/golden/tensor_bytes.csv", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).expect("the golden table is there");
    let row = format!("{id},{mix},0,");
    text.lines().find_map(|line| line.strip_prefix(&row)?.parse().ok())
}

fn opened(file: &File, length: u64) -> GgufModel {
    let bytes = file.header();
    let header = read(&mut Sparse { bytes: &bytes, size: length, read: 0 }, length).expect("a good header");
    GgufModel::new("id", vec![header]).expect("a model")
}

/// A folder of its own for each test, removed with all in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("willitrun-gguf-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_model_of_the_table_is_read_to_the_byte() {
    for (name, shape) in golden::models() {
        for (mix, file_type) in [(Mix::Q4_K_M, 15), (Mix::Q8_0, 7)] {
            let (file, length) = file(&name, &shape, mix, file_type);
            let model = opened(&file, length);
            let read = model.architecture.as_ref().unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(read.tensors(), shape.tensors(), "{name}");
            assert_eq!(read.layers, shape.layers, "{name}");
            assert_eq!(read.tied_embeddings, shape.tied_embeddings, "{name}");
            let quant = Quant::mix(mix, Imatrix::Without);
            assert_eq!(model.weights(None), Weights::new(&shape, &quant, None), "{name} {}", mix.name());
            assert_eq!(model.as_quant(), quant, "{name}");
            assert_eq!(model.params, shape.params(), "{name}");
            assert_eq!(model.findings, [], "{name}");
            let document = model_doc::write_model(read);
            assert_eq!(model_doc::parse_model(&document).as_ref(), Ok(read), "{name}");
            assert_eq!((model.name.as_str(), model.layout), (name.as_str(), None));
        }
    }
}

/// The catalogue knows of biases, norms and rotary tables that no key tells: the table of tensors does.
#[test]
fn files_of_the_catalogue_have_the_bytes_the_engine_counts() {
    let ids: Vec<(String, String)> = golden::models().into_iter().map(|(name, shape)| (name, shape.id)).collect();
    let mut compared = 0;
    for shape in catalogue() {
        let Some((name, id)) = ids.iter().find(|(_, id)| *id == shape.id) else { continue };
        for (mix, file_type) in [(Mix::Q4_K_M, 15), (Mix::Q8_0, 7), (Mix::IQ3_M, 27)] {
            let (file, length) = file(name, &shape, mix, file_type);
            let model = opened(&file, length);
            let read = model.architecture.as_ref().unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(read.tensors(), shape.tensors(), "{name}");
            let quant = Quant::mix(mix, Imatrix::Without);
            assert_eq!(
                (&model.weights(None), model.as_quant()),
                (&Weights::new(&shape, &quant, None), quant),
                "{name}"
            );
            if let Some(bytes) = by_the_engine(id, mix.name()) {
                assert_eq!(model.tensor_bytes.get(), bytes, "{name} {}", mix.name());
                compared += 1;
            }
        }
    }
    assert!(compared >= 60, "{compared} sizes compared with the engine's");
}

/// All built-in models.
fn catalogue() -> Vec<Architecture> {
    let folder = format!("{}/assets/models", env!("CARGO_MANIFEST_DIR"));
    let texts = fs::read_dir(folder)
        .expect("the catalogue is there")
        .map(|entry| fs::read_to_string(entry.expect("listed").path()).expect("a document"));
    texts.flat_map(|text| model_doc::parse_models(&text).expect("good documents")).collect()
}

#[test]
fn both_orders_of_bytes_say_the_same() {
    let shape = &golden::models()["Qwen3-30B-A3B"];
    let (mut file, length) = file("Qwen3-30B-A3B", shape, Mix::Q4_K_M, 15);
    let little = opened(&file, length);
    (file.order, file.version) = (ByteOrder::Big, 2);
    assert_eq!(opened(&file, length), little);
}

#[test]
fn an_old_file_of_latent_attention_keeps_its_cache_expanded() {
    let shape = &golden::models()["DeepSeek-R1"];
    let tensors = shape.tensors_in(KvProjection::Joined);
    let formats = Mix::Q8_0.formats(&shape.traits_in(KvProjection::Joined), &tensors, Imatrix::Without);
    let mut old = keys("DeepSeek-R1");
    old.retain(|(key, _)| !key.ends_with("_mla"));
    for (key, value) in &mut old {
        match key.as_str() {
            "deepseek2.attention.key_length" => *value = Value::Int(192),
            "deepseek2.attention.head_count_kv" | "deepseek2.attention.value_length" => *value = Value::Int(128),
            _ => {}
        }
    }
    old.push(("general.file_type".to_owned(), Value::Int(7)));
    let file = File::new(old).with(&tensors, &formats);
    let model = opened(&file, length(&file));
    assert_eq!(model.layout, Some(KvLayout::Expanded));
    assert_eq!(model.architecture.as_ref().map(|read| &read.layers), Ok(&shape.layers));
    assert!(model.findings.iter().any(|finding| finding.what.contains("April 2025")), "{:?}", model.findings);
    let bytes: Bytes = tensors.iter().zip(&formats).map(|(t, f)| f.bytes(t.columns, t.rows * t.slices)).sum();
    assert_eq!(model.weights(None).file, bytes);
    assert_eq!(model.mix, Some((Mix::Q8_0, Imatrix::Without)));
}

#[test]
fn an_unknown_architecture_still_has_exact_weights() {
    let row = |name: &str, dims: &[u64], number, offset| Row { name: name.into(), dims: dims.into(), number, offset };
    let mut file = File::new(vec![
        ("general.architecture".into(), Value::Str("rwkv9\u{202e}".into())),
        ("rwkv9\u{202e}.expert_count".into(), Value::Int(8)),
        ("rwkv9\u{202e}.expert_used_count".into(), Value::Int(2)),
    ]);
    file.tensors = vec![
        row("token_embd.weight", &[256, 100], 12, 0),
        row("blk.0.time_mix.weight", &[256, 4], 8, 14_400),
        row("blk.0.ffn_up_exps.weight", &[256, 4, 8], 8, 15_488),
        // A type of another engine, told by the room it has.
        row("blk.1.ffn_up_exps.weight", &[256, 4, 8], 139, 24_192),
        row("output.weight", &[256, 100], 0, 28_288),
    ];
    let model = opened(&file, file.header().len() as u64 + 28_288 + 102_400);
    let why = model.architecture.as_ref().expect_err("its layers are not known");
    assert!(why.contains("block_count"), "{why}");
    assert_eq!(model.gguf, "rwkv9");
    let weights = model.weights(None);
    assert_eq!(weights.file, Bytes::new(14_400 + 1088 + 8704 + 4096 + 102_400));
    assert_eq!((weights.embedding, weights.head), (Bytes::new(14_400), Bytes::new(102_400)));
    assert_eq!(weights.layers.iter().map(|layer| layer.experts.get()).collect::<Vec<_>>(), [8704, 4096]);
    assert_eq!(weights.layers.iter().map(|layer| layer.experts_read().get()).collect::<Vec<_>>(), [2176, 1024]);
    assert_eq!(model.as_quant().rule, Rule::Sized(weights.file));
    assert!(model.findings.iter().any(|finding| finding.what.contains("type not known here")));
    assert!(model.findings.iter().any(|finding| finding.what.contains("how this model keeps its context")));
}

#[test]
fn numbers_that_make_no_sense_leave_the_weights_exact() {
    const NUMBERS: [i64; 12] = [0, 1, 2, 3, 7, 63, 1024, 65_537, 1 << 20, 1 << 31, i64::MAX, -1];
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for (name, shape) in golden::models() {
        let (good, length) = file(&name, &shape, Mix::Q4_K_M, 15);
        let bytes: u64 = opened(&good, length).tensor_bytes.get();
        for _ in 0..ROUNDS {
            let mut bad = good.clone();
            for _ in 0..=random(3) {
                let at = random(bad.keys.len());
                match &mut bad.keys[at].1 {
                    Value::Array(items) if random(2) == 0 => {
                        let at = random(items.len());
                        items[at] = Value::Int(NUMBERS[random(12)]);
                    }
                    Value::Str(text) if random(2) == 0 => *text = ["falcon", "gemma3", "mamba2", "x"][random(4)].into(),
                    other => *other = Value::Int(NUMBERS[random(12)]),
                }
            }
            // The header may have become longer or shorter.
            let bytes_now = bad.header();
            let size = length + 4096;
            let Ok(header) = read(&mut Sparse { bytes: &bytes_now, size, read: 0 }, size) else { continue };
            let model = GgufModel::new("id", vec![header]).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!((model.weights(None).file.get(), model.tensor_bytes.get()), (bytes, bytes), "{name}");
        }
    }
}

#[test]
fn what_is_no_model_says_what_it_is() {
    let shape = &golden::models()["Qwen2.5-0.5B"];
    let (mut file, length) = file("Qwen2.5-0.5B", shape, Mix::F16, 1);
    file.keys.push(("general.type".into(), Value::Str("adapter".into())));
    let model = opened(&file, length + 64);
    assert_eq!(model.architecture, Err("it is no model, it calls itself 'adapter'".to_owned()));
    assert_eq!(model.weights(None).file, model.tensor_bytes);
}

#[test]
fn a_mix_of_ones_own_is_taken_as_it_is() {
    let shape = &golden::models()["Qwen3-8B"];
    let (mut file, length) = file("Qwen3-8B", shape, Mix::Q4_K_M, 15);
    let row = file.tensors.iter_mut().find(|row| row.name == "blk.3.attn_v.weight").expect("it is there");
    row.number = gguf::number(Format::Q3_K);
    file.keys.iter_mut().for_each(|(key, value)| {
        if key == "general.name" {
            *value = Value::Str("GPT\u{202e}\u{1b}[31m".into());
        }
    });
    let model = opened(&file, length);
    assert_eq!((model.quant.as_str(), model.mix, model.name.as_str()), ("Q4_K_M", None, "GPT[31m"));
    assert!(model.findings.iter().any(|finding| finding.what.contains("own rules for Q4_K_M")));
    let by_rule = Weights::new(shape, &Quant::mix(Mix::Q4_K_M, Imatrix::Without), None);
    assert!(model.weights(None).file < by_rule.file);
    assert_eq!(model.weights(None).layers[0], by_rule.layers[0]);
}

#[test]
fn a_file_of_400_gb_is_told_by_its_first_bytes() {
    let shape = &golden::models()["DeepSeek-R1"];
    let (file, length) = large(shape);
    assert!(length > 400_000_000_000, "{length}");
    let bytes = file.header();
    let mut source = Sparse { bytes: &bytes, size: length, read: 0 };
    let header = read(&mut source, length).expect("a good header");
    println!("header of {} bytes, {} bytes read", bytes.len(), source.read);
    assert!(source.read < MOST_READ, "{} bytes", source.read);
    assert_eq!(header.tensors.len(), shape.tensors().len());
    assert_eq!(header.metadata["tokenizer.ggml.tokens"], Value::Unread(shape.vocab));

    let folder = Folder::new("large");
    let path = folder.0.join("R1.gguf");
    fs::write(&path, &bytes).expect("written");
    let disk = fs::File::options().write(true).open(&path).expect("there");
    // Not every file system makes a file this long of nothing.
    if disk.set_len(length).is_ok() {
        let model = open_gguf(&path).expect("a good file");
        assert_eq!(model.tensor_bytes, Weights::new(shape, &model.as_quant(), None).file);
        assert_eq!(model.findings, []);
    }
}

/// From a header on disk to a preset, and from the preset to an answer: the same bytes on every way.
#[test]
fn the_program_imports_headers_of_many_architectures() {
    let folder = Folder::new("import");
    let run = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_willitrun"))
            .args(args)
            .env("WILLITRUN_DATA_DIR", &folder.0)
            .output()
            .expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        assert!(output.status.success(), "{args:?}: {}", text(output.stderr));
        text(output.stdout)
    };
    let models = golden::models();
    let mut architectures = Vec::new();
    for (name, shape) in &models {
        if architectures.contains(&&shape.gguf) {
            continue;
        }
        architectures.push(&shape.gguf);
        let (file, length) = file(name, shape, Mix::Q4_K_M, 15);
        let (source, preset) = (folder.0.join("model.gguf"), folder.0.join("preset.ron"));
        fs::write(&source, file.header()).expect("written");
        let disk = fs::File::options().write(true).open(&source).expect("there");
        // Not every file system makes a file this long of nothing.
        if disk.set_len(length).is_err() {
            continue;
        }
        let (source, preset) = (source.display().to_string(), preset.display().to_string());
        let said = run(&["import", &source, "--out", &preset]);
        assert!(said.starts_with(&format!("{name}: Q4_K_M in ")), "{said}");
        let read = model_doc::parse_model(&fs::read_to_string(&preset).expect("written")).expect("a preset");
        assert_eq!((&read.layers, read.params()), (&shape.layers, shape.params()), "{name}");
        let machine = ["--machine", "epyc-9654-12ch-4090", "--json"];
        let answers =
            [vec!["check", "--model", &preset, "--quant", "Q4_K_M"], vec!["check", "--model", &source]].map(|args| {
                serde_json::from_str::<serde_json::Value>(&run(&[&args[..], &machine].concat())).expect("JSON")
            });
        let weights = Weights::new(shape, &Quant::mix(Mix::Q4_K_M, Imatrix::Without), None).file.get();
        for answer in &answers {
            assert_eq!(answer["memory"]["weights_bytes"], weights, "{name}");
        }
        assert_eq!(answers[0]["memory"]["total_bytes"], answers[1]["memory"]["total_bytes"], "{name}");
    }
    assert!(architectures.len() >= 6, "{architectures:?}");
}

#[test]
fn parts_are_found_beside_one_another() {
    let shape = &golden::models()["Qwen2.5-0.5B"];
    let (whole, length) = file("Qwen2.5-0.5B", shape, Mix::Q4_K_M, 15);
    let model = opened(&whole, length);
    let folder = Folder::new("parts");
    let count = i64::try_from(whole.tensors.len()).expect("few");
    let write = |at: i64, tensors: &[Row], keys: Vec<(String, Value)>| {
        let first = tensors.first().map_or(0, |row| row.offset);
        let mut part = File::new(keys);
        part.keys.push(("split.no".into(), Value::Int(at)));
        part.keys.push(("split.count".into(), Value::Int(3)));
        part.keys.push(("split.tensors.count".into(), Value::Int(count)));
        part.tensors = tensors.iter().map(|row| Row { offset: row.offset - first, ..row.clone() }).collect();
        let path = folder.0.join(format!("Qwen-{:05}-of-00003.gguf", at + 1));
        fs::write(&path, part.header()).expect("written");
        let size = self::length(&part);
        fs::File::options().write(true).open(&path).and_then(|file| file.set_len(size)).expect("a sparse file");
        path
    };
    let (a, rest) = whole.tensors.split_at(100);
    let (b, c) = rest.split_at(100);
    let paths = [write(0, a, whole.keys.clone()), write(1, b, Vec::new()), write(2, c, Vec::new())];
    for path in &paths {
        let read = open_gguf(path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((read.weights(None), read.files), (model.weights(None), 3));
        assert_eq!(read.architecture.as_ref().map(|shape| &shape.layers), Ok(&shape.layers));
    }
    let alone = folder.0.join("renamed.gguf");
    fs::copy(&paths[1], &alone).expect("copied");
    let error = open_gguf(&alone).expect_err("a part by itself").to_string();
    assert!(error.contains("part 2 of 3"), "{error}");

    fs::copy(&paths[1], &paths[2]).expect("copied");
    let error = open_gguf(&paths[0]).expect_err("twice the same part").to_string();
    assert!(error.contains("part 3 of 3 says it is part 2 of 3"), "{error}");
    fs::remove_file(&paths[2]).expect("removed");
    let error = open_gguf(&paths[0]).expect_err("a part is missing").to_string();
    assert!(error.contains("part 3 of 3: it cannot be opened"), "{error}");
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let folder = Folder::new("irregular");
    let check = |path: PathBuf, words: &str| {
        let error = open_gguf(&path).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.chars().any(char::is_control), "{error:?}");
    };
    check(folder.0.clone(), "not a regular file");
    check(folder.0.join("none\u{1b}[31m.gguf"), "cannot be opened");
    fs::write(folder.0.join("empty.gguf"), "").expect("written");
    check(folder.0.join("empty.gguf"), "the file ends at byte 0");
    #[cfg(unix)]
    {
        let pipe = folder.0.join("pipe.gguf");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success());
        assert!(made, "mkfifo");
        check(pipe, "not a regular file");
        check(PathBuf::from("/dev/zero"), "not a regular file");
        check(PathBuf::from("/dev/null"), "not a regular file");
    }
}
