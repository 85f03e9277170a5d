//! `mlx_lm`, after a conversion where the weights are published in another form.

use crate::placement::{Plan, Setting, Split};
use crate::quant::{Format, Layout, Shared};
use crate::scenario::{Scenario, Subject};

use super::line::Step;
use super::shell::Unwritable;
use super::{Words, nodes, weights};

/// Bits a conversion can be asked for: mlx-lm's own formats.
const BITS: [u32; 6] = [2, 3, 4, 5, 6, 8];
/// Its default of weights to a scale, for weights and for the cache.
const GROUP: u64 = 64;

/// One sequence is generated; several are served.
pub(super) fn steps(scenario: &Scenario, plan: &Plan) -> Result<Vec<Step>, Unwritable> {
    let (engine, run) = (&scenario.engine, &scenario.run);
    let (convert, model) = model(scenario)?;
    let small = match run.kv_k {
        Format::Q8_0 => Some(8),
        Format::Q4_0 => Some(4),
        _ => None,
    };
    let hosts = nodes::hosts(scenario, plan);
    if !hosts.is_empty() {
        // The script that comes with mlx-lm, started on every host.
        let mut words = Words::new(engine, "mlx.launch");
        words.set(Setting::Hosts, &format!("HOST-OF-FIRST,{}", hosts.join(",")));
        words.word("sharded_generate.py");
        if plan.split == Split::Layer {
            words.say(Setting::InTurn);
        }
        words.set(Setting::Model, &model);
        words.set(Setting::Answer, &scenario.answer.get());
        return Ok(convert.into_iter().chain([words.run()]).collect());
    }
    let serves = run.sequences > 1 && small.is_none();
    let mut words = Words::new(engine, if serves { "mlx_lm.server" } else { "mlx_lm.generate" });
    words.set(Setting::Model, &model);
    if serves {
        words.set(Setting::Sequences, &run.sequences);
    } else {
        if let Some(bits) = small {
            words.set(Setting::KvBits, &bits);
            words.set(Setting::KvGroup, &GROUP);
        }
        words.set(Setting::Answer, &scenario.answer.get());
        words.say(Setting::PromptFromInput);
    }
    Ok(convert.into_iter().chain([words.run()]).collect())
}

/// The conversion that is needed, and the folder or repository to run.
fn model(scenario: &Scenario) -> Result<(Option<Step>, String), Unwritable> {
    let subject = &scenario.subject;
    if !subject.is_gguf()
        && let Some(folder) = weights::folder(scenario)?
    {
        return Ok((None, folder));
    }
    let Some(repository) = weights::repository(scenario) else {
        return Ok((None, weights::unknown_folder(subject)));
    };
    // Sixteen bits a weight are what a repository holds.
    if subject.is_gguf() && subject.weights.bits_per_weight > 15.5 {
        return Ok((None, repository));
    }
    let Some((bits, group)) = conversion(subject) else { return Ok((None, weights::unknown_folder(subject))) };
    let folder = weights::name(subject);
    let mut words = Words::new(&scenario.engine, "mlx_lm.convert");
    words.set(Setting::ConvertFrom, &repository);
    words.say(Setting::Quantise);
    words.set(Setting::QuantBits, &bits);
    words.set(Setting::QuantGroup, &group);
    let kind = scenario.engine.weight_forms.iter().find(|(id, _)| *id == subject.quant.id);
    if let Some((_, kind)) = kind {
        words.set(Setting::QuantMode, &kind);
    }
    words.set(Setting::ConvertTo, &folder);
    Ok((Some(words.run()), folder))
}

/// Bits and group of a form of MLX's own; for a GGUF the bits its label promises.
fn conversion(subject: &Subject) -> Option<(u32, u64)> {
    let of_layout = |layout: &Layout| match layout.coding.shared {
        // A form only one engine reads is its own.
        Shared::Group(group) if layout.engines.len() == 1 => Some((layout.coding.bits, group)),
        _ => None,
    };
    let (bits, group) = match subject.quant.as_layout() {
        Some(layout) => of_layout(layout)?,
        None => (f64::from(subject.quant.label_bits()?), GROUP),
    };
    BITS.into_iter().find(|own| (f64::from(*own) - bits).abs() < 1e-9).map(|bits| (bits, group))
}
