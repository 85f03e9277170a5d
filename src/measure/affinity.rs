//! Which processors a thread may run on: to fill memory on one NUMA node and read it from another.

use std::io;

/// As many processors as the system's own set holds (`CPU_SETSIZE`); later ones are left out.
const MOST: usize = 1024;

/// A set of processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpus([u64; MOST / 64]);

impl Cpus {
    /// Those of a list; none where nothing is left of it.
    pub fn of(list: &[u32]) -> Option<Self> {
        let mut set = Self([0; MOST / 64]);
        for cpu in list.iter().map(|cpu| *cpu as usize).filter(|cpu| *cpu < MOST) {
            set.0[cpu / 64] |= 1 << (cpu % 64);
        }
        (set.count() > 0).then_some(set)
    }

    /// Those both have; none where there is none.
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self(std::array::from_fn(|word| self.0[word] & other.0[word]));
        (both.count() > 0).then_some(both)
    }

    /// How many.
    pub fn count(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Those the calling thread may run on: a container may have fewer than the machine.
    pub fn allowed() -> Option<Self> {
        system::allowed()
    }

    /// Has the calling thread run on these alone from now on.
    ///
    /// # Errors
    /// What the system says; everywhere but on Linux that it cannot be asked for.
    pub fn run_here(self) -> io::Result<()> {
        system::run_on(self)
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::io;

    use super::Cpus;

    pub fn allowed() -> Option<Cpus> {
        let mut set = Cpus([0; super::MOST / 64]);
        // SAFETY: the call writes at most the size it is told, into an array of that size.
        let done = unsafe { libc::sched_getaffinity(0, size_of::<Cpus>(), (&raw mut set.0).cast()) };
        (done == 0 && set.count() > 0).then_some(set)
    }

    pub fn run_on(cpus: Cpus) -> io::Result<()> {
        // SAFETY: the call reads the size it is told, from an array of that size; thread 0 is the caller.
        let done = unsafe { libc::sched_setaffinity(0, size_of::<Cpus>(), (&raw const cpus.0).cast()) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;

    use super::Cpus;

    pub fn allowed() -> Option<Cpus> {
        None
    }

    pub fn run_on(_cpus: Cpus) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_counted_and_met() {
        let set = Cpus::of(&[0, 63, 64, 1023, 1024, 9999]).expect("some");
        assert_eq!(set.count(), 4);
        assert_eq!(set.and(Cpus::of(&[64, 65]).expect("some")), Cpus::of(&[64]));
        assert_eq!((Cpus::of(&[]), Cpus::of(&[4096]), set.and(Cpus::of(&[7]).expect("one"))), (None, None, None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_runs_where_it_is_put() {
        let before = Cpus::allowed().expect("this thread runs somewhere");
        let seen = std::thread::spawn(move || {
            let first = (0..MOST as u32).find(|cpu| Cpus::of(&[*cpu]).and_then(|one| one.and(before)).is_some());
            let one = Cpus::of(&[first.expect("one")]).expect("one");
            one.run_here().expect("it may");
            (Cpus::allowed(), one)
        });
        let (seen, one) = seen.join().expect("it ended");
        assert_eq!(seen, Some(one));
        assert_eq!(Cpus::allowed(), Some(before), "other threads stay where they are");
        // A processor that is not there is refused, not passed over.
        let absent = Cpus::of(&[1023]).expect("one");
        assert!(
            before.and(absent).is_some()
                || std::thread::spawn(move || absent.run_here()).join().expect("ended").is_err()
        );
    }
}
