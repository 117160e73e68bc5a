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
