//! API keys and what they have spent.

use super::statement::statements;
use super::value::{Row, Value};
use super::{ChangeKind, Store, StoreError};
use domain::id::{AccountId, KeyId, UserId, WorkspaceId};
use domain::key::{KeyHash, KeyRole};
use domain::money::Amount;
use domain::time::{ResetPeriod, Timestamp};

/// The columns of [`KeyState`]; placeholders 1 to 3 are the starts of the day, week and month.
macro_rules! key_select {
    () => {
        "select k.id, k.hash, k.label, k.name, k.account_id, k.workspace_id, k.user_id, k.role, k.limit_nanos,
            k.limit_reset, k.include_byok_in_limit, k.is_disabled, k.is_internal, k.expires_at, k.created_at,
            k.updated_at, k.deleted_at,
            (select u.last_used_at from key_usage u
                where u.key_id = k.id and u.period = 'total' and u.period_start = 0) as last_used_at,
            (select u.charge from key_usage u
                where u.key_id = k.id and u.period = 'total' and u.period_start = 0) as usage_total,
            (select u.charge from key_usage u
                where u.key_id = k.id and u.period = 'day' and u.period_start = $1) as usage_daily,
            (select u.charge from key_usage u
                where u.key_id = k.id and u.period = 'week' and u.period_start = $2) as usage_weekly,
            (select u.charge from key_usage u
                where u.key_id = k.id and u.period = 'month' and u.period_start = $3) as usage_monthly
        from keys k "
    };
}

statements! {
    KEY_INSERT = "insert into keys (id, hash, label, name, account_id, workspace_id, user_id, role, limit_nanos,
            limit_reset, include_byok_in_limit, is_disabled, is_internal, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14)";
    KEY_FIND_BY_HASH = concat!(key_select!(), "where k.hash = $4 and k.deleted_at is null");
    KEY_FIND = concat!(key_select!(), "where k.id = $4 and k.deleted_at is null");
    KEY_LIST = concat!(key_select!(), "where k.account_id = $4
            and k.deleted_at is null
            and k.is_internal = 0
            and ($5 = 1 or k.is_disabled = 0)
            and (k.expires_at is null or k.expires_at > $6)
        order by k.created_at, k.id
        limit $7
        offset $8");
    KEY_SNAPSHOT = concat!(key_select!(), "where k.id > $4 and k.deleted_at is null
        order by k.id
        limit $5");
    KEY_UPDATE = "update keys
        set name = case when $4 = 1 then $5 else name end,
            limit_nanos = case when $6 = 1 then $7 else limit_nanos end,
            limit_reset = case when $8 = 1 then $9 else limit_reset end,
            is_disabled = case when $10 = 1 then $11 else is_disabled end,
            include_byok_in_limit = case when $12 = 1 then $13 else include_byok_in_limit end,
            expires_at = case when $14 = 1 then $15 else expires_at end,
            updated_at = $3
        where account_id = $1 and hash = $2 and deleted_at is null
        returning id";
    KEY_DELETE = "update keys
        set deleted_at = $3, updated_at = $3
        where account_id = $1 and hash = $2 and deleted_at is null
        returning id";
}

/// A new key.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its id.
    pub id: KeyId,
    /// SHA-256 of its text.
    pub hash: KeyHash,
    /// Head and tail of its text, for lists.
    pub label: String,
    /// Display name.
    pub name: String,
    /// Who pays.
    pub account: AccountId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Who made it, if a person did.
    pub user: Option<UserId>,
    /// What it may do.
    pub role: KeyRole,
    /// Credit limit; none is unlimited.
    pub limit: Option<Amount>,
    /// How often the limit starts again; none is never.
    pub reset: Option<ResetPeriod>,
    /// Whether calls on own provider keys count towards the limit.
    pub include_byok_in_limit: bool,
    /// Hidden from lists: a key of the console itself.
    pub is_internal: bool,
    /// When it lapses.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key as stored, with what it has spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// Its id.
    pub id: KeyId,
    /// SHA-256 of its text; its public handle.
    pub hash: KeyHash,
    /// Head and tail of its text, for lists.
    pub label: String,
    /// Display name.
    pub name: String,
    /// Who pays.
    pub account: AccountId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Who made it, if a person did.
    pub user: Option<UserId>,
    /// What it may do.
    pub role: KeyRole,
    /// Credit limit; none is unlimited.
    pub limit: Option<Amount>,
    /// How often the limit starts again; none is never.
    pub reset: Option<ResetPeriod>,
    /// Whether calls on own provider keys count towards the limit.
    pub include_byok_in_limit: bool,
    /// Whether calls are refused.
    pub is_disabled: bool,
    /// Hidden from lists: a key of the console itself.
    pub is_internal: bool,
    /// When it lapses; refused from that moment on.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Option<Timestamp>,
    /// Admission of the last settled call.
    pub last_used_at: Option<Timestamp>,
    /// Charges ever.
    pub usage_total: Amount,
    /// Charges of calls admitted in this UTC day.
    pub usage_daily: Amount,
    /// Charges of calls admitted in this week, from Monday.
    pub usage_weekly: Amount,
    /// Charges of calls admitted in this month.
    pub usage_monthly: Amount,
}

