-- The first schema. Three column kinds only: 64-bit integers, text and bytes.

-- Named counters. A row update serialises the transactions that take a number, so numbers appear in commit order.
create table counters (
    -- What is counted.
    name text not null,
    -- The last number taken.
    value bigint not null,
    primary key (name)
);

-- What was changed, for servers that keep a copy in memory. Old rows are pruned.
create table changes (
    -- Position, rises in commit order.
    seq bigint not null,
    -- Account, key, upstream, catalog, setting or session.
    kind text not null,
    -- Id of the changed thing; the text of a model id or setting name.
    id bytea not null,
    -- When, microseconds since 1970.
    changed_at bigint not null,
    primary key (seq)
);

-- Who pays, with the cached sums of the ledger.
create table accounts (
    -- Account id.
    id bytea not null,
    -- Display name.
    name text not null,
    -- 1 for the account of the demonstration models.
    is_demo bigint not null,
    -- Default workspace.
    workspace_id bytea not null,
    -- Sum of grants, promotions and adjustments, nano-dollars.
    granted bigint not null,
    -- Sum of grants alone: credit ever bought, nano-dollars.
    bought bigint not null,
    -- Sum of usage and interrupted charges, nano-dollars.
    posted bigint not null,
    -- When, microseconds since 1970.
    created_at bigint not null,
    primary key (id)
);

-- Workspaces of accounts.
create table workspaces (
    -- Workspace id.
    id bytea not null,
    -- The account it belongs to.
    account_id bytea not null,
    -- Display name.
    name text not null,
    -- When, microseconds since 1970.
    created_at bigint not null,
    primary key (id)
);

-- People who sign in.
create table users (
    -- User id.
    id bytea not null,
    -- The account that they own.
    account_id bytea not null,
    -- Display name.
    name text not null,
    -- When, microseconds since 1970.
    created_at bigint not null,
    primary key (id)
);

-- Credit that was given or corrected, one row per posting.
create table grants (
    -- Entry id, made by whoever asked.
    id bytea not null,
    -- Who received it.
    account_id bytea not null,
    -- Grant, promotion or adjustment.
    kind text not null,
    -- Nano-dollars, negative for a correction downwards.
    amount bigint not null,
    -- Why, in the words of the operator.
    note text not null,
    -- When, microseconds since 1970.
    posted_at bigint not null,
    primary key (id)
);
-- Needed by grant_list: the credit history of one account.
create index grants_account on grants (account_id, posted_at);

-- Credit in hand by origin; charges consume it promotional first, then by earliest expiry, then by age.
create table lots (
    -- Entry id of the grant.
    id bytea not null,
    -- Whose credit.
    account_id bytea not null,
    -- 1 is consumed before bought credit.
    is_promotion bigint not null,
    -- What was granted, nano-dollars.
    amount bigint not null,
    -- What is left, nano-dollars.
    remainder bigint not null,
    -- When it lapses, microseconds since 1970; null is never.
    expires_at bigint,
    -- When, microseconds since 1970.
    created_at bigint not null,
    primary key (id),
    check (remainder >= 0 and remainder <= amount)
);
-- Needed by lot_list_open: the lots that a batch consumes.
create index lots_open on lots (account_id, created_at) where remainder > 0;

-- Double-entry postings, append only; the rows of one (source, attempt, line) sum to zero.
create table entries (
    -- Generation id of a charge, entry id of a grant.
    source_id bytea not null,
    -- 1-based attempt that is charged; 0 for a grant.
    attempt bigint not null,
    -- Line within the attempt; 0 is the sum of its cost lines.
    line bigint not null,
    -- Credit, usage_revenue, clearing, promotion or adjustment.
    book text not null,
    -- Whose posting.
    account_id bytea not null,
    -- Usage, interrupted, grant, promotion or adjustment.
    kind text not null,
    -- Nano-dollars, positive into the book.
    amount bigint not null,
    -- When it became due, microseconds since 1970.
    posted_at bigint not null,
    primary key (source_id, attempt, line, book)
);
-- Needed by verify: the sums per account and book.
create index entries_account on entries (account_id, book);

