//! The table of published speeds as questions: models, engines, devices and platforms put in place of their names.

use std::collections::HashMap;
use std::sync::Arc;

use super::Catalog;
use crate::advice::accuracy::Measured;
use crate::formats::measurements::{self, Row};
use crate::hardware::{Figure, Machine, Pool, PoolKind, Source};
use crate::memory::RunOptions;
use crate::quant::{Imatrix, Quant};
use crate::scenario::{Scenario, Subject};
use crate::units::{Bytes, MemoryUnit, Tokens};

const TABLE: &str = include_str!("../../tests/golden/speed_measurements.csv");
/// Room for anything: what was measured did fit.
const ENDLESS: Bytes = Bytes::new(1 << 50);
/// Cores taken where the platform is not known (assumed).
const CORES: u32 = 8;
/// The prompt where the row does not say: llama-bench's own.
const PROMPT: Tokens = Tokens::new(512);

impl Catalog {
    /// Every published measurement, in the order of the table.
    ///
    /// # Errors
    /// The line that cannot be read, or the name that is not in the catalogue.
    pub fn measurements(&self) -> Result<Vec<Measured>, String> {
        let rows = measurements::read(TABLE).map_err(|error| format!("speed_measurements.csv: {error}"))?;
        let mut subjects = HashMap::new();
        rows.iter().map(|row| self.measured(row, &mut subjects)).collect()
    }

    /// The rows about one model as they were published; none where the table cannot be read, which
    /// [`Self::measurements`] tells.
    #[must_use]
    pub fn published_speeds(&self, model: &str) -> Vec<Row<'static>> {
        let rows = measurements::read(TABLE).unwrap_or_default();
        rows.into_iter().filter(|row| row.model == model).collect()
    }

    fn measured<'a>(&self, row: &Row<'a>, subjects: &mut Subjects<'a>) -> Result<Measured, String> {
        let unknown = |what: &str, name: &str| format!("{}: the {what} '{name}' is not in the catalogue", row.id);
        let key = (row.model, row.quant, row.file);
        let subject = if let Some(known) = subjects.get(&key) {
            known.clone()
        } else {
            let model = self.model(row.model).ok_or_else(|| unknown("model", row.model))?;
            let quant = Quant::parse(row.quant, Imatrix::Without, row.file)?;
            let subject = Arc::new(Subject::new(model.as_ref().clone(), quant, None));
            subjects.insert(key, subject.clone());
            subject
        };
        let usual = RunOptions::default();
        let ubatch = row.ubatch.unwrap_or(usual.ubatch);
        let run = RunOptions {
            batch: usual.batch.max(ubatch),
            ubatch,
            context: Tokens::new((row.depth.get() + 1024).max(8192).max(ubatch)),
            kv_k: row.kv,
            kv_v: row.kv,
            flash_attention: row.flash,
            ..usual
        };
        Ok(Measured {
            id: row.id.to_owned(),
            source: row.source.to_owned(),
            group: row.group.to_owned(),
            class: row.class,
            sound: row.sound,
            sparse: subject.model.experts() > 0,
            scenario: Scenario {
                subject,
                machine: Arc::new(self.machine_of(row).ok_or_else(|| unknown("device", row.device))?),
                engine: self.engine(row.engine).ok_or_else(|| unknown("engine", row.engine))?.clone(),
                parameters: self.parameters.clone(),
                run,
                engine_date: row.built.map(str::to_owned),
                policy: row.policy.clone(),
                backend: row.backend,
                depth: row.depth,
                prompt: row.prompt.unwrap_or(PROMPT),
                answer: Tokens::new(128),
                unit: MemoryUnit::default(),
            },
            start: row.start,
            decode: row.decode,
            prefill: row.prefill,
        })
    }

    /// The machine of a row, with room for anything; none where its device is not known.
    fn machine_of(&self, row: &Row<'_>) -> Option<Machine> {
        let device = row.group.split('|').next().unwrap_or_default();
        let name = if row.count > 1 { format!("{} × {device}", row.count) } else { device.to_owned() };
        let mut machine = Machine::new("measured", &name);
        machine.cpu.sockets = row.sockets;
        machine.cpu.cores = CORES;
        "avx2".clone_into(&mut machine.cpu.simd);
        if let Some(platform) = self.platform(row.cpu) {
            machine.cpu.cores = platform.cores.unwrap_or(CORES);
            machine.cpu.simd = platform.simd.to_ascii_lowercase().replace('-', "");
        }
        if let Some(cores) = row.cores {
            machine.cpu.cores = cores;
            row.simd.clone_into(&mut machine.cpu.simd);
        }
        let room = || Figure::new(ENDLESS, Source::Assumed, "it did fit");
        let mut unified = false;
        for place in 0..row.count {
            let device = self.accelerators_named(row.device).first().copied()?.clone();
            unified = device.unified;
            let (id, kind) = if unified {
                ("unified".to_owned(), PoolKind::Unified)
            } else {
                (format!("gpu{place}"), PoolKind::Vram)
            };
            let mut pool = Pool::new(&id, kind, room());
            pool.read = device.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "devices"));
            pool.device = Some(device);
            machine.pools.push(pool);
        }
        if !unified {
            let mut ram = Pool::new("ram", PoolKind::Ram, room());
            ram.read = row.ram.map(|rate| Figure::new(rate, Source::DataSheet, "its source"));
            machine.pools.push(ram);
        }
        Some(machine)
    }
}

/// Models under quants, each expanded once.
type Subjects<'a> = HashMap<(&'a str, &'a str, Option<Bytes>), Arc<Subject>>;
