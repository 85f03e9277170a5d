//! Looks for a program as a shell would, and takes it only from where nobody else can have put it.
//!
//! Invariant: what is found is an absolute path of a regular file that may be run, outside the current folder, in
//! folders that not everybody may write to.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// What came of looking for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// It is here.
    Found(PathBuf),
    /// It is there, but is not run from there; why.
    Refused(String),
    /// No folder of PATH holds it.
    Absent,
}

impl Program {
    /// Where it is, if it may be run.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Found(path) => Some(path),
            _ => None,
        }
    }
}

/// Looks through the folders of `PATH` for a program of this name.
#[must_use]
pub fn find(name: &str) -> Program {
    let folders: Vec<PathBuf> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    find_in(name, &folders, env::current_dir().ok().as_deref(), home().as_deref())
}

fn home() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|folders| folders.home_dir().to_owned())
}

/// Looks through folders, the first that holds it counts; one it may not be run from is passed over, and said if no
/// other holds it.
fn find_in(name: &str, folders: &[PathBuf], here: Option<&Path>, home: Option<&Path>) -> Program {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let mut refused = None;
    for folder in folders {
        let path = folder.join(&file);
        let Ok(about) = fs::metadata(&path) else { continue };
        if !about.is_file() || !is_executable(&about) {
            continue;
        }
        match trusted(&path, folder, here, home) {
            Ok(path) => return Program::Found(path),
            Err(why) => refused = refused.or(Some(format!("{name} is on PATH but is not run: {why}."))),
        }
    }
    refused.map_or(Program::Absent, Program::Refused)
}

/// The program without links, where it may be run.
fn trusted(path: &Path, folder: &Path, here: Option<&Path>, home: Option<&Path>) -> Result<PathBuf, String> {
    if !folder.is_absolute() {
        return Err("its folder is named relative to the current one".to_owned());
    }
    let whole = |path: &Path| fs::canonicalize(path).map_err(|error| format!("its path cannot be followed ({error})"));
    // The folder that PATH names, and the one the file lies in behind links.
    let (named, real) = (whole(folder)?, whole(path)?);
    let lies_in = real.parent().unwrap_or(&real).to_owned();
    if let Some(here) = here.and_then(|here| fs::canonicalize(here).ok()) {
        // Below the root or the home folder lies everything; there only the folder itself counts.
        let wide = here.parent().is_none() || home.and_then(|home| fs::canonicalize(home).ok()).as_ref() == Some(&here);
        let inside = |folder: &Path| if wide { folder == here } else { folder.starts_with(&here) };
        if inside(&named) || inside(&lies_in) {
            return Err("it lies in the current folder".to_owned());
        }
    }
    if anyone_may_change(&real, false) || [&named, &lies_in].into_iter().any(|folder| in_open_folder(folder)) {
        return Err("everybody on this machine may change it".to_owned());
    }
    Ok(real)
}

/// Whether everybody may put something else in place of this folder's files.
fn in_open_folder(folder: &Path) -> bool {
    let mut above = folder.ancestors();
    let own = above.next().is_some_and(|folder| anyone_may_change(folder, false));
    // In a folder above, what others own is safe where the sticky bit is set.
    own || above.any(|folder| anyone_may_change(folder, true))
}

#[cfg(unix)]
fn anyone_may_change(path: &Path, sticky_is_safe: bool) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).is_ok_and(|about| {
        let mode = about.mode();
        mode & 0o002 != 0 && !(sticky_is_safe && mode & 0o1000 != 0)
    })
}

/// Rights are kept otherwise there; a folder of PATH is the user's or the administrator's.
#[cfg(not(unix))]
fn anyone_may_change(_path: &Path, _sticky_is_safe: bool) -> bool {
    false
}

#[cfg(unix)]
fn is_executable(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    about.mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_about: &fs::Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    }

    /// A folder with a program in it.
    fn folder(root: &Path, name: &str) -> PathBuf {
        let folder = root.join(name);
        fs::create_dir_all(&folder).expect("a folder");
        mode(&folder, 0o755);
        let file = folder.join("llama-bench");
        fs::write(&file, "#!/bin/sh\n").expect("written");
        mode(&file, 0o755);
        folder
    }

    #[test]
    fn a_program_is_taken_from_safe_folders_alone() {
        let root = tempfile::tempdir().expect("a folder");
        let root = fs::canonicalize(root.path()).expect("there");
        let (good, open, here) = (folder(&root, "good"), folder(&root, "open"), folder(&root, "here"));
        mode(&open, 0o777);
        let below = folder(&root, "here/build/bin");
        let link = root.join("link");
        std::os::unix::fs::symlink(&here, &link).expect("a link");
        let found = |folders: &[&Path]| {
            let folders: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
            find_in("llama-bench", &folders, Some(&here), None)
        };
        assert_eq!(found(&[&good]), Program::Found(good.join("llama-bench")));
        assert_eq!(found(&[&root.join("none"), &root]), Program::Absent);
        for (folder, why) in [
            (here.as_path(), "it lies in the current folder"),
            (below.as_path(), "it lies in the current folder"),
            (link.as_path(), "it lies in the current folder"),
            (open.as_path(), "everybody on this machine may change it"),
        ] {
            assert_eq!(found(&[folder]), Program::Refused(format!("llama-bench is on PATH but is not run: {why}.")));
            // A safe one further on is taken all the same.
            assert_eq!(found(&[folder, &good]).path(), Some(good.join("llama-bench").as_path()));
        }
        mode(&good.join("llama-bench"), 0o777);
        assert_eq!(found(&[&good]).path(), None);
        mode(&good.join("llama-bench"), 0o644);
        assert_eq!(found(&[&good]), Program::Absent);
    }

    #[test]
    fn a_relative_folder_is_the_current_one_in_disguise() {
        let root = tempfile::tempdir().expect("a folder");
        let bin = folder(root.path(), "bin");
        let why = trusted(&bin.join("llama-bench"), Path::new("bin"), None, None).expect_err("relative");
        assert_eq!(why, "its folder is named relative to the current one");
    }

    #[test]
    fn at_home_a_folder_of_ones_own_is_no_current_folder() {
        let root = tempfile::tempdir().expect("a folder");
        let root = fs::canonicalize(root.path()).expect("there");
        let bin = folder(&root, ".local/bin");
        let ask = |home: Option<&Path>| find_in("llama-bench", std::slice::from_ref(&bin), Some(&root), home);
        assert_eq!(ask(Some(&root)), Program::Found(bin.join("llama-bench")));
        assert!(matches!(ask(None), Program::Refused(_)));
    }
}
