//! Where `run` keeps things, and where it finds them.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// The cache of this user: `$SWITCHYARD_CACHE`, or `switchyard` in the XDG cache directory.
pub(crate) fn cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = set("SWITCHYARD_CACHE");
    let xdg = || set("XDG_CACHE_HOME").map(|cache| cache.join("switchyard"));
    let home = || set("HOME").map(|home| home.join(".cache/switchyard"));
    own.or_else(xdg).or_else(home).unwrap_or_else(|| PathBuf::from(".cache/switchyard"))
}

/// A directory of this run that only its user can read; it is removed when dropped.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    path: PathBuf,
}

impl StateDirectory {
    /// Makes it.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn make() -> Result<Self, String> {
        let path = absolute(&cache().join(format!("run-{}", std::process::id())))?;
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        let parent = path.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(parent).map_err(told)?;
        // Left by an earlier process of the same number that was killed.
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(told)?;
        }
        // Keys may be in the configuration.
        std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(told)?;
        Ok(StateDirectory { path })
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file so that a reader sees the old one or the new one, never a part.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let (target, fresh) = (self.file(name), self.file(&format!("{name}.new")));
        std::fs::write(&fresh, text)
            .and_then(|()| std::fs::rename(&fresh, &target))
            .map_err(|error| format!("{}: {error}", target.display()))
    }
}

impl Drop for StateDirectory {
    fn drop(&mut self) {
        // Nothing can be done when it stays; the next run of this number removes it.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The filter: as asked for, or as built.
///
/// # Errors
/// It is nowhere; the text says what to do.
pub(crate) fn wasm(asked: Option<PathBuf>) -> Result<PathBuf, String> {
    let asked = asked
        .or_else(|| std::env::var_os("SWITCHYARD_WASM").filter(|set| !set.is_empty()).map(PathBuf::from));
    if let Some(path) = asked {
        if path.is_file() {
            return absolute(&path);
        }
        return Err(format!("{}: there is no filter: build it with `make wasm`", path.display()));
    }
    let built = Path::new("dist/switchyard.wasm");
    let executable = std::env::current_exe().ok();
    let beside = executable.iter().flat_map(|path| path.ancestors().skip(1)).map(|above| above.join(built));
    let mut places = std::iter::once(built.to_owned()).chain(beside);
    match places.find(|path| path.is_file()) {
        Some(path) => absolute(&path),
        None => {
            Err("dist/switchyard.wasm is missing: build it with `make wasm`, or name it with --wasm"
                .to_owned())
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}
