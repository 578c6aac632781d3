//! Randomness of the process: ids, keys and seeds. Tests give a seed, servers use the operating system's.

use parking_lot::Mutex;
use rand::{RngCore, SeedableRng, rngs::StdRng};

/// A source of random bytes that can be shared.
#[derive(Debug)]
pub struct Random {
    generator: Mutex<StdRng>,
}

impl Random {
    /// Seeded by the operating system.
    #[must_use]
    pub fn from_system() -> Self {
        Self { generator: Mutex::new(StdRng::from_os_rng()) }
    }

    /// Reproducible.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { generator: Mutex::new(StdRng::seed_from_u64(seed)) }
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.generator.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// A random number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.generator.lock().next_u64()
    }
}
