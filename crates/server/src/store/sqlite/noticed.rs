//! How what happened becomes columns, and columns become what happened.

use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::Type;
use serde_json::{Value, json};
use yanshu_protocol::{ClientId, Restriction, Role, Timestamp};

use crate::store::Noticed;

/// What happened, as a number, and what else there is to say of it, as JSON.
pub(super) fn columns(what: &Noticed) -> (i64, Option<String>) {
    let (number, details) = match what {
        Noticed::Joined => (0, None),
        Noticed::Left => (1, None),
        Noticed::Restricted { restriction, lifted } => {
            (2, Some(json!({ "list": number(*restriction), "lifted": lifted })))
        }
        Noticed::MembersJoined { members } => (3, Some(list(members))),
        Noticed::MembersLeft { members } => (4, Some(list(members))),
        Noticed::Updated { attr, modified } => (5, Some(json!([attr, modified]))),
        Noticed::RoleChanged { member, role } => (6, Some(json!([member.as_str(), role.name()]))),
        Noticed::MembersRestricted { restriction, lifted, members } => {
            let list = list(members);
            (7, Some(json!({ "list": number(*restriction), "lifted": lifted, "members": list })))
        }
        Noticed::Receipt { message, at, from, read } => {
            let details = json!({ "id": message.as_str(), "at": at.0, "from": from.as_str(), "read": read });
            (8, Some(details))
        }
    };
    (number, details.map(|details| details.to_string()))
}

/// Reads the two columns.
pub(super) fn read(row: &Row<'_>, what: usize, details: usize) -> rusqlite::Result<Noticed> {
    let number: i64 = row.get(what)?;
    let text: Option<String> = row.get(details)?;
    noticed(number, text.as_deref())
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(details, Type::Text, error.into()))
}

fn noticed(number: i64, details: Option<&str>) -> Result<Noticed, Unreadable> {
    let details = details.map(serde_json::from_str).transpose()?.unwrap_or(Value::Null);
    Ok(match number {
        0 => Noticed::Joined,
        1 => Noticed::Left,
        2 => Noticed::Restricted {
            restriction: restriction(&details["list"])?,
            lifted: flag(&details["lifted"])?,
        },
        3 => Noticed::MembersJoined { members: clients(&details)? },
        4 => Noticed::MembersLeft { members: clients(&details)? },
        5 => Noticed::Updated {
            attr: serde_json::from_value(details[0].clone())?,
            modified: serde_json::from_value(details[1].clone())?,
        },
        6 => Noticed::RoleChanged {
            member: id(&details[0])?,
            role: details[1].as_str().and_then(Role::from_name).ok_or(Unreadable::Odd)?,
        },
        7 => Noticed::MembersRestricted {
            restriction: restriction(&details["list"])?,
            lifted: flag(&details["lifted"])?,
            members: clients(&details["members"])?,
        },
        8 => Noticed::Receipt {
            message: id(&details["id"])?,
            at: Timestamp(details["at"].as_i64().ok_or(Unreadable::Odd)?),
            from: id(&details["from"])?,
            read: flag(&details["read"])?,
        },
        _ => return Err(Unreadable::Odd),
    })
}

/// Why columns say nothing.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("a notice of another form")]
    Odd,
}

fn list(clients: &[ClientId]) -> Value {
    clients.iter().map(|client| client.as_str()).collect()
}

fn clients(value: &Value) -> Result<Vec<ClientId>, Unreadable> {
    value.as_array().ok_or(Unreadable::Odd)?.iter().map(id).collect()
}

fn id<T: FromStr>(value: &Value) -> Result<T, Unreadable> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or(Unreadable::Odd)
}

fn flag(value: &Value) -> Result<bool, Unreadable> {
    value.as_bool().ok_or(Unreadable::Odd)
}

fn number(restriction: Restriction) -> i64 {
    match restriction {
        Restriction::Silenced => 0,
        Restriction::Blocked => 1,
    }
}

fn restriction(value: &Value) -> Result<Restriction, Unreadable> {
    match value.as_i64() {
        Some(0) => Ok(Restriction::Silenced),
        Some(1) => Ok(Restriction::Blocked),
        _ => Err(Unreadable::Odd),
    }
}
