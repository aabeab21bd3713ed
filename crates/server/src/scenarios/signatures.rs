//! What an app's own server allows: signatures, and taking a client offline (B-41, B-416 to B-433).

use hmac::{Hmac, Mac};
use sha1::Sha1;
use yanshu_protocol::{
    BlockConversations, ChangeMembers, Code, Command, ConversationCommand, ConversationId, Event,
    OpenSession, Restrict, Restriction, SessionCommand, Signature, StartConversation,
};

use super::peer::ids;
use super::{MODERN_CONFIG, Peer, World, plain_conversation};

const APP: &str = "scenario-app-id";

/// What the app's server answers: `text` with its own time and nonce in place.
fn signed(world: &World, text: &str) -> Signature {
    use crate::clock::Clock;
    let (timestamp, nonce) = (world.clock.now().0, "nonce");
    let text = text.replace("TIME:NONCE", &format!("{timestamp}:{nonce}"));
    let key = Hmac::<Sha1>::new_from_slice(b"master key").unwrap();
    let digest = key.chain_update(text).finalize().into_bytes();
    let value = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Signature { value, timestamp, nonce: nonce.to_owned() }
}

fn refusal(event: &Event) -> Option<Code> {
    match event {
        Event::Error { reject, .. } => Some(reject.code),
        Event::SessionClosed(Some(reject)) => Some(reject.code),
        _ => None,
    }
}

async fn open(peer: &mut Peer, signature: Option<Signature>) -> Event {
    peer.open(OpenSession { config: Some(MODERN_CONFIG), signature, ..OpenSession::default() }).await.event
}

async fn reopen(peer: &mut Peer) -> Event {
    let token = peer.token.clone();
    peer.open(OpenSession { reconnect: true, token, ..OpenSession::default() }).await.event
}

#[tokio::test]
async fn where_logins_are_signed_nobody_comes_in_without() {
    // B-432, W-444
    let world = World::with(|config| config.apps[0].settings.signature.login = true).await;
    let mut tom = world.connect_as("tom", "lc.protobuf2.3");
    assert_eq!(refusal(&open(&mut tom, None).await), Some(Code::SignatureFailed));
    let of_another = signed(&world, &format!("{APP}:jerry::TIME:NONCE"));
    assert_eq!(refusal(&open(&mut tom, Some(of_another)).await), Some(Code::SignatureFailed));
    let right = signed(&world, &format!("{APP}:tom::TIME:NONCE"));
    assert!(matches!(open(&mut tom, Some(right)).await, Event::SessionOpened { .. }));
}

#[tokio::test]
async fn a_session_token_stands_in_for_a_signature() {
    // W-117, W-445
    let world = World::with(|config| config.apps[0].settings.signature.login = true).await;
    let mut tom = world.connect_as("tom", "lc.protobuf2.3");
    let right = signed(&world, &format!("{APP}:tom::TIME:NONCE"));
    open(&mut tom, Some(right)).await;
    tom.hang_up();
    let mut back = world.connect_as("tom", "lc.protobuf2.3");
    back.token = tom.token.clone();
    assert!(matches!(reopen(&mut back).await, Event::SessionOpened { .. }));
}

#[tokio::test]
async fn where_nothing_is_signed_a_wrong_signature_does_no_harm() {
    // W-442
    let world = World::new().await;
    let mut tom = world.connect_as("tom", "lc.protobuf2.3");
    let wrong = Signature { value: "wrong".to_owned(), timestamp: 1, nonce: String::new() };
    assert!(matches!(open(&mut tom, Some(wrong)).await, Event::SessionOpened { .. }));
}

#[tokio::test]
async fn an_old_signature_does_not_open() {
    // B-430
    let world = World::with(|config| config.apps[0].settings.signature.login = true).await;
    let right = signed(&world, &format!("{APP}:tom::TIME:NONCE"));
    world.clock.advance(6 * 3_600_000 + 1);
    let mut tom = world.connect_as("tom", "lc.protobuf2.3");
    assert_eq!(refusal(&open(&mut tom, Some(right)).await), Some(Code::SignatureFailed));
}

