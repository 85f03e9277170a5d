//! Every quant a model can be had in, with the size of its file.

use crate::catalog::Catalog;
use crate::model::Architecture;
use crate::placement::Engine;
use crate::quant::{Mix, Quant};
use crate::units::Bytes;

/// One quant of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The quant.
    pub quant: Quant,
    /// Its name.
    pub name: String,
    /// What it stands under in a list: `GGUF`, or the family of its format.
    pub group: String,
    /// The size of its file.
    pub file: Bytes,
    /// Real bits per weight of the whole file.
    pub bits: f64,
}

/// The group of llama.cpp's files.
const GGUF: &str = "GGUF";
/// Files somebody published, by their measured size.
const PUBLISHED: &str = "Published files";

/// All of a model: as it was published, then the mixes of llama.cpp, then published files, then the formats of other runtimes by family.
#[must_use]
pub fn offers(model: &Architecture, catalog: &Catalog) -> Vec<Offer> {
    let traits = model.traits();
    let offer = |quant: Quant, name: &str, group: &str| {
        let tensors = model.tensors_under(&quant);
        let file: Bytes = quant.bytes(&traits, &tensors).into_iter().sum();
        let weights: u64 = tensors.iter().map(crate::quant::Tensor::weights).fold(0, u64::saturating_add);
        let bits = file.as_f64() * 8.0 / weights.max(1) as f64;
        Offer { quant, name: name.to_owned(), group: group.to_owned(), file, bits }
    };
    let native = catalog.native(model);
    let published = native.map(|row| offer(row.quant(), &row.name, "As published"));
    let mixes = Mix::ALL.iter().map(|mix| offer(Quant::mix(*mix, mix.usual_imatrix()), mix.name(), GGUF));
    let files = catalog.published_of(&model.id).map(|file| offer(file.quant(), &file.id, PUBLISHED));
    let others = catalog.quants.runtimes.iter().filter(|row| native.is_none_or(|native| native.id != row.id));
    let others = others.map(|row| offer(row.quant(), &row.name, &row.layout.family));
    published.into_iter().chain(mixes).chain(files).chain(others).collect()
}

/// The same with what an engine reads first: formats that name it, then GGUF, then the rest. Order within stays.
#[must_use]
pub fn for_engine<'a>(offers: &'a [Offer], engine: &Engine) -> Vec<&'a Offer> {
    let place = |offer: &Offer| match offer.quant.as_layout() {
        Some(layout) if layout.is_read_by(&engine.id, &engine.name) => 0,
        None => 1,
        Some(_) => 2,
    };
    let mut sorted: Vec<&Offer> = offers.iter().collect();
    sorted.sort_by_key(|offer| place(offer));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_reads_comes_first() {
        let catalog = Catalog::builtin();
        let model = catalog.model("deepseek-r1").expect("R1");
        let all = offers(model, catalog);
        let files = catalog.published_of(&model.id).count();
        assert_eq!(all.len(), Mix::ALL.len() + files + catalog.quants.runtimes.len());
        assert_eq!((all[0].group.as_str(), all[0].file.in_gb().as_str()), ("As published", "688.6 GB"));
        for (engine, first) in [("llama.cpp", GGUF), ("vllm", "As published"), ("mlx", "GPTQ")] {
            let engine = catalog.engine(engine).expect(engine);
            assert_eq!(for_engine(&all, engine)[0].group, first, "{}", engine.id);
        }
    }
}
