//! Whether two names mean one thing.

use crate::formats::llama_bench::Test;
use crate::hardware::{Backend, Machine, Pool};

/// Letters and digits alone, in lower case.
pub(super) fn plain(name: &str) -> String {
    name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
}

/// What vendors and drivers put behind a name.
const BEHIND: [&str; 6] = [" (", "/pcie", " @ ", " with radeon", " w/ radeon", " at "];

/// A product's name without marks, driver, clock, generation and count of cores.
fn product(name: &str) -> String {
    let mut name = name.to_lowercase();
    for mark in ["(r)", "(tm)", "(c)"] {
        name = name.replace(mark, " ");
    }
    let end = BEHIND.iter().filter_map(|behind| name.find(behind)).min().unwrap_or(name.len());
    let said = |word: &&str| {
        let ordinal = ["st", "nd", "rd", "th"].iter().any(|end| {
            word.strip_suffix(end)
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        });
        let cores = word.strip_suffix("-core").is_some_and(|count| count.bytes().all(|b| b.is_ascii_digit()));
        !ordinal && !cores && !["gen", "cpu", "processor", "corporation"].contains(word)
    };
    name[..end].split_whitespace().filter(said).map(plain).collect()
}

/// Whether two names are one product's. Part of a name is another product: an RTX 4080 is no RTX 4080 SUPER.
fn is_alike(a: &str, b: &str) -> bool {
    let a = product(a);
    !a.is_empty() && a == product(b)
}

fn names(pool: &Pool) -> impl Iterator<Item = &str> {
    let device = pool
        .device
        .iter()
        .flat_map(|device| [device.name.as_str()].into_iter().chain(device.aliases.iter().map(String::as_str)));
    [pool.name.as_str()].into_iter().chain(device).filter(|name| !name.is_empty())
}

/// Which GPUs of a machine a test ran on, by their places among them.
///
/// # Errors
/// The sentence that says where it ran instead.
pub(super) fn gpus(test: &Test, backend: Backend, machine: &Machine) -> Result<Vec<usize>, String> {
    // `CPU` and nothing are what the engine says where it does not know.
    let named = !test.cpu.is_empty() && test.cpu != "CPU" && !machine.cpu.name.is_empty();
    let is_this = || test.cpu.split(',').any(|cpu| is_alike(cpu.trim(), &machine.cpu.name));
    if named && !is_this() {
        return Err(format!("it ran on {}, and this machine has {}", test.cpu, machine.cpu.name));
    }
    if backend == Backend::Cpu {
        return Ok(Vec::new());
    }
    let own: Vec<&Pool> = machine.gpus().collect();
    let mut places: Vec<usize> = Vec::new();
    for gpu in &test.gpus {
        let mut free = (0..own.len()).filter(|place| !places.contains(place));
        let found = free.find(|place| names(own[*place]).any(|name| is_alike(name, gpu)));
        places.push(found.ok_or_else(|| {
            let mut here: Vec<&str> = own.iter().filter_map(|pool| names(pool).next()).collect();
            here.dedup();
            let here = if here.is_empty() { "no GPU".to_owned() } else { here.join(", ") };
            format!("it ran on {gpu}, and this machine has {here}")
        })?);
    }
    if places.is_empty() && own.len() != 1 {
        return Err("it does not say which GPU it ran on".to_owned());
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_add_words_and_vendors_marks() {
        for (a, b) in [
            ("AMD EPYC 9654", "AMD EPYC 9654 96-Core Processor"),
            ("Intel(R) Core(TM) i9-13900K", "13th Gen Intel(R) Core(TM) i9-13900K"),
            ("AMD Radeon RX 7900 XTX", "AMD Radeon RX 7900 XTX (RADV NAVI31)"),
        ] {
            assert!(is_alike(a, b) && is_alike(b, a), "{a} | {b}");
        }
        for (a, b) in [
            ("NVIDIA GeForce RTX 4080", "NVIDIA GeForce RTX 4090"),
            ("NVIDIA GeForce RTX 4080", "NVIDIA GeForce RTX 4080 SUPER"),
            ("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090 Laptop GPU"),
            ("Apple M2", "Apple M2 Max"),
            ("AMD Ryzen 9 7900X", "AMD Ryzen 9 7900X3D 12-Core Processor"),
            ("", "AMD"),
            ("", ""),
            ("CPU", "AMD EPYC"),
        ] {
            assert!(!is_alike(a, b), "{a} | {b}");
        }
    }
}
