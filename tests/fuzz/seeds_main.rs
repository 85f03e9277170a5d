//! Writes a first corpus: `cargo run --bin seeds` in this folder fills `corpus/TARGET/`.

#[path = "../gguf/mod.rs"]
mod gguf;
mod seeds;
mod targets;

use std::{fs, path::Path};

fn main() -> std::io::Result<()> {
    for (target, _) in targets::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds::of(target).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
    }
    Ok(())
}
