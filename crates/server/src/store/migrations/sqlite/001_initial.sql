-- Apps and conversations have small integer keys, so that the rows of messages and members stay narrow.
-- Times are milliseconds since 1970, in UTC. What each table is for is told in docs/storage.md.

CREATE TABLE app (
    key INTEGER PRIMARY KEY,
    id  TEXT NOT NULL UNIQUE
);

CREATE TABLE conversation (
    -- Never used twice: a deleted conversation's key must not find a new one.
    key         INTEGER PRIMARY KEY AUTOINCREMENT,
    app         INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    kind        INTEGER NOT NULL,
    creator     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    unique_id   TEXT,
    expires_at  INTEGER,
    -- Hour of the newest message. It orders searches by activity roughly, and costs a write only when it
    -- changes; the exact time is in the tail.
    active_hour INTEGER NOT NULL DEFAULT -1,
    -- A JSON object.
    attributes  TEXT    NOT NULL
);
CREATE UNIQUE INDEX conversation_by_id ON conversation (app, id);
CREATE UNIQUE INDEX conversation_by_unique_id ON conversation (app, kind, unique_id)
    WHERE unique_id IS NOT NULL;
CREATE INDEX conversation_by_activity ON conversation (app, kind, active_hour, id);
CREATE INDEX conversation_by_expiry ON conversation (expires_at) WHERE expires_at IS NOT NULL;

-- What changes with every message, apart from the wide row above.
CREATE TABLE tail (
    conversation INTEGER PRIMARY KEY,
    -- The greatest message time assigned so far; 0 before the first.
    last_at      INTEGER NOT NULL,
    -- The row of the newest message.
    last_row     INTEGER,
    -- The greatest patch time assigned so far; 0 before the first.
    patched_at   INTEGER NOT NULL
);

-- Who is in a conversation.
CREATE TABLE member (
    conversation INTEGER NOT NULL,
    client       TEXT    NOT NULL,
    -- Order of joining.
    position     INTEGER NOT NULL,
    muted        INTEGER NOT NULL,
    PRIMARY KEY (conversation, client)
) WITHOUT ROWID;

-- The same seen from the client, with its cursors: what a login reads lies together.
CREATE TABLE membership (
    app             INTEGER NOT NULL,
    client          TEXT    NOT NULL,
    conversation    INTEGER NOT NULL,
    -- The conversation's last_at when the client joined: nothing up to it is unread or missed.
    floor           INTEGER NOT NULL,
    delivered       INTEGER,
    read            INTEGER,
    read_changed_at INTEGER,
    PRIMARY KEY (app, client, conversation)
) WITHOUT ROWID;

-- Messages in order of commit.
CREATE TABLE message (
    row          INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    sender       TEXT    NOT NULL,
    -- Text, or a blob if the message is binary; nothing once it is recalled. Declared as a blob so that text
    -- of digits is not turned into a number.
    content      BLOB,
    -- 1 receipt wanted, 2 mentions everyone, 4 mentions someone, 8 recalled.
    flags        INTEGER NOT NULL,
    -- A JSON array of client ids.
    mentions     TEXT,
    patched_at   INTEGER,
    -- The sender's key against repeats.
    resend_key   TEXT
);

-- Messages in order of history.
CREATE TABLE message_index (
    conversation INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    row          INTEGER NOT NULL,
    -- A hash of the sender's id, so that counting unread messages seldom needs the message itself.
    sender_hash  INTEGER NOT NULL,
    flags        INTEGER NOT NULL,
    -- The number of a typed message.
    type         INTEGER,
    PRIMARY KEY (conversation, at, id)
) WITHOUT ROWID;

-- All messages up to this row are in the index and their keys in the tables below. The newest are filed later,
-- many at once.
CREATE TABLE filed (
    only  INTEGER PRIMARY KEY CHECK (only = 0),
    up_to INTEGER NOT NULL
);
INSERT INTO filed (only, up_to) VALUES (0, 0);

-- The latest edit or recall of each changed message, in order of the change.
CREATE TABLE patch (
    conversation INTEGER NOT NULL,
    patched_at   INTEGER NOT NULL,
    row          INTEGER NOT NULL,
    device       TEXT,
    PRIMARY KEY (conversation, patched_at)
) WITHOUT ROWID;

-- Hashes of (sender, resend key), in two generations: one is filled, the other is the one before. The older
-- is emptied as a whole.
CREATE TABLE resend_even (
    conversation INTEGER NOT NULL,
    hash         INTEGER NOT NULL,
    row          INTEGER NOT NULL,
    PRIMARY KEY (conversation, hash)
) WITHOUT ROWID;
CREATE TABLE resend_odd (
    conversation INTEGER NOT NULL,
    hash         INTEGER NOT NULL,
    row          INTEGER NOT NULL,
    PRIMARY KEY (conversation, hash)
) WITHOUT ROWID;
CREATE TABLE resend_generation (
    only       INTEGER PRIMARY KEY CHECK (only = 0),
    number     INTEGER NOT NULL,
    started_at INTEGER NOT NULL
);
INSERT INTO resend_generation (only, number, started_at) VALUES (0, 0, 0);

-- When a cursor reached a position, in conversations of two.
CREATE TABLE receipt_time (
    conversation INTEGER NOT NULL,
    client       TEXT    NOT NULL,
    -- 0 delivered, 1 read.
    what         INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (conversation, client, what, position)
) WITHOUT ROWID;

CREATE TABLE will (
    app          INTEGER NOT NULL,
    client       TEXT    NOT NULL,
    session      TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    content      BLOB    NOT NULL,
    mentions     TEXT,
    mentions_all INTEGER NOT NULL,
    PRIMARY KEY (app, client)
) WITHOUT ROWID;

CREATE TABLE room_presence (
    app     INTEGER NOT NULL,
    client  TEXT    NOT NULL,
    device  TEXT    NOT NULL,
    room    TEXT    NOT NULL,
    -- Nothing while the device is there.
    lost_at INTEGER,
    PRIMARY KEY (app, client, device)
) WITHOUT ROWID;
CREATE INDEX room_presence_by_loss ON room_presence (lost_at);

CREATE TABLE session_end (
    app     INTEGER NOT NULL,
    session TEXT    NOT NULL,
    -- 0 closed, 1 conflict, 2 kicked.
    how     INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (app, session)
) WITHOUT ROWID;
CREATE INDEX session_end_by_expiry ON session_end (until);

CREATE TABLE tag_holder (
    app     INTEGER NOT NULL,
    client  TEXT    NOT NULL,
    tag     TEXT    NOT NULL,
    device  TEXT,
    session TEXT    NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (app, client, tag)
) WITHOUT ROWID;
CREATE INDEX tag_holder_by_expiry ON tag_holder (until);
