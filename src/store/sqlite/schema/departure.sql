CREATE TABLE departure (
    seq          INTEGER PRIMARY KEY, -- the order in which they were written
    id           BLOB NOT NULL UNIQUE,
    rpps         TEXT NOT NULL,
    finess       TEXT NOT NULL,
    situation    BLOB,              -- one of the two
    local_access BLOB,
    state        TEXT NOT NULL,     -- scheduled, done, undone
    due_at       INTEGER NOT NULL,  -- calendar
    reason       TEXT,
    by           TEXT NOT NULL,     -- JSON of journal::Actor
    asked_at     INTEGER NOT NULL,  -- protocol
    done_at      INTEGER,           -- calendar
    revision     INTEGER            -- the revision that ended it
) STRICT;
CREATE INDEX departure_rpps ON departure (rpps);
CREATE INDEX departure_situation ON departure (situation) WHERE situation IS NOT NULL;
CREATE INDEX departure_local_access ON departure (local_access) WHERE local_access IS NOT NULL;

-- The ledger: one line for each relying party that must be told of a cut.
CREATE TABLE notice (
    id         BLOB PRIMARY KEY,
    revision   INTEGER NOT NULL,    -- the cut
    ordinal    INTEGER NOT NULL,
    grant_id   BLOB NOT NULL,
    client     TEXT NOT NULL,
    sid        BLOB NOT NULL,
    uri        TEXT NOT NULL,
    state      TEXT NOT NULL,       -- due, sent, confirmed, refused, given_up
    tries      INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL,    -- protocol: the next try
    last_try   INTEGER,
    confirmed_at INTEGER,
    problem    TEXT,                -- of the last try, one of our own words
    UNIQUE (revision, ordinal, grant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_due ON notice (due_at) WHERE state IN ('due', 'sent');

-- Mail that is owed, until it left.
CREATE TABLE letter (
    id       BLOB PRIMARY KEY,
    letter   TEXT NOT NULL,         -- JSON of kernel::letter::Letter
    tries    INTEGER NOT NULL DEFAULT 0,
    due_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX letter_due ON letter (due_at);
