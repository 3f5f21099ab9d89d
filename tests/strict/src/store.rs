//! What all plugins of a VM share: data with compare-and-swap, and metrics.

use std::collections::BTreeMap;

use crate::memory::Status;

/// Shared data, keyed by the VM's id in Envoy.
#[derive(Debug, Default)]
pub struct SharedData {
    entries: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    last_cas: u32,
}

impl SharedData {
    /// The value and its CAS number.
    pub fn get(&self, key: &[u8]) -> Option<(&[u8], u32)> {
        self.entries.get(key).map(|(value, cas)| (value.as_slice(), *cas))
    }

    /// Stores a value. `cas` 0 stores in any case; another must be the entry's own. A missing entry is stored
    /// whatever the `cas` (proxy-wasm-cpp-host `src/shared_data.cc`).
    pub fn set(&mut self, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
        if cas != 0 && self.entries.get(key).is_some_and(|(_, have)| *have != cas) {
            return Err(Status::CasMismatch);
        }
        self.last_cas += 1;
        self.entries.insert(key.to_vec(), (value.to_vec(), self.last_cas));
        Ok(())
    }

    /// Stores a value where `cas` is the number of the entry that there is, 0 where there is none: the rule of nginx's
    /// host, where 0 does not store in any case ([`crate::nginx`]). The entries that are longest unchanged give way
    /// where all of them together have more than `most` bytes.
    ///
    /// # Errors
    /// `CasMismatch`; `InternalFailure` for an entry that has no room in an empty store.
    pub fn set_exactly(&mut self, key: &[u8], value: &[u8], cas: u32, most: usize) -> Result<(), Status> {
        if key.len() + value.len() > most {
            return Err(Status::InternalFailure);
        }
        if self.entries.get(key).map_or(0, |(_, have)| *have) != cas {
            return Err(Status::CasMismatch);
        }
        self.set(key, value, 0)?;
        let bytes = |data: &Self| -> usize {
            data.entries.iter().map(|(key, (value, _))| key.len() + value.len()).sum()
        };
        while bytes(self) > most {
            let oldest = self.entries.iter().min_by_key(|(_, (_, cas))| *cas).map(|(key, _)| key.clone());
            self.entries.remove(&oldest.ok_or(Status::InternalFailure)?);
        }
        Ok(())
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.keys().map(Vec::as_slice)
    }
}

/// The kinds of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Collects values.
    Histogram,
}

#[derive(Debug)]
struct Metric {
    kind: MetricKind,
    name: String,
    value: u64,
}

/// Metrics, by the id that defining one gives.
#[derive(Debug, Default)]
pub struct Metrics(Vec<Metric>);

impl Metrics {
    /// The id of a metric, made where it is new. Another kind under the same name is another metric in Envoy too.
    pub fn define(&mut self, kind: u32, name: &str) -> Result<u32, Status> {
        let kind = match kind {
            0 => MetricKind::Counter,
            1 => MetricKind::Gauge,
            2 => MetricKind::Histogram,
            _ => return Err(Status::BadArgument),
        };
        let have = self.0.iter().position(|metric| metric.kind == kind && metric.name == name);
        let index = have.unwrap_or_else(|| {
            self.0.push(Metric { kind, name: name.to_owned(), value: 0 });
            self.0.len() - 1
        });
        u32::try_from(index + 1).map_err(|_| Status::InternalFailure)
    }

    /// Adds an offset. A counter takes only what is above 0, a histogram none (`Context::incrementMetric`).
    pub fn increment(&mut self, id: u32, offset: i64) -> Result<(), Status> {
        let metric = self.of(id)?;
        match metric.kind {
            MetricKind::Counter if offset <= 0 => return Err(Status::BadArgument),
            MetricKind::Histogram => return Err(Status::BadArgument),
            MetricKind::Counter | MetricKind::Gauge => {}
        }
        metric.value = metric.value.wrapping_add_signed(offset);
        Ok(())
    }

    /// Records a value: a gauge is set to it, a counter grows by it, a histogram counts it.
    pub fn record(&mut self, id: u32, value: u64) -> Result<(), Status> {
        let metric = self.of(id)?;
        match metric.kind {
            MetricKind::Counter => metric.value += value,
            MetricKind::Gauge => metric.value = value,
            MetricKind::Histogram => metric.value += 1,
        }
        Ok(())
    }

    /// The value of a counter or gauge.
    pub fn get(&mut self, id: u32) -> Result<u64, Status> {
        let metric = self.of(id)?;
        if metric.kind == MetricKind::Histogram { Err(Status::BadArgument) } else { Ok(metric.value) }
    }

    /// The value under a name; 0 where there is none. Of a histogram: how many values it got.
    pub fn named(&self, name: &str) -> u64 {
        self.0.iter().filter(|metric| metric.name == name).map(|metric| metric.value).sum()
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|metric| metric.name.as_str())
    }

    fn of(&mut self, id: u32) -> Result<&mut Metric, Status> {
        let index = (id as usize).checked_sub(1).ok_or(Status::NotFound)?;
        self.0.get_mut(index).ok_or(Status::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_cas_is_refused_and_zero_is_not() {
        let mut data = SharedData::default();
        data.set(b"k", b"1", 0).unwrap();
        let cas = data.get(b"k").unwrap().1;
        data.set(b"k", b"2", cas).unwrap();
        assert_eq!(data.set(b"k", b"3", cas), Err(Status::CasMismatch));
        assert_eq!(data.get(b"k").unwrap().0, b"2");
        data.set(b"k", b"4", 0).unwrap();
        assert_eq!(data.get(b"k").unwrap().0, b"4");
    }

    #[test]
    fn where_the_number_must_be_exact_zero_is_for_what_is_not_there() {
        let mut data = SharedData::default();
        assert_eq!(data.set_exactly(b"k", b"1", 7, 100), Err(Status::CasMismatch));
        data.set_exactly(b"k", b"1", 0, 100).unwrap();
        assert_eq!(data.set_exactly(b"k", b"2", 0, 100), Err(Status::CasMismatch));
        let cas = data.get(b"k").unwrap().1;
        data.set_exactly(b"k", b"2", cas, 100).unwrap();
        assert_eq!(data.set_exactly(b"l", &[0; 100], 0, 100), Err(Status::InternalFailure));
        data.set_exactly(b"l", &[0; 99], 0, 100).unwrap();
        assert_eq!(data.keys().collect::<Vec<_>>(), [b"l"], "the older one gave way");
    }

    #[test]
    fn a_counter_takes_only_what_is_above_zero() {
        let mut metrics = Metrics::default();
        let id = metrics.define(0, "c").unwrap();
        assert_eq!(metrics.increment(id, 0), Err(Status::BadArgument));
        metrics.increment(id, 2).unwrap();
        assert_eq!((metrics.define(0, "c"), metrics.named("c"), metrics.get(id)), (Ok(id), 2, Ok(2)));
        assert_eq!(metrics.get(9), Err(Status::NotFound));
        assert_eq!(metrics.define(3, "x"), Err(Status::BadArgument));
    }
}
