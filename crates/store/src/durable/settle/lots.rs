//! Lots: which credit a charge consumes.

use super::super::StoreError;
use super::super::connection::Tx;
use super::super::statement::statements;
use domain::id::AccountId;
use domain::money::Amount;

statements! {
    LOT_CONSUME = "update lots
        set remainder = lots.remainder - taken.amount
        from (select id, case when earlier + remainder <= $2 then remainder else $2 - earlier end as amount
            from (select id, remainder, coalesce(cast(sum(remainder) over (
                        order by is_promotion desc, coalesce(expires_at, 9223372036854775807), created_at, id
                        rows between unbounded preceding and 1 preceding) as bigint), 0) as earlier
                from lots
                where account_id = $1 and remainder > 0) as ranked
            where earlier < $2) as taken
        where lots.id = taken.id";
}

/// Takes `amount` from the open lots: promotional first, then by earliest expiry, then by age.
///
/// What the lots do not cover becomes debt, which the next grant pays. The caller holds the lock on the account's row. The
/// remainders of an account sum to no more than its credit, so that their sum stays in range.
pub(in crate::durable) async fn consume(tx: &mut Tx, account: AccountId, amount: Amount) -> Result<(), StoreError> {
    if amount > Amount::ZERO {
        tx.execute(&LOT_CONSUME, &[account.into(), amount.into()]).await?;
    }
    Ok(())
}
