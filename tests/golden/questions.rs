//! The published measurements as questions for `willitrun check --batch`.

use serde_json::{Map, Value, json};
use willitrun::catalog::Catalog;

use super::{TABLE, rows};

/// Room for anything: what was measured did fit.
const ENDLESS_GIB: u64 = 1_000_000;

/// A question, and whether it says all that is known of the measurement: a batch cannot name cores one by one.
pub struct Asked {
    pub id: String,
    pub line: String,
    pub complete: bool,
}

/// One for each measurement, in the order of the table.
pub fn questions() -> Vec<Asked> {
    rows(TABLE).map(|cells| asked(|name| cells[name])).collect()
}

fn asked<'a>(cell: impl Fn(&str) -> &'a str) -> Asked {
    let text = |name: &str| Some(cell(name)).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).and_then(|text| text.parse::<f64>().ok());
    let tokens = |name: &str| number(name).unwrap_or_default() as u64;
    let catalog = Catalog::builtin();
    let mut keys = Map::new();
    let mut put = |key: &str, value: Value| keys.insert(key.to_owned(), value);
    put("model", json!(cell("model")));
    put("quant", json!(cell("quant")));
    if let Some(gib) = number("file_gib") {
        put("file-gib", json!(gib));
    }
    put("engine", json!(cell("engine")));
    put("backend", json!(cell("backend")));
    if let Some(built) = text("built") {
        put("engine-date", json!(built));
    }
    let device = catalog.accelerators_named(cell("device")).first().copied();
    if device.is_some() {
        put("gpu", json!([format!("{}:{ENDLESS_GIB}*{}", cell("device"), cell("count"))]));
    }
    put("ram", json!(ENDLESS_GIB));
    if let Some(rate) = number("ram_gbs") {
        put("ram-bandwidth", json!(rate));
    }
    let platform = catalog.platform(cell("cpu"));
    if platform.is_some() {
        put("cpu", json!(cell("cpu")));
    }
    let depth = tokens("depth");
    let ubatch = number("ubatch").map(|tokens| tokens as u64);
    put("context", json!((depth + 1024).max(8192).max(ubatch.unwrap_or_default())));
    put("depth", json!(depth));
    put("prompt", json!(number("prompt").unwrap_or(512.0) as u64));
    put("answer", json!(128));
    put("kv-k", json!(cell("kv")));
    put("kv-v", json!(cell("kv")));
    put("flash-attn", json!(if cell("flash") == "off" { "off" } else { "on" }));
    if let Some(ubatch) = ubatch {
        put("ubatch", json!(ubatch));
        put("batch-size", json!(ubatch.max(2048)));
    }
    let (layers, experts) = match cell("placement") {
        "gpu" => (json!(9999), json!(0)),
        "experts-on-cpu" => (json!(9999), json!("all")),
        "cpu" => (json!(0), Value::Null),
        some => match (some.strip_prefix("experts-on-cpu="), some.strip_prefix("ngl=")) {
            (Some(count), _) => (json!(9999), json!(count.parse::<u64>().expect("layers"))),
            (_, Some(count)) => (json!(count.parse::<u64>().expect("layers")), Value::Null),
            _ => panic!("placement {some}"),
        },
    };
    put("gpu-layers", layers);
    put("cpu-experts", experts);
    put("split", json!(if cell("split") == "tensor" { "tensor" } else { "layer" }));
    let sockets = platform.map_or(1, |platform| platform.sockets);
    let complete = cell("cores").is_empty() && cell("sockets").parse() == Ok(sockets);
    Asked { id: cell("id").to_owned(), line: Value::Object(keys).to_string(), complete }
}