impl KeyState {
    /// What counts towards the limit: the charges of calls admitted in its current period.
    #[must_use]
    pub const fn usage_in_period(&self) -> Amount {
        match self.reset {
            None => self.usage_total,
            Some(ResetPeriod::Daily) => self.usage_daily,
            Some(ResetPeriod::Weekly) => self.usage_weekly,
            Some(ResetPeriod::Monthly) => self.usage_monthly,
        }
    }
}

/// Which keys a list shows. Deleted and internal keys never appear.
#[derive(Debug, Clone, Copy)]
pub struct KeyFilter {
    /// Whether disabled keys appear.
    pub include_disabled: bool,
    /// Whether expired keys appear.
    pub include_expired: bool,
    /// How many to skip.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

/// Changes of a key; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct KeyPatch {
    /// New name.
    pub name: Option<String>,
    /// New limit; `Some(None)` removes it.
    pub limit: Option<Option<Amount>>,
    /// New reset period; `Some(None)` makes the limit one that never starts again.
    pub reset: Option<Option<ResetPeriod>>,
    /// Whether calls are refused.
    pub is_disabled: Option<bool>,
    /// Whether calls on own provider keys count.
    pub include_byok_in_limit: Option<bool>,
    /// New expiry; `Some(None)` removes it.
    pub expires_at: Option<Option<Timestamp>>,
}

const fn role_text(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Inference => "inference",
        KeyRole::Management => "management",
    }
}

