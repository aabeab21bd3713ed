//! What outlives a session.

use yanshu_protocol::{
    Content, ConversationId, ConversationKind, DeviceId, Mentions, Restriction, Tag, Timestamp,
};

use super::world::{START, client, clients};
use super::{Place, World};
use crate::store::{RoomPresence, SessionEnd, StoredWill, TagHolder, Write};

fn will(world: &World, session: &str, content: Content) -> StoredWill {
    StoredWill {
        app: world.app.clone(),
        client: client("Tom"),
        session: session.to_owned(),
        conversation: "a conversation".parse().unwrap(),
        id: "a-message".parse().unwrap(),
        content,
        mentions: Mentions { clients: clients(&["Jerry"]), all: true },
    }
}

async fn leave(world: &World, will: &StoredWill) {
    world.write(|done| Write::SaveWill(Box::new(will.clone()), done)).await.unwrap();
}

async fn current(world: &World) -> Option<StoredWill> {
    world.store.will(&world.app, &client("Tom")).await.unwrap()
}

pub(crate) async fn a_client_has_one_will_and_the_last_counts(place: &impl Place) {
    // W-277
    let world = World::open(place);
    assert_eq!(current(&world).await, None);
    leave(&world, &will(&world, "first", Content::Text("17".into()))).await;
    let last = will(&world, "second", Content::Binary(vec![0, 255].into()));
    leave(&world, &last).await;
    assert_eq!(current(&world).await.as_ref(), Some(&last));
    let others = StoredWill { app: "other".parse().unwrap(), ..last.clone() };
    leave(&world, &others).await;
    let world = world.reopen(place);
    let mut all = world.store.wills().await.unwrap();
    all.sort_by_key(|will| will.app.clone());
    assert_eq!(all, [last, others]);
}

pub(crate) async fn a_will_is_cleared_only_by_the_session_that_left_it(place: &impl Place) {
    // W-280
    let world = World::open(place);
    let left = will(&world, "second", Content::Text("bye".into()));
    leave(&world, &left).await;
    let clear = async |session: &str| {
        let (app, client, session) = (world.app.clone(), client("Tom"), session.to_owned());
        world.write(|done| Write::ClearWill { app, client, session, done }).await.unwrap();
    };
    clear("first").await;
    assert_eq!(current(&world).await, Some(left));
    clear("second").await;
    assert_eq!(current(&world).await, None);
}

pub(crate) async fn a_tag_is_held_until_its_token_expires(place: &impl Place) {
    // W-126
    let world = World::open(place);
    let tag: Tag = "Mobile".parse().unwrap();
    let hold = async |device: Option<&str>, session: &str| {
        let holder = TagHolder {
            app: world.app.clone(),
            client: client("Tom"),
            tag: tag.clone(),
            device: device.map(|device| device.parse::<DeviceId>().unwrap()),
            session: session.to_owned(),
            until: world.now().plus_millis(1_000),
        };
        world.write(|done| Write::HoldTag(Box::new(holder.clone()), done)).await.unwrap();
        holder
    };
    let holder =
        async || world.store.tag_holder(&world.app, &client("Tom"), &tag, world.now()).await.unwrap();
    hold(Some("phone"), "first").await;
    let second = hold(None, "second").await;
    assert_eq!(holder().await, Some(second));
    let other = "Web".parse().unwrap();
    let nobody = world.store.tag_holder(&world.app, &client("Tom"), &other, world.now()).await.unwrap();
    assert_eq!(nobody, None);
    world.pass(1_000);
    assert_eq!(holder().await, None);
    world.expire_all().await;
    world.set(Timestamp(START));
    assert_eq!(holder().await, None);
}

pub(crate) async fn a_session_end_is_remembered_until_its_token_expires(place: &impl Place) {
    // W-121, W-459
    let world = World::open(place);
    for (session, end) in [("a", SessionEnd::Closed), ("b", SessionEnd::Conflict), ("c", SessionEnd::Kicked)]
    {
        let (app, until) = (world.app.clone(), world.now().plus_millis(1_000));
        let session = session.to_owned();
        world.write(|done| Write::EndSession { app, session, end, until, done }).await.unwrap();
    }
    let ends = async |world: &World| {
        let mut ends = Vec::new();
        for session in ["a", "b", "c", "d"] {
            ends.push(world.store.session_end(&world.app, session).await.unwrap());
        }
        ends
    };
    world.expire_all().await;
    let world = world.reopen(place);
    let expected = [Some(SessionEnd::Closed), Some(SessionEnd::Conflict), Some(SessionEnd::Kicked), None];
    assert_eq!(ends(&world).await, expected);
    world.pass(1_000);
    world.expire_all().await;
    assert_eq!(ends(&world).await, [None; 4]);
}

async fn be(world: &World, device: &str, room: Option<&ConversationId>, lost_at: Option<Timestamp>) {
    let presence = RoomPresence {
        app: world.app.clone(),
        client: client("Tom"),
        device: device.to_owned(),
        room: room.cloned(),
        lost_at,
    };
    world.write(|done| Write::SetRoom(Box::new(presence), done)).await.unwrap();
}

async fn room(world: &World, device: &str, since: Timestamp) -> Option<ConversationId> {
    world.store.room_to_return_to(&world.app, &client("Tom"), device, since).await.unwrap()
}

