//! A child with all that it starts: one process group on Unix, one job on Windows, ended together.
//!
//! Invariant: when a [`Family`] is gone, so are the child and what it left running; on Unix only a process that made a
//! group of its own escapes. A group is killed only while its leader is not yet collected, so that its number cannot
//! mean anybody else.

use std::io;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A process inside a hanging driver does not even die; then it is left alone.
const GRACE: Duration = Duration::from_secs(1);
/// Between two looks at a dying child.
const PAUSE: Duration = Duration::from_millis(5);

/// A running child and all that it starts.
pub(super) struct Family {
    child: Child,
    /// All is ended, and the child collected if it could be.
    ended: bool,
    #[cfg(windows)]
    job: Option<job::Job>,
}

impl Family {
    /// Starts a command without input whose output is read by [`stdout`](Self::stdout).
    ///
    /// # Errors
    /// The system's, when it cannot be started.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        die_with_parent(command);
        // SAFETY: the default action is no code. Where whoever started this program had the signal ignored, the system
        // would collect children itself, and their numbers could come to mean others.
        #[cfg(unix)]
        unsafe {
            libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        }
        let child = command.spawn()?;
        Ok(Self {
            #[cfg(windows)]
            job: job::Job::around(&child),
            child,
            ended: false,
        })
    }

    /// What it prints; once.
    pub(super) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Whether the child itself has ended. It is not collected by that.
    ///
    /// # Errors
    /// The system's.
    #[cfg(unix)]
    pub(super) fn has_ended(&mut self) -> io::Result<bool> {
        let mut about = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: `about` is plain data, zeroed, which the call fills or leaves as it is.
        let (status, about) =
            unsafe { (libc::waitid(libc::P_PID, self.child.id(), about.as_mut_ptr(), options), about.assume_init()) };
        if status == 0 { Ok(about.si_signo != 0) } else { Err(io::Error::last_os_error()) }
    }

    #[cfg(not(unix))]
    pub(super) fn has_ended(&mut self) -> io::Result<bool> {
        self.child.try_wait().map(|status| status.is_some())
    }

    /// Ends the child if it still runs, and all that it started, and collects it: how it ended, if that can be told.
    pub(super) fn end(&mut self) -> Option<ExitStatus> {
        if !std::mem::replace(&mut self.ended, true) {
            self.end_others();
            let _ = self.child.kill();
        }
        let killed = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if killed.elapsed() < GRACE => std::thread::sleep(PAUSE),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The child leads a group of its own, which its children are in.
    #[cfg(unix)]
    fn end_others(&mut self) {
        if let Ok(group) = libc::pid_t::try_from(self.child.id()) {
            // SAFETY: plain call; the group is the child's own, made when it was started, and it is not collected yet.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }

    /// Closing the job ends all in it.
    #[cfg(windows)]
    fn end_others(&mut self) {
        self.job = None;
    }

    #[cfg(not(any(unix, windows)))]
    fn end_others(&mut self) {}
}

impl Drop for Family {
    fn drop(&mut self) {
        if !self.ended {
            self.end();
        }
    }
}

/// Linux ends the child with the thread that started it; elsewhere the child's own alarm has to do.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    // SAFETY: between fork and exec only prctl is called, which is a bare system call.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
}

/// The job ends the child with this program; no window of its own may flash up.
#[cfg(windows)]
fn die_with_parent(command: &mut Command) {
    use std::os::windows::process::CommandExt as _;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NO_WINDOW);
}

#[cfg(not(any(target_os = "linux", windows)))]
fn die_with_parent(_command: &mut Command) {}

#[cfg(windows)]
mod job {
    use std::os::windows::io::AsRawHandle as _;
    use std::process::Child;

    use windows::Win32::Foundation::{CloseHandle, HANDLE};
    use windows::Win32::System::JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    };

    /// A job whose processes end when its handle is closed, by us or with us.
    pub struct Job(HANDLE);

    impl Job {
        /// A job with this child in it, and all it starts from now on: it has only just been made, and loads its
        /// libraries first. None where the system refuses; then the child alone is ended.
        pub fn around(child: &Child) -> Option<Self> {
            // SAFETY: no name and no attributes; the handle belongs to the value that closes it.
            let job = Self(unsafe { CreateJobObjectW(None, windows::core::PCWSTR::null()) }.ok()?);
            let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
            limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
            let size = u32::try_from(size_of_val(&limits)).ok()?;
            // SAFETY: both handles are open, and the structure is the one that this class takes, in its size.
            unsafe {
                SetInformationJobObject(job.0, JobObjectExtendedLimitInformation, (&raw const limits).cast(), size)
                    .ok()?;
                AssignProcessToJobObject(job.0, HANDLE(child.as_raw_handle())).ok()?;
            }
            Some(job)
        }
    }

    impl Drop for Job {
        fn drop(&mut self) {
            // SAFETY: the handle is open and nobody else's.
            let _ = unsafe { CloseHandle(self.0) };
        }
    }
}
