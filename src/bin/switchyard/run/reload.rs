//! A changed file takes effect without a restart.
//!
//! Envoy watches a file of clusters and a file of listeners. New clusters are added first, then the listener is
//! swapped. What is under way stays on the old listener until it ends, and a connection that a client has kept brings
//! one more request there. So clusters that the new file does not name stay for as long as the old listener: at no moment
//! does a request, or its second attempt, meet a pool that is not there.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use switchyard::config::file::types::Gateway;
use tokio::time::{Instant, sleep};

use super::{
    envoy::{self, Envoy},
    find::Found,
    place::StateDirectory,
    retired::Retired,
};
use crate::{
    check,
    render::envoy::{self as render, Options, Rendering},
};

/// How long Envoy may take to take over a file. It looks up names first.
const TAKE_OVER: Duration = Duration::from_secs(20);

/// How often the file is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(500);

/// Sees that a file has changed.
#[derive(Debug)]
pub(crate) struct Watch {
    path: PathBuf,
    stamp: Option<(SystemTime, u64)>,
    content: Vec<u8>,
}

impl Watch {
    /// Begins with the file as it is.
    pub(crate) fn new(path: &Path) -> Self {
        let content = std::fs::read(path).unwrap_or_default();
        Watch { path: path.to_owned(), stamp: stamp(path), content }
    }

    /// Whether the content is another than at the last call. A file that is gone for a moment, as while an editor
    /// saves it, has not changed.
    pub(crate) fn changed(&mut self) -> bool {
        let now = stamp(&self.path);
        if now.is_none() || now == self.stamp {
            return false;
        }
        let Ok(content) = std::fs::read(&self.path) else { return false };
        self.stamp = now;
        if content == self.content {
            return false;
        }
        self.content = content;
        true
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

/// What is being served, and what is needed to serve another.
#[derive(Debug)]
pub(crate) struct Serving {
    found: Found,
    options: Options,
    rendering: Rendering,
    /// What was served before, and may still be asked for.
    retired: Retired<Rendering>,
    version: u64,
}

impl Serving {
    /// Checks a configuration with Envoy and writes its files for a start.
    ///
    /// # Errors
    /// Envoy's reason to refuse it, or a file cannot be written.
    pub(crate) async fn prepare(
        found: Found,
        options: Options,
        gateway: &Gateway,
        state: &StateDirectory,
    ) -> Result<Self, String> {
        let rendering = validated(&found, &options, gateway, state).await?;
        state.write("cds.yaml", &rendering.clusters_file(1, std::iter::empty()))?;
        state.write("lds.yaml", &rendering.listeners_file(1))?;
        Ok(Serving { found, options, rendering, retired: Retired::default(), version: 1 })
    }

    /// What is being served.
    pub(crate) fn rendering(&self) -> &Rendering {
        &self.rendering
    }

    /// Reads the file again and serves it, if it is right.
    ///
    /// # Errors
    /// It is wrong, or Envoy refuses it. What was served before is still served then.
    pub(crate) async fn reload(
        &mut self,
        file: &Path,
        envoy: &Envoy,
        state: &StateDirectory,
    ) -> Result<Gateway, String> {
        let gateway = check::load(file)?;
        super::keys_are_there(&gateway)?;
        let new = validated(&self.found, &self.options, &gateway, state).await?;
        let result = self.swap(&new, envoy, state).await;
        if result.is_err() {
            // Envoy keeps what it had; the files must say the same, for they are read again at any later change.
            self.write_clusters(state)?;
            state.write("lds.yaml", &self.rendering.listeners_file(self.version))?;
        } else {
            let old = std::mem::replace(&mut self.rendering, new);
            self.retired.add(old, Instant::now(), envoy::DRAIN);
        }
        result.map(|()| gateway)
    }

    async fn swap(&mut self, new: &Rendering, envoy: &Envoy, state: &StateDirectory) -> Result<(), String> {
        self.version += 1;
        let old = std::iter::once(&self.rendering).chain(self.retired.iter());
        state.write("cds.yaml", &new.clusters_file(self.version, old))?;
        taken_over(envoy, "cluster_manager.cds", self.version).await?;
        state.write("lds.yaml", &new.listeners_file(self.version))?;
        taken_over(envoy, "listener_manager.lds", self.version).await
    }

    /// Removes clusters that nothing can ask for any more.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn tidy(&mut self, state: &StateDirectory) -> Result<(), String> {
        if self.retired.expire(Instant::now()) { self.write_clusters(state) } else { Ok(()) }
    }

    /// The clusters of what is served, and of what was.
    fn write_clusters(&mut self, state: &StateDirectory) -> Result<(), String> {
        self.version += 1;
        state.write("cds.yaml", &self.rendering.clusters_file(self.version, self.retired.iter()))
    }
}

async fn validated(
    found: &Found,
    options: &Options,
    gateway: &Gateway,
    state: &StateDirectory,
) -> Result<Rendering, String> {
    let rendering = render::render(gateway, options)?;
    state.write("candidate.yaml", &rendering.static_file())?;
    let checked = envoy::validate(found, &state.file("candidate.yaml")).await;
    checked.map_err(|reason| format!("Envoy refuses the configuration: {reason}"))?;
    Ok(rendering)
}

/// Waits until Envoy serves a version of a file.
async fn taken_over(envoy: &Envoy, service: &str, version: u64) -> Result<(), String> {
    let rejected = format!("{service}.update_rejected");
    let before = envoy.stat(&rejected).await;
    let version = version.to_string();
    let deadline = Instant::now() + TAKE_OVER;
    while Instant::now() < deadline {
        let arrived =
            envoy.text(&format!("{service}.version_text")).await.as_deref() == Some(version.as_str());
        // A new cluster serves only when its name has been looked up; a new listener only when it is warm.
        let warm = envoy.stat("cluster_manager.warming_clusters").await == Some(0)
            && envoy.stat("listener_manager.total_listeners_warming").await == Some(0);
        if arrived && warm {
            return Ok(());
        }
        if envoy.stat(&rejected).await > before {
            return Err(format!("Envoy refuses the configuration: {}", envoy.last_words()));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(format!("Envoy did not take over the new configuration within {} s", TAKE_OVER.as_secs()))
}
