-- When a key was last used stands beside what it spent, so that a batch of settlements writes both at once.

-- Admission of the last settled call of the period, microseconds since 1970.
alter table key_usage add column last_used_at bigint;

update key_usage
set last_used_at = (select k.last_used_at from keys k where k.id = key_usage.key_id)
where period = 'total';

drop view keys_readable;
create view keys_readable as
select
    encode(id, 'hex') as id,
    encode(hash, 'hex') as hash,
    label,
    name,
    encode(account_id, 'hex') as account_id,
    encode(workspace_id, 'hex') as workspace_id,
    encode(user_id, 'hex') as user_id,
    role,
    (limit_nanos / 1000000000.0)::numeric(20, 9)::text as limit_usd,
    limit_reset,
    include_byok_in_limit,
    is_disabled,
    is_internal,
    to_char(to_timestamp(expires_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
    to_char(to_timestamp(updated_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at,
    to_char(to_timestamp(deleted_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as deleted_at,
    (select to_char(to_timestamp(u.last_used_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        from key_usage u
        where u.key_id = keys.id and u.period = 'total' and u.period_start = 0) as last_used_at
from keys;

drop view key_usage_readable;
create view key_usage_readable as
select
    encode(key_id, 'hex') as key_id,
    period,
    to_char(to_timestamp(period_start / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as period_start,
    (charge / 1000000000.0)::numeric(20, 9)::text as charge_usd,
    requests,
    to_char(to_timestamp(last_used_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_used_at
from key_usage;
