//! Proofs of the journal: crashes at every write, damage, failing disks, and a drain that counts once.

mod crash;
mod damage;
mod drain;
mod faults;
mod older;
mod strict;
mod world;
