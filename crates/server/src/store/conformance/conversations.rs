//! Making conversations, finding them, changing what they carry.

use serde_json::json;
use yanshu_protocol::{AppId, Code, ConversationKind, Timestamp};

use super::world::{START, attributes, client, clients, text};
use super::{Place, World};
use crate::query::Update;
use crate::store::{
    AttributesUpdated, Completion, Conversation, Member, NewConversation, UpdateRequest, Write, WriteError,
};

pub(crate) async fn a_conversation_is_given_back_as_it_was_made(place: &impl Place) {
    // B-64
    let world = World::open(place);
    let request = NewConversation {
        attributes: attributes(json!({ "z": 1, "name": "雁\"\0", "attr": { "b": [1.5, null], "a": {} } })),
        unique_id: Some("u".parse().unwrap()),
        ..world.new_conversation(ConversationKind::Normal, &["Zoe", "Tom", "Ann"])
    };
    let made = world.create(request.clone()).await;
    let expected = Conversation {
        id: request.id,
        kind: ConversationKind::Normal,
        creator: client("Zoe"),
        created_at: Timestamp(START),
        updated_at: Timestamp(START),
        last_message_at: None,
        unique_id: request.unique_id,
        attributes: request.attributes,
        expires_at: None,
        members: clients(&["Zoe", "Tom", "Ann"])
            .into_iter()
            .map(|client| Member { client, muted: false })
            .collect(),
    };
    assert!(!made.existing);
    assert_eq!(made.conversation, expected);
    assert_eq!(world.read_back(&expected.id).await, Some(expected.clone()));
    let roster = world.store.roster(&world.app, &expected.id, world.now()).await.unwrap().unwrap();
    assert_eq!(roster.kind, ConversationKind::Normal);
    assert_eq!(*roster.members, *clients(&["Zoe", "Tom", "Ann"]));
    let keys = |conversation: &Conversation| conversation.attributes.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&world.read_back(&expected.id).await.unwrap()), keys(&expected));
}

pub(crate) async fn a_conversation_of_another_app_is_not_found(place: &impl Place) {
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let other: AppId = "other".parse().unwrap();
    assert_eq!(world.store.conversation(&other, &id, world.now()).await.unwrap(), None);
    assert_eq!(world.store.roster(&other, &id, world.now()).await.unwrap(), None);
    assert!(world.read_back(&id).await.is_some());
}

pub(crate) async fn the_time_of_the_last_message_follows_messages_and_not_edits(place: &impl Place) {
    // B-53, W-358
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    world.send(&id, "Tom", "one").await;
    let last = world.send(&id, "Tom", "two").await;
    world.pass(10_000);
    world.edit(&last, "three", None).await;
    world.recall(&last).await;
    assert_eq!(world.read_back(&id).await.unwrap().last_message_at, Some(last.timestamp));
    // System conversations have none.
    let service = world.create(world.new_conversation(ConversationKind::Service, &[])).await.conversation.id;
    world.send(&service, "Tom", "news").await;
    assert_eq!(world.read_back(&service).await.unwrap().last_message_at, None);
}

fn unique(world: &World, kind: ConversationKind) -> NewConversation {
    NewConversation {
        unique_id: Some("Jerry-Tom".parse().unwrap()),
        ..world.new_conversation(kind, &["Tom", "Jerry"])
    }
}

pub(crate) async fn a_unique_conversation_is_found_again(place: &impl Place) {
    // W-176 to W-178: as it is now, whatever was asked this time.
    let world = World::open(place);
    let made = world.create(unique(&world, ConversationKind::Normal)).await.conversation;
    let sent = world.send(&made.id, "Tom", "hi").await;
    world.members(&made.id, &["Spike"], &["Tom"], 500).await.unwrap();
    let again = NewConversation {
        attributes: attributes(json!({ "name": "another name" })),
        ..unique(&world, ConversationKind::Normal)
    };
    let found = world.create(again).await;
    assert!(found.existing);
    assert_eq!(Some(&found.conversation), world.read_back(&made.id).await.as_ref());
    assert_eq!(found.conversation.last_message_at, Some(sent.timestamp));
    assert_eq!(found.conversation.attributes, made.attributes);
    let members: Vec<_> = found.conversation.members.into_iter().map(|member| member.client).collect();
    assert_eq!(members, clients(&["Jerry", "Spike"]));
}

pub(crate) async fn unique_conversations_of_other_kinds_and_apps_are_others(place: &impl Place) {
    let world = World::open(place);
    let normal = world.create(unique(&world, ConversationKind::Normal)).await;
    let temporary = NewConversation {
        expires_at: Some(world.now().plus_millis(1_000)),
        ..unique(&world, ConversationKind::Temporary)
    };
    let temporary = world.create(temporary).await;
    let elsewhere =
        NewConversation { app: "other".parse().unwrap(), ..unique(&world, ConversationKind::Normal) };
    let elsewhere = world.create(elsewhere).await;
    assert!(!normal.existing && !temporary.existing && !elsewhere.existing);
}

pub(crate) async fn two_at_once_get_the_same_unique_conversation(place: &impl Place) {
    // B-68
    let world = World::open(place);
    let mut outcomes = Vec::new();
    for _ in 0..20 {
        let (done, outcome) = Completion::waiter();
        world.store.submit(Write::Create(Box::new(unique(&world, ConversationKind::Normal)), done)).await;
        outcomes.push(outcome);
    }
    let mut created = Vec::new();
    for outcome in outcomes {
        created.push(outcome.await.unwrap().unwrap());
    }
    assert_eq!(created.iter().filter(|created| !created.existing).count(), 1);
    assert!(created.iter().all(|other| other.conversation.id == created[0].conversation.id));
}

