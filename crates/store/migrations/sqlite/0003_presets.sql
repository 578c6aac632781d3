-- Presets with their versions, routing settings of accounts and workspaces, and two additions to the rollups.

-- Named sets of model, parameters and routing preferences.
create table presets (
    -- Preset id.
    id blob not null,
    -- The account it belongs to.
    account_id blob not null,
    -- The workspace in which its slug means it.
    workspace_id blob not null,
    -- What requests name.
    slug text not null,
    -- Display name.
    name text not null,
    -- What it is for.
    description text,
    -- Active, disabled or archived.
    status text not null,
    -- Last change of the status, microseconds since 1970.
    status_updated_at integer,
    -- Who made it, if a person did.
    creator_user_id blob,
    -- Number of the version that requests get.
    designated integer not null,
    -- When, microseconds since 1970.
    created_at integer not null,
    -- Last change, microseconds since 1970.
    updated_at integer not null,
    primary key (id),
    constraint presets_slug unique (workspace_id, slug)
) strict;

-- What a preset held and holds; versions never change.
create table preset_versions (
    -- Version id.
    id blob not null,
    -- The preset it belongs to.
    preset_id blob not null,
    -- Counts from 1 within the preset.
    version integer not null,
    -- System prompt.
    system_prompt text,
    -- Every other field, as a JSON object.
    config_json text not null,
    -- User or key that made it.
    creator_id text not null,
    -- When, microseconds since 1970.
    created_at integer not null,
    primary key (id),
    constraint preset_versions_number unique (preset_id, version)
) strict;

-- What an account or a workspace allows, prefers and shares.
create table routing_settings (
    -- The account's or the workspace's id.
    scope_id blob not null,
    -- The account it belongs to.
    account_id blob not null,
    -- Account or workspace.
    scope text not null,
    -- The settings, as a JSON object.
    document text not null,
    -- Last change, microseconds since 1970.
    updated_at integer not null,
    primary key (scope_id)
) strict;

-- Calls that another model served than the one that was asked for.
alter table rollups add column redirected integer not null default 0;
-- Needed by popularity: the newest days of every account.
create index rollups_days on rollups (bucket) where grain = 'day';

create view presets_readable as
select
    lower(hex(id)) as id,
    lower(hex(account_id)) as account_id,
    lower(hex(workspace_id)) as workspace_id,
    slug,
    name,
    description,
    status,
    strftime('%Y-%m-%dT%H:%M:%fZ', status_updated_at / 1000000.0, 'unixepoch') as status_updated_at,
    lower(hex(creator_user_id)) as creator_user_id,
    designated,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000000.0, 'unixepoch') as updated_at
from presets;

create view preset_versions_readable as
select
    lower(hex(id)) as id,
    lower(hex(preset_id)) as preset_id,
    version,
    system_prompt,
    config_json,
    creator_id,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch') as created_at
from preset_versions;

create view routing_settings_readable as
select
    lower(hex(scope_id)) as scope_id,
    lower(hex(account_id)) as account_id,
    scope,
    document,
    strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000000.0, 'unixepoch') as updated_at
from routing_settings;

drop view rollups_readable;
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
    latency_ms,
    redirected
from rollups;