#[tokio::test]
async fn starting_joining_inviting_and_removing_are_signed_and_leaving_is_not() {
    // B-421 to B-425
    let world = World::with(|config| config.apps[0].settings.signature.conversation = true).await;
    let mut tom = world.modern("tom").await;
    let start = |signature| {
        let request =
            StartConversation { members: ids(&["jerry", "tom"]), signature, ..plain_conversation() };
        Command::Conversation(ConversationCommand::Start(Box::new(request)))
    };
    let refused = Some(Code::ConversationSignatureFailed);
    assert_eq!(refusal(&tom.ask(start(None)).await.event), refused);
    let right = signed(&world, &format!("{APP}:tom:jerry:tom:TIME:NONCE"));
    let id = match tom.ask(start(Some(right))).await.event {
        Event::ConversationStarted { conversation, .. } => conversation,
        other => panic!("{other:?}"),
    };
    let change = |members: &[&str], signature| ChangeMembers {
        conversation: id.clone(),
        members: ids(members),
        signature,
    };
    let add =
        |members, signature| Command::Conversation(ConversationCommand::Add(change(members, signature)));
    let remove =
        |members, signature| Command::Conversation(ConversationCommand::Remove(change(members, signature)));

    assert_eq!(refusal(&tom.ask(add(&["ann"], None)).await.event), refused);
    let invitation = signed(&world, &format!("{APP}:tom:{id}:ann:TIME:NONCE:invite"));
    let added = tom.ask(add(&["ann"], Some(invitation.clone()))).await.event;
    assert!(matches!(added, Event::MembersAdded(_)), "{added:?}");
    assert_eq!(refusal(&tom.ask(remove(&["ann"], Some(invitation))).await.event), refused);
    let kick = signed(&world, &format!("{APP}:tom:{id}:ann:TIME:NONCE:kick"));
    assert!(matches!(tom.ask(remove(&["ann"], Some(kick))).await.event, Event::MembersRemoved(_)));

    let mut zoe = world.modern("zoe").await;
    assert_eq!(refusal(&zoe.ask(add(&["zoe"], None)).await.event), refused);
    let joining = signed(&world, &format!("{APP}:zoe:{id}:zoe:TIME:NONCE:invite"));
    assert!(matches!(zoe.ask(add(&["zoe"], Some(joining))).await.event, Event::MembersAdded(_)));
    assert!(matches!(zoe.ask(remove(&["zoe"], None)).await.event, Event::MembersRemoved(_)));
}

#[tokio::test]
async fn a_temporary_conversation_needs_no_signature() {
    // W-450
    let world = World::with(|config| config.apps[0].settings.signature.conversation = true).await;
    let mut tom = world.modern("tom").await;
    tom.start_with(StartConversation { members: ids(&["jerry"]), temporary: true, ..plain_conversation() })
        .await;
}

