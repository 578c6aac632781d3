//! [`MaxPrice`]: price ceilings, written as the public API writes them.

use super::PolicyError;
use crate::money::UnitPrice;

/// Price ceilings; an endpoint above one is left out. In JSON: USD per million tokens, per item for images and requests,
/// as numbers or decimal strings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct MaxPrice {
    /// Per prompt token.
    pub prompt: Option<UnitPrice>,
    /// Per answer token.
    pub completion: Option<UnitPrice>,
    /// Per image.
    pub image: Option<UnitPrice>,
    /// Per request.
    pub request: Option<UnitPrice>,
    /// Per audio token.
    pub audio: Option<UnitPrice>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum PriceText {
    Text(String),
    Number(serde_json::Number),
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Text {
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<PriceText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion: Option<PriceText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<PriceText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<PriceText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<PriceText>,
}

impl TryFrom<Text> for MaxPrice {
    type Error = PolicyError;

    fn try_from(text: Text) -> Result<Self, PolicyError> {
        let read = |price: Option<PriceText>, parse: fn(&str) -> Option<UnitPrice>| match price {
            None => Ok(None),
            Some(price) => {
                let text = match price {
                    PriceText::Text(text) => text,
                    PriceText::Number(number) => number.to_string(),
                };
                let price = parse(&text).filter(|price| *price >= UnitPrice::ZERO);
                price.map(Some).ok_or_else(|| PolicyError::new("max_price", "not a decimal price"))
            }
        };
        let token = |text: &str| UnitPrice::parse_per_million(text).ok();
        let item = |text: &str| UnitPrice::parse_per_unit(text).ok();
        Ok(Self {
            prompt: read(text.prompt, token)?,
            completion: read(text.completion, token)?,
            image: read(text.image, item)?,
            request: read(text.request, item)?,
            audio: read(text.audio, token)?,
        })
    }
}

impl From<MaxPrice> for Text {
    fn from(price: MaxPrice) -> Self {
        let token = |price: Option<UnitPrice>| price.map(|price| PriceText::Text(price.to_usd_per_million()));
        let item = |price: Option<UnitPrice>| price.map(|price| PriceText::Text(price.to_usd_per_unit()));
        Self {
            prompt: token(price.prompt),
            completion: token(price.completion),
            image: item(price.image),
            request: item(price.request),
            audio: token(price.audio),
        }
    }
}
