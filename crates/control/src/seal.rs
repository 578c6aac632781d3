//! Sealing of provider credentials: authenticated encryption bound to the row and column that holds the result.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use edge::random::Random;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// Why a credential could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The bytes are not of the sealed form.
    #[error("a sealed credential has an unknown form")]
    Form,
    /// Sealed under another master key.
    #[error("a credential is sealed under another master key")]
    OtherKey,
    /// Changed, moved to another row, or cut.
    #[error("a sealed credential does not belong to its place")]
    Place,
    /// The cipher refused (an absurd length).
    #[error("a credential cannot be sealed")]
    Refused,
}

/// Seals and opens secrets. `place` names row and column, so that a sealed secret cannot be moved.
pub trait Seal: fmt::Debug + Send + Sync {
    /// Seals a secret.
    ///
    /// # Errors
    /// [`SealError::Refused`] when it cannot be encrypted.
    fn seal(&self, secret: &[u8], place: &str) -> Result<Vec<u8>, SealError>;

    /// Opens what [`Seal::seal`] made for the same place.
    ///
    /// # Errors
    /// [`SealError`] for anything else.
    fn open(&self, sealed: &[u8], place: &str) -> Result<Vec<u8>, SealError>;
}

const FORM: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 24;

/// XChaCha20-Poly1305 under a master key. Form: version, 4 bytes of key id, 24 bytes of nonce, ciphertext with tag.
pub struct MasterKey {
    cipher: XChaCha20Poly1305,
    id: [u8; KEY_ID],
    random: Arc<Random>,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(redacted)")
    }
}

impl MasterKey {
    /// Takes 32 secret bytes, usually from a file in the data directory.
    #[must_use]
    pub fn new(key: &[u8; 32], random: Arc<Random>) -> Self {
        let digest = Sha256::digest([b"portolan master key id".as_slice(), key].concat());
        let mut id = [0; KEY_ID];
        id.iter_mut().zip(digest).for_each(|(byte, digest)| *byte = digest);
        Self { cipher: XChaCha20Poly1305::new(key.into()), id, random }
    }
}

impl Seal for MasterKey {
    fn seal(&self, secret: &[u8], place: &str) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE] = self.random.bytes();
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let text = self.cipher.encrypt(XNonce::from_slice(&nonce), payload).map_err(|_opaque| SealError::Refused)?;
        Ok([&[FORM], self.id.as_slice(), &nonce, &text].concat())
    }

    fn open(&self, sealed: &[u8], place: &str) -> Result<Vec<u8>, SealError> {
        let (form, rest) = sealed.split_first().ok_or(SealError::Form)?;
        let (id, rest) = rest.split_at_checked(KEY_ID).ok_or(SealError::Form)?;
        let (nonce, text) = rest.split_at_checked(NONCE).ok_or(SealError::Form)?;
        if *form != FORM {
            return Err(SealError::Form);
        }
        if id != self.id {
            return Err(SealError::OtherKey);
        }
        let payload = Payload { msg: text, aad: place.as_bytes() };
        self.cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_opaque| SealError::Place)
    }
}

#[cfg(test)]
mod tests {
    use super::{MasterKey, Seal, SealError};
    use edge::random::Random;
    use std::sync::Arc;

    fn master(byte: u8) -> MasterKey {
        MasterKey::new(&[byte; 32], Arc::new(Random::from_seed(u64::from(byte))))
    }

    #[test]
    fn opens_only_at_its_own_place_and_under_its_own_key() {
        let key = master(1);
        let sealed = key.seal(b"sk-secret", "up_1/secret").expect("seals");
        assert!(!sealed.windows(9).any(|window| window == b"sk-secret"));
        assert_ne!(key.seal(b"sk-secret", "up_1/secret").expect("seals"), sealed);
        assert_eq!(key.open(&sealed, "up_1/secret").as_deref(), Ok(b"sk-secret".as_slice()));
        assert_eq!(key.open(&sealed, "up_2/secret"), Err(SealError::Place));
        assert_eq!(master(2).open(&sealed, "up_1/secret"), Err(SealError::OtherKey));
    }

    #[test]
    fn any_change_is_noticed() {
        let key = master(3);
        let sealed = key.seal(b"sk-secret", "up_1/secret").expect("seals");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key.open(&changed, "up_1/secret").is_err(), "byte {place}");
            assert!(key.open(&sealed[..place], "up_1/secret").is_err(), "cut at {place}");
        }
    }
}
