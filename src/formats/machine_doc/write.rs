//! Machine to tree, in the order of the contract's example.

use std::collections::BTreeMap;

use super::bench_run;
use super::figure::{Ground, ground_of, put};
use super::{
    ELSEWHERE, FORMAT, Field, Live, MachineDoc, Node as Tree, Origin, Unknown, VERSION, Value, full_id,
    measurement_path, newest_measured,
};
use crate::formats::tree::Number;
use crate::hardware::{Accelerator, Cpu, Dimms, Figure, Form, Link, Measurement, Node, Pool, PoolKind, Source};
use crate::units::{Bytes, BytesPerSecond};

/// Powers of ten that rates are written in, as people say them: GB/s and TFLOP/s.
const GIGA: i32 = 9;
const TERA: i32 = 12;

pub(super) fn document(doc: &MachineDoc, live: Live) -> Tree {
    let machine = &doc.machine;
    let writer = Writer { doc, live };
    let mut fields = Fields::default();
    fields.text("format", FORMAT);
    fields.whole("version", u64::from(VERSION));
    if doc.origin == Origin::Foreign {
        fields.text("from", ELSEWHERE);
    }
    fields.text("id", &machine.id);
    fields.text("name", &machine.name);
    fields.text_if_any("form", machine.form.map_or("", Form::name));
    fields.put("cpu", writer.cpu(&machine.cpu));
    fields.list("pools", machine.pools.iter().map(|pool| writer.pool(pool, None)));
    fields.list("links", machine.links.iter().map(|link| writer.link(link)));
    fields.list("nodes", machine.nodes.iter().map(|node| writer.node(node)));
    let mut seen = BTreeMap::new();
    let mut measurements: Vec<Value> =
        machine.measurements.iter().map(|item| writer.measurement(item, &mut seen)).collect();
    measurements.extend(machine.runs.iter().map(|run| bench_run::put(&writer, run, &mut seen)));
    fields.list("measurements", measurements.into_iter());
    writer.close(fields, "").into()
}

/// The fields of a group under construction; what is absent is not written.
#[derive(Default)]
pub(super) struct Fields(Vec<Field>);

impl Fields {
    pub(super) fn put(&mut self, key: &str, value: Value) {
        self.0.push(Field { key: key.to_owned(), node: value.into() });
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.put(key, Value::Text(text.to_owned()));
    }

    pub(super) fn text_if_any(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.text(key, text);
        }
    }

    pub(super) fn whole(&mut self, key: &str, number: u64) {
        self.put(key, Value::Number(Number::whole(number)));
    }

    pub(super) fn count(&mut self, key: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.whole(key, u64::from(number));
        }
    }

    /// A float in units of a power of ten. NaN and infinity have no text and are not written.
    pub(super) fn float(&mut self, key: &str, number: Option<f64>, power: i32) {
        if let Some(number) = number.and_then(|number| numeral(number, power)) {
            self.put(key, Value::Number(number));
        }
    }

    fn list(&mut self, key: &str, items: impl Iterator<Item = Value>) {
        self.put(key, Value::List(items.map(Tree::from).collect()));
    }
}

pub(super) struct Writer<'d> {
    doc: &'d MachineDoc,
    live: Live,
}

