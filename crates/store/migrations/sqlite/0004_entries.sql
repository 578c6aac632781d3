-- Two entries are written per call. Kept by their key alone they cost one place to write to; before, it was three.

drop view entries_readable;
drop index entries_account;
alter table entries rename to entries_before;

-- Double-entry postings, append only; the rows of one (source, attempt, line) sum to zero.
create table entries (
    -- Generation id of a charge, entry id of a grant.
    source_id blob not null,
    -- 1-based attempt that is charged; 0 for a grant.
    attempt integer not null,
    -- Line within the attempt; 0 is the sum of its cost lines.
    line integer not null,
    -- Credit, usage_revenue, clearing, promotion or adjustment.
    book text not null,
    -- Whose posting.
    account_id blob not null,
    -- Usage, interrupted, grant, promotion or adjustment.
    kind text not null,
    -- Nano-dollars, positive into the book.
    amount integer not null,
    -- When it became due, microseconds since 1970.
    posted_at integer not null,
    primary key (source_id, attempt, line, book)
) strict, without rowid;

insert into entries (source_id, attempt, line, book, account_id, kind, amount, posted_at)
select source_id, attempt, line, book, account_id, kind, amount, posted_at
from entries_before
order by source_id, attempt, line, book;

drop table entries_before;

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
