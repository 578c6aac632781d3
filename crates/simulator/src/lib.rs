//! A scriptable provider that speaks every provider dialect: demo mode, tests, faults, benchmarks.
//!
//! It answers as OpenAI (chat, completions, responses, embeddings), Anthropic and Gemini do, plain and streamed, holds requests to the schema those providers
//! publish, and misbehaves on demand. It shares no code with the gateway, so that both cannot misread a format in
//! the same way; it is checked with the providers' own SDKs instead.
//!
//! Without any scenario a model echoes: `You said: …`. Words in the last user message steer it:
//!
//! | word | effect |
//! |---|---|
//! | `TAG:word` | the answer begins with it (unless its text is given or follows a schema), and the record carries it |
//! | `CALL:tool` | that tool is called, with a minimal instance of its schema; `CALL:tool{"a":1}` gives the arguments |
//! | `SIM:{…}` on a line of its own | knobs of a [`Scenario`] for this request |
//!
//! Faults below HTTP (resets, raw heads, early hints) are behind the feature `wire-faults`, on by default; without it
//! such knobs only close the connection or do nothing.
//!
//! Tokens are counted as bytes of text divided by four, rounded up, at least one; an image is 256 tokens.
//! The same answer costs the same plain and streamed.

mod answer;
mod anthropic;
mod ask;
mod bench;
mod content;
mod delivery;
mod event;
mod family;
mod framing;
mod gemini;
mod head;
mod observe;
mod openai;
mod options;
mod routes;
pub mod scenario;
mod schema;
mod serve;
mod server;
mod shape;
mod state;
mod tokens;
mod usage;
mod wire;

pub use family::Family;
pub use observe::Observed;
pub use options::Options;
pub use routes::router;
pub use scenario::{Counts, Scenario};
pub use schema::instance;
pub use server::Simulator;
pub use state::State;
pub use tokens::count as count_tokens;
