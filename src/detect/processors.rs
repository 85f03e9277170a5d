//! Sockets, cores, caches and NUMA nodes as Windows tells them: `GetLogicalProcessorInformationEx`.
//!
//! [`parse`] reads the bytes of its answer as they are laid out in `winnt.h`, so that it is tested on every system.
//! Invariant: a size that leads nowhere ends the reading, with what stood before it.

use std::collections::BTreeSet;

use crate::units::Bytes;

/// Relations (`LOGICAL_PROCESSOR_RELATIONSHIP`).
const CORE: u32 = 0;
const NUMA_NODE: u32 = 1;
const CACHE: u32 = 2;
const PACKAGE: u32 = 3;
/// A node whose processors are in several groups, told so from Windows 11 on.
const NUMA_NODE_EX: u32 = 6;
/// `PROCESSOR_CACHE_TYPE`.
const INSTRUCTIONS: u32 = 1;
/// Relation and size stand before each entry.
const HEAD: usize = 8;

/// What Windows tells of the processors; a count it does not tell is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processors {
    /// Sockets.
    pub packages: u32,
    /// Physical cores.
    pub cores: u32,
    /// Hardware threads.
    pub threads: u32,
    /// NUMA nodes with processors.
    pub numa_nodes: u32,
    /// All last-level caches together.
    pub last_level_cache: Option<Bytes>,
}

/// Asks Windows.
#[cfg(windows)]
#[must_use]
pub fn read() -> Processors {
    use windows::Win32::System::SystemInformation::{
        GetLogicalProcessorInformationEx, RelationAll, SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX,
    };
    /// More than any machine needs: some 100 bytes for each thread and cache.
    const MOST: u32 = 4 << 20;
    let mut size = 0;
    // SAFETY: without a buffer the call only tells the size, by an error that is expected.
    let _ = unsafe { GetLogicalProcessorInformationEx(RelationAll, None, &raw mut size) };
    // In words of eight bytes: the entries begin on such.
    let mut words = vec![0_u64; size.min(MOST).div_ceil(8) as usize];
    let mut written = u32::try_from(words.len() * 8).unwrap_or(0);
    let buffer = words.as_mut_ptr().cast::<SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX>();
    // SAFETY: the buffer holds as many bytes as `written` says, and is aligned for the entries.
    if unsafe { GetLogicalProcessorInformationEx(RelationAll, Some(buffer), &raw mut written) }.is_err() {
        return Processors::default();
    }
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).take(written as usize).collect();
    parse(&bytes, size_of::<usize>())
}

/// The entries of an answer, one behind the other. `mask` is the size of a mask of processors in bytes: 8 in a program
/// of 64 bit, 4 in one of 32.
#[must_use]
pub fn parse(bytes: &[u8], mask: usize) -> Processors {
    let mut told = Processors::default();
    let mut caches: Vec<(u8, u64)> = Vec::new();
    let mut nodes = BTreeSet::new();
    let mut rest = bytes;
    while let (Some(relation), Some(size)) = (dword(rest, 0), dword(rest, 4)) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Some((entry, after)) = rest.split_at_checked(size).filter(|_| size >= HEAD) else { break };
        match relation {
            CORE => {
                told.cores += 1;
                told.threads += threads(entry, mask);
            }
            NUMA_NODE | NUMA_NODE_EX if threads(entry, mask) > 0 => nodes.extend(dword(entry, 8)),
            PACKAGE => told.packages += 1,
            CACHE => {
                let kind = dword(entry, 16).filter(|kind| *kind != INSTRUCTIONS);
                if let (Some(level), Some(size), Some(_)) = (entry.get(8), dword(entry, 12), kind) {
                    caches.push((*level, u64::from(size)));
                }
            }
            _ => {}
        }
        rest = after;
    }
    told.numa_nodes = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
    let highest = caches.iter().map(|(level, _)| *level).max();
    let sum: Bytes =
        caches.iter().filter(|(level, _)| Some(*level) == highest).map(|(_, size)| Bytes::new(*size)).sum();
    told.last_level_cache = Some(sum).filter(|sum| *sum > Bytes::ZERO);
    told
}

