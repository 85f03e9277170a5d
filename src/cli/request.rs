//! The options of a question, from the command line and from a batch file alike.

use serde_json::Value;

use super::nearest;

/// One question as it was put. Absent means the default of the contract.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "the flags of a command line")]
pub(super) struct Request {
    pub model: Option<String>,
    pub quant: Option<String>,
    pub imatrix: bool,
    pub file_gib: Option<f64>,
    pub machine: Option<String>,
    pub gpu: Vec<String>,
    pub gpu_bandwidth: Option<f64>,
    pub ram: Option<f64>,
    pub cpu: Option<String>,
    pub cpu_tflops: Option<f64>,
    pub ram_bandwidth: Option<f64>,
    pub ram_bandwidth_measured: Option<f64>,
    pub disk_bandwidth: Option<f64>,
    pub reserve: Option<f64>,
    pub context: Option<u64>,
    pub depth: Option<u64>,
    pub prompt: Option<u64>,
    pub answer: Option<u64>,
    pub kv_k: Option<String>,
    pub kv_v: Option<String>,
    pub kv_layout: Option<String>,
    pub flash_attn: Option<String>,
    pub sequences: Option<u64>,
    pub kv_unified: bool,
    pub swa_full: bool,
    pub batch_size: Option<u64>,
    pub ubatch: Option<u64>,
    pub outputs: Option<String>,
    pub gpu_layers: Option<String>,
    pub cpu_experts: Option<String>,
    pub kv_on_host: bool,
    pub split: Option<String>,
    pub tensor_split: Vec<f64>,
    pub experts: Option<u64>,
    pub samples: Option<u64>,
    pub engine: Option<String>,
    pub engine_date: Option<String>,
    pub backend: Option<String>,
    pub shell: Option<String>,
}

/// The most sequences at a time.
pub(super) const MOST_SEQUENCES: u64 = 65_536;

/// Options without a value.
const FLAGS: [&str; 4] = ["imatrix", "kv-unified", "swa-full", "kv-on-host"];

impl Request {
    /// Every option.
    pub const OPTIONS: [&str; 39] = [
        "model",
        "quant",
        "imatrix",
        "file-gib",
        "machine",
        "gpu",
        "gpu-bandwidth",
        "ram",
        "cpu",
        "cpu-tflops",
        "ram-bandwidth",
        "ram-bandwidth-measured",
        "disk-bandwidth",
        "reserve",
        "context",
        "depth",
        "prompt",
        "answer",
        "kv-k",
        "kv-v",
        "kv-layout",
        "flash-attn",
        "sequences",
        "kv-unified",
        "swa-full",
        "batch-size",
        "ubatch",
        "outputs",
        "gpu-layers",
        "cpu-experts",
        "kv-on-host",
        "split",
        "tensor-split",
        "experts",
        "samples",
        "engine",
        "engine-date",
        "backend",
        "shell",
    ];

    /// Whether an option stands alone.
    pub fn is_flag(key: &str) -> bool {
        FLAGS.contains(&key)
    }

