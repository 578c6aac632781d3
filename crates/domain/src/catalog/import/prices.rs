//! A price sheet as figures by kind, in a form that can be filled, tidied and compared kind by kind.

use crate::money::{PriceError, PriceOverride, PriceOverrideText, PriceSheet, PriceSheetText, UnitPrice};
use std::collections::BTreeMap;

/// Prices by kind, and above prompt lengths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prices {
    pub(super) base: BTreeMap<&'static str, UnitPrice>,
    pub(super) above: BTreeMap<u64, BTreeMap<&'static str, UnitPrice>>,
}

/// A component of a price sheet.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its field name.
    pub(super) name: &'static str,
    /// Counted in items, not in tokens.
    pub(super) item: bool,
    /// The kind whose price applies when this one is not stated; nothing is charged without one.
    pub(super) falls_to: Option<&'static str>,
}

const fn token(name: &'static str, falls_to: Option<&'static str>) -> Kind {
    Kind { name, item: false, falls_to }
}

const fn item(name: &'static str) -> Kind {
    Kind { name, item: true, falls_to: None }
}

/// Every component, as [`PriceSheet::rate`] bills them.
pub(super) const KINDS: [Kind; 14] = [
    token("prompt", None),
    token("completion", None),
    token("input_cache_read", Some("prompt")),
    token("input_cache_write", Some("prompt")),
    token("input_cache_write_1h", Some("input_cache_write")),
    token("internal_reasoning", Some("completion")),
    token("image_token", Some("prompt")),
    token("image_output", Some("completion")),
    token("audio", Some("prompt")),
    token("audio_output", Some("completion")),
    token("input_audio_cache", Some("input_cache_read")),
    item("image"),
    item("request"),
    item("web_search"),
];

/// The components that can differ above a prompt length.
pub(super) const TIERED: [&str; 7] = [
    "prompt",
    "completion",
    "input_cache_read",
    "input_cache_write",
    "input_cache_write_1h",
    "audio",
    "input_audio_cache",
];

/// The word for all prices above a prompt length.
pub(super) const THRESHOLDS: &str = "overrides";

/// The component with this field name.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

impl Prices {
    /// Reads a written sheet, whatever its size of prices.
    ///
    /// # Errors
    /// [`PriceError`] for a text that is no price.
    pub(super) fn from_text(text: &PriceSheetText) -> Result<Self, PriceError> {
        let any = PriceSheetText { above_limit: true, ..text.clone() };
        Ok(Self::from_sheet(&PriceSheet::try_from(&any)?))
    }

    /// Takes a sheet apart.
    pub(super) fn from_sheet(sheet: &PriceSheet) -> Self {
        let base = [
            ("prompt", Some(sheet.prompt)),
            ("completion", Some(sheet.completion)),
            ("input_cache_read", sheet.input_cache_read),
            ("input_cache_write", sheet.input_cache_write),
            ("input_cache_write_1h", sheet.input_cache_write_1h),
            ("internal_reasoning", sheet.internal_reasoning),
            ("image_token", sheet.image_token),
            ("image_output", sheet.image_output),
            ("audio", sheet.audio),
            ("audio_output", sheet.audio_output),
            ("input_audio_cache", sheet.input_audio_cache),
            ("image", sheet.image),
            ("request", sheet.request),
            ("web_search", sheet.web_search),
        ];
        let above = sheet.overrides.iter().map(|over| (over.min_prompt_tokens, stated(override_kinds(over)))).collect();
        Self { base: stated(base), above }
    }

    /// Writes the sheet down.
    pub(super) fn to_text(&self) -> PriceSheetText {
        let token = |name: &str| self.base.get(name).map(|price| price.to_usd_per_million());
        let item = |name: &str| self.base.get(name).map(|price| price.to_usd_per_unit());
        PriceSheetText {
            prompt: self.stated_or_zero("prompt").to_usd_per_million(),
            completion: self.stated_or_zero("completion").to_usd_per_million(),
            input_cache_read: token("input_cache_read"),
            input_cache_write: token("input_cache_write"),
            input_cache_write_1h: token("input_cache_write_1h"),
            internal_reasoning: token("internal_reasoning"),
            image: item("image"),
            image_token: token("image_token"),
            image_output: token("image_output"),
            audio: token("audio"),
            audio_output: token("audio_output"),
            input_audio_cache: token("input_audio_cache"),
            request: item("request"),
            web_search: item("web_search"),
            overrides: self.above.iter().map(|(tokens, kinds)| override_text(*tokens, kinds)).collect(),
            above_limit: false,
        }
    }