-- API keys. Only the hash of the text is kept; a deleted key stays for the books.
create table keys (
    -- Key id.
    id bytea not null,
    -- SHA-256 of the key text.
    hash bytea not null,
    -- Head and tail of the text, for lists.
    label text not null,
    -- Display name.
    name text not null,
    -- Who pays.
    account_id bytea not null,
    -- Workspace.
    workspace_id bytea not null,
    -- Who made it, if a person did.
    user_id bytea,
    -- Inference or management.
    role text not null,
    -- Credit limit in nano-dollars; null is none.
    limit_nanos bigint,
    -- Daily, weekly or monthly; null never starts again.
    limit_reset text,
    -- 1 counts calls on own provider keys too.
    include_byok_in_limit bigint not null,
    -- 1 refuses calls.
    is_disabled bigint not null,
    -- 1 for a key of the console, hidden from lists.
    is_internal bigint not null,
    -- When it lapses, microseconds since 1970; null is never.
    expires_at bigint,
    -- When, microseconds since 1970.
    created_at bigint not null,
    -- Last change, microseconds since 1970.
    updated_at bigint,
    -- When it was deleted, microseconds since 1970.
    deleted_at bigint,
    -- Admission of the last settled call, microseconds since 1970.
    last_used_at bigint,
    primary key (id),
    constraint keys_hash unique (hash)
);
-- Needed by key_list: the keys of one account in order of creation.
create index keys_account on keys (account_id, created_at, id);

-- What a key has spent, by the period in which the call was admitted. Written by the drain alone.
create table key_usage (
    -- The key.
    key_id bytea not null,
    -- Total, day, week or month.
    period text not null,
    -- First moment of the period, microseconds since 1970; 0 for total.
    period_start bigint not null,
    -- Sum of charges, nano-dollars.
    charge bigint not null,
    -- Settled calls.
    requests bigint not null,
    primary key (key_id, period, period_start)
);

-- Free requests per account and UTC day of admission.
create table account_days (
    -- The account.
    account_id bytea not null,
    -- First moment of the day, microseconds since 1970.
    day bigint not null,
    -- Calls of free models.
    free_requests bigint not null,
    primary key (account_id, day)
);

-- One row per settled call: everything that is remembered about it. Never prompt or answer text.
create table generations (
    -- Generation id.
    id bytea not null,
    -- Who pays.
    account_id bytea not null,
    -- Workspace.
    workspace_id bytea,
    -- The key that asked.
    key_id bytea not null,
    -- Admission, microseconds since 1970.
    created_at bigint not null,
    -- End, microseconds since 1970.
    ended_at bigint not null,
    -- Model id as the client wrote it.
    model_asked text not null,
    -- Model id that served.
    model text not null,
    -- Provider handle.
    provider_slug text not null,
    -- Provider display name.
    provider_name text not null,
    -- Endpoint that served.
    endpoint_tag text not null,
    -- 1-based attempt that served.
    attempt bigint not null,
    -- Completions, embeddings, ....
    api_type text not null,
    -- 1 for a streaming answer.
    is_streamed bigint not null,
    -- 1 counts towards the free limits.
    is_free bigint not null,
    -- Price version pinned at admission.
    price_version text not null,
    -- Femto-dollars per prompt token.
    prompt_price bigint not null,
    -- Femto-dollars per answer token.
    completion_price bigint not null,
    -- Fixed part, femto-dollars.
    fixed_price bigint not null,
    -- Prompt tokens estimated at admission.
    prompt_estimate bigint not null,
    -- What was held, nano-dollars.
    hold bigint not null,
    -- End user as the caller names them.
    end_user text,
    -- Customer of the caller.
    customer text,
    -- Feature of the caller.
    feature text,
    -- Conversation.
    session_id text,
    -- Title of the calling application.
    app_title text,
    -- Address of the calling application.
    app_url text,
    -- User agent of the client.
    user_agent text,
    -- Region that served.
    region text,
    -- Data policy that applied.
    data_policy text,
    -- Completed, cancelled, failed, interrupted or budget_ended.
    ending text not null,
    -- Ledger kind of the charge.
    kind text not null,
    -- What was charged, nano-dollars.
    charge bigint not null,
    -- Why the charge was waived.
    waived text,
    -- Prompt tokens of every class.
    prompt_tokens bigint not null,
    -- Answer tokens of every class.
    completion_tokens bigint not null,
    -- Reasoning tokens.
    reasoning_tokens bigint not null,
    -- Prompt tokens read from a cache.
    cached_tokens bigint not null,
    -- Normalised finish reason.
    finish_reason text,
    -- Finish reason of the provider.
    native_finish_reason text,
    -- Id of the call at the provider.
    upstream_id text,
    -- Service tier that served.
    service_tier text,
    -- HTTP status that the client saw.
    status bigint not null,
    -- Error type that the client saw.
    error_type text,
    -- Milliseconds to the first content.
    latency_ms bigint not null,
    -- Milliseconds from the first attempt to the end.
    generation_ms bigint not null,
    -- Every usage class.
    usage_json text not null,
    -- Cost lines.
    lines_json text not null,
    -- Attempts with their reasons.
    attempts_json text not null,
    -- Endpoints that the plan left out.
    excluded_json text not null,
    primary key (id)
);
-- Needed by generation_list: the calls of one account, newest first.
create index generations_account on generations (account_id, created_at, id);

