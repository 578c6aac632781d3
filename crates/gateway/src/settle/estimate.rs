//! Token counts where a provider reports none.

/// Bytes per token. Deliberately the plain average of English text.
const BYTES_PER_TOKEN: u64 = 4;

/// Estimated tokens of `bytes` bytes of generated text.
pub fn estimate_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}