    /// The price of one unit of `kind` for prompts of more than `above` tokens, fallbacks applied as the bill applies them.
    pub(super) fn rate(&self, kind: &Kind, above: u64) -> UnitPrice {
        let mut at = Some(kind);
        while let Some(this) = at {
            if let Some(price) = self.in_force(this.name, above) {
                return price;
            }
            at = this.falls_to.and_then(self::kind);
        }
        UnitPrice::ZERO
    }

    /// Whether the sheet itself has a price of `kind` with exactly this threshold; 0 means the base price.
    pub(super) fn states(&self, kind: &str, above: u64) -> bool {
        if above == 0 {
            self.base.contains_key(kind)
        } else {
            self.above.get(&above).is_some_and(|kinds| kinds.contains_key(kind))
        }
    }

    /// The stated price of `kind` for prompts of more than `above` tokens, without fallbacks.
    pub(super) fn in_force(&self, kind: &str, above: u64) -> Option<UnitPrice> {
        let tiers = self.above.range(..=above).rev();
        tiers.filter_map(|(_, kinds)| kinds.get(kind)).next().or_else(|| self.base.get(kind)).copied()
    }

    /// Every threshold, and 0 for the base price.
    pub(super) fn thresholds(&self) -> impl Iterator<Item = u64> {
        std::iter::once(0).chain(self.above.keys().copied())
    }

    /// Every stated price with its kind.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, UnitPrice)> {
        self.base.iter().chain(self.above.values().flatten()).map(|(name, price)| (*name, *price))
    }

    /// Whether prompt and answer cost nothing, at any length.
    pub(super) fn is_free(&self) -> bool {
        self.all().all(|(_, price)| price.is_zero())
    }

    /// Drops figures that say nothing: a zero beside a prompt price means "not known" or "not charged apart", and a
    /// reasoning price equal to the answer's repeats it.
    pub(super) fn tidied(mut self) -> Self {
        self.base.entry("completion").or_default();
        let (prompt, completion) = (self.stated_or_zero("prompt"), self.stated_or_zero("completion"));
        let paid = !prompt.is_zero() || !completion.is_zero();
        self.base.retain(|name, price| match *name {
            "prompt" | "completion" => true,
            "internal_reasoning" => *price != completion && !(paid && price.is_zero()),
            "input_cache_write" | "image" | "request" | "web_search" => !price.is_zero(),
            _ => !(paid && price.is_zero()),
        });
        for kinds in self.above.values_mut() {
            kinds.retain(|name, price| matches!(*name, "prompt" | "completion") || !price.is_zero());
        }
        self.above.retain(|tokens, kinds| *tokens > 0 && !kinds.is_empty());
        self
    }

    /// Adds the prices of `other` for the kinds that `keep` names; [`THRESHOLDS`] means every price above a prompt length.
    pub(super) fn keep_from(&mut self, other: &Self, keep: &[&str]) {
        for (name, price) in other.base.iter().filter(|(name, _)| keep.contains(*name)) {
            self.base.insert(name, *price);
        }
        for (tokens, kinds) in &other.above {
            for (name, price) in kinds.iter().filter(|(name, _)| keep.contains(*name) || keep.contains(&THRESHOLDS)) {
                self.above.entry(*tokens).or_default().insert(name, *price);
            }
        }
    }

    fn stated_or_zero(&self, kind: &str) -> UnitPrice {
        self.base.get(kind).copied().unwrap_or_default()
    }
}

fn stated<const N: usize>(kinds: [(&'static str, Option<UnitPrice>); N]) -> BTreeMap<&'static str, UnitPrice> {
    kinds.into_iter().filter_map(|(name, price)| Some((name, price?))).collect()
}

fn override_kinds(over: &PriceOverride) -> [(&'static str, Option<UnitPrice>); 7] {
    [
        ("prompt", over.prompt),
        ("completion", over.completion),
        ("input_cache_read", over.input_cache_read),
        ("input_cache_write", over.input_cache_write),
        ("input_cache_write_1h", over.input_cache_write_1h),
        ("audio", over.audio),
        ("input_audio_cache", over.input_audio_cache),
    ]
}

fn override_text(min_prompt_tokens: u64, kinds: &BTreeMap<&'static str, UnitPrice>) -> PriceOverrideText {
    let token = |name: &str| kinds.get(name).map(|price| price.to_usd_per_million());
    PriceOverrideText {
        min_prompt_tokens,
        prompt: token("prompt"),
        completion: token("completion"),
        input_cache_read: token("input_cache_read"),
        input_cache_write: token("input_cache_write"),
        input_cache_write_1h: token("input_cache_write_1h"),
        audio: token("audio"),
        input_audio_cache: token("input_audio_cache"),
    }
}
