-- Only the auditor asked for sums per account and book, and it reads everything anyway.

drop index entries_account;