pub(crate) async fn a_device_returns_to_its_room_within_the_time(place: &impl Place) {
    // B-380, B-381
    let world = World::open(place);
    let (one, two) = ("room one".parse().unwrap(), "room two".parse().unwrap());
    let now = world.now();
    be(&world, "phone", Some(&one), None).await;
    be(&world, "phone", Some(&two), None).await;
    be(&world, "", Some(&one), None).await;
    be(&world, "", Some(&one), Some(now)).await;
    assert_eq!(room(&world, "phone", now.plus_millis(1_000_000)).await, Some(two.clone()));
    be(&world, "phone", Some(&two), Some(now)).await;
    assert_eq!(room(&world, "phone", now).await, Some(two.clone()));
    assert_eq!(room(&world, "", now).await, Some(one));
    assert_eq!(room(&world, "phone", now.next()).await, None);
    world.expire(Timestamp(0), now).await;
    assert_eq!(room(&world, "phone", now).await, Some(two));
    world.expire(Timestamp(0), now.next()).await;
    assert_eq!(room(&world, "phone", now).await, None);
}

pub(crate) async fn a_device_that_left_its_room_does_not_return(place: &impl Place) {
    // B-382
    let world = World::open(place);
    let id = "a room".parse().unwrap();
    be(&world, "phone", Some(&id), None).await;
    be(&world, "phone", None, None).await;
    assert_eq!(room(&world, "phone", Timestamp(0)).await, None);
}

pub(crate) async fn a_device_is_lost_once_and_only_where_it_was(place: &impl Place) {
    // B-381, B-382
    let world = World::open(place);
    let (one, two) = ("room one".parse().unwrap(), "room two".parse().unwrap());
    let now = world.now();
    be(&world, "phone", Some(&one), Some(now)).await;
    assert_eq!(room(&world, "phone", Timestamp(0)).await, None);
    be(&world, "phone", Some(&two), None).await;
    be(&world, "phone", Some(&one), Some(now)).await;
    assert_eq!(room(&world, "phone", Timestamp(0)).await, Some(two.clone()));
    be(&world, "phone", Some(&two), Some(now)).await;
    be(&world, "phone", Some(&two), Some(now.plus_millis(1_000))).await;
    assert_eq!(room(&world, "phone", now.next()).await, None);
}

pub(crate) async fn who_is_blocked_in_a_room_does_not_return_to_it(place: &impl Place) {
    // B-134, B-380
    let world = World::open(place);
    let id = world.create(world.new_conversation(ConversationKind::Room, &[])).await.conversation.id;
    be(&world, "phone", Some(&id), None).await;
    world.restrict(world.restriction(&id, Restriction::Blocked, &["Tom"])).await.unwrap();
    assert_eq!(room(&world, "phone", Timestamp(0)).await, None);
}

pub(crate) async fn after_a_restart_devices_in_rooms_were_lost_then(place: &impl Place) {
    // B-380
    let world = World::open(place);
    let id: ConversationId = "a room".parse().unwrap();
    be(&world, "phone", Some(&id), None).await;
    be(&world, "desk", Some(&id), None).await;
    be(&world, "desk", Some(&id), Some(Timestamp(START))).await;
    let world = world.reopen(place);
    let now = world.pass(60_000);
    world.write(|done| Write::RoomsLost { now, done }).await.unwrap();
    assert_eq!(room(&world, "phone", now).await, Some(id));
    assert_eq!(room(&world, "phone", now.next()).await, None);
    assert_eq!(room(&world, "desk", now).await, None);
}

pub(crate) async fn expiry_works_in_portions_and_ends(place: &impl Place) {
    let world = World::open(place);
    for number in 0..5_000 {
        let (app, session) = (world.app.clone(), number.to_string());
        let (done, _) = crate::store::Completion::waiter();
        let until = world.now();
        world.store.submit(Write::EndSession { app, session, end: SessionEnd::Closed, until, done }).await;
    }
    // The first also turns the resend keys over.
    let first = world.expire(Timestamp(0), Timestamp(0)).await;
    assert!((1..5_000).contains(&first), "{first}");
    let mut sum = first;
    loop {
        match world.expire(Timestamp(0), Timestamp(0)).await {
            0 => break,
            more => sum += more,
        }
    }
    assert_eq!(sum, 5_000);
}

pub(crate) async fn the_last_time_a_client_was_taken_offline_is_remembered(place: &impl Place) {
    // W-138
    let world = World::open(place);
    let kicked_at = async |world: &World| world.store.kicked_at(&world.app, &client("Tom")).await.unwrap();
    let kick = async |world: &World, now: Timestamp| {
        let (app, client) = (world.app.clone(), client("Tom"));
        world.write(|done| Write::NoteKick { app, client, now, done }).await.unwrap();
    };
    assert_eq!(kicked_at(&world).await, None);
    kick(&world, world.now()).await;
    kick(&world, world.now().plus_millis(10)).await;
    kick(&world, world.now().plus_millis(5)).await;
    let world = world.reopen(place);
    assert_eq!(kicked_at(&world).await, Some(world.now().plus_millis(10)));
    assert_eq!(kicked_at(&world.of_app("other")).await, None);
}
