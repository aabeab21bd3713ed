-- Service conversations, roles and restrictions, block lists, notices, kicks.

-- When the client joined or subscribed; 0 for those who were in before this was noted.
ALTER TABLE membership ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
-- 0 for a client that is not in a service conversation but has a thread in it.
ALTER TABLE membership ADD COLUMN subscribed INTEGER NOT NULL DEFAULT 1;
-- The key under which the messages of the client's thread stand, if it has one.
ALTER TABLE membership ADD COLUMN thread INTEGER;

-- For service conversations: the greatest time assigned in any of its threads, and how many subscribe.
ALTER TABLE tail ADD COLUMN threads_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tail ADD COLUMN subscribers INTEGER NOT NULL DEFAULT 0;

-- From then on the message is neither unread nor missed.
ALTER TABLE message ADD COLUMN valid_till INTEGER;

-- What passes between a service conversation and one client.
CREATE TABLE thread (
    -- Its messages and its tail stand under the negative of this key, so that no conversation shares it.
    key          INTEGER PRIMARY KEY AUTOINCREMENT,
    app          INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    client       TEXT    NOT NULL,
    id           TEXT    NOT NULL
);
CREATE UNIQUE INDEX thread_by_client ON thread (conversation, client);
CREATE UNIQUE INDEX thread_by_id ON thread (app, id);

-- Members that are managers. The owner is the creator, and all others are plain members.
CREATE TABLE manager (
    conversation INTEGER NOT NULL,
    client       TEXT    NOT NULL,
    PRIMARY KEY (conversation, client)
) WITHOUT ROWID;

-- Who may not speak in a conversation, or not be in it.
CREATE TABLE restriction (
    conversation INTEGER NOT NULL,
    -- 0 silenced, 1 blocked, 2 silenced for a time.
    list         INTEGER NOT NULL,
    client       TEXT    NOT NULL,
    -- Order of entry.
    position     INTEGER NOT NULL,
    until        INTEGER,
    PRIMARY KEY (conversation, list, client)
) WITHOUT ROWID;
CREATE UNIQUE INDEX restriction_in_order ON restriction (conversation, list, position);
CREATE INDEX restriction_by_end ON restriction (until) WHERE until IS NOT NULL;

-- Conversations to which a client may not be added.
CREATE TABLE blocked_conversation (
    app          INTEGER NOT NULL,
    client       TEXT    NOT NULL,
    conversation INTEGER NOT NULL,
    -- Order of entry.
    position     INTEGER NOT NULL,
    PRIMARY KEY (app, client, conversation)
) WITHOUT ROWID;
CREATE INDEX blocked_conversation_by_conversation ON blocked_conversation (conversation);

-- What a client is to hear of itself, in order.
CREATE TABLE notice (
    app          INTEGER NOT NULL,
    client       TEXT    NOT NULL,
    reliable     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    what         INTEGER NOT NULL,
    by           TEXT,
    -- What else there is to say, as JSON.
    details      TEXT,
    PRIMARY KEY (app, client, reliable, at)
) WITHOUT ROWID;
CREATE INDEX notice_by_age ON notice (at);

-- What all members of a conversation are to hear, once for all of them.
CREATE TABLE group_notice (
    conversation INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    what         INTEGER NOT NULL,
    by           TEXT,
    details      TEXT,
    PRIMARY KEY (conversation, at)
) WITHOUT ROWID;
CREATE INDEX group_notice_by_age ON group_notice (at);

-- All notices from this time on are kept. What happened before this table was made is not.
CREATE TABLE notices_kept (
    only  INTEGER PRIMARY KEY CHECK (only = 0),
    since INTEGER NOT NULL
);
INSERT INTO notices_kept (only, since)
    SELECT 0, iif(EXISTS (SELECT 1 FROM conversation), unixepoch() * 1000, 0);

-- When the app last took a client offline.
CREATE TABLE kick (
    app    INTEGER NOT NULL,
    client TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (app, client)
) WITHOUT ROWID;
