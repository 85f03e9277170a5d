//! Built-in models, quants, published files, quality figures, devices, engines, speed parameters, other calculators'
//! formulas and machines, read from `assets/` and `profiles/`.
//!
//! Invariant: the built-in documents are checked by the same readers as a user's; a test reads them all.

pub mod bench_runs;
mod claims;
mod field;
mod forms;
mod identify;
mod measured;

use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};

use crate::advice::buying::{Drive, ModuleSizes, Shop};
use crate::advice::memories::Memory;
use crate::advice::peers::Peers;
use crate::formats::file_doc::{self, Published};
use crate::formats::machine_doc::{self, MachineDoc, Origin};
use crate::formats::{
    claim_doc, cost_doc, device_doc, engine_doc, layout_doc, memory_doc, model_doc, peer_doc, purchase_doc,
    quality_doc, quant_doc, serving_doc, speed_doc, thinking_doc,
};
use crate::hardware::{Accelerator, Machine, MemoryPlatform, Node, Pool, PoolKind};
use crate::model::Architecture;
use crate::placement::Engine;
use crate::quant::{Facts, Measured, Mix, Quality, Quant, RuntimeFormat};
use crate::reasoning::claims::Claims;
use crate::reasoning::cost::Costs;
use crate::reasoning::layouts::Special;
use crate::reasoning::thinking::Thinking;
use crate::speed::Parameters;

pub use field::Breadth;
pub use identify::AdapterFacts;

static MODELS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/models");
static PROFILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/profiles");
const DEVICES: &str = include_str!("../assets/devices.ron");
const QUANTS: &str = include_str!("../assets/quants.ron");
const ENGINES: &str = include_str!("../assets/engines.ron");
const SPEED: &str = include_str!("../assets/speed.ron");
const SERVING: &str = include_str!("../assets/serving.ron");
const FILES: &str = include_str!("../assets/files.ron");
const QUALITY: &str = include_str!("../assets/quality.ron");
const PEERS: &str = include_str!("../assets/peers.ron");
const CLAIMS: &str = include_str!("../assets/claims.ron");
const COSTS: &str = include_str!("../assets/costs.ron");
const THINKING: &str = include_str!("../assets/thinking.ron");
const PURCHASES: &str = include_str!("../assets/purchases.ron");
const MEMORIES: &str = include_str!("../assets/memories.ron");
const CACHE_LAYOUTS: &str = include_str!("../assets/cache_layouts.ron");

/// Everything built in.
#[derive(Debug)]
pub struct Catalog {
    /// Models, by family and size.
    pub models: Vec<Arc<Architecture>>,
    /// Block formats, mixes and the formats of other runtimes.
    pub quants: Facts,
    /// Engines; the first is the default.
    pub engines: Vec<Arc<Engine>>,
    /// Accelerators.
    pub accelerators: Vec<Accelerator>,
    /// CPUs with their memory.
    pub platforms: Vec<MemoryPlatform>,
    /// Ready-made machines, by id.
    pub profiles: Vec<MachineDoc>,
    /// Parameters of the speed model.
    pub parameters: Arc<Parameters>,
    /// Published files whose recipe is no rule.
    pub files: Vec<Published>,
    /// Published measurements of quants.
    pub quality: Quality,
    /// Other calculators' formulas.
    pub peers: Peers,
    /// What pages and guides answer, with their formulas.
    pub claims: Claims,
    /// Prices and power.
    pub costs: Costs,
    /// Published lengths of answers, and how models want to be sampled.
    pub thinking: Thinking,
    /// Kinds of memory to compare a model on.
    pub memories: Vec<Memory>,
    /// Drives that can be bought.
    pub drives: Vec<Drive>,
    /// Sizes of one module of RAM.
    pub modules: ModuleSizes,
    /// Latent caches of engines with formats of their own.
    pub cache_layouts: Vec<Special>,
}

/// Where cards are sold one by one.
const SOLD_ALONE: [&str; 2] = ["desktop", "workstation"];