    /// Sets an option; `null` is the default.
    ///
    /// # Errors
    /// The sentence to show: an unknown option, or a value it cannot take.
    pub fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        if value.is_null() {
            return Ok(());
        }
        let key = key.replace('_', "-");
        match key.as_str() {
            "model" => self.model = Some(text(&key, value)?),
            "quant" => self.quant = Some(text(&key, value)?),
            "imatrix" => self.imatrix = flag(&key, value)?,
            "file-gib" => self.file_gib = Some(positive(&key, value)?),
            "machine" => self.machine = Some(text(&key, value)?),
            "gpu" => self.gpu.extend(list(value, |item| text(&key, item))?),
            "gpu-bandwidth" => self.gpu_bandwidth = Some(positive(&key, value)?),
            "ram" => self.ram = Some(positive(&key, value)?),
            "cpu" => self.cpu = Some(text(&key, value)?),
            "cpu-tflops" => self.cpu_tflops = Some(positive(&key, value)?),
            "ram-bandwidth" => self.ram_bandwidth = Some(positive(&key, value)?),
            "ram-bandwidth-measured" => self.ram_bandwidth_measured = Some(positive(&key, value)?),
            "disk-bandwidth" => self.disk_bandwidth = Some(positive(&key, value)?),
            "reserve" => self.reserve = Some(number(&key, value)?),
            "context" => self.context = Some(tokens(&key, value)?),
            "depth" => self.depth = Some(tokens_or_none(&key, value)?),
            "prompt" => self.prompt = Some(tokens_or_none(&key, value)?),
            "answer" => self.answer = Some(tokens_or_none(&key, value)?),
            "kv-k" => self.kv_k = Some(text(&key, value)?),
            "kv-v" => self.kv_v = Some(text(&key, value)?),
            "kv-layout" => self.kv_layout = Some(text(&key, value)?),
            "flash-attn" => self.flash_attn = Some(text_or_flag(&key, value, "on", "off")?),
            "sequences" => self.sequences = Some(count(&key, value, MOST_SEQUENCES)?),
            "kv-unified" => self.kv_unified = flag(&key, value)?,
            "swa-full" => self.swa_full = flag(&key, value)?,
            "batch-size" => self.batch_size = Some(count(&key, value, 1 << 24)?),
            "ubatch" => self.ubatch = Some(count(&key, value, 1 << 24)?),
            "outputs" => self.outputs = Some(text(&key, value)?),
            "gpu-layers" => self.gpu_layers = Some(text(&key, value)?),
            "cpu-experts" => self.cpu_experts = Some(text(&key, value)?),
            "kv-on-host" => self.kv_on_host = flag(&key, value)?,
            "split" => self.split = Some(text(&key, value)?),
            "tensor-split" => self.tensor_split = shares(&key, value)?,
            "experts" => self.experts = Some(count(&key, value, 1 << 20)?),
            "samples" => self.samples = Some(count(&key, value, MOST_SEQUENCES)?),
            "engine" => self.engine = Some(text(&key, value)?),
            "engine-date" => self.engine_date = Some(date(&key, value)?),
            "backend" => self.backend = Some(text(&key, value)?),
            "shell" => self.shell = Some(text(&key, value)?),
            _ => {
                let hint = super::sentence(nearest::hint(&key, Self::OPTIONS, ""));
                return Err(format!("'{}' is not an option of check{hint} See willitrun --help", shown(&key)));
            }
        }
        Ok(())
    }

    /// A question from one line of a batch file.
    ///
    /// # Errors
    /// The sentence to answer that line with.
    pub fn from_json(line: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(line).map_err(|error| format!("this line is not JSON: {error}"))?;
        let Value::Object(keys) = value else {
            return Err(
                "a question is a JSON object such as {\"model\": \"deepseek-r1\", \"quant\": \"Q4_K_M\"}".to_owned()
            );
        };
        let mut request = Self::default();
        for (key, value) in &keys {
            request.set(key, value)?;
        }
        Ok(request)
    }
}

fn shown(text: &str) -> String {
    crate::formats::shown(text, 60)
}

fn bad(key: &str, value: &Value, expected: &str) -> String {
    format!("{key} cannot be {}: expected {expected}", shown(&value.to_string()))
}

fn text(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(bad(key, value, "a word")),
    }
}

fn text_or_flag(key: &str, value: &Value, yes: &str, no: &str) -> Result<String, String> {
    match value {
        Value::Bool(flag) => Ok(if *flag { yes } else { no }.to_owned()),
        _ => text(key, value),
    }
}

fn flag(key: &str, value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(false),
        Value::Number(number) if number.as_u64() == Some(1) => Ok(true),
        // As in --imatrix=false.
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        _ => Err(bad(key, value, "true or false")),
    }
}

