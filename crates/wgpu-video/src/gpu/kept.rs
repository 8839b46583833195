//! Values that are made once for a device, and used by all scenes that are drawn on it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::Gpu;

/// The values that are kept with a device.
#[derive(Default)]
pub(super) struct Kept(Mutex<HashMap<TypeId, Box<dyn Any + Send>>>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Gpu {
    /// The value that was kept under `key`; `None` if there is none. The type of the key should be one of the caller's own.
    pub fn kept<K, V>(&self, key: &K) -> Option<V>
    where
        K: Eq + Hash + Send + 'static,
        V: Clone + Send + 'static,
    {
        self.kept.with(|of_type: &mut HashMap<K, V>| of_type.get(key).cloned())
    }

    /// Keeps `value`, such as a pipeline, with the device. When the device is used for several streams
    /// ([`DevicePool`](crate::stream::DevicePool)), later streams need not make it again: [`Gpu::kept`] returns it. The key must
    /// contain everything that the value depends on.
    pub fn keep<K, V>(&self, key: K, value: V)
    where
        K: Eq + Hash + Send + 'static,
        V: Clone + Send + 'static,
    {
        self.kept.with(|of_type| of_type.insert(key, value));
    }
}

impl Kept {
    fn with<K, V, T>(&self, work: impl FnOnce(&mut HashMap<K, V>) -> T) -> T
    where
        K: Send + 'static,
        V: Send + 'static,
    {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_type = all.entry(TypeId::of::<(K, V)>()).or_insert_with(|| Box::new(HashMap::<K, V>::new()));
        match of_type.downcast_mut() {
            Some(of_type) => work(of_type),
            // Never happens: only this type is stored there.
            None => work(&mut HashMap::new()),
        }
    }
}
