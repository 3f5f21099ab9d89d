//! Envoy as a child process.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use super::{
    find::Found,
    http::{self, Answer},
    place::StateDirectory,
};

/// How long Envoy may take until it is ready.
const START: Duration = Duration::from_secs(30);

/// How long the old listener has after a reload, for streams and for connections that clients have kept.
pub(crate) const DRAIN: Duration = Duration::from_secs(3600);

/// How long one question to the admin page may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running Envoy.
#[derive(Debug)]
pub(crate) struct Envoy {
    child: Child,
    admin: SocketAddr,
    log: PathBuf,
}

impl Envoy {
    /// Starts Envoy on `bootstrap.yaml` of the state directory and waits until it serves.
    ///
    /// # Errors
    /// It does not start; the text holds Envoy's own reason.
    pub(crate) async fn start(
        found: &Found,
        state: &StateDirectory,
        admin: SocketAddr,
        concurrency: usize,
    ) -> Result<Self, String> {
        let log = state.file("envoy.log");
        let file = std::fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let child = Command::new(&found.program)
            .arg("-c")
            .arg(state.file("bootstrap.yaml"))
            .args(["--disable-hot-restart", "--log-level", "warning"])
            .args(["--concurrency", &concurrency.to_string()])
            // After a reload the old listener ends its connections after the request in hand.
            .args(["--drain-strategy", "immediate", "--drain-time-s", &DRAIN.as_secs().to_string()])
            .stdin(Stdio::null())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", found.program.display()))?;
        let mut envoy = Envoy { child, admin, log };
        envoy.wait_until_ready().await?;
        Ok(envoy)
    }

    async fn wait_until_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("Envoy did not start ({status}): {}", self.last_words()));
            }
            if matches!(self.ask("GET", "/ready").await, Ok(Answer { status: 200, .. })) {
                match self.stat("listener_manager.lds.update_rejected").await {
                    Some(0) if self.stat("listener_manager.total_listeners_active").await >= Some(1) => {
                        return Ok(());
                    }
                    Some(0) | None => {}
                    Some(_) => return Err(format!("Envoy refuses the configuration: {}", self.last_words())),
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err(format!("Envoy was not ready within {} s: {}", START.as_secs(), self.last_words()))
    }

    /// Waits until Envoy ends by itself.
    pub(crate) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("Envoy ended ({status}): {}", self.last_words()),
            Err(error) => format!("Envoy: {error}"),
        }
    }

    /// Stops it: by asking, then by force.
    pub(crate) async fn stop(mut self) {
        // Whether it heard shows in the wait.
        let _ = self.ask("POST", "/quitquitquit").await;
        if timeout(Duration::from_secs(5), self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }

    /// Asks the admin page.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn ask(&self, method: &str, path: &str) -> Result<Answer, String> {
        http::ask(self.admin, method, path, PATIENCE).await
    }

    /// One number of Envoy's statistics.
    pub(crate) async fn stat(&self, name: &str) -> Option<u64> {
        self.text(name).await?.parse().ok()
    }

    /// One text of Envoy's statistics; texts are quoted there.
    pub(crate) async fn text(&self, name: &str) -> Option<String> {
        let answer = self.ask("GET", &format!("/stats?filter=^{name}$")).await.ok()?;
        let value = answer.body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))?;
        Some(value.trim_matches('"').to_owned())
    }

    /// The last line of Envoy's log that tells of something wrong.
    pub(crate) fn last_words(&self) -> String {
        let text =
            std::fs::read(&self.log).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        last_error(&text)
    }
}

/// Has Envoy check a whole configuration without serving it.
///
/// # Errors
/// Envoy's own reason.
pub(crate) async fn validate(found: &Found, file: &Path) -> Result<(), String> {
    let output = Command::new(&found.program)
        .args(["--mode", "validate", "--disable-hot-restart", "--log-level", "error", "-c"])
        .arg(file)
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("{}: {error}", found.program.display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(last_error(&String::from_utf8(output.stderr).unwrap_or_default()))
}

/// The last two lines of a log that are errors, without time and place; else its last line. The last line often says
/// only where, and the one before it why.
fn last_error(log: &str) -> String {
    let wrong = |line: &&str| ["[critical]", "[error]", "[warning]"].iter().any(|level| line.contains(level));
    let mut lines: Vec<&str> = log.lines().rev().filter(wrong).take(2).map(said).collect();
    lines.reverse();
    if lines.is_empty() {
        let last = log.lines().rev().find(|line| !line.trim().is_empty());
        return last.unwrap_or("it said nothing").to_owned();
    }
    lines.join("; ")
}

/// A line of the log without what stands before its words: `[time][thread][level][logger] [source.cc:1] words`.
fn said(line: &str) -> &str {
    line.rsplit_once(".cc:").and_then(|(_, rest)| rest.split_once("] ")).map_or(line, |(_, said)| said)
}

#[cfg(test)]
mod tests {
    use super::last_error;

    #[test]
    fn the_last_error_of_a_log_is_told_without_its_place() {
        let log = "[2026-01-01 00:00:00.000][1][error][wasm] [source/wasm.cc:1] no module\n\
                   [2026-01-01 00:00:00.000][1][critical][main] [source/server/server.cc:1] no such field: 'x'\n\
                   [2026-01-01 00:00:00.000][1][info][main] [source/server/server.cc:2] exiting\n";
        assert_eq!(last_error(log), "no module; no such field: 'x'");
        assert_eq!(last_error("plain words\n"), "plain words");
        assert_eq!(last_error(""), "it said nothing");
    }
}
