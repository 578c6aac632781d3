//! Content work around a call: media by address, documents, broken JSON, prompts that are too long. Rows E1 to E3 of the
//! security table, as far as the product has what they are about.

mod documents;
mod media;
mod pdf;
mod plugins;
mod site;