-- Sums per minute, hour and day of settlement; dashboards read these and never the raw rows.
create table rollups (
    -- Who paid.
    account_id bytea not null,
    -- Minute, hour or day.
    grain text not null,
    -- First moment of the bucket, microseconds since 1970.
    bucket bigint not null,
    -- The key that asked.
    key_id bytea not null,
    -- Model id that served.
    model text not null,
    -- Provider handle.
    provider text not null,
    -- Settled calls.
    requests bigint not null,
    -- Calls that ended in an error.
    errors bigint not null,
    -- Prompt tokens of every class.
    prompt_tokens bigint not null,
    -- Answer tokens of every class.
    completion_tokens bigint not null,
    -- Reasoning tokens.
    reasoning_tokens bigint not null,
    -- Prompt tokens read from a cache.
    cached_tokens bigint not null,
    -- Sum of charges, nano-dollars.
    cost bigint not null,
    -- Sum of the milliseconds to the first content.
    latency_ms bigint not null,
    primary key (account_id, grain, bucket, key_id, model, provider)
);

-- Journals that drain into this store.
create table nodes (
    -- Node id.
    id bytea not null,
    -- Generation number of its last start; batches of an older one are refused.
    boot bigint not null,
    -- Journal sequence up to which everything is posted.
    drained bigint not null,
    -- Last batch, microseconds since 1970.
    updated_at bigint not null,
    primary key (id)
);

-- One-time links that make the first owner.
create table setup_tokens (
    -- SHA-256 of the token.
    hash bytea not null,
    -- Account that the owner gets; null makes one.
    account_id bytea,
    -- Suggested name.
    user_name text not null,
    -- When it lapses, microseconds since 1970.
    expires_at bigint not null,
    -- When it was used, microseconds since 1970.
    consumed_at bigint,
    primary key (hash)
);

-- Signed-in browsers.
create table sessions (
    -- SHA-256 of the session secret.
    hash bytea not null,
    -- Who signed in.
    user_id bytea not null,
    -- For which account.
    account_id bytea not null,
    -- When, microseconds since 1970.
    created_at bigint not null,
    -- Latest end, microseconds since 1970.
    expires_at bigint not null,
    -- Longest pause between two requests, microseconds.
    idle_us bigint not null,
    -- Last request, microseconds since 1970.
    seen_at bigint not null,
    primary key (hash)
);

-- Provider connections that were added at run time.
create table upstreams (
    -- Upstream id.
    id bytea not null,
    -- Provider handle.
    slug text not null,
    -- Wire format family.
    family text not null,
    -- Base address.
    base_url text not null,
    -- Credential as given by the caller, usually sealed.
    secret bytea,
    -- 1 when the credential is encrypted.
    is_sealed bigint not null,
    -- 1 is skipped.
    is_disabled bigint not null,
    -- Anything else.
    settings_json text not null,
    -- When, microseconds since 1970.
    created_at bigint not null,
    -- Last change, microseconds since 1970.
    updated_at bigint not null,
    primary key (id),
    constraint upstreams_slug unique (slug)
);

-- Versions of catalogue entries that override the shipped ones.
create table catalog_models (
    -- Model id.
    model_id text not null,
    -- Price version.
    version text not null,
    -- The entry as JSON; null withdraws the override.
    document text,
    -- When it takes effect, microseconds since 1970.
    effective_from bigint not null,
    -- When it was recorded, microseconds since 1970.
    recorded_at bigint not null,
    primary key (model_id, version)
);

-- Settings that are changed at run time.
create table settings (
    -- Name.
    name text not null,
    -- Value.
    value text not null,
    -- Last change, microseconds since 1970.
    updated_at bigint not null,
    primary key (name)
);

-- Numbers of the change feed.
insert into counters (name, value) values ('changes', 0);