pub(crate) async fn a_temporary_conversation_ends_and_gives_up_its_name(place: &impl Place) {
    // W-179, W-201
    let world = World::open(place);
    let request = |world: &World| NewConversation {
        expires_at: Some(world.now().plus_millis(1_000)),
        ..unique(world, ConversationKind::Temporary)
    };
    let first = world.create(request(&world)).await.conversation.id;
    world.pass(999);
    assert!(world.read_back(&first).await.is_some());
    assert!(world.create(request(&world)).await.existing);
    world.pass(1);
    assert_eq!(world.read_back(&first).await, None);
    assert_eq!(world.store.roster(&world.app, &first, world.now()).await.unwrap(), None);
    let memberships =
        world.store.memberships(&world.app, &client("Tom"), vec![first.clone()], world.now()).await.unwrap();
    assert_eq!(memberships, [false]);
    let second = world.create(request(&world)).await;
    assert!(!second.existing);
    assert_ne!(second.conversation.id, first);
}

pub(crate) async fn what_belongs_to_an_expired_conversation_is_forgotten(place: &impl Place) {
    let world = World::open(place);
    let lasting = world.conversation(&["Tom", "Jerry"]).await;
    let kept = world.send(&lasting, "Tom", "kept").await;
    let ending = world.temporary(&["Tom", "Jerry"], 60_000).await;
    for number in 0..3_000 {
        let mut draft = world.draft(&ending, "Tom", text("gone soon"));
        draft.resend_key = (number % 2 == 0).then(|| number.to_string());
        let (done, _) = Completion::waiter();
        world.store.submit(Write::Append(Box::new(draft), done)).await;
    }
    let last = world.send(&ending, "Tom", "last").await;
    world.edit(&last, "edited", None).await;
    world.read(&ending, "Jerry", &last).await;
    world.pass(60_000);
    world.expire_all().await;
    // Not only hidden: asked for a time when it still was, the store knows nothing of it.
    let then = Timestamp(START);
    assert_eq!(world.store.conversation(&world.app, &ending, then).await.unwrap(), None);
    assert!(world.history(&ending).await.is_empty());
    assert_eq!(world.message(&ending, &last.id, None).await, None);
    assert_eq!(world.history(&lasting).await, [kept]);
    assert!(world.append(world.draft(&ending, "Tom", text("late"))).await.is_err());
    world.send(&lasting, "Tom", "life goes on").await;
}

async fn update(
    world: &World,
    id: &yanshu_protocol::ConversationId,
    changes: serde_json::Value,
    max_bytes: usize,
) -> Result<AttributesUpdated, WriteError> {
    let changes = attributes(changes);
    let request = UpdateRequest {
        app: world.app.clone(),
        conversation: id.clone(),
        update: Update::parse(&changes).unwrap(),
        changes,
        by: Some(client("Tom")),
        max_bytes,
        now: world.now(),
    };
    world.write(|done| Write::UpdateAttributes(Box::new(request), done)).await
}

pub(crate) async fn an_update_changes_attributes_and_tells_what_became_of_them(place: &impl Place) {
    // W-216, W-220
    let world = World::open(place);
    let request = NewConversation {
        attributes: attributes(json!({ "name": "old", "attr": { "a": 1, "b": 2 }, "own": true })),
        ..world.new_conversation(ConversationKind::Normal, &["Tom"])
    };
    let id = world.create(request).await.conversation.id;
    world.pass(1_000);
    let changes =
        json!({ "attr.a": 5, "attr.b": { "__op": "Delete" }, "name": "new", "own": { "__op": "Delete" } });
    let updated = update(&world, &id, changes, 10_000).await.unwrap();
    assert_eq!(updated.modified, attributes(json!({ "attr": { "a": 5 }, "name": "new" })));
    assert_eq!(updated.updated_at, world.now());
    let now = world.read_back(&id).await.unwrap();
    assert_eq!(now.attributes, updated.modified);
    assert_eq!(now.updated_at, updated.updated_at);
}

pub(crate) async fn a_refused_update_changes_nothing(place: &impl Place) {
    // W-215, W-217
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let before = world.read_back(&id).await;
    world.pass(1_000);
    let wrong = json!({ "x": 1, "name": { "__op": "Increment", "amount": 1 } });
    for (changes, max_bytes) in [(wrong, 10_000), (json!({ "name": "x".repeat(200) }), 100)] {
        let refused = update(&world, &id, changes, max_bytes).await.unwrap_err();
        let WriteError::Refused(reject) = refused else { panic!("{refused}") };
        assert_eq!(reject.code, Code::ConversationUpdateFailed);
    }
    assert_eq!(world.read_back(&id).await, before);
    let unknown = "000000000000000000000000".parse().unwrap();
    let refused = update(&world, &unknown, json!({ "x": 1 }), 100).await.unwrap_err();
    assert_eq!(refused, WriteError::NotFound);
}

pub(crate) async fn the_time_of_change_grows_with_every_change(place: &impl Place) {
    // W-205, W-226: SDKs ignore a change that is not newer, so it grows even if the clock stands.
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let one = world.members(&id, &["Jerry"], &[], 500).await.unwrap().updated_at;
    let two = update(&world, &id, json!({ "x": 1 }), 100).await.unwrap().updated_at;
    let (app, conversation, now) = (world.app.clone(), id.clone(), world.now());
    let mute = |done| Write::SetMuted { app, conversation, client: client("Tom"), muted: true, now, done };
    let three = world.write(mute).await.unwrap();
    assert!(Timestamp(START) < one && one < two && two < three);
    assert_eq!(world.read_back(&id).await.unwrap().updated_at, three);
}
