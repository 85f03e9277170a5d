//! What each layer of a `config.json` is: by a list of words, a block string, a period, or two lists of numbers.

use super::family::{Family, State};
use super::keys::{Config, MOST_LAYERS, invalid, short};
use crate::formats::json::Json;
use crate::model::Invalid;

/// What a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It sees everything.
    Full,
    /// It sees a window.
    Windowed,
    /// It keeps a state.
    Recurrent,
    /// It has a dense feed-forward part and nothing else.
    Dense,
    /// It has experts and nothing else.
    Experts,
}

/// Words of `layer_types` and its kin.
#[rustfmt::skip]
const WORDS: &[(&str, Kind)] = &[
    ("full_attention", Kind::Full), ("attention", Kind::Full), ("global_attention", Kind::Full),
    ("full", Kind::Full), ("hybrid", Kind::Full), ("deepseek_sparse_attention", Kind::Full),
    ("sliding_attention", Kind::Windowed), ("chunked_attention", Kind::Windowed), ("local_attention", Kind::Windowed),
    ("linear_attention", Kind::Recurrent), ("mamba", Kind::Recurrent), ("mamba2", Kind::Recurrent),
    ("conv", Kind::Recurrent), ("short_conv", Kind::Recurrent), ("kda", Kind::Recurrent),
    ("mlp", Kind::Dense), ("moe", Kind::Experts),
];

/// Layers counted by what lists each of them, in a file that does not give their number.
pub(super) fn listed(config: &Config) -> Option<u64> {
    let words = config.find(&["layers_block_type"]).and_then(|(_, words)| words.list()).map(|words| words.len() as u64);
    let letters = || config.text.get("hybrid_override_pattern").and_then(Json::text).map(|text| text.len() as u64);
    words.or_else(letters)
}

/// What each layer is, where the file says so; none where the architecture's own pattern decides.
pub(super) fn kinds(config: &Config, family: &Family, layers: usize) -> Result<Option<Vec<Kind>>, Invalid> {
    if matches!(family.state, State::Mamba1 | State::Mamba2) {
        return Ok(Some(vec![Kind::Recurrent; layers]));
    }
    if let Some((key, words)) = config.words(&["layer_types", "layers_block_type"], layers)? {
        return words.into_iter().map(|word| by_word(key, word)).collect::<Result<_, _>>().map(Some);
    }
    if let Some((key, value)) = config.find(&["hybrid_override_pattern"]) {
        return blocks(key, value, layers).map(Some);
    }
    if let Some(pattern) = config.text.get("sliding_window_pattern").and_then(Json::text) {
        return letters(pattern, layers).map(Some);
    }
    let special = |keys, flags: [Kind; 2]| -> Result<Option<Vec<Kind>>, Invalid> {
        let listed = config.per_layer(keys, layers)?;
        Ok(listed.map(|listed| listed.into_iter().map(|flag| flags[usize::from(flag != 0)]).collect()))
    };
    if let Some(kinds) = special(&["hybrid_layer_pattern"], [Kind::Full, Kind::Windowed])? {
        return Ok(Some(kinds));
    }
    if let Some(kinds) = special(&["attn_type_list"], [Kind::Recurrent, Kind::Full])? {
        return Ok(Some(kinds));
    }
    numbered(config, layers)
}

/// Layers said by their numbers.
fn numbered(config: &Config, layers: usize) -> Result<Option<Vec<Kind>>, Invalid> {
    if let Some(linear) = config.text.get("linear_attn_config") {
        // Counted from 1.
        let listed = indices("linear_attn_config", linear.get("kda_layers"))?;
        return Ok(Some((1..=layers as u64).map(|i| recurrent_if(listed.contains(&i))).collect()));
    }
    if let Some((key, value)) = config.find(&["full_attn_idxs", "attn_layer_indices"]) {
        let listed = indices(key, Some(value))?;
        return Ok(Some((0..layers as u64).map(|i| recurrent_if(!listed.contains(&i))).collect()));
    }
    if let Some(period) = config.number(&["attn_layer_period"])? {
        let offset = config.number(&["attn_layer_offset"])?.unwrap_or(0);
        return Ok(Some((0..layers as u64).map(|i| recurrent_if(i % period.max(1) != offset)).collect()));
    }
    if let Some(every) = config.number(&["full_attention_interval"])? {
        let every = every.max(1);
        return Ok(Some((1..=layers as u64).map(|i| recurrent_if(!i.is_multiple_of(every))).collect()));
    }
    if let Some(first) = config.number(&["max_window_layers"])?.filter(|_| config.is_true("use_sliding_window")) {
        let kind = |i: u64| if i < first { Kind::Full } else { Kind::Windowed };
        return Ok(Some((0..layers as u64).map(kind).collect()));
    }
    Ok(None)
}

const fn recurrent_if(recurrent: bool) -> Kind {
    if recurrent { Kind::Recurrent } else { Kind::Full }
}