impl Writer<'_> {
    /// The group with the unknown keys of its place at its end.
    pub(super) fn close(&self, mut fields: Fields, path: &str) -> Value {
        let unknown: &Unknown = &self.doc.unknown;
        fields.0.extend(unknown.get(path).into_iter().flatten().cloned());
        Value::Group(fields.0)
    }

    /// A figure with the unknown keys of its place.
    fn figure<T>(
        &self,
        fields: &mut Fields,
        path: &str,
        key: &str,
        figure: &Figure<T>,
        value: Number,
        basis: Option<Ground>,
    ) {
        if let Value::Group(group) = put(figure, value, basis) {
            let value = self.close(Fields(group), &format!("{path}/{key}"));
            fields.put(key, value);
        }
    }

    fn bytes(&self, fields: &mut Fields, path: &str, key: &str, bytes: Option<&Figure<Bytes>>) {
        if let Some(figure) = bytes {
            let value = Number::whole(figure.value.get());
            self.figure(fields, path, key, figure, value, None);
        }
    }

    fn bandwidth(&self, fields: &mut Fields, path: &str, key: &str, figure: &Figure<BytesPerSecond>, ground: Ground) {
        if let Some(value) = numeral(figure.value.get(), GIGA) {
            self.figure(fields, path, key, figure, value, Some(ground));
        }
    }

    fn cpu(&self, cpu: &Cpu) -> Value {
        let mut fields = Fields::default();
        fields.text_if_any("name", &cpu.name);
        fields.count("sockets", Some(cpu.sockets));
        fields.count("cores", Some(cpu.cores));
        fields.text_if_any("simd", &cpu.simd);
        if let Some(figure) = &cpu.flops
            && let Some(value) = numeral(figure.value.get(), TERA)
        {
            self.figure(&mut fields, "cpu", "flops_per_second", figure, value, None);
        }
        self.close(fields, "cpu")
    }

    fn pool(&self, pool: &Pool, node: Option<&str>) -> Value {
        let full = full_id(node, &pool.id);
        let path = format!("pool {full}");
        let mut fields = Fields::default();
        fields.text("id", &pool.id);
        fields.text("kind", pool.kind.name());
        fields.text_if_any("name", &pool.name);
        if let Some(device) = &pool.device {
            fields.put("device", self.device(device, &path));
        }
        self.bytes(&mut fields, &path, "capacity_bytes", Some(&pool.capacity));
        self.bytes(&mut fields, &path, "free_bytes", self.free(pool));
        self.bytes(&mut fields, &path, "reserve_bytes", pool.reserve.as_ref());
        self.bandwidths(&mut fields, &path, &full, pool);
        self.bytes(&mut fields, &path, "gpu_limit_bytes", pool.gpu_limit.as_ref());
        if let Some(dimms) = &pool.dimms {
            let value = self.close(dimm_fields(dimms), &format!("{path}/dimms"));
            fields.put("dimms", value);
        }
        if pool.numa_nodes != 1 || pool.kind == PoolKind::Ram {
            fields.count("numa_nodes", Some(pool.numa_nodes));
        }
        fields.text_if_any("link", pool.link.as_deref().unwrap_or_default());
        self.close(fields, &path)
    }

    /// What is free, unless it is only true right now and this is for a file.
    fn free<'p>(&self, pool: &'p Pool) -> Option<&'p Figure<Bytes>> {
        let lasting = |free: &&Figure<Bytes>| {
            self.live == Live::Shown || !matches!(free.source, Source::Measured | Source::Reported)
        };
        pool.free_now.as_ref().filter(lasting)
    }

    /// The measured figure is left out where reading would derive the very same from the measurements, so
    /// that a newer measurement is not hidden behind it.
    fn bandwidths(&self, fields: &mut Fields, path: &str, full: &str, pool: &Pool) {
        let key = "read_bytes_per_second";
        if let Some(read) = &pool.read {
            // `read` never stands on our own measurement; a word that says so would be refused on reading.
            let source = match read.source {
                Source::Measured => Source::Reported,
                other => other,
            };
            let ground = match source {
                Source::Assumed => Ground::Assumed,
                _ => Ground::DataSheet,
            };
            let read = Figure::new(read.value, source, read.origin.as_str());
            self.bandwidth(fields, path, key, &read, ground);
        }
        let measurements = &self.doc.machine.measurements;
        let derived = newest_measured(measurements, full, pool.kind, self.doc.origin);
        let measured = pool.read_measured.as_ref();
        if let Some(measured) = measured.filter(|measured| derived.as_ref() != Some(measured)) {
            let key = match pool.read {
                Some(_) => "measured_bytes_per_second",
                None => key,
            };
            self.bandwidth(fields, path, key, measured, Ground::Measured);
        }
    }

    fn device(&self, device: &Accelerator, path: &str) -> Value {
        if !device.id.is_empty() {
            return Value::Text(device.id.clone());
        }
        let mut fields = Fields::default();
        fields.text_if_any("name", &device.name);
        fields.text_if_any("variant", &device.variant);
        fields.text_if_any("vendor", &device.vendor);
        fields.text_if_any("arch", &device.arch);
        if device.unified {
            fields.put("unified", Value::Truth(true));
        }
        let flops = |rate: crate::units::FlopsPerSecond| rate.get();
        fields.float("fp16_flops_per_second", device.fp16.map(flops), TERA);
        fields.float("fp32_flops_per_second", device.fp32.map(flops), TERA);
        fields.text_if_any("source", &device.source);
        self.close(fields, &format!("{path}/device"))
    }

    fn link(&self, link: &Link) -> Value {
        let path = format!("link {}", link.id);
        let mut fields = Fields::default();
        fields.text("id", &link.id);
        fields.text("kind", link.kind.name());
        if !link.joins.is_empty() {
            fields.list("pools", link.joins.iter().map(|id| Value::Text(id.clone())));
        }
        fields.count("generation", link.generation);
        fields.count("lanes", link.lanes);
        if let Some(figure) = &link.bandwidth {
            let ground = ground_of(figure);
            self.bandwidth(&mut fields, &path, "bytes_per_second", figure, ground);
        }
        if let Some(figure) = &link.latency
            && let Some(value) = numeral(figure.value.get(), 0)
        {
            self.figure(&mut fields, &path, "latency_seconds", figure, value, None);
        }
        self.close(fields, &path)
    }

    fn node(&self, node: &Node) -> Value {
        let mut fields = Fields::default();
        fields.text("id", &node.id);
        fields.text_if_any("name", &node.name);
        fields.text_if_any("link", node.link.as_deref().unwrap_or_default());
        let pools = node.pools.iter();
        fields.list("pools", pools.map(|pool| self.pool(pool, Some(&node.id))));
        self.close(fields, &format!("node {}", node.id))
    }

    fn measurement(&self, item: &Measurement, seen: &mut BTreeMap<String, usize>) -> Value {
        let mut fields = Fields::default();
        fields.text("what", &item.what);
        fields.float("best_bytes_per_second", Some(item.best.get()), GIGA);
        let ordinary = item.ordinary_pages.map(BytesPerSecond::get);
        fields.float("ordinary_pages_bytes_per_second", ordinary, GIGA);
        fields.float("spread", Some(item.spread), 0);
        fields.count("threads", Some(item.threads));
        fields.text_if_any("date", &item.date);
        fields.text_if_any("method", &item.method);
        fields.text_if_any("conditions", &item.conditions);
        for (which, value) in &item.besides {
            fields.float(which.name(), Some(*value), GIGA);
        }
        self.close(fields, &measurement_path(item, seen))
    }
}

fn dimm_fields(dimms: &Dimms) -> Fields {
    let mut fields = Fields::default();
    fields.count("populated", dimms.populated);
    fields.float("channels", dimms.channels, 0);
    fields.count("mega_transfers", dimms.mega_transfers);
    fields.text_if_any("kind", &dimms.kind);
    fields
}

/// In units of 10^`power`, plain where that is 1; `None` for NaN and infinity.
fn numeral(number: f64, power: i32) -> Option<Number> {
    if power == 0 { Number::float(number) } else { Number::scaled(number, power) }
}
