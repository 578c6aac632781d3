//! Lots: which credit a charge consumes.

use super::super::StoreError;
use super::super::connection::Tx;
use super::super::statement::statements;
use domain::id::AccountId;
use domain::money::{Amount, Overflow};

statements! {
    LOT_LIST_OPEN = "select id, remainder
        from lots
        where account_id = $1 and remainder > 0
        order by is_promotion desc, coalesce(expires_at, 9223372036854775807), created_at, id
        limit $2";
    LOT_CONSUME = "update lots set remainder = remainder - $2 where id = $1";
}

/// Lots per read.
const PAGE: i64 = 64;

/// Takes `amount` from the open lots: promotional first, then by earliest expiry, then by age.
///
/// What the lots do not cover becomes debt, which the next grant pays. The caller holds the lock on the account's row.
pub(in crate::durable) async fn consume(tx: &mut Tx, account: AccountId, amount: Amount) -> Result<(), StoreError> {
    let mut left = amount;
    while left > Amount::ZERO {
        let rows = tx.rows(&LOT_LIST_OPEN, &[account.into(), PAGE.into()]).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            let taken = left.min(row.amount("remainder")?);
            if taken.is_zero() {
                break;
            }
            tx.execute(&LOT_CONSUME, &[row.blob("id")?.as_slice().into(), taken.into()]).await?;
            left = left.checked_sub(taken).map_err(|Overflow| StoreError::Range)?;
        }
    }
    Ok(())
}
