-- Presets with their versions, routing settings of accounts and workspaces, and two additions to the rollups.

-- Named sets of model, parameters and routing preferences.
create table presets (
    -- Preset id.
    id bytea not null,
    -- The account it belongs to.
    account_id bytea not null,
    -- The workspace in which its slug means it.
    workspace_id bytea not null,
    -- What requests name.
    slug text not null,
    -- Display name.
    name text not null,
    -- What it is for.
    description text,
    -- Active, disabled or archived.
    status text not null,
    -- Last change of the status, microseconds since 1970.
    status_updated_at bigint,
    -- Who made it, if a person did.
    creator_user_id bytea,
    -- Number of the version that requests get.
    designated bigint not null,
    -- When, microseconds since 1970.
    created_at bigint not null,
    -- Last change, microseconds since 1970.
    updated_at bigint not null,
    primary key (id),
    constraint presets_slug unique (workspace_id, slug)
);

-- What a preset held and holds; versions never change.
create table preset_versions (
    -- Version id.
    id bytea not null,
    -- The preset it belongs to.
    preset_id bytea not null,
    -- Counts from 1 within the preset.
    version bigint not null,
    -- System prompt.
    system_prompt text,
    -- Every other field, as a JSON object.
    config_json text not null,
    -- User or key that made it.
    creator_id text not null,
    -- When, microseconds since 1970.
    created_at bigint not null,
    primary key (id),
    constraint preset_versions_number unique (preset_id, version)
);

-- What an account or a workspace allows, prefers and shares.
create table routing_settings (
    -- The account's or the workspace's id.
    scope_id bytea not null,
    -- The account it belongs to.
    account_id bytea not null,
    -- Account or workspace.
    scope text not null,
    -- The settings, as a JSON object.
    document text not null,
    -- Last change, microseconds since 1970.
    updated_at bigint not null,
    primary key (scope_id)
);

-- Calls that another model served than the one that was asked for.
alter table rollups add column redirected bigint not null default 0;
-- Needed by popularity: the newest days of every account.
create index rollups_days on rollups (bucket) where grain = 'day';

create view presets_readable as
select
    encode(id, 'hex') as id,
    encode(account_id, 'hex') as account_id,
    encode(workspace_id, 'hex') as workspace_id,
    slug,
    name,
    description,
    status,
    to_char(to_timestamp(status_updated_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as status_updated_at,
    encode(creator_user_id, 'hex') as creator_user_id,
    designated,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
    to_char(to_timestamp(updated_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
from presets;

create view preset_versions_readable as
select
    encode(id, 'hex') as id,
    encode(preset_id, 'hex') as preset_id,
    version,
    system_prompt,
    config_json,
    creator_id,
    to_char(to_timestamp(created_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
from preset_versions;

create view routing_settings_readable as
select
    encode(scope_id, 'hex') as scope_id,
    encode(account_id, 'hex') as account_id,
    scope,
    document,
    to_char(to_timestamp(updated_at / 1000000.0) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
from routing_settings;

drop view rollups_readable;
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
    latency_ms,
    redirected
from rollups;
