//! Generation rows: one per settled call, read back as the settlement they were written from.

use super::connection::Tx;
use super::settle::bulk;
use super::statement::statements;
use super::value::{Row, Value};
use super::{Store, StoreError, json};
use domain::generation::{Opening, Settlement};
use domain::id::{AccountId, GenerationId, KeyId, PresetId, WorkspaceId};
use domain::money::UnitPrice;
use domain::time::Timestamp;

/// The columns of a settlement.
macro_rules! generation_select {
    () => {
        "select id, account_id, workspace_id, key_id, created_at, ended_at, model_asked, model, provider_slug,
            provider_name, endpoint_tag, attempt, api_type, is_streamed, is_free, price_version, prompt_price,
            completion_price, fixed_price, prompt_estimate, hold, end_user, customer, feature, session_id, app_title,
            app_url, user_agent, region, data_policy, ending, kind, charge, waived, finish_reason, native_finish_reason,
            upstream_id, service_tier, status, error_type, latency_ms, generation_ms, usage_json, lines_json,
            attempts_json, excluded_json, preset_id
        from generations "
    };
}

statements! {
    GENERATION_FIND = concat!(generation_select!(), "where id = $1 and account_id = $2");
    GENERATION_LIST = concat!(generation_select!(), "where account_id = $1
            and (created_at < $2 or (created_at = $2 and id < $3))
        order by created_at desc, id desc
        limit $4");
}

/// Most rows that a list returns.
const LIST_LIMIT_MAX: u32 = 100;

/// A place in the list of an account's generations, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenerationCursor {
    /// Admission of the last row that was seen.
    pub created_at: Timestamp,
    /// Its id.
    pub id: GenerationId,
}

impl Store {
    /// Finds a generation of an account.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn generation_find(
        &self,
        account: AccountId,
        id: GenerationId,
    ) -> Result<Option<Settlement>, StoreError> {
        self.row(&GENERATION_FIND, &[id.into(), account.into()]).await?.as_ref().map(from_row).transpose()
    }

    /// Generations of an account, newest first, after a place; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn generation_list(
        &self,
        account: AccountId,
        after: Option<GenerationCursor>,
        limit: u32,
    ) -> Result<Vec<Settlement>, StoreError> {
        let (created_at, id) = match after {
            Some(cursor) => (cursor.created_at, cursor.id.as_bytes().to_vec()),
            None => (Timestamp::from_micros(i64::MAX), Vec::new()),
        };
        let limit = i64::from(limit.min(LIST_LIMIT_MAX));
        let values = [account.into(), created_at.into(), id.as_slice().into(), limit.into()];
        self.rows(&GENERATION_LIST, &values).await?.iter().map(from_row).collect()
    }
}

/// Inserts the rows of settlements.
pub(super) async fn insert(tx: &mut Tx, settlements: &[&Settlement]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value<'_>>> =
        settlements.iter().map(|settlement| to_row(settlement)).collect::<Result<_, _>>()?;
    tx.bulk_execute(&bulk::GENERATION_INSERT, rows).await?;
    Ok(())
}

/// Columns of a row.
const COLUMNS: usize = 51;

/// The columns in the order of the table.
fn to_row(settlement: &Settlement) -> Result<Vec<Value<'_>>, StoreError> {
    let opening = &settlement.opening;
    let usage = &settlement.usage;
    let mut row = Vec::with_capacity(COLUMNS);
    row.extend(opening_row(opening, settlement.ended_at));
    row.extend([
        settlement.ending.as_str().into(),
        settlement.kind.as_str().into(),
        settlement.charge.into(),
        (&settlement.waived).into(),
        usage.prompt_tokens().into(),
        usage.completion_tokens().into(),
        usage.output_reasoning.into(),
        usage.input_cache_read.into(),
        (&settlement.finish_reason).into(),
        (&settlement.native_finish_reason).into(),
        (&settlement.upstream_id).into(),
        (&settlement.service_tier).into(),
        settlement.status.into(),
        (&settlement.error_type).into(),
        settlement.latency_ms.into(),
        settlement.generation_ms.into(),
        json::text(usage)?.into(),
        json::text(&settlement.lines)?.into(),
        json::text(&settlement.attempts)?.into(),
        json::text(&settlement.excluded)?.into(),
        opening.preset.as_ref().map(|id| id.as_bytes().as_slice()).into(),
    ]);
    Ok(row)
}

