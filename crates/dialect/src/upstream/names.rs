//! Tool names that a provider would refuse, and the way back.

/// Longest tool name that every provider takes.
const NAME_MAX: usize = 64;
/// Hexadecimal digits of the hash that keeps shortened names apart.
const HASH_DIGITS: usize = 8;

/// Tool names that were changed on the way out. Names that a provider takes as they are do not appear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolNames {
    pairs: Vec<(String, String)>,
}

impl ToolNames {
    /// The caller's name of a tool that the provider knows as `sent`; `None` when the name was sent unchanged.
    #[must_use]
    pub fn original(&self, sent: &str) -> Option<&str> {
        self.pairs.iter().find(|(_, short)| short == sent).map(|(original, _)| original.as_str())
    }

    /// Whether every name was sent unchanged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The name to send for `original`.
    pub(crate) fn sent<'a>(&'a self, original: &'a str) -> &'a str {
        self.pairs.iter().find(|(long, _)| long == original).map_or(original, |(_, short)| short)
    }

    /// Names that are known on the way out already: each the caller's, and what was sent for it.
    pub(crate) const fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    /// Chooses names for all of `names`; the choice depends on the names alone, so that prompt caches stay warm.
    pub(crate) fn choose(names: &[String], is_allowed: impl Fn(char) -> bool) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for name in names.iter().filter(|name| !fits(name, &is_allowed)) {
            let mut salt = 0;
            let mut short = shorten(name, salt, &is_allowed);
            while names.contains(&short) || pairs.iter().any(|(_, taken)| *taken == short) {
                salt += 1;
                short = shorten(name, salt, &is_allowed);
            }
            pairs.push((name.clone(), short));
        }
        Self { pairs }
    }
}

pub(crate) fn fits(name: &str, is_allowed: &impl Fn(char) -> bool) -> bool {
    name.len() <= NAME_MAX && name.chars().all(is_allowed)
}

fn shorten(name: &str, salt: u32, is_allowed: &impl Fn(char) -> bool) -> String {
    let head = name.chars().map(|c| if is_allowed(c) { c } else { '_' }).take(NAME_MAX - HASH_DIGITS - 1);
    let hash = fnv1a(name.as_bytes()).wrapping_add(u64::from(salt));
    let mut short: String = head.collect();
    short.push('_');
    short.push_str(&format!("{:08x}", hash & 0xffff_ffff));
    short
}

/// FNV-1a, 64 bits: stable, and collisions are resolved above.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Letters, digits, `_` and `-`: what OpenAI and Anthropic allow.
pub(crate) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}
