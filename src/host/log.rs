//! The `log` crate's output, into the host's log.

use log::{Level, LevelFilter, Log, Metadata, Record};

struct HostLog;

static LOG: HostLog = HostLog;

/// Sends `info` and above to the host; what is below costs nothing.
pub(super) fn install() {
    // A second VM start in one instance finds the logger already there.
    if log::set_logger(&LOG).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

impl Log for HostLog {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // proxy-wasm counts 0 trace, 1 debug, 2 info, 3 warn, 4 error.
        let level = match record.level() {
            Level::Trace => 0,
            Level::Debug => 1,
            Level::Info => 2,
            Level::Warn => 3,
            Level::Error => 4,
        };
        super::abi::log(level, &record.args().to_string());
    }

    fn flush(&self) {}
}