fn from_row(row: &Row) -> Result<KeyState, StoreError> {
    let role = match row.text("role")?.as_str() {
        "inference" => KeyRole::Inference,
        "management" => KeyRole::Management,
        _ => return Err(row.corrupt("role")),
    };
    let reset = match row.text_opt("limit_reset")? {
        None => None,
        Some(text) => Some(ResetPeriod::parse(&text).ok_or_else(|| row.corrupt("limit_reset"))?),
    };
    let spent = |column| row.int_opt(column).map(|nanos| Amount::from_nanos(nanos.unwrap_or(0)));
    Ok(KeyState {
        id: row.id("id", KeyId::from_bytes)?,
        hash: row.id("hash", |bytes| KeyHash::from_bytes(bytes).ok_or(()))?,
        label: row.text("label")?,
        name: row.text("name")?,
        account: row.id("account_id", AccountId::from_bytes)?,
        workspace: row.id("workspace_id", WorkspaceId::from_bytes)?,
        user: row.id_opt("user_id", UserId::from_bytes)?,
        role,
        limit: row.int_opt("limit_nanos")?.map(Amount::from_nanos),
        reset,
        include_byok_in_limit: row.flag("include_byok_in_limit")?,
        is_disabled: row.flag("is_disabled")?,
        is_internal: row.flag("is_internal")?,
        expires_at: row.time_opt("expires_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time_opt("updated_at")?,
        last_used_at: row.time_opt("last_used_at")?,
        usage_total: spent("usage_total")?,
        usage_daily: spent("usage_daily")?,
        usage_weekly: spent("usage_weekly")?,
        usage_monthly: spent("usage_monthly")?,
    })
}

fn periods(now: Timestamp) -> [Value<'static>; 3] {
    [now.day_start().into(), now.week_start().into(), now.month_start().into()]
}

impl Store {
    /// Makes a key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when id or hash are taken.
    pub async fn key_insert(&self, new: &NewKey) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let values = [
            new.id.into(),
            new.hash.into(),
            (&new.label).into(),
            (&new.name).into(),
            new.account.into(),
            new.workspace.into(),
            new.user.into(),
            role_text(new.role).into(),
            new.limit.into(),
            new.reset.map(ResetPeriod::as_str).into(),
            new.include_byok_in_limit.into(),
            new.is_internal.into(),
            new.expires_at.into(),
            new.created_at.into(),
        ];
        tx.execute(&KEY_INSERT, &values).await?;
        tx.change(ChangeKind::Key, new.id.as_bytes(), new.created_at).await?;
        tx.commit().await
    }

    /// Finds a key that is not deleted by the hash of its text; `now` decides which periods its usage is of.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn key_find_by_hash(&self, hash: KeyHash, now: Timestamp) -> Result<Option<KeyState>, StoreError> {
        let [day, week, month] = periods(now);
        let row = self.row(&KEY_FIND_BY_HASH, &[day, week, month, hash.into()]).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Finds a key that is not deleted; `now` decides which periods its usage is of.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn key_state(&self, id: KeyId, now: Timestamp) -> Result<Option<KeyState>, StoreError> {
        let [day, week, month] = periods(now);
        let row = self.row(&KEY_FIND, &[day, week, month, id.into()]).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Keys of an account in order of creation.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn key_list(
        &self,
        account: AccountId,
        filter: KeyFilter,
        now: Timestamp,
    ) -> Result<Vec<KeyState>, StoreError> {
        let [day, week, month] = periods(now);
        // Every expiry is later than the smallest moment.
        let alive_at = if filter.include_expired { Timestamp::from_micros(i64::MIN) } else { now };
        let values = [
            day,
            week,
            month,
            account.into(),
            filter.include_disabled.into(),
            alive_at.into(),
            i64::from(filter.limit).into(),
            i64::from(filter.offset).into(),
        ];
        self.rows(&KEY_LIST, &values).await?.iter().map(from_row).collect()
    }

    /// Every key that is not deleted, by id, after one: a page of the snapshot.
    pub(super) async fn key_page(&self, after: &[u8], limit: i64, now: Timestamp) -> Result<Vec<KeyState>, StoreError> {
        let [day, week, month] = periods(now);
        let rows = self.rows(&KEY_SNAPSHOT, &[day, week, month, after.into(), limit.into()]).await?;
        rows.iter().map(from_row).collect()
    }

    /// Changes a key; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn key_update(
        &self,
        account: AccountId,
        hash: KeyHash,
        patch: &KeyPatch,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = [
            account.into(),
            hash.into(),
            at.into(),
            patch.name.is_some().into(),
            (&patch.name).into(),
            patch.limit.is_some().into(),
            patch.limit.flatten().into(),
            patch.reset.is_some().into(),
            patch.reset.flatten().map(ResetPeriod::as_str).into(),
            patch.is_disabled.is_some().into(),
            patch.is_disabled.map(i64::from).into(),
            patch.include_byok_in_limit.is_some().into(),
            patch.include_byok_in_limit.map(i64::from).into(),
            patch.expires_at.is_some().into(),
            patch.expires_at.flatten().into(),
        ];
        self.key_change(&KEY_UPDATE, &values, at).await
    }

    /// Deletes a key; whether there was one. Its row stays for the books.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn key_delete(&self, account: AccountId, hash: KeyHash, at: Timestamp) -> Result<bool, StoreError> {
        self.key_change(&KEY_DELETE, &[account.into(), hash.into(), at.into()], at).await
    }

    async fn key_change(
        &self,
        statement: &super::Statement,
        values: &[Value<'_>],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let Some(row) = tx.row(statement, values).await? else {
            return Ok(false);
        };
        tx.change(ChangeKind::Key, &row.blob("id")?, at).await?;
        tx.commit().await?;
        Ok(true)
    }
}
