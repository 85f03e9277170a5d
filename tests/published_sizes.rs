//! Our sizes against published ones, row by row: within 1 % or within the digits printed. Each row that differs
//! has its reason in the table; what is not the same thing is listed with why, and computed where it can be.

use willitrun::catalog::Catalog;
use willitrun::model::{Architecture, KvProjection};
use willitrun::quant::{Format, Imatrix, Mix, Part};

const TABLE: &str = include_str!("golden/published_sizes.csv");
/// The share of comparable rows that has to agree.
const AGREE: f64 = 0.95;
/// How far a file may be from its tensors: a header, a rounding.
const NEAR: f64 = 0.01;

struct Row {
    published: &'static str,
    model: &'static Architecture,
    mix: Mix,
    /// Whether there was an importance matrix, where the source says so.
    imatrix: Option<Imatrix>,
    printed: &'static str,
    unit: f64,
    comparable: bool,
    variant: &'static str,
    reason: &'static str,
    source: &'static str,
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(|line| read(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

fn read(line: &'static str) -> Option<Row> {
    let cells: Vec<&str> = line.split(',').collect();
    let [published, id, mix, imatrix, printed, unit, kind, variant, reason, source] = cells[..] else { return None };
    Some(Row {
        published,
        model: Catalog::builtin().model(id)?,
        mix: Mix::parse(mix)?,
        imatrix: if imatrix == "with" { Some(Imatrix::With) } else { None },
        printed,
        unit: match unit {
            "GB" => 1e9,
            "GiB" => 1_073_741_824.0,
            "B" => 1.0,
            _ => return None,
        },
        comparable: match kind {
            "same" => true,
            "other" => false,
            _ => return None,
        },
        variant,
        reason,
        source,
    })
}

impl Row {
    fn size(&self) -> f64 {
        self.printed.parse().expect("a number")
    }

    /// Half of the last digit printed; `404.0` and the like are whole numbers.
    fn digit(&self) -> f64 {
        let places =
            self.printed.strip_suffix(".0").unwrap_or(self.printed).split_once('.').map_or(0, |(_, d)| d.len());
        0.5 * 10_f64.powi(-i32::try_from(places).expect("few")) * 1.001
    }

    /// Our size in the unit printed.
    fn ours(&self, imatrix: Imatrix) -> f64 {
        bytes(self.model, self.mix, imatrix, self.variant) / self.unit
    }

    /// Our size, by the importance matrix the source names; where it names none, by the one that comes nearer.
    fn nearest(&self) -> f64 {
        let all = self.imatrix.map_or(vec![Imatrix::Without, Imatrix::With], |imatrix| vec![imatrix]);
        let sizes = all.into_iter().map(|imatrix| self.ours(imatrix));
        sizes.min_by(|a, b| (a - self.size()).abs().total_cmp(&(b - self.size()).abs())).expect("one at least")
    }

    fn off(&self) -> f64 {
        self.nearest() / self.size() - 1.0
    }

    fn in_digits(&self) -> bool {
        (self.nearest() - self.size()).abs() <= self.digit()
    }

    fn agrees(&self) -> bool {
        self.in_digits() || self.off().abs() <= NEAR
    }

    fn told(&self) -> String {
        format!(
            "{:+6.2} %  {} {}: {} printed, {:.3} ours; {} [{}]",
            self.off() * 100.0,
            self.published,
            self.mix.name(),
            self.printed,
            self.nearest(),
            self.reason,
            self.source
        )
    }
}

/// Bytes of a file, or of a variant of it that the table names.
fn bytes(model: &Architecture, mix: Mix, imatrix: Imatrix, variant: &str) -> f64 {
    let mut model = model.clone();
    let mut projection = KvProjection::Split;
    match variant {
        "joined" => projection = KvProjection::Joined,
        "llama" => "llama".clone_into(&mut model.gguf),
        "" | "without-mtp" | "embedding-q8_0" => {}
        _ => panic!("{variant} is no variant"),
    }
    let tensors = model.tensors_in(projection);
    let formats = mix.formats(&model.traits_in(projection), &tensors, imatrix);
    let sized =
        tensors.iter().zip(formats).filter(|(tensor, _)| variant != "without-mtp" || tensor.role.part != Part::Mtp);
    sized
        .map(|(tensor, format)| {
            let wide = variant == "embedding-q8_0" && tensor.role.part == Part::Embedding && format != Format::F32;
            let format = if wide { Format::Q8_0 } else { format };
            format.bytes(tensor.columns, tensor.rows * tensor.slices).as_f64()
        })
        .sum()
}

#[test]
fn comparable_files_have_the_published_size() {
    let rows = rows();
    let comparable: Vec<&Row> = rows.iter().filter(|row| row.comparable).collect();
    let (digits, agree) =
        (comparable.iter().filter(|row| row.in_digits()).count(), comparable.iter().filter(|row| row.agrees()).count());
    let mut worst: Vec<&&Row> = comparable.iter().filter(|row| !row.in_digits()).collect();
    worst.sort_by(|a, b| b.off().abs().total_cmp(&a.off().abs()));
    println!(
        "{} comparable rows: {digits} in every digit, {agree} within 1 % or their digits; {} listed apart",
        comparable.len(),
        rows.len() - comparable.len()
    );
    for row in worst.iter().take(12) {
        println!("{}", row.told());
    }
    assert!(comparable.len() >= 250, "{} comparable rows", comparable.len());
    assert!(agree as f64 >= AGREE * comparable.len() as f64, "{agree} of {} agree", comparable.len());
    // Exactly the rows that differ have a reason.
    for row in comparable {
        assert_eq!(row.agrees(), row.reason.is_empty(), "{}", row.told());
    }
}

#[test]
fn what_is_not_the_same_says_why_and_is_computed_where_it_can_be() {
    for row in rows().iter().filter(|row| !row.comparable) {
        assert!(!row.reason.is_empty(), "{}", row.told());
        if !row.variant.is_empty() {
            assert!(row.agrees(), "the variant {} does not explain it: {}", row.variant, row.told());
            println!("as {}: {}", row.variant, row.told());
        }
    }
}

#[test]
fn every_row_has_its_source() {
    for row in rows() {
        assert!(!row.source.is_empty(), "{}", row.published);
        assert!(row.size() > 0.0, "{}", row.published);
    }
}
