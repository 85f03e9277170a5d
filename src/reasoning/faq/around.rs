//! What is around the model: the disk, the price, the sampling, the units.

use crate::advice::transfer::{MemoryDisk, Room};
use crate::advice::{kits, transfer};
use crate::units::{Bytes, Tokens, TokensPerSecond};

use super::super::terms::of_another;
use super::{Asked, Entry};

pub(super) fn disk(asked: &Asked<'_>) -> Entry {
    let told = transfer::transfer(asked.scenario.subject.weights.file, &asked.scenario.machine);
    let disk = told.disk.map_or_else(String::new, on_disk);
    let here = told.memory_disk.map_or("", |held| match held {
        MemoryDisk::AsItIs => " This RAM holds it as it is.",
        MemoryDisk::IfRaised => " This RAM holds it if the limit is raised (mount -o remount,size=…).",
        MemoryDisk::No => " This RAM does not hold it at all.",
    });
    Entry {
        id: "disk",
        question: "The disk is too small, or the download too long: what now?".to_owned(),
        answer: format!(
            "The file is {}: {}.{disk} A memory disk holds half of the RAM unless told otherwise, so {} of RAM hold it; its pages are the model and are not counted twice.{here}",
            told.file.in_gb(),
            told.words(),
            asked.scenario.unit.of(told.shared_memory)
        ),
        how: "Bytes over bits per second, nothing lost; the limit of a memory disk by tmpfs(5).".to_owned(),
    }
}

fn on_disk(room: Room) -> String {
    let (left, size) = match room {
        Room::Unknown => return " The disk size is not known, taken as large enough.".to_owned(),
        Room::Assumed(left) => (left, ", its size assumed"),
        Room::Known(left) => (left, ""),
    };
    let end = if left.fits() { "left" } else { "missing" };
    format!(" On the disk {} are {end}{size}.", left.size().in_gb())
}

pub(super) fn cost(asked: &Asked<'_>) -> Option<Entry> {
    let bill = asked.answer.bill.as_ref()?;
    let (costs, terms, machine) = (asked.shelf.costs, asked.shelf.terms, &asked.scenario.machine);
    let model = &asked.scenario.subject.model;
    let (watts, sold) = (terms.watts(costs, machine)?, terms.sold(costs, &model.id)?);
    let own = terms.own(costs, machine, TokensPerSecond::saturating(bill.throughput().expected))?;
    let each = own.per_million()?;
    let least = bill.rate.time_word();
    let (scenario, currency) = (asked.scenario, &terms.currency);
    let billed = terms.billed(scenario.prompt, scenario.answer, scenario.answer);
    let answer = asked.answer.whole_answer.map_or_else(String::new, |time| {
        let cached =
            if billed.hit > Tokens::ZERO { format!(", {} of its prompt cached", billed.hit) } else { String::new() };
        format!(
            " This answer costs {least}{} of electricity here and {} there{cached}.",
            currency.money(own.electricity_for(time), 4),
            currency.money(sold.answer(billed), 4)
        )
    });
    let machine = if own.price > 0.0 {
        format!(" and {} as a share of the machine", currency.money(each.hardware, 2))
    } else {
        ", without the price of the machine".to_owned()
    };
    let priced = asked.shelf.models.iter().find(|other| other.id == sold.model).map(|model| model.name.as_str());
    let other = of_another(&sold, priced, [&model.id, &model.name]).map_or_else(String::new, |text| format!(" {text}"));
    Some(Entry {
        id: "cost",
        question: "Is it cheaper than an API?".to_owned(),
        answer: format!(
            "A million tokens take {least}{:.2} kWh, {least}{} at {} a kWh{machine}. {} took {} for a million ({}).{other}{answer}",
            each.kwh,
            currency.money(each.electricity, 2),
            currency.plain(own.dollars_per_kwh),
            sold.name,
            currency.plain(sold.output),
            sold.date
        ),
        how: format!(
            "{}; over the tokens per second predicted; electricity: {}.",
            watts.words(),
            terms.tariff_source(costs)
        ),
    })
}

pub(super) fn sampling(asked: &Asked<'_>) -> Option<Entry> {
    let model = &asked.scenario.subject.model;
    let row = asked.shelf.thinking.sampling_of(&model.id)?;
    Some(Entry {
        id: "sampling",
        question: format!("How should {} be sampled, and why does it not think?", model.name),
        answer: format!("{} {}", row.line(), row.why),
        how: format!("{} ({}).", row.source, row.confidence.word()),
    })
}

pub(super) fn units(asked: &Asked<'_>) -> Entry {
    let subject = &asked.scenario.subject;
    let file = subject.weights.file;
    let label = subject.quant.label_bits().map_or_else(String::new, |bits| {
        format!(" The label says {bits} bits; the file has {:.3} a weight.", subject.weights.bits_per_weight)
    });
    Entry {
        id: "units",
        question: "Why do sizes differ from page to page?".to_owned(),
        answer: format!(
            "{:.2} GB are {:.2} GiB: files are counted in GB of 10^9 bytes, memory in GiB of 2^30. Modules are labelled GB and hold GiB: {}.{label}",
            file.as_f64() / 1e9,
            file.as_f64() / crate::units::GIB as f64,
            kits::label_against_file(Bytes::gib(512))
        ),
        how: "The size of the file, in both units.".to_owned(),
    }
}