#[tokio::test]
async fn block_lists_are_signed_where_the_app_wants_it() {
    // B-428, W-444
    let world = World::with(|config| config.apps[0].settings.signature.blocklist = true).await;
    let mut tom = world.modern("tom").await;
    let id = tom.start(&["bob"]).await;
    let restrict = |restriction, signature| {
        let (conversation, clients) = (id.clone(), ids(&["bob"]));
        let request = Restrict { conversation, restriction, lift: false, clients, signature };
        Command::Conversation(ConversationCommand::Restrict(request))
    };
    let refused = Some(Code::BlacklistSignatureFailed);
    assert_eq!(refusal(&tom.ask(restrict(Restriction::Blocked, None)).await.event), refused);
    let silenced = tom.ask(restrict(Restriction::Silenced, None)).await.event;
    assert!(matches!(silenced, Event::RestrictionChanged { .. }), "{silenced:?}");
    let right = signed(&world, &format!("{APP}:tom:{id}:bob:TIME:NONCE:conversation-block-clients"));
    let blocked = tom.ask(restrict(Restriction::Blocked, Some(right))).await.event;
    assert!(matches!(blocked, Event::RestrictionChanged { .. }), "{blocked:?}");

    let own = |id: &ConversationId, signature| {
        let request = BlockConversations { conversations: vec![id.clone()], lift: false, signature };
        Command::Conversation(ConversationCommand::BlockConversations(request))
    };
    assert_eq!(refusal(&tom.ask(own(&id, None)).await.event), refused);
    let right = signed(&world, &format!("{APP}:tom:{id}::TIME:NONCE:client-block-conversations"));
    assert!(matches!(tom.ask(own(&id, Some(right))).await.event, Event::ConversationsBlocked { .. }));
}

#[tokio::test]
async fn a_client_taken_offline_is_told_why_on_every_device() {
    // B-41, W-138
    let world = World::new().await;
    let (mut phone, mut laptop) = (world.modern("tom").await, world.modern("tom").await);
    let mut jerry = world.modern("jerry").await;
    world.kick("tom", Some("spam")).await;
    for device in [&mut phone, &mut laptop] {
        let reject = device.find(|told| match &told.event {
            Event::SessionClosed(Some(reject)) => Some(reject.clone()),
            _ => None,
        });
        let reject = reject.await;
        assert_eq!((reject.code, reject.said.as_deref()), (Code::KickedByApp, Some("spam")));
    }
    jerry.offline(&"tom".parse().unwrap()).await;
}

#[tokio::test]
async fn its_tokens_and_signatures_so_far_are_void() {
    // B-431, W-121, W-441
    let world = World::with(|config| config.apps[0].settings.signature.login = true).await;
    let earlier = signed(&world, &format!("{APP}:tom::TIME:NONCE"));
    let mut tom = world.connect_as("tom", "lc.protobuf2.3");
    open(&mut tom, Some(earlier.clone())).await;
    world.clock.advance(10);
    world.kick("tom", None).await;
    assert_eq!(refusal(&reopen(&mut tom).await), Some(Code::KickedByApp));
    assert_eq!(refusal(&open(&mut tom, Some(earlier)).await), Some(Code::SignatureFailed));
    world.clock.advance(1);
    let later = signed(&world, &format!("{APP}:tom::TIME:NONCE"));
    assert!(matches!(open(&mut tom, Some(later)).await, Event::SessionOpened { .. }));
    assert!(matches!(reopen(&mut tom).await, Event::SessionOpened { .. }));
}

#[tokio::test]
async fn a_token_that_was_away_when_its_client_was_taken_offline_is_void_too() {
    // W-121
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    tom.hang_up();
    world.modern("jerry").await.offline(&"tom".parse().unwrap()).await;
    world.kick("tom", None).await;
    let mut back = world.connect_as("tom", "lc.protobuf2.3");
    back.token = tom.token.take();
    assert_eq!(refusal(&reopen(&mut back).await), Some(Code::KickedByApp));
}

#[tokio::test]
async fn a_refresh_gives_a_token_that_holds() {
    // W-130 to W-132
    let world = World::with(|config| config.apps[0].settings.signature.login = true).await;
    let mut tom = world.connect_as("tom", "lc.protobuf2.3");
    open(&mut tom, Some(signed(&world, &format!("{APP}:tom::TIME:NONCE")))).await;
    let refresh = Command::Session(SessionCommand::Refresh(Default::default()));
    match tom.ask(refresh).await.event {
        Event::SessionRefreshed { token, .. } => tom.token = Some(token),
        other => panic!("{other:?}"),
    }
    assert!(matches!(reopen(&mut tom).await, Event::SessionOpened { .. }));
}
