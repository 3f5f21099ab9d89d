//! Recorded traffic and a corpus of requests, through the converters, against referees that are not ours: small readers
//! of each provider's format, and the types of the vendors' own SDKs.
//!
//! `make conformance` runs it. Its last line is the verdict.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod client;
mod embed;
mod files;
mod frame;
mod messages;
mod read;
mod replay;
mod report;
mod requests;
mod responses_client;

use std::{process::ExitCode, thread};

use client::Schemas;
use report::Report;

fn main() -> ExitCode {
    let mut report = Report::default();
    recordings(&mut report);
    requests::run(&mut report);
    if report.verdict() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn recordings(report: &mut Report) {
    let Some(recordings) = files::all() else {
        return report.skip("recordings", "../shared/recordings is not there");
    };
    let schemas = Schemas::read();
    if schemas.is_none() {
        report.skip("schemas", "../shared/validators is not there");
    }
    // Only the names that the argument holds, where there is one.
    let only = std::env::args().nth(1).unwrap_or_default();
    let chosen: Vec<_> = recordings.iter().filter(|recording| recording.name.contains(&only)).collect();
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let schemas = schemas.as_ref();
        let share = |worker: usize| {
            let mine: Vec<_> = chosen.iter().skip(worker).step_by(workers).copied().collect();
            scope.spawn(move || {
                let mut report = Report::default();
                mine.into_iter().for_each(|recording| replay::replay(recording, schemas, &mut report));
                report
            })
        };
        let running: Vec<_> = (0..workers).map(share).collect();
        running.into_iter().for_each(|worker| report.join(worker.join().unwrap()));
    });
}
