//! A conversation as a condition sees it: what costs to read is read when it is looked at.

use std::cell::{OnceCell, RefCell};

use rusqlite::Connection;
use yanshu_protocol::{Attributes, ClientId, ConversationKind};

use crate::query::{Document, FieldRef};
use crate::store::sqlite::read::conversations::{COLUMNS, bare, members};
use crate::store::{Conversation, Member};

pub(super) struct Candidate<'c> {
    connection: &'c Connection,
    key: i64,
    /// Without attributes and members.
    conversation: Conversation,
    text: String,
    attributes: OnceCell<Attributes>,
    members: OnceCell<Members>,
    /// Why something could not be read.
    fault: RefCell<Option<rusqlite::Error>>,
}

#[derive(Default)]
struct Members {
    all: Vec<Member>,
    clients: Vec<ClientId>,
    muted: Vec<ClientId>,
}

impl<'c> Candidate<'c> {
    pub(super) fn load(connection: &'c Connection, key: i64) -> rusqlite::Result<Self> {
        let sql =
            format!("SELECT {COLUMNS} FROM conversation JOIN tail ON tail.conversation = key WHERE key = ?");
        let ((key, conversation), text) =
            connection.prepare_cached(&sql)?.query_row([key], |row| Ok((bare(row)?, row.get(9)?)))?;
        Ok(Self {
            connection,
            key,
            conversation,
            text,
            attributes: OnceCell::new(),
            members: OnceCell::new(),
            fault: RefCell::new(None),
        })
    }

    /// Fails if something that was looked at could not be read.
    pub(super) fn fault(&self) -> rusqlite::Result<()> {
        self.fault.take().map_or(Ok(()), Err)
    }

    pub(super) fn into_conversation(self) -> rusqlite::Result<Conversation> {
        self.attributes();
        self.members();
        self.fault()?;
        Ok(Conversation {
            attributes: self.attributes.into_inner().unwrap_or_default(),
            members: self.members.into_inner().unwrap_or_default().all,
            ..self.conversation
        })
    }

    fn attributes(&self) -> &Attributes {
        self.attributes.get_or_init(|| {
            serde_json::from_str(&self.text).unwrap_or_else(|error| {
                let error = rusqlite::Error::ToSqlConversionFailure(Box::new(error));
                self.fault.replace(Some(error));
                Attributes::new()
            })
        })
    }

    fn members(&self) -> &Members {
        self.members.get_or_init(|| match members(self.connection, self.key, self.conversation.kind) {
            Ok(all) => Members {
                clients: all.iter().map(|member| member.client.clone()).collect(),
                muted: all.iter().filter(|member| member.muted).map(|member| member.client.clone()).collect(),
                all,
            },
            Err(error) => {
                self.fault.replace(Some(error));
                Members::default()
            }
        })
    }
}

impl Document for Candidate<'_> {
    fn field(&self, key: &str) -> Option<FieldRef<'_>> {
        let conversation = &self.conversation;
        Some(match key {
            "objectId" => FieldRef::Text(conversation.id.as_str()),
            "c" => FieldRef::Text(conversation.creator.as_str()),
            "m" => FieldRef::Clients(&self.members().clients),
            "mu" => {
                let muted = &self.members().muted;
                if muted.is_empty() {
                    return None;
                }
                FieldRef::Clients(muted)
            }
            "lm" => FieldRef::Date(conversation.last_message_at?),
            "createdAt" => FieldRef::Date(conversation.created_at),
            "updatedAt" => FieldRef::Date(conversation.updated_at),
            "tr" => FieldRef::Flag(conversation.kind == ConversationKind::Room),
            "sys" => FieldRef::Flag(conversation.kind == ConversationKind::Service),
            "temp" => FieldRef::Flag(conversation.kind == ConversationKind::Temporary),
            "unique" => FieldRef::Flag(conversation.unique_id.is_some()),
            "uniqueId" => FieldRef::Text(conversation.unique_id.as_ref()?.as_str()),
            "conv_type" => FieldRef::Number(i64::from(conversation.kind.number())),
            _ => FieldRef::Json(self.attributes().get(key)?),
        })
    }
}
