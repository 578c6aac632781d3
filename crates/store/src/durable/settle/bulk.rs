//! The bulk writes of the drain, each in the form that its engine does fast.
//!
//! SQLite takes a few rows at a time, from the text for one; PostgreSQL takes one array per column. Where nothing is updated,
//! SQLite is told to `fail`: a failure rolls the transaction back all the same, and the copies of pages are saved by which it
//! would take back the rows of the failed statement alone.

use super::super::statement::bulk_statements;

bulk_statements! {
    ENTRY_ADD = {
        "insert or fail into entries (source_id, attempt, line, book, account_id, kind, amount, posted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (source_id, attempt, line, book) do nothing",
        "insert into entries (source_id, attempt, line, book, account_id, kind, amount, posted_at)
        select * from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::bigint[],
            $8::bigint[])
        on conflict (source_id, attempt, line, book) do nothing"
    };
    ENTRY_INSERT = {
        "insert into entries (source_id, attempt, line, book, account_id, kind, amount, posted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (source_id, attempt, line, book) do nothing
        returning source_id, book",
        "insert into entries (source_id, attempt, line, book, account_id, kind, amount, posted_at)
        select * from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::bigint[],
            $8::bigint[])
        on conflict (source_id, attempt, line, book) do nothing
        returning source_id, book"
    };
    GENERATION_INSERT = {
        "insert or fail into generations (id, account_id, workspace_id, key_id, created_at, ended_at, model_asked, model, provider_slug,
            provider_name, endpoint_tag, attempt, api_type, is_streamed, is_free, price_version, prompt_price,
            completion_price, fixed_price, prompt_estimate, hold, end_user, customer, feature, session_id,
            app_title, app_url, user_agent, region, data_policy, ending, kind, charge, waived, prompt_tokens,
            completion_tokens, reasoning_tokens, cached_tokens, finish_reason, native_finish_reason,
            upstream_id, service_tier, status, error_type, latency_ms, generation_ms, usage_json, lines_json,
            attempts_json, excluded_json, preset_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
            $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41,
            $42, $43, $44, $45, $46, $47, $48, $49, $50, $51)
        on conflict (id) do nothing",
        "insert into generations (id, account_id, workspace_id, key_id, created_at, ended_at, model_asked, model, provider_slug,
            provider_name, endpoint_tag, attempt, api_type, is_streamed, is_free, price_version, prompt_price,
            completion_price, fixed_price, prompt_estimate, hold, end_user, customer, feature, session_id,
            app_title, app_url, user_agent, region, data_policy, ending, kind, charge, waived, prompt_tokens,
            completion_tokens, reasoning_tokens, cached_tokens, finish_reason, native_finish_reason,
            upstream_id, service_tier, status, error_type, latency_ms, generation_ms, usage_json, lines_json,
            attempts_json, excluded_json, preset_id)
        select * from unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bigint[], $7::text[],
            $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::text[], $14::bigint[],
            $15::bigint[], $16::text[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[],
            $21::bigint[], $22::text[], $23::text[], $24::text[], $25::text[], $26::text[], $27::text[],
            $28::text[], $29::text[], $30::text[], $31::text[], $32::text[], $33::bigint[], $34::text[],
            $35::bigint[], $36::bigint[], $37::bigint[], $38::bigint[], $39::text[], $40::text[], $41::text[],
            $42::text[], $43::bigint[], $44::text[], $45::bigint[], $46::bigint[], $47::text[], $48::text[],
            $49::text[], $50::text[], $51::bytea[])
        on conflict (id) do nothing"
    };
    KEY_USAGE_ADD = {
        "insert into key_usage (key_id, period, period_start, charge, requests, last_used_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (key_id, period, period_start) do update
        set charge = key_usage.charge + excluded.charge,
            requests = key_usage.requests + excluded.requests,
            last_used_at = case
                when key_usage.last_used_at > excluded.last_used_at then key_usage.last_used_at
                else excluded.last_used_at
            end",
        "insert into key_usage (key_id, period, period_start, charge, requests, last_used_at)
        select * from unnest($1::bytea[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
        on conflict (key_id, period, period_start) do update
        set charge = key_usage.charge + excluded.charge,
            requests = key_usage.requests + excluded.requests,
            last_used_at = case
                when key_usage.last_used_at > excluded.last_used_at then key_usage.last_used_at
                else excluded.last_used_at
            end"
    };
    ACCOUNT_DAY_ADD = {
        "insert into account_days (account_id, day, free_requests)
        values ($1, $2, $3)
        on conflict (account_id, day) do update
        set free_requests = account_days.free_requests + excluded.free_requests",
        "insert into account_days (account_id, day, free_requests)
        select * from unnest($1::bytea[], $2::bigint[], $3::bigint[])
        on conflict (account_id, day) do update
        set free_requests = account_days.free_requests + excluded.free_requests"
    };
    ROLLUP_ADD = {
        "insert into rollups (account_id, grain, bucket, key_id, model, provider, requests, errors, prompt_tokens,
            completion_tokens, reasoning_tokens, cached_tokens, cost, latency_ms, redirected)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        on conflict (account_id, grain, bucket, key_id, model, provider) do update
        set requests = rollups.requests + excluded.requests,
            errors = rollups.errors + excluded.errors,
            prompt_tokens = rollups.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = rollups.completion_tokens + excluded.completion_tokens,
            reasoning_tokens = rollups.reasoning_tokens + excluded.reasoning_tokens,
            cached_tokens = rollups.cached_tokens + excluded.cached_tokens,
            cost = rollups.cost + excluded.cost,
            latency_ms = rollups.latency_ms + excluded.latency_ms,
            redirected = rollups.redirected + excluded.redirected",
        "insert into rollups (account_id, grain, bucket, key_id, model, provider, requests, errors, prompt_tokens,
            completion_tokens, reasoning_tokens, cached_tokens, cost, latency_ms, redirected)
        select * from unnest($1::bytea[], $2::text[], $3::bigint[], $4::bytea[], $5::text[], $6::text[], $7::bigint[],
            $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
            $14::bigint[], $15::bigint[])
        on conflict (account_id, grain, bucket, key_id, model, provider) do update
        set requests = rollups.requests + excluded.requests,
            errors = rollups.errors + excluded.errors,
            prompt_tokens = rollups.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = rollups.completion_tokens + excluded.completion_tokens,
            reasoning_tokens = rollups.reasoning_tokens + excluded.reasoning_tokens,
            cached_tokens = rollups.cached_tokens + excluded.cached_tokens,
            cost = rollups.cost + excluded.cost,
            latency_ms = rollups.latency_ms + excluded.latency_ms,
            redirected = rollups.redirected + excluded.redirected"
    };
}
