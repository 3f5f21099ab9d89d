//! What a cell saw and did.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// Violations that are kept in words; all are counted.
const KEPT: usize = 50;

/// The id of a request that had none.
pub const NO_ID: u64 = 0;

/// How one request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The reply holds the whole text and was written to its end.
    Served,
    /// A reply without the whole text was written to its end.
    Told,
    /// The fault broke the connection, or never answered until the peer left.
    Aborted,
    /// The peer left before the reply was all written.
    Cancelled,
}

/// Counts of a cell.
#[derive(Debug, Default)]
pub struct Counts {
    requests: u64,
    turns: u64,
    faulted: u64,
    served: u64,
    aborted: u64,
    cancelled: u64,
    ids: HashMap<u64, u32>,
    seen: HashMap<u64, u32>,
    violations: Vec<String>,
    violation_count: u64,
    concurrent: u64,
    peak: u64,
    first_ms: Option<u64>,
    last_ms: Option<u64>,
}

impl Counts {
    /// A request has come whole.
    pub fn begin(&mut self, id: u64, record: bool, now_ms: u64) {
        self.requests += 1;
        self.concurrent += 1;
        self.peak = self.peak.max(self.concurrent);
        self.first_ms.get_or_insert(now_ms);
        self.last_ms = Some(now_ms);
        if record {
            *self.seen.entry(id).or_default() += 1;
        }
    }

    /// Whether this request is one of each `every` that fail.
    pub fn fails(&mut self, every: u64) -> bool {
        self.turns += 1;
        let fails = self.turns.is_multiple_of(every);
        self.faulted += u64::from(fails);
        fails
    }

    /// A request has ended.
    pub fn end(&mut self, id: u64, record: bool, outcome: Outcome) {
        self.concurrent = self.concurrent.saturating_sub(1);
        match outcome {
            Outcome::Served => {
                self.served += 1;
                if record {
                    *self.ids.entry(id).or_default() += 1;
                }
            }
            Outcome::Told => {}
            Outcome::Aborted => self.aborted += 1,
            Outcome::Cancelled => self.cancelled += 1,
        }
    }

    /// Notes what is wrong with a request.
    pub fn note(&mut self, violations: Vec<String>) {
        self.violation_count += violations.len() as u64;
        let room = KEPT.saturating_sub(self.violations.len());
        self.violations.extend(violations.into_iter().take(room));
    }

    /// Forgets everything but the requests that are under way.
    pub fn reset(&mut self) {
        *self = Counts { concurrent: self.concurrent, peak: self.concurrent, ..Counts::default() };
    }

    /// The violations alone.
    pub fn violations(&self) -> Value {
        json!({"violations": self.violations, "violation_count": self.violation_count})
    }

    /// As the control API tells them, with or without the ids.
    pub fn json(&self, ids: bool) -> Map<String, Value> {
        let nothing = HashMap::new();
        let (served, seen) = if ids { (&self.ids, &self.seen) } else { (&nothing, &nothing) };
        let value = json!({
            "requests": self.requests,
            "faulted": self.faulted,
            "served": self.served,
            "aborted": self.aborted,
            "cancelled": self.cancelled,
            "ids": by_id(served),
            "seen": by_id(seen),
            "violations": self.violations,
            "violation_count": self.violation_count,
            "concurrent": self.concurrent,
            "peak": self.peak,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
        });
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

fn by_id(ids: &HashMap<u64, u32>) -> Value {
    ids.iter().map(|(id, times)| (format!("{id:016x}"), Value::from(*times))).collect::<Map<_, _>>().into()
}