impl Catalog {
    /// The built-in catalogue, read once.
    ///
    /// # Panics
    /// Never in a build whose tests pass: they read every built-in document.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(|| Self::read().unwrap_or_else(|error| panic!("built-in data: {error}")))
    }

    /// Reads all built-in documents.
    ///
    /// # Errors
    /// The first document that is refused, with place and reason.
    pub fn read() -> Result<Self, String> {
        let named = |name: &str, error: &dyn std::fmt::Display| format!("{name}: {error}");
        let (accelerators, platforms) = device_doc::read(DEVICES).map_err(|e| named("devices.ron", &e))?;
        let mut models = Vec::new();
        for file in sorted(&MODELS) {
            let family = model_doc::parse_models(file.1).map_err(|e| named(&file.0, &e))?;
            models.extend(family.into_iter().map(Arc::new));
        }
        let (drives, modules) = purchase_doc::read(PURCHASES).map_err(|e| named("purchases.ron", &e))?;
        let mut catalog = Self {
            models,
            quants: quant_doc::parse_quants(QUANTS).map_err(|e| named("quants.ron", &e))?,
            engines: engine_doc::read(ENGINES)
                .map_err(|e| named("engines.ron", &e))?
                .into_iter()
                .map(Arc::new)
                .collect(),
            accelerators,
            platforms,
            profiles: Vec::new(),
            parameters: Arc::new(Parameters {
                serving: serving_doc::read(SERVING).map_err(|e| named("serving.ron", &e))?,
                ..speed_doc::read(SPEED).map_err(|e| named("speed.ron", &e))?
            }),
            files: file_doc::read(FILES).map_err(|e| named("files.ron", &e))?,
            quality: quality_doc::read(QUALITY).map_err(|e| named("quality.ron", &e))?,
            peers: peer_doc::read(PEERS).map_err(|e| named("peers.ron", &e))?,
            claims: claim_doc::read(CLAIMS).map_err(|e| named("claims.ron", &e))?,
            costs: cost_doc::read(COSTS).map_err(|e| named("costs.ron", &e))?,
            thinking: thinking_doc::read(THINKING).map_err(|e| named("thinking.ron", &e))?,
            drives,
            modules,
            memories: memory_doc::read(MEMORIES).map_err(|e| named("memories.ron", &e))?,
            cache_layouts: layout_doc::read(CACHE_LAYOUTS).map_err(|e| named("cache_layouts.ron", &e))?,
        };
        for (name, text) in sorted(&PROFILES) {
            let mut doc = machine_doc::read(text, Origin::Foreign).map_err(|e| named(&name, &e))?;
            catalog.resolve(&mut doc.machine);
            catalog.profiles.push(doc);
        }
        Ok(catalog)
    }

    /// What can be bought: the cards of the ready-made machines, boards, drives and modules.
    #[must_use]
    pub fn shop(&self) -> Shop {
        let mut cards: Vec<Accelerator> = Vec::new();
        for pool in self.profiles.iter().flat_map(|profile| &profile.machine.pools) {
            let Some(card) = pool.device.as_ref().filter(|_| pool.kind == PoolKind::Vram) else { continue };
            if SOLD_ALONE.contains(&card.segment.as_str()) && cards.iter().all(|known| known.id != card.id) {
                cards.push(card.clone());
            }
        }
        Shop {
            cards,
            boards: self.memories.clone(),
            drives: self.drives.clone(),
            modules: self.modules.clone(),
            platforms: self.platforms.clone(),
        }
    }

    /// The model of this id, in any case.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&Arc<Architecture>> {
        self.models.iter().find(|model| model.id.eq_ignore_ascii_case(id) || model.name.eq_ignore_ascii_case(id))
    }

    /// A mix as it is usually made, or a format of another runtime, by id, name or alias in any case.
    #[must_use]
    pub fn quant(&self, name: &str) -> Option<Quant> {
        let mix = Mix::parse(name.trim()).map(|mix| Quant::mix(mix, mix.usual_imatrix()));
        mix.or_else(|| self.runtime(name).map(RuntimeFormat::quant))
    }

    /// The format of another runtime of this id, name or alias, in any case; part of a name matches nothing.
    #[must_use]
    pub fn runtime(&self, name: &str) -> Option<&RuntimeFormat> {
        self.quants.runtimes.iter().find(|row| row.is_called(name))
    }

    /// The format a model's publisher released it in, where that is no plain 16 bit.
    #[must_use]
    pub fn native(&self, model: &Architecture) -> Option<&RuntimeFormat> {
        self.quants.runtimes.iter().find(|row| row.native.contains(&model.id))
    }

    /// The published files of a model.
    pub fn published_of<'a>(&'a self, model: &str) -> impl Iterator<Item = &'a Published> {
        self.files.iter().filter(move |file| file.model.eq_ignore_ascii_case(model))
    }

    /// The published file of a model by its id or label, in any case. A label that is a rule finds nothing: the
    /// plain name is the rule.
    #[must_use]
    pub fn published(&self, model: &str, name: &str) -> Option<&Published> {
        let name = name.trim();
        let is_rule = Mix::parse(name).is_some();
        let called =
            |file: &&Published| file.id.eq_ignore_ascii_case(name) || !is_rule && file.label.eq_ignore_ascii_case(name);
        self.files.iter().filter(|file| file.model.eq_ignore_ascii_case(model)).find(called)
    }

    /// Every published figure of a quant; a published file answers by its label.
    pub fn quality<'a>(&'a self, quant: &str) -> impl Iterator<Item = &'a Measured> {
        self.quality.of(quant.split('@').next().unwrap_or(quant))
    }

    /// The engine of this id.
    #[must_use]
    pub fn engine(&self, id: &str) -> Option<&Arc<Engine>> {
        self.engines.iter().find(|engine| engine.id.eq_ignore_ascii_case(id))
    }

    /// The ready-made machine of this id.
    #[must_use]
    pub fn profile(&self, id: &str) -> Option<&MachineDoc> {
        self.profiles.iter().find(|doc| doc.machine.id.eq_ignore_ascii_case(id))
    }

    /// The platform of this id or name.
    #[must_use]
    pub fn platform(&self, name: &str) -> Option<&MemoryPlatform> {
        self.platforms.iter().find(|row| row.id.eq_ignore_ascii_case(name) || row.name.eq_ignore_ascii_case(name))
    }

    /// The platform whose processor has exactly this name, where the catalogue has it once.
    #[must_use]
    pub fn platform_of(&self, cpu: &str) -> Option<&MemoryPlatform> {
        crate::hardware::platform_of(&self.platforms, cpu)
    }

    /// Every accelerator of exactly this name or id, in any case; a part of a name matches nothing.
    #[must_use]
    pub fn accelerators_named(&self, name: &str) -> Vec<&Accelerator> {
        let same = |text: &str| text.eq_ignore_ascii_case(name.trim());
        self.accelerators
            .iter()
            .filter(|row| {
                same(&row.id) || same(&row.name) || same(&row.full_name()) || row.aliases.iter().any(|a| same(a))
            })
            .collect()
    }

    /// Fills in the accelerators a machine refers to by id.
    pub fn resolve(&self, machine: &mut Machine) {
        let resolve = |pool: &mut Pool| {
            let Some(device) = &mut pool.device else { return };
            let Some(known) = self.accelerators.iter().find(|row| row.id == device.id) else { return };
            *device = known.clone();
            if pool.name.is_empty() {
                pool.name.clone_from(&known.name);
            }
        };
        machine.pools.iter_mut().for_each(resolve);
        machine.nodes.iter_mut().flat_map(|node: &mut Node| node.pools.iter_mut()).for_each(resolve);
    }
}