fn indices(key: &'static str, value: Option<&Json>) -> Result<Vec<u64>, Invalid> {
    let list = value.and_then(Json::list).filter(|list| list.len() as u64 <= MOST_LAYERS);
    let listed = list.and_then(|list| list.iter().map(Json::count).collect::<Option<Vec<_>>>());
    listed.ok_or_else(|| invalid(key, "it has to list the numbers of layers"))
}

fn by_word(key: &'static str, word: &str) -> Result<Kind, Invalid> {
    let kind = WORDS.iter().find(|(own, _)| *own == word).map(|(_, kind)| *kind);
    kind.ok_or_else(|| Invalid {
        field: key,
        why: format!("layers of the kind {} are not known here", crate::formats::text::quoted(word)),
    })
}

/// Nemotron-H: one letter for each layer.
fn blocks(key: &'static str, value: &Json, layers: usize) -> Result<Vec<Kind>, Invalid> {
    let kind = |letter: char| match letter {
        'M' => Some(Kind::Recurrent),
        '*' => Some(Kind::Full),
        '-' => Some(Kind::Dense),
        'E' => Some(Kind::Experts),
        _ => None,
    };
    let kinds: Option<Vec<Kind>> = value.text().and_then(|text| text.chars().map(kind).collect());
    match kinds {
        Some(kinds) if kinds.len() == layers => Ok(kinds),
        Some(kinds) => Err(Invalid { field: key, why: format!("{} letters for {layers} layers", kinds.len()) }),
        None => Err(Invalid { field: key, why: format!("only M, *, - and E are known, not {}", short(value)) }),
    }
}

/// EXAONE: `LLLG` over and over, and the last layer sees everything.
fn letters(pattern: &str, layers: usize) -> Result<Vec<Kind>, Invalid> {
    let key = "sliding_window_pattern";
    if pattern.is_empty() || !pattern.chars().all(|letter| matches!(letter, 'L' | 'G')) {
        return Err(Invalid {
            field: key,
            why: format!("only L and G are known, not {}", crate::formats::text::quoted(pattern)),
        });
    }
    let kind = |letter| if letter == 'L' { Kind::Windowed } else { Kind::Full };
    let mut kinds: Vec<Kind> = pattern.chars().cycle().take(layers).map(kind).collect();
    if let Some(last) = kinds.last_mut() {
        *last = Kind::Full;
    }
    Ok(kinds)
}

/// Which layers have experts, in a model that has some.
pub(super) fn routed(config: &Config, kinds: Option<&[Kind]>, layers: usize) -> Result<Vec<bool>, Invalid> {
    if let Some(kinds) = kinds.filter(|kinds| kinds.iter().any(|kind| matches!(kind, Kind::Experts | Kind::Dense))) {
        return Ok(kinds.iter().map(|kind| *kind == Kind::Experts).collect());
    }
    if let Some((key, words)) = config.words(&["mlp_layer_types"], layers)? {
        let routed = |word: &str| match word {
            "sparse" => Ok(true),
            "dense" => Ok(false),
            other => {
                let why = format!("only sparse and dense are known, not {}", crate::formats::text::quoted(other));
                Err(Invalid { field: key, why })
            }
        };
        return words.into_iter().map(routed).collect();
    }
    if let Some((key @ "moe_layer_freq", Json::List(_))) = config.find(&["moe_layer_freq"]) {
        return Ok(config.per_layer(&[key], layers)?.unwrap_or_default().iter().map(|flag| *flag != 0).collect());
    }
    if let Some(listed) = config.text.get("moe_layers_enum").and_then(Json::text) {
        let words = listed.split(',').take(MOST_LAYERS as usize);
        let listed: Option<Vec<usize>> = words.map(|word| word.trim().parse().ok()).collect();
        let listed = listed.ok_or_else(|| invalid("moe_layers_enum", "it has to list the numbers of layers"))?;
        return Ok((0..layers).map(|i| listed.contains(&i)).collect());
    }
    let dense = config.text.get("mlp_only_layers").map(|value| indices("mlp_only_layers", Some(value))).transpose()?;
    let dense = dense.unwrap_or_default();
    let leading = config.number(&["first_k_dense_replace", "moe_layer_start_index", "num_dense_layers"])?.unwrap_or(0);
    let end = config.number(&["moe_layer_end_index"])?.unwrap_or(u64::MAX);
    let step = config.named(&["decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_interval"])?;
    let step = step.map_or(1, |step| step.value);
    let freq = config.number(&["moe_layer_freq"])?.unwrap_or(1).max(1);
    let period = config.number(&["expert_layer_period"])?.unwrap_or(1).max(1);
    let offset = config.number(&["expert_layer_offset"])?.unwrap_or(0);
    let routed = |i: u64| {
        i >= leading
            && i <= end
            && step > 0
            && (i + 1).is_multiple_of(step)
            && i.is_multiple_of(freq)
            && i % period == offset % period
            && !dense.contains(&i)
    };
    Ok((0..layers as u64).map(routed).collect())
}
