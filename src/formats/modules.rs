//! Modules of RAM as people write them.

use super::text::quoted;
use crate::advice::kits::{Build, Modules, REGISTERED_FROM};
use crate::hardware::MemoryPlatform;
use crate::units::Bytes;

/// The most kinds of modules that are read at a time, modules of one kind, and their range of sizes and speeds.
const MOST_KINDS: usize = 8;
const COUNTS: std::ops::RangeInclusive<u32> = 1..=64;
const SIZES_OF_ONE: std::ops::RangeInclusive<u64> = 1..=1024;
const SPEEDS: std::ops::RangeInclusive<u32> = 200..=20_000;

/// Modules as people write them: `4x64 RDIMM, 4x64@4800 LRDIMM`, sizes in GiB. Without a speed they run as fast as the
/// board, and without a kind they are of the kind such boards take.
///
/// ```
/// use willitrun::formats::modules::parse;
/// use willitrun::hardware::MemoryPlatform;
/// let board = MemoryPlatform { channels: Some(8.0), mega_transfers: Some(4800), ..MemoryPlatform::default() };
/// let found = parse("4x64 RDIMM, 4 x 32GB@3200 LRDIMM", &board)?;
/// assert_eq!((found[0].count, found[0].mega_transfers), (4, 4800.0));
/// assert_eq!((found[1].capacity().get() >> 30, found[1].build.name()), (128, "LRDIMM"));
/// assert!(parse("64", &board).is_err());
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// The sentence to show.
pub fn parse(text: &str, board: &MemoryPlatform) -> Result<Vec<Modules>, String> {
    let kinds: Vec<&str> = text.split(',').map(str::trim).filter(|kind| !kind.is_empty()).collect();
    if kinds.is_empty() || kinds.len() > MOST_KINDS {
        return Err(format!("write 1 to {MOST_KINDS} kinds of modules, such as 2x32, or 4x64 RDIMM, 4x64 LRDIMM"));
    }
    kinds.into_iter().map(|kind| one_kind(kind, board)).collect()
}

fn one_kind(text: &str, board: &MemoryPlatform) -> Result<Modules, String> {
    let wrong = || format!("{} is no kind of modules: write 2x32, or 4x64@4800 RDIMM", quoted(text));
    let plain = text.to_ascii_lowercase().replace('×', "x");
    let builds = [Build::Unbuffered, Build::Registered, Build::LoadReduced];
    let named = |build: &Build| plain.strip_suffix(&build.name().to_ascii_lowercase()).map(|rest| (*build, rest));
    // LRDIMM ends as RDIMM does.
    let (build, rest) =
        builds.iter().rev().find_map(named).map_or((None, plain.as_str()), |(build, rest)| (Some(build), rest));
    let (size, speed) = rest.split_once('@').map_or((rest, None), |(size, speed)| (size, Some(speed.trim())));
    let (count, each) = size.split_once('x').ok_or_else(wrong)?;
    let each = each.trim().trim_end_matches("gib").trim_end_matches("gb").trim();
    let count = count.trim().parse().ok().filter(|count| COUNTS.contains(count)).ok_or_else(wrong)?;
    let each = each.parse().ok().filter(|each| SIZES_OF_ONE.contains(each)).ok_or_else(wrong)?;
    let speed = match speed {
        Some(speed) => Some(speed.parse().ok().filter(|speed| SPEEDS.contains(speed)).ok_or_else(wrong)?),
        None => board.mega_transfers,
    };
    let usual = match board.channels {
        Some(channels) if channels >= REGISTERED_FROM => Build::Registered,
        _ => Build::Unbuffered,
    };
    let mega_transfers = speed.map_or(0.0, f64::from);
    Ok(Modules { count, each: Bytes::gib(each), mega_transfers, build: build.unwrap_or(usual) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_as_written() {
        let board = |channels: f64| MemoryPlatform {
            channels: Some(channels),
            mega_transfers: Some(5600),
            ..MemoryPlatform::default()
        };
        for (text, channels, count, gib, speed, build) in [
            ("2x32", 2.0, 2, 32, 5600.0, Build::Unbuffered),
            ("8x64", 8.0, 8, 64, 5600.0, Build::Registered),
            (" 4 × 64 GiB @ 4800  LRDIMM ", 8.0, 4, 64, 4800.0, Build::LoadReduced),
            ("4x64GB@3200rdimm,", 8.0, 4, 64, 3200.0, Build::Registered),
            ("2X16 UDIMM", 8.0, 2, 16, 5600.0, Build::Unbuffered),
        ] {
            let found = parse(text, &board(channels)).unwrap_or_else(|why| panic!("{text}: {why}"));
            let [kind] = found[..] else { panic!("{text}: {found:?}") };
            assert_eq!(
                (kind.count, kind.each, kind.mega_transfers, kind.build),
                (count, Bytes::gib(gib), speed, build)
            );
        }
        assert_eq!(parse("4x64 RDIMM, 4x32 LRDIMM", &board(8.0)).map(|kinds| kinds.len()), Ok(2));
        for bad in ["", ",", "64", "x64", "2x", "0x32", "65x1", "2x2048", "2x32@1", "2x32 SODIMMS", "2x-1", "2x1.5"] {
            assert!(parse(bad, &board(2.0)).is_err(), "{bad}");
        }
        assert!(parse(&"1x1,".repeat(9), &board(2.0)).is_err(), "too many kinds");
    }
}
