//! Conversations to which a client may not be added.

use yanshu_protocol::{Code, ConversationId};

use super::world::{client, clients};
use super::{Place, World};
use crate::store::{Write, WriteError};

async fn block(
    world: &World,
    who: &str,
    conversations: &[ConversationId],
    lift: bool,
) -> Result<Vec<ConversationId>, WriteError> {
    let (app, client, now) = (world.app.clone(), client(who), world.now());
    let conversations = conversations.to_vec();
    world
        .write(|done| Write::BlockConversations { app, client, conversations, lift, limit: 3, now, done })
        .await
}

pub(crate) async fn nobody_is_added_to_a_conversation_it_has_blocked(place: &impl Place) {
    // B-135
    let world = World::open(place);
    let (id, other) = (world.conversation(&["Tom"]).await, world.conversation(&["Tom"]).await);
    let unknown: ConversationId = "000000000000000000000000".parse().unwrap();
    let ours = [id.clone()];
    assert_eq!(block(&world, "Jerry", &[id.clone(), unknown, id.clone()], false).await.unwrap(), ours);
    assert_eq!(block(&world, "Jerry", &ours, false).await.unwrap(), ours, "twice is once");
    let adding = world.members_request(&id, &["Jerry", "Spike"], &[]);
    let outcome = world.change_members(adding.clone()).await.unwrap();
    assert_eq!(outcome.refused, [(client("Jerry"), Code::BlockedByConversation)]);
    assert_eq!(outcome.changed, clients(&["Spike"]));
    assert_eq!(world.members(&other, &["Jerry"], &[], 500).await.unwrap().changed, clients(&["Jerry"]));
    let both = [id, other];
    assert_eq!(block(&world, "Jerry", &both, true).await.unwrap(), both);
    assert_eq!(world.change_members(adding).await.unwrap().changed, clients(&["Jerry"]));
}

pub(crate) async fn a_block_list_is_read_in_pages_and_has_a_limit(place: &impl Place) {
    //
    let world = World::open(place);
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(world.conversation(&["Tom"]).await);
    }
    let ending = world.temporary(&["Tom"], 1_000).await;
    for id in [&ids[2], &ending, &ids[0]] {
        block(&world, "Jerry", std::slice::from_ref(id), false).await.unwrap();
    }
    assert_eq!(block(&world, "Jerry", &ids[1..2], false).await.unwrap_err(), WriteError::ListFull);
    block(&world, "Jerry", &ids[..1], false).await.unwrap();
    let page = async |who: &str, offset, limit| {
        world.store.blocked_conversations(&world.app, &client(who), offset, limit).await.unwrap()
    };
    assert_eq!(page("Jerry", 0, 2).await, [ids[2].clone(), ending]);
    assert_eq!(page("Jerry", 2, 2).await, [ids[0].clone()]);
    assert!(page("Tom", 0, 10).await.is_empty());
    // A conversation takes its entries along when it ends.
    world.pass(1_000);
    world.expire_all().await;
    assert_eq!(page("Jerry", 0, 10).await, [ids[2].clone(), ids[0].clone()]);
    block(&world, "Jerry", &ids[1..2], false).await.unwrap();
}
