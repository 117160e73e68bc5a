CREATE TABLE card (
    rpps        TEXT PRIMARY KEY REFERENCES professional (rpps),
    device      BLOB,               -- the phone that holds it
    otp_key     BLOB,               -- derived one-time-code key, sealed
    otp_step    INTEGER,            -- the last step that was accepted
    otp_misses  INTEGER NOT NULL DEFAULT 0, -- in a row; too many and one-time codes rest
    otp_rests_until INTEGER,
    pin         BLOB,               -- keyed digest
    pin_misses  INTEGER NOT NULL DEFAULT 0, -- in a row; the limit blocks the card
    activated_at INTEGER,           -- calendar milliseconds
    suspended   INTEGER NOT NULL DEFAULT 0,
    blocked     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX card_device ON card (device) WHERE device IS NOT NULL;

-- Every phone that ever held a card: one that lost it is told so, by its own key.
CREATE TABLE device (
    id         BLOB PRIMARY KEY,
    rpps       TEXT NOT NULL REFERENCES professional (rpps),
    public_key TEXT NOT NULL,       -- JWK
    since      INTEGER NOT NULL     -- protocol milliseconds
) STRICT, WITHOUT ROWID;

-- Ephemera.
CREATE TABLE sending (
    seq         INTEGER PRIMARY KEY, -- two in one millisecond have an order
    id          BLOB NOT NULL UNIQUE,
    rpps        TEXT NOT NULL,
    reference   INTEGER NOT NULL,   -- three digits, on the messages and on the phone
    mail_secret BLOB NOT NULL,      -- keyed digests
    sms_secret  BLOB NOT NULL,
    sent_at     INTEGER NOT NULL,
    until       INTEGER NOT NULL
) STRICT;
CREATE INDEX sending_until ON sending (until);
CREATE INDEX sending_rpps ON sending (rpps);

CREATE TABLE activation (
    id          BLOB PRIMARY KEY,
    sending     BLOB NOT NULL REFERENCES sending (id) ON DELETE CASCADE,
    public_key  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX activation_sending ON activation (sending);

-- A record: tries of an activation are counted where nothing can bring an old count back.
CREATE TABLE activation_tries (
    id    BLOB PRIMARY KEY,
    count INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A record: tries with one right secret, over all activations of a person.
CREATE TABLE activation_guesses (
    rpps  TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Ephemera. Whether one was redeemed is a `once`.
CREATE TABLE challenge (
    id        BLOB PRIMARY KEY,
    rpps      TEXT,                 -- NULL: a decoy, for an identifier that nobody holds
    epoch     BLOB NOT NULL,        -- the stamp
    revision  INTEGER NOT NULL,
    client    TEXT NOT NULL,
    service   TEXT NOT NULL,        -- the client's name, as people read it
    structure TEXT,
    codes     TEXT NOT NULL,        -- JSON list of three
    shown     TEXT NOT NULL,        -- the right one
    outcome   TEXT,                 -- NULL while it waits; JSON of ecps::Outcome afterwards
    made_at   INTEGER NOT NULL,
    until     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenge_rpps ON challenge (rpps) WHERE outcome IS NULL;
CREATE INDEX challenge_until ON challenge (until);
