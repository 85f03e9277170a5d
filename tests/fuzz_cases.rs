//! Every input a fuzzer has found anything with, and a short run of changed good ones, through every target of
//! `tests/fuzz/targets.rs`. The long runs and what they found are written down in `tests/fuzz/README.md`.

#[path = "fuzz/targets.rs"]
mod targets;

mod gguf;
#[path = "fuzz/seeds.rs"]
mod seeds;

use std::fs;

/// Changed inputs of each target.
const ROUNDS: usize = 400;

#[test]
fn what_was_found_stays_mended() {
    let root = format!("{}/tests/fixtures/fuzz", env!("CARGO_MANIFEST_DIR"));
    let mut run = 0;
    for folder in fs::read_dir(&root).expect("a folder of findings") {
        let folder = folder.expect("listed").path();
        let name = folder.file_name().and_then(|name| name.to_str()).expect("the name of a target");
        let (_, target) = targets::ALL.iter().find(|(known, _)| *known == name).expect(name);
        for file in fs::read_dir(&folder).expect("a folder") {
            target(&fs::read(file.expect("listed").path()).expect("a finding"));
            run += 1;
        }
    }
    assert!(run > 0, "no findings in {root}");
}

#[test]
fn changed_inputs_are_read_or_refused() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (name, target) in targets::ALL {
        let seeds = seeds::of(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in &seeds {
            target(seed);
        }
        for _ in 0..ROUNDS {
            target(&changed(&seeds, &mut random));
        }
    }
}

/// Every target is a binary of the fuzz package, with seeds of its own.
#[test]
fn the_fuzz_package_has_every_target() {
    let root = format!("{}/tests/fuzz", env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(format!("{root}/Cargo.toml")).expect("the fuzz package");
    for (name, _) in targets::ALL {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is no binary");
        let text = fs::read_to_string(format!("{root}/fuzz_targets/{name}.rs")).expect(name);
        assert!(text.contains(&format!("targets::{name}(data)")), "{name}: {text}");
    }
}

/// A seed with bytes changed, numbers replaced, pieces repeated, dropped or taken from another seed.
fn changed(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    const BYTES: [u8; 12] = [0, 1, 0x7f, 0x80, 0xff, b'9', b'"', b'(', b')', b',', b'-', b'\n'];
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(64)).min(bytes.len());
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = BYTES[random.below(BYTES.len())],
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let piece = &other[from..(from + random.below(64)).min(other.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
            // A length or a count becomes another.
            _ => {
                let number = [0, 1, u64::from(u32::MAX), 1 << 40, u64::MAX][random.below(5)].to_le_bytes();
                let end = (at + 8).min(bytes.len());
                bytes.splice(at..end, number);
            }
        }
    }
    bytes
}

/// xorshift64, so that a failure comes again.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }
}
