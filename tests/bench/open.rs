//! How long it takes to open a file of 400 GB: only its header is read.

#[path = "../gguf/mod.rs"]
mod gguf;
#[path = "../golden/mod.rs"]
mod golden;

use std::fs;
use std::hint::black_box;

use criterion::Criterion;
use willitrun::library::open_gguf;

fn open(criterion: &mut Criterion) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("R1.gguf");
    let (file, length) = gguf::table::large(&golden::models()["DeepSeek-R1"]);
    fs::write(&path, file.header()).expect("written");
    let disk = fs::File::options().write(true).open(&path).expect("there");
    disk.set_len(length).expect("a file system that keeps long files of nothing");
    println!("{} GB, header of {} bytes, {} tensors", length / 1_000_000_000, file.header().len(), file.tensors.len());
    criterion.bench_function("open a GGUF of 400 GB", |bench| bench.iter(|| open_gguf(black_box(&path))));
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    open(&mut criterion);
    criterion.final_summary();
}
