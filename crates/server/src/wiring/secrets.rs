//! What the data directory keeps besides the database: the node's id and the master key.

use anyhow::{Context, bail};
use edge::random::Random;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use store::durable::NodeId;

/// The node's id, made at first start.
///
/// # Errors
/// When the file cannot be read, written, or has another length.
pub fn node_id(data: &Path, random: &Random) -> anyhow::Result<NodeId> {
    let bytes = read_or_make(&data.join("node"), random.bytes::<16>().to_vec())?;
    match <[u8; 16]>::try_from(bytes) {
        Ok(id) => Ok(NodeId(id)),
        Err(_) => bail!("the node id in {} is damaged", data.display()),
    }
}

/// The key that seals stored provider credentials, made at first start.
///
/// # Errors
/// When the file cannot be read, written, is readable by others, or has another length.
pub fn master_key(data: &Path, random: &Random) -> anyhow::Result<[u8; 32]> {
    let path = data.join("master.key");
    let bytes = read_or_make(&path, random.bytes::<32>().to_vec())?;
    let mode = std::fs::metadata(&path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("{} is readable by others; run chmod 600 on it", path.display());
    }
    match <[u8; 32]>::try_from(bytes) {
        Ok(key) => Ok(key),
        Err(_) => bail!("the master key in {} is damaged; restore it from a backup", path.display()),
    }
}

fn read_or_make(path: &Path, fresh: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    match std::fs::read(path) {
        Ok(bytes) => return Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    let created = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Ok(mut file) => {
            file.write_all(&fresh)?;
            file.sync_all()?;
            Ok(fresh)
        }
        // Another command made it in the meantime.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(std::fs::read(path)?),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}
