CREATE TABLE client (
    id           TEXT PRIMARY KEY,
    registration TEXT NOT NULL,     -- JSON of oidc::Registration, without the secret
    secret       BLOB,              -- keyed digest
    structure    TEXT,
    enabled      INTEGER NOT NULL,
    logout_uri   TEXT,              -- back-channel logout address
    entered_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    sid       BLOB PRIMARY KEY,
    rpps      TEXT NOT NULL,
    epoch     BLOB NOT NULL,        -- the stamp
    revision  INTEGER NOT NULL,
    proof     TEXT NOT NULL,
    proven_at INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    seen_at   INTEGER NOT NULL,     -- last log-in or refresh: a session rests 30 minutes at most
    cookie    BLOB,                 -- digest of the browser's secret
    ended_at  INTEGER               -- somebody ended it: its cut is written, once
) STRICT, WITHOUT ROWID;
CREATE INDEX session_rpps ON session (rpps);
CREATE INDEX session_cookie ON session (cookie) WHERE cookie IS NOT NULL;

-- One authorization of a client. `sid` and `rpps` are NULL for a program that stands for itself.
CREATE TABLE grant_ (
    id            BLOB PRIMARY KEY,
    client        TEXT NOT NULL,
    sid           BLOB,
    rpps          TEXT,
    structure     TEXT,             -- what the client was bound to when it opened
    epoch         BLOB NOT NULL,    -- the proof's stamp, inherited
    revision      INTEGER NOT NULL,
    own           INTEGER NOT NULL, -- the grant's own revision
    until         INTEGER NOT NULL,
    opened_at     INTEGER NOT NULL,
    request       TEXT NOT NULL,    -- JSON of oidc::GrantRequest: scope, nonce, challenge, settings
    code          BLOB,             -- digest of the secret half of its code; the other half is the id
    code_until    INTEGER,
    redeemed_at   INTEGER,          -- the code was used
    logout_uri    TEXT,             -- where its client wants to be told
    refresh_generation INTEGER NOT NULL DEFAULT 0, -- the rotating token that was handed out last
    refreshed_at  INTEGER,          -- when it was
    closed_at     INTEGER           -- cut by itself (revoked, replayed): that cut is written once
) STRICT, WITHOUT ROWID;
CREATE INDEX grant_sid ON grant_ (sid) WHERE sid IS NOT NULL;
CREATE INDEX grant_rpps ON grant_ (rpps) WHERE rpps IS NOT NULL;
CREATE INDEX grant_client ON grant_ (client, opened_at);

CREATE TABLE signing_key (
    kid        TEXT PRIMARY KEY,
    alg        TEXT NOT NULL,
    made_at    INTEGER NOT NULL,
    retired_at INTEGER,
    public_jwk TEXT NOT NULL,
    private    BLOB NOT NULL        -- PKCS#8, sealed
) STRICT, WITHOUT ROWID;

-- Made at first start and kept.
CREATE TABLE constant (
    name  TEXT PRIMARY KEY,         -- 'federation': the UUID in `sub`
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Ephemera: log-ins that wait for a proof.
CREATE TABLE login (
    id        BLOB PRIMARY KEY,
    browser   BLOB NOT NULL,        -- digest of the cookie that this log-in is bound to
    client    TEXT NOT NULL,
    request   TEXT NOT NULL,        -- JSON of oidc::AuthorizationRequest
    challenge BLOB,                 -- the challenge that it waits for
    until     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_until ON login (until);
