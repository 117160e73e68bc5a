-- Ephemera: browsers that went to FranceConnect.
CREATE TABLE errand (
    state   BLOB PRIMARY KEY,       -- digest
    browser BLOB NOT NULL,          -- digest of the cookie that this trip is bound to
    nonce   BLOB,                   -- digest; NULL for who went to log out
    until   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX errand_until ON errand (until);

-- Ephemera: pre-registrations in progress.
CREATE TABLE preregistration (
    id        BLOB PRIMARY KEY,
    cookie    BLOB NOT NULL UNIQUE, -- digest of the browser's secret
    identity  BLOB NOT NULL,        -- JSON of registry::VerifiedIdentity, sealed
    id_token  BLOB NOT NULL,        -- sealed, for the log-out at FranceConnect
    opened_at INTEGER NOT NULL,
    until     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX preregistration_until ON preregistration (until);

-- Ephemera: a request that is being filled in. Gone with its pre-registration.
CREATE TABLE application (
    preregistration BLOB PRIMARY KEY REFERENCES preregistration (id) ON DELETE CASCADE,
    fields          BLOB NOT NULL,  -- JSON of the fields as they were typed, sealed
    media           TEXT,
    document        BLOB            -- sealed
) STRICT, WITHOUT ROWID;

-- Ephemera: the last code that was sent to an address, and whether it was read there.
CREATE TABLE contact_code (
    preregistration BLOB NOT NULL REFERENCES preregistration (id) ON DELETE CASCADE,
    channel         TEXT NOT NULL,  -- email, mobile
    target          BLOB NOT NULL,  -- the address, sealed
    digest          BLOB NOT NULL,  -- keyed digest of the code
    tries           INTEGER NOT NULL,
    until           INTEGER NOT NULL,
    proven          INTEGER NOT NULL,
    PRIMARY KEY (preregistration, channel)
) STRICT, WITHOUT ROWID;

-- Ephemera: codes that left lately, so that nobody floods another's mobile.
CREATE TABLE code_sending (
    seq    INTEGER PRIMARY KEY,
    person BLOB NOT NULL,           -- keyed digests
    target BLOB NOT NULL,
    until  INTEGER NOT NULL         -- protocol milliseconds after which it does not count
) STRICT;
CREATE INDEX code_sending_person ON code_sending (person, until);
CREATE INDEX code_sending_target ON code_sending (target, until);
CREATE INDEX code_sending_until ON code_sending (until);
