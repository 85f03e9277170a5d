//! Holds the palette to its promises: WCAG 2 contrast, and CIEDE2000 distance as seen with normal sight and with
//! protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009, severity 1.0).

use egui::Color32;

use super::theme::{DARK, LIGHT, Palette, contrast, text_on};

type Lab = [f64; 3];
type Matrix = [[f64; 3]; 3];

/// Linear sRGB to linear sRGB, by sight.
const SIGHTS: [(&str, Matrix); 4] = [
    ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protan",
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    ),
    (
        "deutan",
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    ),
    (
        "tritan",
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ),
];

const TO_XYZ: Matrix = [
    [0.412_456_4, 0.357_576_1, 0.180_437_5],
    [0.212_672_9, 0.715_152_2, 0.072_175_0],
    [0.019_333_9, 0.119_192_0, 0.950_304_1],
];

#[test]
fn text_reads_on_every_ground() {
    for p in [&DARK, &LIGHT] {
        for text in [p.t1, p.t2, p.t3] {
            for ground in [p.bg0, p.bg1, p.bg2, p.bg3] {
                at_least(4.5, text, ground);
            }
        }
        at_least(4.5, p.on_accent, p.accent);
        for ground in [p.bg0, p.bg1, p.bg2] {
            at_least(4.5, p.accent, ground);
            at_least(3.0, p.focus, ground);
        }
        for [fill, text] in [[p.bg4, p.t1], [p.accent, p.on_accent]] {
            at_least(4.5, text, fill);
        }
    }
}

#[test]
fn verdicts_and_pools_read_as_text() {
    for p in [&DARK, &LIGHT] {
        for color in verdicts(p).into_iter().chain(pools(p)) {
            at_least(4.5, color, p.bg0);
            at_least(4.5, color, p.bg2);
        }
    }
}

#[test]
fn fills_stand_out_and_carry_text() {
    for p in [&DARK, &LIGHT] {
        for color in parts(p).into_iter().chain(bill(p)).chain(classes(p)) {
            at_least(3.0, color, p.bg0);
            at_least(3.0, color, p.bg2);
        }
        for fill in sets(p).concat() {
            at_least(4.5, text_on(fill), fill);
        }
    }
}

#[test]
fn no_two_of_a_set_look_alike() {
    for p in [&DARK, &LIGHT] {
        for set in sets(p) {
            for (sight, matrix) in &SIGHTS {
                let seen: Vec<Lab> = set.iter().map(|&color| lab(color, matrix)).collect();
                for (i, &a) in seen.iter().enumerate() {
                    for (j, &b) in seen.iter().enumerate().skip(i + 1) {
                        let distance = ciede2000(a, b);
                        assert!(distance >= 10.0, "{sight}: {:?} and {:?} are {distance:.1} apart", set[i], set[j]);
                    }
                }
            }
        }
    }
}

/// The published test data of Sharma, Wu and Dalal 2005, so that the formula itself is held.
#[test]
fn ciede2000_agrees_with_its_paper() {
    for (a, b, expected) in [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, -1.0, 2.0], [50.0, 0.0, 0.0], 2.3669),
        ([50.0, 2.49, -0.001], [50.0, -2.49, 0.0011], 7.2195),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([50.0, 2.5, 0.0], [58.0, 24.0, 15.0], 19.4535),
        ([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082),
    ] {
        let distance = ciede2000(a, b);
        assert!((distance - expected).abs() < 1e-4, "{distance} for {expected}");
    }
}

fn verdicts(p: &Palette) -> [Color32; 5] {
    let v = &p.verdict;
    [v.well, v.slowly, v.tight, v.disk, v.no]
}

fn parts(p: &Palette) -> [Color32; 4] {
    [p.part.weights, p.part.kv, p.part.state, p.part.buffers]
}

fn pools(p: &Palette) -> [Color32; 3] {
    [p.pool.vram, p.pool.ram, p.pool.disk]
}

fn bill(p: &Palette) -> [Color32; 5] {
    let b = &p.bill;
    [b.ram, b.gpu, b.attention, b.launch, b.link]
}

fn classes(p: &Palette) -> [Color32; 6] {
    let c = &p.class;
    [c.dense, c.sparse, c.several, c.apple, c.experts, c.cpu]
}

fn sets(p: &Palette) -> [Vec<Color32>; 5] {
    [verdicts(p).to_vec(), parts(p).to_vec(), pools(p).to_vec(), bill(p).to_vec(), classes(p).to_vec()]
}

#[track_caller]
fn at_least(least: f64, color: Color32, ground: Color32) {
    let found = contrast(color, ground);
    assert!(found >= least, "{color:?} on {ground:?}: {found:.2} is under {least}");
}

fn lab(color: Color32, sight: &Matrix) -> Lab {
    let linear = [color.r(), color.g(), color.b()].map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    let seen = times(sight, linear).map(|c| c.clamp(0.0, 1.0));
    let [x, y, z] = times(&TO_XYZ, seen);
    let [fx, fy, fz] =
        [x / 0.950_47, y, z / 1.088_83].map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)]
}

fn times(matrix: &Matrix, v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula", 2005. The names are theirs, primes left out.
#[expect(clippy::many_single_char_names)]
fn ciede2000([l1, a1, b1]: Lab, [l2, a2, b2]: Lab) -> f64 {
    let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25_f64.powi(7))).sqrt();
    let g = 0.5 * (1.0 - seventh(f64::midpoint(a1.hypot(b1), a2.hypot(b2))));
    let (a1, a2) = (a1 * (1.0 + g), a2 * (1.0 + g));
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let grey = c1 * c2 == 0.0;

    let turn = match h2 - h1 {
        _ if grey => 0.0,
        turn if turn > 180.0 => turn - 360.0,
        turn if turn < -180.0 => turn + 360.0,
        turn => turn,
    };
    let h = match h1 + h2 {
        sum if grey => sum,
        sum if (h1 - h2).abs() <= 180.0 => sum / 2.0,
        sum if sum < 360.0 => f64::midpoint(sum, 360.0),
        sum => (sum - 360.0) / 2.0,
    };
    let (l, c) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0) - 0.2 * cos(4.0 * h - 63.0);
    let rotation = 30.0 * (-((h - 275.0) / 25.0).powi(2)).exp();
    let r = -(2.0 * rotation).to_radians().sin() * 2.0 * seventh(c);

    let l_term = (l2 - l1) / (1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt());
    let c_term = (c2 - c1) / (1.0 + 0.045 * c);
    let h_term = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin() / (1.0 + 0.015 * c * t);
    (l_term.powi(2) + c_term.powi(2) + h_term.powi(2) + r * c_term * h_term).sqrt()
}

fn hue(a: f64, b: f64) -> f64 {
    b.atan2(a).to_degrees().rem_euclid(360.0)
}