fn opening_row(opening: &Opening, ended_at: Timestamp) -> [Value<'_>; 30] {
    [
        opening.id.as_bytes().as_slice().into(),
        opening.account.as_bytes().as_slice().into(),
        opening.workspace.as_ref().map(|id| id.as_bytes().as_slice()).into(),
        opening.key.as_bytes().as_slice().into(),
        opening.created_at.into(),
        ended_at.into(),
        (&opening.model_asked).into(),
        (&opening.model).into(),
        (&opening.provider_slug).into(),
        (&opening.provider_name).into(),
        (&opening.endpoint_tag).into(),
        opening.attempt.into(),
        (&opening.api_type).into(),
        opening.streamed.into(),
        opening.is_free.into(),
        (&opening.price_version).into(),
        opening.prompt_price.into(),
        opening.completion_price.into(),
        opening.fixed_price.into(),
        opening.prompt_tokens.into(),
        opening.hold.into(),
        (&opening.user).into(),
        (&opening.customer).into(),
        (&opening.feature).into(),
        (&opening.session_id).into(),
        (&opening.app_title).into(),
        (&opening.app_url).into(),
        (&opening.user_agent).into(),
        (&opening.region).into(),
        (&opening.data_policy).into(),
    ]
}

fn small(row: &Row, column: &'static str) -> Result<u16, StoreError> {
    u16::try_from(row.int(column)?).ok().ok_or_else(|| row.corrupt(column))
}

/// Reads a row back.
pub(super) fn from_row(row: &Row) -> Result<Settlement, StoreError> {
    Ok(Settlement {
        opening: opening_from_row(row)?,
        ended_at: row.time("ended_at")?,
        ending: row.word("ending")?,
        kind: row.word("kind")?,
        charge: row.amount("charge")?,
        lines: row.json("lines_json")?,
        usage: row.json("usage_json")?,
        finish_reason: row.text_opt("finish_reason")?,
        native_finish_reason: row.text_opt("native_finish_reason")?,
        upstream_id: row.text_opt("upstream_id")?,
        service_tier: row.text_opt("service_tier")?,
        status: small(row, "status")?,
        error_type: row.text_opt("error_type")?,
        latency_ms: row.count("latency_ms")?,
        generation_ms: row.count("generation_ms")?,
        attempts: row.json("attempts_json")?,
        excluded: row.json("excluded_json")?,
        waived: row.text_opt("waived")?,
    })
}

fn opening_from_row(row: &Row) -> Result<Opening, StoreError> {
    Ok(Opening {
        id: row.id("id", GenerationId::from_bytes)?,
        account: row.id("account_id", AccountId::from_bytes)?,
        workspace: row.id_opt("workspace_id", WorkspaceId::from_bytes)?,
        key: row.id("key_id", KeyId::from_bytes)?,
        created_at: row.time("created_at")?,
        model_asked: row.text("model_asked")?,
        model: row.text("model")?,
        provider_slug: row.text("provider_slug")?,
        provider_name: row.text("provider_name")?,
        endpoint_tag: row.text("endpoint_tag")?,
        attempt: small(row, "attempt")?,
        api_type: row.text("api_type")?,
        streamed: row.flag("is_streamed")?,
        is_free: row.flag("is_free")?,
        price_version: row.text("price_version")?,
        prompt_price: row.int("prompt_price").map(UnitPrice::from_femtos)?,
        completion_price: row.int("completion_price").map(UnitPrice::from_femtos)?,
        fixed_price: row.int("fixed_price")?,
        prompt_tokens: row.count("prompt_estimate")?,
        hold: row.amount("hold")?,
        user: row.text_opt("end_user")?,
        customer: row.text_opt("customer")?,
        feature: row.text_opt("feature")?,
        session_id: row.text_opt("session_id")?,
        app_title: row.text_opt("app_title")?,
        app_url: row.text_opt("app_url")?,
        user_agent: row.text_opt("user_agent")?,
        region: row.text_opt("region")?,
        data_policy: row.text_opt("data_policy")?,
        preset: row.id_opt("preset_id", PresetId::from_bytes)?,
        service_tier: None,
    })
}
