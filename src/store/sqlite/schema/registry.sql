CREATE TABLE structure (
    finess       TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,     -- EG (establishment) or EJ (legal entity)
    legal_entity TEXT,
    name         TEXT NOT NULL,
    address      TEXT NOT NULL,
    commune      TEXT NOT NULL,
    postal_code  TEXT NOT NULL,
    city         TEXT NOT NULL,
    sector       TEXT NOT NULL,
    closed_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX structure_legal_entity ON structure (legal_entity) WHERE legal_entity IS NOT NULL;

CREATE TABLE professional (
    rpps         TEXT PRIMARY KEY,
    identity     TEXT NOT NULL,     -- JSON of registry::CivilIdentity, never updated
    identity_key TEXT NOT NULL,     -- folded names, date and place of birth: one person, one number
    usage_name   TEXT,
    email        TEXT NOT NULL,
    mobile       TEXT NOT NULL,
    validated_at INTEGER NOT NULL,
    subject      BLOB NOT NULL UNIQUE,
    retired_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX professional_identity ON professional (identity_key) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX professional_email ON professional (lower(email)) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX professional_mobile ON professional (mobile) WHERE retired_at IS NULL;

CREATE TABLE situation (
    id           BLOB PRIMARY KEY,
    rpps         TEXT NOT NULL REFERENCES professional (rpps),
    finess       TEXT NOT NULL REFERENCES structure (finess),
    authority    TEXT NOT NULL,
    profession   TEXT NOT NULL,
    role         TEXT NOT NULL,
    mode         TEXT NOT NULL,
    started_on   TEXT NOT NULL,
    last_day     TEXT,
    ends_at      INTEGER,
    ended_at     INTEGER,
    exercise_name       TEXT NOT NULL,
    exercise_first_name TEXT NOT NULL,
    exercise_key        TEXT NOT NULL -- name and first name in practice, folded, for the directory
) STRICT, WITHOUT ROWID;
CREATE INDEX situation_exercise ON situation (exercise_key) WHERE ended_at IS NULL;
CREATE INDEX situation_rpps ON situation (rpps);
CREATE INDEX situation_finess ON situation (finess, rpps);
CREATE INDEX situation_due ON situation (ends_at) WHERE ends_at IS NOT NULL AND ended_at IS NULL;

-- Copies of identity documents, until 30 days after the decision.
CREATE TABLE document (
    rpps   TEXT PRIMARY KEY REFERENCES professional (rpps),
    media  TEXT NOT NULL,
    sealed BLOB NOT NULL,
    until  INTEGER NOT NULL         -- calendar milliseconds after which it is erased
) STRICT, WITHOUT ROWID;

CREATE TABLE local_access (
    id       BLOB PRIMARY KEY,
    rpps     TEXT NOT NULL REFERENCES professional (rpps),
    finess   TEXT NOT NULL REFERENCES structure (finess),
    given_at INTEGER NOT NULL,
    ends_at  INTEGER,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX local_access_rpps ON local_access (rpps);
CREATE INDEX local_access_finess ON local_access (finess, rpps);
CREATE INDEX local_access_due ON local_access (ends_at) WHERE ends_at IS NOT NULL AND ended_at IS NULL;

CREATE TABLE habilitation (
    id           BLOB PRIMARY KEY,
    rpps         TEXT NOT NULL REFERENCES professional (rpps),
    kind         TEXT NOT NULL,     -- representant-legal, mandataire, gestionnaire, securite, autorite
    finess       TEXT,
    trained_on   TEXT,              -- the day on which the training was finished
    given_at     INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX habilitation_rpps ON habilitation (rpps);
CREATE INDEX habilitation_finess ON habilitation (finess) WHERE finess IS NOT NULL;

-- Requests of people whom FranceConnect identified (Case 2).
CREATE TABLE request (
    seq          INTEGER PRIMARY KEY, -- the order in which they were sent
    id           BLOB NOT NULL UNIQUE,
    sub          TEXT NOT NULL,     -- FranceConnect's identifier of the person
    verified     TEXT NOT NULL,     -- JSON of registry::VerifiedIdentity
    identity     TEXT NOT NULL,     -- JSON of registry::CivilIdentity: with what the person added
    identity_key TEXT NOT NULL,     -- as of professional
    usage_name   TEXT,
    email        TEXT NOT NULL,
    mobile       TEXT NOT NULL,
    placing      TEXT NOT NULL,     -- JSON of registry::placing::Placing
    finess       TEXT NOT NULL REFERENCES structure (finess),
    sent_at      INTEGER NOT NULL,  -- calendar
    lapses_at    INTEGER NOT NULL,  -- calendar
    state        TEXT NOT NULL,     -- to_process, validated, rejected, lapsed
    decided_by   TEXT,              -- JSON of journal::Actor
    decided_at   INTEGER,           -- calendar
    reason       TEXT,
    rpps         TEXT REFERENCES professional (rpps)
) STRICT;
CREATE INDEX request_finess ON request (finess, state);
CREATE INDEX request_person ON request (sub);
CREATE INDEX request_rpps ON request (rpps) WHERE rpps IS NOT NULL;
CREATE INDEX request_due ON request (lapses_at) WHERE state = 'to_process';
CREATE INDEX request_refused ON request (decided_at) WHERE state IN ('rejected', 'lapsed');
CREATE UNIQUE INDEX request_sub ON request (sub) WHERE state = 'to_process';
CREATE UNIQUE INDEX request_identity ON request (identity_key) WHERE state = 'to_process';
CREATE UNIQUE INDEX request_email ON request (lower(email)) WHERE state = 'to_process';
CREATE UNIQUE INDEX request_mobile ON request (mobile) WHERE state = 'to_process';

-- Copies of identity documents that came with a request.
CREATE TABLE request_document (
    request BLOB PRIMARY KEY REFERENCES request (id) ON DELETE CASCADE,
    media   TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    until   INTEGER                 -- calendar milliseconds after which it is erased, once decided
) STRICT, WITHOUT ROWID;
CREATE INDEX request_document_until ON request_document (until) WHERE until IS NOT NULL;
