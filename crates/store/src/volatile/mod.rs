//! What may be lost at any moment without losing money: refusals of unknown keys. (Request windows of free models live with
//! their accounts, in [`crate::lease`].)

mod negative;

pub use negative::NegativeCache;
