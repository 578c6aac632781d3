-- One view per table for people at a database shell: dollars, dates and ids in readable form.
-- No statement of the program reads them.

create view changes_readable as
select
    seq,
    kind,
    lower(hex(id)) as id,
    strftime('%Y-%m-%dT%H:%M:%fZ', changed_at / 1000000.0, 'unixepoch') as changed_at
from changes;

create view accounts_readable as
select
    lower(hex(id)) as id,
    name,
    is_demo,
    lower(hex(workspace_id)) as workspace_id,
    case when granted < 0 then '-' else '' end || (abs(granted) / 1000000000) || '.' || substr('00000000' || (abs(granted) % 1000000000), -9) as granted_usd,
    case when bought < 0 then '-' else '' end || (abs(bought) / 1000000000) || '.' || substr('00000000' || (abs(bought) % 1000000000), -9) as bought_usd,
    case when posted < 0 then '-' else '' end || (abs(posted) / 1000000000) || '.' || substr('00000000' || (abs(posted) % 1000000000), -9) as posted_usd,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at
from accounts;

create view workspaces_readable as
select
    lower(hex(id)) as id,
    lower(hex(account_id)) as account_id,
    name,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at
from workspaces;

create view users_readable as
select
    lower(hex(id)) as id,
    lower(hex(account_id)) as account_id,
    name,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at
from users;

create view grants_readable as
select
    lower(hex(id)) as id,
    lower(hex(account_id)) as account_id,
    kind,
    case when amount < 0 then '-' else '' end || (abs(amount) / 1000000000) || '.' || substr('00000000' || (abs(amount) % 1000000000), -9) as amount_usd,
    note,
    strftime('%Y-%m-%dT%H:%M:%fZ', posted_at / 1000000.0, 'unixepoch') as posted_at
from grants;

create view lots_readable as
select
    lower(hex(id)) as id,
    lower(hex(account_id)) as account_id,
    is_promotion,
    case when amount < 0 then '-' else '' end || (abs(amount) / 1000000000) || '.' || substr('00000000' || (abs(amount) % 1000000000), -9) as amount_usd,
    case when remainder < 0 then '-' else '' end || (abs(remainder) / 1000000000) || '.' || substr('00000000' || (abs(remainder) % 1000000000), -9) as remainder_usd,
    strftime('%Y-%m-%dT%H:%M:%fZ', expires_at / 1000000.0, 'unixepoch') as expires_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at
from lots;

create view entries_readable as
select
    lower(hex(source_id)) as source_id,
    attempt,
    line,
    book,
    lower(hex(account_id)) as account_id,
    kind,
    case when amount < 0 then '-' else '' end || (abs(amount) / 1000000000) || '.' || substr('00000000' || (abs(amount) % 1000000000), -9) as amount_usd,
    strftime('%Y-%m-%dT%H:%M:%fZ', posted_at / 1000000.0, 'unixepoch') as posted_at
from entries;

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
    strftime('%Y-%m-%dT%H:%M:%fZ', last_used_at / 1000000.0, 'unixepoch') as last_used_at
from keys;

create view key_usage_readable as
select
    lower(hex(key_id)) as key_id,
    period,
    strftime('%Y-%m-%dT%H:%M:%fZ', period_start / 1000000.0, 'unixepoch') as period_start,
    case when charge < 0 then '-' else '' end || (abs(charge) / 1000000000) || '.' || substr('00000000' || (abs(charge) % 1000000000), -9) as charge_usd,
    requests
from key_usage;

create view account_days_readable as
select
    lower(hex(account_id)) as account_id,
    strftime('%Y-%m-%dT%H:%M:%fZ', day / 1000000.0, 'unixepoch') as day,
    free_requests
from account_days;

create view generations_readable as
select
    lower(hex(id)) as id,
    lower(hex(account_id)) as account_id,
    lower(hex(workspace_id)) as workspace_id,
    lower(hex(key_id)) as key_id,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', ended_at / 1000000.0, 'unixepoch') as ended_at,
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
    case when hold < 0 then '-' else '' end || (abs(hold) / 1000000000) || '.' || substr('00000000' || (abs(hold) % 1000000000), -9) as hold_usd,
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
    case when charge < 0 then '-' else '' end || (abs(charge) / 1000000000) || '.' || substr('00000000' || (abs(charge) % 1000000000), -9) as charge_usd,
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
    lower(hex(account_id)) as account_id,
    grain,
    strftime('%Y-%m-%dT%H:%M:%fZ', bucket / 1000000.0, 'unixepoch') as bucket,
    lower(hex(key_id)) as key_id,
    model,
    provider,
    requests,
    errors,
    prompt_tokens,
    completion_tokens,
    reasoning_tokens,
    cached_tokens,
    case when cost < 0 then '-' else '' end || (abs(cost) / 1000000000) || '.' || substr('00000000' || (abs(cost) % 1000000000), -9) as cost_usd,
    latency_ms
from rollups;

create view nodes_readable as
select
    lower(hex(id)) as id,
    boot,
    drained,
    strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000000.0, 'unixepoch') as updated_at
from nodes;

create view setup_tokens_readable as
select
    lower(hex(hash)) as hash,
    lower(hex(account_id)) as account_id,
    user_name,
    strftime('%Y-%m-%dT%H:%M:%fZ', expires_at / 1000000.0, 'unixepoch') as expires_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', consumed_at / 1000000.0, 'unixepoch') as consumed_at
from setup_tokens;

create view sessions_readable as
select
    lower(hex(hash)) as hash,
    lower(hex(user_id)) as user_id,
    lower(hex(account_id)) as account_id,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', expires_at / 1000000.0, 'unixepoch') as expires_at,
    idle_us,
    strftime('%Y-%m-%dT%H:%M:%fZ', seen_at / 1000000.0, 'unixepoch') as seen_at
from sessions;

create view upstreams_readable as
select
    lower(hex(id)) as id,
    slug,
    family,
    base_url,
    case when secret is null then null else 'present' end as secret,
    is_sealed,
    is_disabled,
    settings_json,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000000.0, 'unixepoch') as updated_at
from upstreams;

create view catalog_models_readable as
select
    model_id,
    version,
    document,
    strftime('%Y-%m-%dT%H:%M:%fZ', effective_from / 1000000.0, 'unixepoch') as effective_from,
    strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at / 1000000.0, 'unixepoch') as recorded_at
from catalog_models;

create view settings_readable as
select
    name,
    value,
    strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000000.0, 'unixepoch') as updated_at
from settings;
