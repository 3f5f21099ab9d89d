//! Cells by name.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Instant,
};

use serde_json::Value;

use crate::{counts::Counts, keys::Keys, settings::Settings};

/// A provider.
#[derive(Debug)]
pub struct Cell {
    /// Its name.
    pub name: String,
    behaviour: Mutex<(Value, Arc<Settings>)>,
    counts: Mutex<Counts>,
}

/// What is in a lock, also when a thread that held it failed.
pub fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cell {
    /// How it behaves now.
    pub fn settings(&self) -> Arc<Settings> {
        held(&self.behaviour).1.clone()
    }

    /// Its settings as they were given.
    pub fn given(&self) -> Value {
        held(&self.behaviour).0.clone()
    }

    /// What it saw and did.
    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        held(&self.counts)
    }
}

/// All cells.
#[derive(Debug)]
pub struct Cells {
    map: RwLock<HashMap<String, Arc<Cell>>>,
    keys: RwLock<Arc<Keys>>,
    start: Instant,
}

impl Default for Cells {
    fn default() -> Self {
        Cells { map: RwLock::default(), keys: RwLock::default(), start: Instant::now() }
    }
}

impl Cells {
    /// Milliseconds since the start, by a clock that never jumps.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The cell of this name.
    pub fn get(&self, name: &str) -> Option<Arc<Cell>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All cells in the order of their names.
    pub fn all(&self) -> BTreeMap<String, Arc<Cell>> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        map.iter().map(|(name, cell)| (name.clone(), cell.clone())).collect()
    }

    /// The credentials of all cells.
    pub fn keys(&self) -> Arc<Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a cell, or gives it other settings; what it counted stays.
    pub fn set(&self, name: &str, given: Value, settings: Settings) {
        let behaviour = (given, Arc::new(settings));
        {
            let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
            match map.get(name) {
                Some(cell) => *held(&cell.behaviour) = behaviour,
                None => {
                    let cell = Cell {
                        name: name.into(),
                        behaviour: Mutex::new(behaviour),
                        counts: Mutex::default(),
                    };
                    map.insert(name.into(), Arc::new(cell));
                }
            }
        }
        self.collect_keys();
    }

    /// Removes a cell.
    pub fn remove(&self, name: &str) {
        self.map.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.collect_keys();
    }

    fn collect_keys(&self) {
        let mut keys = Keys::default();
        for (name, cell) in self.all() {
            keys.add(&name, &cell.settings().key);
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}
