//! The text of a field and its value.

use serde_json::Value;

use super::super::fields::{Kind, Spec};
use crate::formats::document::shown;
use crate::formats::text::quoted;
use crate::units::{grouped, parse_tokens};

/// The longest text of a field.
const MOST_TEXT: usize = 4096;
/// The most numbers in a list: as many as a model may have layers.
pub(super) const MOST_NUMBERS: usize = 1024;

/// A value as text.
pub(super) fn written(spec: &Spec, value: Option<&Value>) -> String {
    let number = |value: &Value| value.as_u64().map(grouped).unwrap_or_default();
    let word = |truth: bool| if truth { "yes" } else { "no" }.to_owned();
    match (spec.kind, value) {
        (Kind::Flag(usual), None) => word(usual),
        (Kind::Presence, None) => "usual".to_owned(),
        (_, None) => String::new(),
        (Kind::Flag(_) | Kind::Presence, Some(value)) => word(value.as_bool().unwrap_or_default()),
        (Kind::Text | Kind::Choice(_), Some(value)) => value.as_str().unwrap_or_default().to_owned(),
        (Kind::Number | Kind::Count | Kind::Tokens, Some(value)) => number(value),
        (Kind::Numbers, Some(value)) => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(Value::as_u64).map(|item| item.to_string()).collect::<Vec<_>>().join(" ")
        }
        (Kind::Widths, Some(value)) => {
            let runs = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let run = |run: &Value| format!("{} x {}", run[0].as_u64().unwrap_or(0), number(&run[1]));
            runs.iter().map(run).collect::<Vec<_>>().join(", ")
        }
    }
}

/// A text as a value; none where the field is left out.
pub(super) fn parsed(spec: &Spec, text: &str) -> Result<Option<Value>, String> {
    let text = text.trim();
    if text.chars().count() > MOST_TEXT {
        return Err("it is too long".to_owned());
    }
    if text.is_empty() {
        return if spec.required { Err("it is needed".to_owned()) } else { Ok(None) };
    }
    let yes = || match text {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{} is neither yes nor no", quoted(text))),
    };
    Ok(Some(match spec.kind {
        Kind::Text => Value::from(shown(text, MOST_TEXT)),
        Kind::Choice(words) if words.contains(&text) => Value::from(text),
        Kind::Choice(words) => return Err(format!("{} is not known: {}", quoted(text), words.join(", "))),
        Kind::Flag(usual) => match yes()? {
            truth if truth == usual => return Ok(None),
            truth => Value::from(truth),
        },
        Kind::Presence if text == "usual" => return Ok(None),
        Kind::Presence => Value::from(yes()?),
        Kind::Number => Value::from(whole(text, u64::MAX)?),
        Kind::Count => Value::from(whole(text, u64::from(u32::MAX))?),
        Kind::Tokens => match whole(text, u64::MAX) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(parse_tokens(text).map_err(|error| error.to_string())?.get()),
        },
        Kind::Numbers => {
            let items: Vec<&str> = text.split([',', ' ']).filter(|item| !item.is_empty()).collect();
            if items.len() > MOST_NUMBERS {
                return Err(format!("at most {MOST_NUMBERS} numbers"));
            }
            items.into_iter().map(|item| whole(item, u64::MAX).map(Value::from)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Kind::Widths => widths(text)?,
    }))
}

/// Runs such as `3 x 11,264, 2 x 14,336`. A comma with a space behind it ends a run.
fn widths(text: &str) -> Result<Value, String> {
    let runs: Vec<&str> = text.split(", ").flat_map(|run| run.split(';')).collect();
    if runs.len() > MOST_NUMBERS {
        return Err(format!("at most {MOST_NUMBERS} runs"));
    }
    let run = |run: &str| {
        let (layers, width) = run.split_once(['x', '×']).ok_or("write runs such as 3 x 11,264, 2 x 14,336")?;
        Ok(Value::from(vec![whole(layers, u64::from(u32::MAX))?, whole(width, u64::MAX)?]))
    };
    runs.into_iter().map(run).collect::<Result<Vec<_>, String>>().map(Value::from)
}

/// A whole number with separators of thousands or without.
fn whole(text: &str, most: u64) -> Result<u64, String> {
    let digits: String =
        text.chars().filter(|c| !matches!(c, ',' | '_' | ' ' | '\u{2009}' | '\u{a0}' | '\u{202f}')).collect();
    let number = digits
        .parse::<u64>()
        .ok()
        .filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| format!("{} is not a whole number", quoted(text)))?;
    if number > most { Err(format!("it has to be at most {}", grouped(most))) } else { Ok(number) }
}
