//! How types become columns and columns become types.

use std::str::FromStr;

use rusqlite::types::{ToSqlOutput, Type, Value, ValueRef};
use rusqlite::{Row, ToSql};
use yanshu_protocol::{
    Attributes, ClientId, Content, ConversationId, ConversationKind, Mentions, Timestamp, message_type,
};

use crate::store::StoredMessage;

use super::recent::Place;

/// The unit of `conversation.active_hour`, in milliseconds.
pub(super) const HOUR: i64 = 3_600_000;

/// The sender wants a receipt.
pub(super) const RECEIPT: i64 = 1;
/// Everyone is mentioned.
pub(super) const MENTIONS_ALL: i64 = 2;
/// Someone is mentioned by name.
pub(super) const MENTIONS_SOME: i64 = 4;
/// The message was recalled.
pub(super) const RECALLED: i64 = 8;
/// There is a time from which on it is neither unread nor missed.
pub(super) const LIMITED: i64 = 16;

/// A number of rows as SQL takes it.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Reads a text as an id.
pub(super) fn id<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text = row.get_ref(column)?.as_str().map_err(|error| unreadable(column, error))?;
    text.parse().map_err(|error| unreadable(column, error))
}

/// Reads a text that may be missing as an id.
pub(super) fn optional_id<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => id(row, column).map(Some),
    }
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp)
}

pub(super) fn optional_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

pub(super) fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<ConversationKind> {
    let number = row.get(column)?;
    ConversationKind::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number))
}

pub(super) fn attributes(row: &Row<'_>, column: usize) -> rusqlite::Result<Attributes> {
    let text = row.get_ref(column)?.as_str().map_err(|error| unreadable(column, error))?;
    serde_json::from_str(text).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// Attributes as they are kept.
pub(super) fn attributes_text(attributes: &Attributes) -> rusqlite::Result<String> {
    serde_json::to_string(attributes)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Content as a column: text or blob.
pub(super) struct ContentColumn<'a>(pub(super) &'a Content);

impl ToSql for ContentColumn<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Content::Text(text) => ValueRef::Text(text.as_bytes()),
            Content::Binary(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

pub(super) fn content(row: &Row<'_>, column: usize) -> rusqlite::Result<Content> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Content::recalled(),
        ValueRef::Blob(bytes) => Content::Binary(bytes.to_vec().into()),
        value => Content::Text(value.as_str().map_err(|error| unreadable(column, error))?.into()),
    })
}

/// The clients mentioned, as a column: nothing, or a JSON array.
pub(super) fn mentions_column(mentions: &Mentions) -> Value {
    if mentions.clients.is_empty() {
        return Value::Null;
    }
    let ids: Vec<serde_json::Value> = mentions.clients.iter().map(|client| client.as_str().into()).collect();
    Value::Text(serde_json::Value::Array(ids).to_string())
}

pub(super) fn mentions(row: &Row<'_>, column: usize, all: bool) -> rusqlite::Result<Mentions> {
    let clients = match row.get_ref(column)? {
        ValueRef::Null => Vec::new(),
        value => {
            let text = value.as_str().map_err(|error| unreadable(column, error))?;
            let ids: Vec<String> = serde_json::from_str(text).map_err(|error| unreadable(column, error))?;
            ids.iter()
                .map(|id| id.parse::<ClientId>())
                .collect::<Result<_, _>>()
                .map_err(|error| unreadable(column, error))?
        }
    };
    Ok(Mentions { clients, all })
}

/// The flags of a message that is not recalled.
fn flags(receipt: bool, mentions: &Mentions) -> i64 {
    let mut flags = 0;
    if receipt {
        flags |= RECEIPT;
    }
    if mentions.all {
        flags |= MENTIONS_ALL;
    }
    if !mentions.clients.is_empty() {
        flags |= MENTIONS_SOME;
    }
    flags
}

/// Messages in one order: those of a conversation, or those that pass between a service conversation and one
/// client, its thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strand<'a> {
    /// Under which they stand: the conversation's, or a negative one.
    pub(super) key: i64,
    pub(super) conversation: &'a ConversationId,
    pub(super) thread: Option<&'a ClientId>,
}

/// The columns of [`message`], in its order.
pub(super) const MESSAGE: &str = "message.id, message.sender, message.at, message.content, message.flags, message.mentions, message.patched_at";

/// Reads the columns of [`MESSAGE`].
pub(super) fn message(row: &Row<'_>, strand: Strand<'_>) -> rusqlite::Result<StoredMessage> {
    let flags: i64 = row.get(4)?;
    Ok(StoredMessage {
        conversation: strand.conversation.clone(),
        thread: strand.thread.cloned(),
        id: id(row, 0)?,
        from: id(row, 1)?,
        timestamp: time(row, 2)?,
        content: content(row, 3)?,
        mentions: mentions(row, 5, flags & MENTIONS_ALL != 0)?,
        receipt: flags & RECEIPT != 0,
        patched_at: optional_time(row, 6)?,
        recalled: flags & RECALLED != 0,
    })
}

/// The place of a message in history.
pub(super) fn place(row: i64, message: &StoredMessage, limited: bool, resend: Option<i64>) -> Place {
    let recalled = if message.recalled { RECALLED } else { 0 };
    let limited = if limited { LIMITED } else { 0 };
    Place {
        at: message.timestamp.0,
        id: message.id.clone(),
        row,
        sender_hash: client_hash(&message.from),
        flags: flags(message.receipt, &message.mentions) | recalled | limited,
        kind: message_type(&message.content),
        resend,
    }
}

/// A short hash of a client's id. It is kept in the database, so it never changes (FNV-1a).
pub(super) fn client_hash(client: &ClientId) -> u32 {
    client
        .as_str()
        .bytes()
        .fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A hash of a sender and its key against repeats, kept in the database too (FNV-1a, 64 bits).
pub(super) fn resend_hash(sender: &ClientId, key: &str) -> i64 {
    let parts = [sender.as_str().as_bytes(), &[0xff], key.as_bytes()];
    let hash = parts.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}
