//! What may be lost at any moment without losing money: request windows of free models and refusals of unknown keys.

mod free;
mod negative;

pub use free::{FreeWindows, WindowsFull};
pub use negative::NegativeCache;