/// Files of a folder with their text, by name.
fn sorted(folder: &'static Dir<'_>) -> Vec<(String, &'static str)> {
    let mut files: Vec<(String, &str)> =
        folder.files().filter_map(|file| Some((file.path().display().to_string(), file.contents_utf8()?))).collect();
    files.sort_unstable();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_document_is_read() {
        let catalog = Catalog::read().unwrap_or_else(|error| panic!("{error}"));
        assert!(catalog.models.len() >= 30, "{} models", catalog.models.len());
        assert!(catalog.accelerators.len() >= 294);
        assert!(catalog.platforms.len() >= 81);
        assert!(catalog.profiles.len() >= 40, "{} machines", catalog.profiles.len());
        let mut ids: Vec<&str> = catalog.models.iter().map(|model| model.id.as_str()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "model ids are unique");
    }

    #[test]
    fn quants_are_known_by_id_name_and_alias() {
        let catalog = Catalog::builtin();
        for row in &catalog.quants.runtimes {
            for name in [&row.id, &row.name].into_iter().chain(&row.aliases) {
                assert_eq!(catalog.runtime(&name.to_uppercase()).map(|found| &found.id), Some(&row.id), "{name}");
            }
            assert!(row.name.len() <= 32, "{}: the name has no room in the list", row.name);
            for id in &row.native {
                assert!(catalog.model(id).is_some(), "{}: {id}", row.id);
            }
        }
        assert_eq!(catalog.quant("q4_k_m").and_then(|quant| quant.as_mix()), Some(Mix::Q4_K_M));
        assert_eq!(catalog.quant("NVFP4").and_then(|quant| quant.as_mix()), Some(Mix::NVFP4));
        assert!(catalog.quant("about 4 bits").is_none() && catalog.runtime("NVFP4").is_none());
    }

    #[test]
    fn every_published_file_is_of_a_model_here_and_no_rule() {
        let catalog = Catalog::builtin();
        for file in &catalog.files {
            assert!(catalog.models.iter().any(|model| model.id == file.model), "{} {}", file.model, file.id);
        }
        let found = |name| catalog.published("deepseek-r1", name).map(|file| file.bytes.in_gb());
        assert_eq!(found("ud-q2_k_xl").as_deref(), Some("226.6 GB"));
        assert_eq!(found("Q4_K_M@2025-01").as_deref(), Some("404.4 GB"));
        assert_eq!(found("Q4_K_M"), None);
        assert_eq!(catalog.published("llama-3.1-8b", "UD-Q2_K_XL"), None);
    }

    #[test]
    fn figures_are_cited_and_headlines_are_of_one_test() {
        let quality = &Catalog::builtin().quality;
        assert!(quality.rows.len() >= 303);
        let kld = |quant| quality.headline(quant).map(|row| row.value);
        assert_eq!((kld("Q4_K_M"), kld("Q8_0"), kld("IQ1_S")), (Some(0.029_126), Some(0.001_391), Some(2.290_167)));
        assert!(quality.ranked.iter().all(|mix| kld(mix.name()).is_some()));
        assert_eq!(kld("MXFP4_MOE"), None);
    }

    #[test]
    fn every_device_of_a_profile_is_known() {
        for doc in &Catalog::builtin().profiles {
            for device in doc.machine.pools.iter().filter_map(|pool| pool.device.as_ref()) {
                assert!(!device.name.is_empty(), "{}: {}", doc.machine.id, device.id);
            }
        }
    }
}
