//! The console a headless command writes to.

/// Joins the console this was started from, where the program has none of its own: on Windows, as a program with a
/// window. What is redirected to a file or a pipe stays so.
///
/// Source: Microsoft Learn, "AttachConsole function".
#[cfg(windows)]
pub fn attach_console() {
    use windows::Win32::System::Console::{ATTACH_PARENT_PROCESS, AttachConsole};
    // SAFETY: takes no pointers; without a console to join it fails and changes nothing.
    let _ = unsafe { AttachConsole(ATTACH_PARENT_PROCESS) };
}

/// Elsewhere a program has the console it was started from.
#[cfg(not(windows))]
pub const fn attach_console() {}
