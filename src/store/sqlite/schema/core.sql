-- The row that every change of rights locks first, and that every door reads.
CREATE TABLE head (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    epoch         BLOB NOT NULL,
    revision      INTEGER NOT NULL,
    next_due      INTEGER,          -- calendar milliseconds of the next end that is due
    calendar_lead INTEGER NOT NULL  -- calendar clock minus protocol clock, in milliseconds; never falls
) STRICT;

-- When each revision became current: where the floor is read.
CREATE TABLE revision (
    revision INTEGER PRIMARY KEY,
    epoch    BLOB NOT NULL,
    at       INTEGER NOT NULL       -- protocol milliseconds, never falling
) STRICT;
CREATE INDEX revision_at ON revision (at);

CREATE TABLE cut (
    revision INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,      -- within the transaction
    at       INTEGER NOT NULL,
    scope    TEXT NOT NULL,         -- JSON of access::Scope
    cause    TEXT NOT NULL,         -- JSON of access::Cause
    departure BLOB,
    line     INTEGER NOT NULL,      -- of the journal: gone from there, it is missed
    told     INTEGER NOT NULL DEFAULT 0, -- 1 once the obligation was expanded into lines
    PRIMARY KEY (revision, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX cut_untold ON cut (told) WHERE told = 0;
CREATE INDEX cut_departure ON cut (departure) WHERE departure IS NOT NULL;

CREATE TABLE journal (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    calendar INTEGER NOT NULL,
    entry    TEXT NOT NULL,
    hash     TEXT NOT NULL
) STRICT;

-- Everything that happens once: one row, one winner.
CREATE TABLE once (
    kind    TEXT NOT NULL,
    key     BLOB NOT NULL,
    until   INTEGER NOT NULL,       -- protocol milliseconds after which the row may go
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX once_until ON once (until);

-- What a write answered, kept with what it wrote, so that asking again is safe.
CREATE TABLE idempotency (
    client   TEXT NOT NULL,
    key      TEXT NOT NULL,
    request  BLOB NOT NULL,         -- SHA-256 of method, path and body
    status   INTEGER NOT NULL,
    answer   TEXT NOT NULL,
    until    INTEGER NOT NULL,
    PRIMARY KEY (client, key)
) STRICT, WITHOUT ROWID;
