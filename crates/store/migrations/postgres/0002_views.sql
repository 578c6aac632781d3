-- One view per table for people at a database shell: dollars, dates and ids in readable form.
-- No statement of the program reads them.

create view changes_readable as
select
    seq,
    kind,
    encode(id, 'hex') as id,
    to_char(to_timestamp(changed_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as changed_at
from changes;

create view accounts_readable as
select
    encode(id, 'hex') as id,
    name,
    is_demo,
    encode(workspace_id, 'hex') as workspace_id,
    (granted / 1000000000.0)::numeric(20, 9)::text as granted_usd,
    (bought / 1000000000.0)::numeric(20, 9)::text as bought_usd,
    (posted / 1000000000.0)::numeric(20, 9)::text as posted_usd,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
from accounts;

create view workspaces_readable as
select
    encode(id, 'hex') as id,
    encode(account_id, 'hex') as account_id,
    name,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
from workspaces;

create view users_readable as
select
    encode(id, 'hex') as id,
    encode(account_id, 'hex') as account_id,
    name,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
from users;

create view grants_readable as
select
    encode(id, 'hex') as id,
    encode(account_id, 'hex') as account_id,
    kind,
    (amount / 1000000000.0)::numeric(20, 9)::text as amount_usd,
    note,
    to_char(to_timestamp(posted_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as posted_at
from grants;

create view lots_readable as
select
    encode(id, 'hex') as id,
    encode(account_id, 'hex') as account_id,
    is_promotion,
    (amount / 1000000000.0)::numeric(20, 9)::text as amount_usd,
    (remainder / 1000000000.0)::numeric(20, 9)::text as remainder_usd,
    to_char(to_timestamp(expires_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
from lots;

create view entries_readable as
select
    encode(source_id, 'hex') as source_id,
    attempt,
    line,
    book,
    encode(account_id, 'hex') as account_id,
    kind,
    (amount / 1000000000.0)::numeric(20, 9)::text as amount_usd,
    to_char(to_timestamp(posted_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as posted_at
from entries;

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
    to_char(to_timestamp(last_used_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_used_at
from keys;

create view key_usage_readable as
select
    encode(key_id, 'hex') as key_id,
    period,
    to_char(to_timestamp(period_start / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as period_start,
    (charge / 1000000000.0)::numeric(20, 9)::text as charge_usd,
    requests
from key_usage;

create view account_days_readable as
select
    encode(account_id, 'hex') as account_id,
    to_char(to_timestamp(day / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as day,
    free_requests
from account_days;

create view generations_readable as
select
    encode(id, 'hex') as id,
    encode(account_id, 'hex') as account_id,
    encode(workspace_id, 'hex') as workspace_id,
    encode(key_id, 'hex') as key_id,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
    to_char(to_timestamp(ended_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ended_at,
    model_asked,
    model,
    provider_slug,
    provider_name,
    endpoint_tag,
    attempt,
    api_type,
    is_streamed,
    is_free,
    price_version,
    prompt_price,
    completion_price,
    fixed_price,
    prompt_estimate,
    (hold / 1000000000.0)::numeric(20, 9)::text as hold_usd,
    end_user,
    customer,
    feature,
    session_id,
    app_title,
    app_url,
    user_agent,
    region,
    data_policy,
    ending,
    kind,
    (charge / 1000000000.0)::numeric(20, 9)::text as charge_usd,
    waived,
    prompt_tokens,
    completion_tokens,
    reasoning_tokens,
    cached_tokens,
    finish_reason,
    native_finish_reason,
    upstream_id,
    service_tier,
    status,
    error_type,
    latency_ms,
    generation_ms,
    usage_json,
    lines_json,
    attempts_json,
    excluded_json
from generations;

create view rollups_readable as
select
    encode(account_id, 'hex') as account_id,
    grain,
    to_char(to_timestamp(bucket / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as bucket,
    encode(key_id, 'hex') as key_id,
    model,
    provider,
    requests,
    errors,
    prompt_tokens,
    completion_tokens,
    reasoning_tokens,
    cached_tokens,
    (cost / 1000000000.0)::numeric(20, 9)::text as cost_usd,
    latency_ms
from rollups;

create view nodes_readable as
select
    encode(id, 'hex') as id,
    boot,
    drained,
    to_char(to_timestamp(updated_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
from nodes;

create view setup_tokens_readable as
select
    encode(hash, 'hex') as hash,
    encode(account_id, 'hex') as account_id,
    user_name,
    to_char(to_timestamp(expires_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at,
    to_char(to_timestamp(consumed_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as consumed_at
from setup_tokens;

create view sessions_readable as
select
    encode(hash, 'hex') as hash,
    encode(user_id, 'hex') as user_id,
    encode(account_id, 'hex') as account_id,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
    to_char(to_timestamp(expires_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at,
    idle_us,
    to_char(to_timestamp(seen_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as seen_at
from sessions;

create view upstreams_readable as
select
    encode(id, 'hex') as id,
    slug,
    family,
    base_url,
    case when secret is null then null else 'present' end as secret,
    is_sealed,
    is_disabled,
    settings_json,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
    to_char(to_timestamp(updated_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
from upstreams;

create view catalog_models_readable as
select
    model_id,
    version,
    document,
    to_char(to_timestamp(effective_from / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as effective_from,
    to_char(to_timestamp(recorded_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as recorded_at
from catalog_models;

create view settings_readable as
select
    name,
    value,
    to_char(to_timestamp(updated_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
from settings;