/// The least and the most of anything measured: a megabyte, a thousandth of a rate, and what no machine has.
const LEAST: f64 = 1e-3;
const MOST: f64 = 1e6;

fn read_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn number(key: &str, value: &Value) -> Result<f64, String> {
    let number = read_number(value).filter(|number| (0.0..=MOST).contains(number));
    number.ok_or_else(|| bad(key, value, &format!("a number from 0 to {MOST}")))
}

fn positive(key: &str, value: &Value) -> Result<f64, String> {
    let number = read_number(value).filter(|number| (LEAST..=MOST).contains(number));
    number.ok_or_else(|| bad(key, value, &format!("a number above 0, from {LEAST} to {MOST}")))
}

fn count(key: &str, value: &Value, most: u64) -> Result<u64, String> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| bad(key, value, &format!("a whole number from 1 to {most}")))
}

/// A length in tokens: a number, or text such as 32k.
fn tokens(key: &str, value: &Value) -> Result<u64, String> {
    let text = match value {
        Value::Number(number) if number.is_u64() => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(bad(key, value, "tokens such as 8192 or 32k")),
    };
    crate::units::parse_tokens(&text).map(crate::units::Tokens::get).map_err(|error| format!("{key}: {error}"))
}

fn tokens_or_none(key: &str, value: &Value) -> Result<u64, String> {
    let zero = value.as_u64() == Some(0) || value.as_str().is_some_and(|text| text.trim() == "0");
    if zero { Ok(0) } else { tokens(key, value) }
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    match value {
        Value::Array(items) => items.iter().map(read).collect(),
        one => Ok(vec![read(one)?]),
    }
}

fn shares(key: &str, value: &Value) -> Result<Vec<f64>, String> {
    let parts = match value {
        Value::String(text) => text.split(',').map(|part| Value::String(part.to_owned())).collect(),
        Value::Array(items) => items.clone(),
        _ => return Err(bad(key, value, "shares such as 3,1")),
    };
    let shares = parts.iter().map(|part| number(key, part)).collect::<Result<Vec<_>, _>>()?;
    if shares.iter().sum::<f64>() > 0.0 && shares.len() <= 256 {
        Ok(shares)
    } else {
        Err(bad(key, value, "shares such as 3,1, not all zero"))
    }
}

fn date(key: &str, value: &Value) -> Result<String, String> {
    let date = text(key, value)?;
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let valid = match date.split_once('-') {
        None => digits(&date, 4),
        Some((year, month)) => digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month),
    };
    if valid { Ok(date) } else { Err(bad(key, value, "a year or a month, such as 2025 or 2025-03")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_question() {
        let request = Request::from_json(r#"{"model": "deepseek-r1", "quant": "Q8_0", "context": "32k", "gpu": ["A", "B"], "tensor-split": [3, 1], "imatrix": true, "depth": null}"#)
            .expect("a question");
        assert_eq!(request.context, Some(32_768));
        assert_eq!(request.gpu, ["A", "B"]);
        assert_eq!(request.tensor_split, [3.0, 1.0]);
        assert!(request.imatrix);
        assert_eq!(request.depth, None);
    }

    #[test]
    fn bad_values_are_refused_with_what_was_expected() {
        for (line, expected) in [
            ("{", "not JSON"),
            ("[]", "JSON object"),
            (r#"{"modle": "x"}"#, "not an option"),
            (r#"{"context": -1}"#, "tokens"),
            (r#"{"context": 1e30}"#, "tokens"),
            (r#"{"ram": "NaN"}"#, "above 0"),
            (r#"{"ram": 0}"#, "above 0"),
            (r#"{"imatrix": "yes"}"#, "true or false"),
            (r#"{"tensor-split": [0, 0]}"#, "not all zero"),
            (r#"{"engine-date": "2025-13"}"#, "a month"),
            (r#"{"sequences": 0}"#, "from 1 to"),
        ] {
            let error = Request::from_json(line).expect_err(line);
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
