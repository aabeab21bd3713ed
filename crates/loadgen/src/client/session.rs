//! What happens before and between measurements: logging in, making conversations, joining. Here events are
//! decoded for real, since nothing is timed but the login as a whole.

use anyhow::{Result, anyhow, bail};
use tokio::time::timeout;
use yanshu_protocol::codec::{Dialect, decode_event, encode_command};
use yanshu_protocol::{
    AppId, Attributes, ChangeMembers, ClientId, Command, ConversationCommand, ConversationId, Direction,
    Envelope, Event, HistoryItem, HistoryQuery, OpenSession, Point, Serial, SessionCommand,
    StartConversation,
};

use super::{Connection, Incoming, Line};
use crate::drive::STALLED;
use crate::target::Address;

/// What current SDKs can handle (`wire-protocol.md` §4.1.1).
const CONFIG: i64 = 0xbb;

/// Serials before a measurement; those of the measurement begin at 0 again, when these are long answered.
const SET_UP: Serial = Serial(1_000_000_000);

/// Connects and opens a session.
pub(crate) async fn log_in(server: &Address, client: &str) -> Result<Connection> {
    log_in_over(server, client, Line::Wide).await
}

/// The same over a line of this kind.
pub(crate) async fn log_in_over(server: &Address, client: &str, line: Line) -> Result<Connection> {
    let mut connection = Connection::upgrade(server.socket, &server.host, &server.path, line).await?;
    let open = OpenSession { config: Some(CONFIG), ..OpenSession::default() };
    let command = Envelope {
        app: Some(server.app.parse::<AppId>()?),
        client: Some(client.parse()?),
        serial: Some(SET_UP),
        command: Ok(Command::Session(SessionCommand::Open(Box::new(open)))),
    };
    match ask(&mut connection, &command).await? {
        Event::SessionOpened { .. } => Ok(connection),
        other => bail!("{client} cannot log in: {other:?}"),
    }
}

/// Makes a conversation with these members and the asking client, or a chat room.
pub(crate) async fn start(
    connection: &mut Connection,
    members: &[String],
    room: bool,
) -> Result<ConversationId> {
    let start = StartConversation {
        members: members.iter().map(|id| id.parse()).collect::<Result<Vec<ClientId>, _>>()?,
        attributes: Attributes::new(),
        unique: false,
        transient: room,
        temporary: false,
        ttl_seconds: None,
        signature: None,
    };
    match ask(connection, &conversation(ConversationCommand::Start(Box::new(start)))).await? {
        Event::ConversationStarted { conversation, .. } => Ok(conversation),
        other => bail!("a conversation cannot be made: {other:?}"),
    }
}

/// Joins a chat room.
pub(crate) async fn join(connection: &mut Connection, room: &ConversationId, client: &str) -> Result<()> {
    let members = vec![client.parse()?];
    let join = ChangeMembers { conversation: room.clone(), members, signature: None };
    match ask(connection, &conversation(ConversationCommand::Add(join))).await? {
        Event::MembersAdded(added) if added.failed.is_empty() => Ok(()),
        other => bail!("{client} cannot join: {other:?}"),
    }
}

/// How many clients are in a chat room.
pub(crate) async fn count(connection: &mut Connection, room: &ConversationId) -> Result<i32> {
    match ask(connection, &conversation(ConversationCommand::Count(room.clone()))).await? {
        Event::MemberCount { count, .. } => Ok(count),
        other => bail!("a room cannot be counted: {other:?}"),
    }
}

/// The messages before a point of a conversation's history, a hundred at most, in ascending order.
pub(crate) async fn page_before(
    connection: &mut Connection,
    conversation: &ConversationId,
    start: Option<Point>,
) -> Result<Vec<HistoryItem>> {
    let query = HistoryQuery {
        conversation: conversation.clone(),
        start,
        stop: None,
        direction: Direction::Older,
        limit: Some(100),
        message_type: None,
    };
    let command =
        Envelope { app: None, client: None, serial: Some(SET_UP), command: Ok(Command::History(query)) };
    match ask(connection, &command).await? {
        Event::History { messages, .. } => Ok(messages),
        other => bail!("history cannot be read: {other:?}"),
    }
}

fn conversation(command: ConversationCommand) -> Envelope {
    Envelope { app: None, client: None, serial: Some(SET_UP), command: Ok(Command::Conversation(command)) }
}

/// Sends a command and waits for its reply.
async fn ask(connection: &mut Connection, command: &Envelope) -> Result<Event> {
    connection.queue(&encode_command(Dialect::Protobuf, command));
    connection.flush().await?;
    let mut reply = None;
    let answered = async {
        while reply.is_none() {
            connection
                .receive(|event| {
                    if matches!(Incoming::of(event), Incoming::Reply(_) | Incoming::Refusal(_)) {
                        reply = Some(event.to_vec());
                    }
                })
                .await?;
        }
        anyhow::Ok(())
    };
    timeout(STALLED, answered).await.map_err(|_| anyhow!("no answer to {command:?}"))??;
    let event = decode_event(Dialect::Protobuf, &reply.unwrap_or_default())?;
    Ok(event.event)
}