/// The threads of a core or of a node: the bits of its masks (`PROCESSOR_RELATIONSHIP`, `NUMA_NODE_RELATIONSHIP`: the
/// number of groups at byte 30, then for each a mask, its group and six bytes). A node had but one group before Windows
/// 11, and 0 stood there.
fn threads(entry: &[u8], mask: usize) -> u32 {
    let groups = entry.get(30..32).map_or(0, |two| usize::from(u16::from_le_bytes([two[0], two[1]])));
    let masks = entry.get(32..).unwrap_or_default().chunks_exact(mask + 8).take(groups.max(1));
    masks.flat_map(|group| &group[..mask]).map(|byte| byte.count_ones()).sum()
}

fn dword(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of this relation and size with fields by their offset (winnt.h).
    fn entry(relation: u32, size: u32, fields: &[(usize, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; size as usize];
        bytes[..4].copy_from_slice(&relation.to_le_bytes());
        bytes[4..8].copy_from_slice(&size.to_le_bytes());
        for (at, field) in fields {
            bytes[*at..at + field.len()].copy_from_slice(field);
        }
        bytes
    }

    fn core(mask: u64) -> Vec<u8> {
        entry(CORE, 48, &[(30, &[1, 0]), (32, &mask.to_le_bytes())])
    }

    fn cache(level: u8, kibibytes: u32, kind: u32) -> Vec<u8> {
        let size = (kibibytes << 10).to_le_bytes();
        entry(CACHE, 56, &[(8, &[level]), (12, &size), (16, &kind.to_le_bytes()), (38, &[1, 0])])
    }

    /// Two dies of one socket, each with a cache of 32 MiB: two cores of two threads and one of one.
    fn desktop() -> Vec<u8> {
        [
            entry(PACKAGE, 48, &[(30, &[1, 0])]),
            core(0b11),
            core(0b1100),
            core(0b1_0000),
            cache(1, 32, 2),
            cache(1, 32, INSTRUCTIONS),
            cache(3, 32 << 10, 0),
            cache(3, 32 << 10, 0),
            entry(NUMA_NODE, 48, &[(32, &[0x1f])]),
            // The same once more, and one that has memory alone.
            entry(NUMA_NODE_EX, 48, &[(30, &[1, 0]), (32, &[0x1f])]),
            entry(NUMA_NODE, 48, &[(8, &[1])]),
            // The groups of processors say nothing new.
            entry(4, 80, &[]),
        ]
        .concat()
    }

    #[test]
    fn cores_threads_caches_and_nodes_are_counted() {
        let told = parse(&desktop(), 8);
        let last_level_cache = Some(Bytes::new(64 << 20));
        assert_eq!(told, Processors { packages: 1, cores: 3, threads: 5, numa_nodes: 1, last_level_cache });
    }

    #[test]
    fn a_program_of_32_bit_has_narrow_masks() {
        let core = entry(CORE, 44, &[(30, &[1, 0]), (32, &3_u32.to_le_bytes())]);
        assert_eq!(parse(&core, 4).threads, 2);
    }

    #[test]
    fn a_core_in_two_groups_counts_both() {
        let masks = [0xff_u64.to_le_bytes(), [0; 8], 1_u64.to_le_bytes(), [0; 8]].concat();
        assert_eq!(parse(&entry(CORE, 64, &[(30, &[2, 0]), (32, &masks)]), 8).threads, 9);
        // More groups than the entry holds.
        assert_eq!(parse(&entry(CORE, 48, &[(30, &[255, 255]), (32, &masks[..16])]), 8).threads, 8);
    }

    #[test]
    fn instructions_alone_are_no_cache_for_data() {
        assert_eq!(parse(&cache(3, 64, INSTRUCTIONS), 8).last_level_cache, None);
        assert_eq!(parse(&[], 8), Processors::default());
    }

    #[test]
    fn sizes_that_lead_nowhere_end_the_reading() {
        for size in [0, 7, u32::MAX] {
            let mut broken = [core(1), core(1)].concat();
            broken[52..56].copy_from_slice(&size.to_le_bytes());
            assert_eq!(parse(&broken, 8).cores, 1, "{size}");
        }
        // An entry too short for its fields.
        assert_eq!(parse(&entry(CACHE, 8, &[]), 8), Processors::default());
        assert_eq!(parse(&entry(CORE, 8, &[]), 8).threads, 0);
        let whole = desktop();
        for length in 0..whole.len() {
            let told = parse(&whole[..length], 8);
            assert!(told.cores <= 3 && told.threads <= 5 && told.packages <= 1, "{length}");
        }
    }
}
