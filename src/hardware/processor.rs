//! A processor under the names that systems and data sheets give it.

/// The name alone, in lower case and without blanks, the same for `Intel(R) Core(TM) i7-12700H`, `i7-12700H` and
/// `12th Gen Intel(R) Core(TM) i7-12700H`; for `AMD Ryzen Threadripper 7980X 64-Cores` and `TR 7980X`; for
/// `Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz` and `E5-2690v4`. Empty where nothing of a name is left, as of a virtual
/// machine's `Intel(R) Xeon(R) Processor`.
fn plain(name: &str) -> String {
    const SAY_NOTHING: [&str; 9] = ["amd", "intel", "apple", "core", "xeon", "cpu", "processor", "gen", "ryzen"];
    let lower = name.to_ascii_lowercase().replace("(r)", " ").replace("(tm)", " ");
    // Behind the name stand its graphics, its clock, or a remark.
    let end = [" w/", " with ", "@", "("].into_iter().filter_map(|mark| lower.find(mark)).min();
    let lower = &lower[..end.unwrap_or(lower.len())];
    let mut plain = String::new();
    for word in lower.split_whitespace() {
        let is_cores = word.ends_with("-core") || word.ends_with("-cores");
        let is_generation = word.ends_with("th") && word.starts_with(|c: char| c.is_ascii_digit());
        if SAY_NOTHING.contains(&word) || is_cores || is_generation {
            continue;
        }
        plain.push_str(match word {
            "threadripper" => "tr",
            // "R7 7840HS" is short for "Ryzen 7 7840HS".
            "r3" | "r5" | "r7" | "r9" => &word[1..],
            _ => word,
        });
    }
    plain
}

/// Whether a row, which may name several processors, means this one. `2x` before a name counts its sockets.
pub(super) fn means(row: &str, name: &str) -> bool {
    let name = plain(name);
    !name.is_empty() && row.split(" / ").any(|one| plain(one) == name)
}

#[cfg(test)]
mod tests {
    use crate::hardware::{MemoryPlatform, platform_of};
    use crate::units::BytesPerSecond;

    use super::*;

    #[test]
    fn what_systems_say_is_what_rows_say() {
        for (row, reported) in [
            ("EPYC 9654", "AMD EPYC 9654 96-Core Processor"),
            ("2x EPYC 7452", "2x AMD EPYC 7452 32-Core Processor"),
            ("i7-12700H / R7 6800H", "12th Gen Intel(R) Core(TM) i7-12700H"),
            ("i7-12700H / R7 6800H", "AMD Ryzen 7 6800H with Radeon Graphics"),
            ("R7 7840HS", "AMD Ryzen 7 7840HS w/ Radeon 780M Graphics"),
            ("Core Ultra 7 155H", "Intel(R) Core(TM) Ultra 7 155H"),
            ("Ryzen AI Max+ 395", "AMD RYZEN AI MAX+ 395 w/ Radeon 8060S"),
            ("TR PRO 7965WX (4 CCD)", "AMD Ryzen Threadripper PRO 7965WX 24-Cores"),
            ("2x E5-2690v4", "2x Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz"),
            ("Platinum 8480+", "Intel(R) Xeon(R) Platinum 8480+"),
            ("Intel N100", "Intel(R) N100"),
            ("M3 Max", "Apple M3 Max"),
        ] {
            assert!(means(row, reported), "{row}, {reported}: {} {}", plain(row), plain(reported));
        }
    }

    #[test]
    fn no_processor_is_taken_for_another() {
        for (row, reported) in [
            ("EPYC 9654", "AMD EPYC"),
            ("EPYC 9654", "2x AMD EPYC 9654 96-Core Processor"),
            ("Xeon 6980P", "Intel(R) Xeon(R) Processor"),
            ("Ryzen 9 7950X", "AMD Ryzen 9 7950X3D 16-Core Processor"),
            ("Ryzen 9 7950X 4x48GB", "AMD Ryzen 9 7950X 16-Core Processor"),
            ("i7-6700K", "Intel(R) Core(TM) i7-6700 CPU @ 3.40GHz"),
            ("M3", "Apple M3 Max"),
            ("EPYC 9654", ""),
            ("", ""),
        ] {
            assert!(!means(row, reported), "{row}, {reported}");
        }
    }

    #[test]
    fn of_several_rows_the_slowest_is_meant_and_only_where_they_agree() {
        let row = |cpu: &str, channels: f64, gb: f64| MemoryPlatform {
            cpu: cpu.into(),
            channels: Some(channels),
            bandwidth: BytesPerSecond::new(gb * 1e9),
            ..MemoryPlatform::default()
        };
        let rows = [
            row("Xeon 6980P", 12.0, 844.8),
            row("Xeon 6980P", 12.0, 614.4),
            row("i7-6700K", 2.0, 34.1),
            row("i7-6700K", 1.0, 17.0),
        ];
        let rate = |cpu: &str| platform_of(&rows, cpu).and_then(|row| row.bandwidth).map(|rate| rate.to_string());
        assert_eq!(rate("Intel(R) Xeon(R) 6980P").as_deref(), Some("614 GB/s"));
        assert_eq!(rate("Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz"), None);
        assert_eq!(rate("Intel(R) Xeon(R) Processor"), None);
    }
}
