-- When a key was last used stands beside what it spent, so that a batch of settlements writes both at once.

-- Admission of the last settled call of the period, microseconds since 1970.
alter table key_usage add column last_used_at integer;

update key_usage
set last_used_at = (select k.last_used_at from keys k where k.id = key_usage.key_id)
where period = 'total';

drop view keys_readable;
create view keys_readable as
select
    lower(hex(id)) as id,
    lower(hex(hash)) as hash,
    label,
    name,
    lower(hex(account_id)) as account_id,
    lower(hex(workspace_id)) as workspace_id,
    lower(hex(user_id)) as user_id,
    role,
    case when limit_nanos < 0 then '-' else '' end || (abs(limit_nanos) / 1000000000) || '.' || substr('00000000' || (abs(limit_nanos) % 1000000000), -9) as limit_usd,
    limit_reset,
    include_byok_in_limit,
    is_disabled,
    is_internal,
    strftime('%Y-%m-%dT%H:%M:%fZ', expires_at / 1000000.0, 'unixepoch') as expires_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000000.0, 'unixepoch') as updated_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', deleted_at / 1000000.0, 'unixepoch') as deleted_at,
    (select strftime('%Y-%m-%dT%H:%M:%fZ', u.last_used_at / 1000000.0, 'unixepoch')
        from key_usage u
        where u.key_id = keys.id and u.period = 'total' and u.period_start = 0) as last_used_at
from keys;

drop view key_usage_readable;
create view key_usage_readable as
select
    lower(hex(key_id)) as key_id,
    period,
    strftime('%Y-%m-%dT%H:%M:%fZ', period_start / 1000000.0, 'unixepoch') as period_start,
    case when charge < 0 then '-' else '' end || (abs(charge) / 1000000000) || '.' || substr('00000000' || (abs(charge) % 1000000000), -9) as charge_usd,
    requests,
    strftime('%Y-%m-%dT%H:%M:%fZ', last_used_at / 1000000.0, 'unixepoch') as last_used_at
from key_usage;
