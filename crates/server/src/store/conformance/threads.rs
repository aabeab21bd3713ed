//! What passes between a service conversation and one client.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use yanshu_protocol::{ConversationId, ConversationKind, Direction, Timestamp};

use super::world::{client, clients, text, texts};
use super::{Place, World};
use crate::store::{
    CursorMove, Draft, HistoryPage, Interval, PatchDraft, StoredMessage, UnreadState, Write, WriteError,
    thread_id,
};

async fn state(world: &World, id: &ConversationId, who: &str) -> Option<UnreadState> {
    world.store.unread_in(&world.app, &client(who), id, 100, world.now()).await.unwrap()
}

async fn count(world: &World, who: &str) -> u32 {
    world.unread(who).await.iter().map(|state| state.count).sum()
}

async fn missed(world: &World, who: &str) -> Vec<String> {
    world.missed(who).await.iter().flat_map(|missed| texts(&missed.messages)).collect()
}

async fn last(world: &World, id: &ConversationId, viewer: Option<&str>) -> Option<StoredMessage> {
    let viewer = viewer.map(client);
    world.store.last_messages(&world.app, vec![id.clone()], viewer.as_ref()).await.unwrap().pop()
}

async fn subscribe(world: &World, id: &ConversationId, who: &str) {
    world.change_members(world.members_request(id, &[who], &[])).await.unwrap();
}

async fn unsubscribe(world: &World, id: &ConversationId, who: &str) {
    world.change_members(world.members_request(id, &[], &[who])).await.unwrap();
}

pub(crate) async fn a_client_sees_its_own_thread_among_the_messages_to_all(place: &impl Place) {
    // B-143, B-145, B-153
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    world.send(&id, "operator", "to all").await;
    let sent = world.pass_on(&id, "Tom", "Tom", "from Tom").await;
    assert_eq!((&sent.conversation, &sent.thread), (&id, &Some(client("Tom"))));
    let answer = world.pass_on(&id, "Tom", "operator", "to Tom").await;
    world.pass_on(&id, "Jerry", "operator", "to Jerry").await;
    world.send(&id, "operator", "to all again").await;
    let seen = async |who: Option<&str>| texts(&world.history_of(&id, who).await);
    assert_eq!(seen(Some("Tom")).await, ["to all", "from Tom", "to Tom", "to all again"]);
    assert_eq!(seen(Some("Jerry")).await, ["to all", "to Jerry", "to all again"]);
    assert_eq!(seen(Some("Spike")).await, ["to all", "to all again"]);
    assert_eq!(seen(None).await, ["to all", "to all again"]);
    let find = async |who: Option<&str>| {
        let viewer = who.map(client);
        world.store.message(&world.app, &id, &answer.id, None, viewer.as_ref()).await.unwrap()
    };
    assert_eq!(find(Some("Tom")).await.as_ref(), Some(&answer));
    assert_eq!(find(Some("Jerry")).await, None);
    assert_eq!(find(None).await, None);
    // A viewer changes nothing elsewhere.
    let normal = world.conversation(&["Tom"]).await;
    let message = world.send(&normal, "Tom", "hi").await;
    assert_eq!(world.history_of(&normal, Some("Tom")).await, [message]);
    let draft = Draft { thread: Some(client("Tom")), ..world.draft(&normal, "Tom", text("no")) };
    assert_eq!(world.append(draft).await.unwrap_err(), WriteError::NotFound);
}

pub(crate) async fn a_thread_is_no_conversation(place: &impl Place) {
    // R-126
    let world = World::open(place);
    let id = world.service(&[]).await;
    let name = thread_id(&id, &client("Tom"));
    world.pass_on(&id, "Tom", "Tom", "hi").await;
    let as_conversation: ConversationId = name.parse().unwrap();
    assert_eq!(world.read_back(&as_conversation).await, None);
    assert!(world.history(&as_conversation).await.is_empty());
    assert!(world.append(world.draft(&as_conversation, "Tom", text("no"))).await.is_err());
}

pub(crate) async fn an_upstream_message_counts_for_nobody(place: &impl Place) {
    // B-143
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    let sent = world.pass_on(&id, "Tom", "Tom", "from Tom").await;
    for who in ["Tom", "Jerry", "operator"] {
        assert_eq!(count(&world, who).await, 0);
        assert!(missed(&world, who).await.is_empty());
    }
    let for_tom = state(&world, &id, "Tom").await.unwrap();
    assert_eq!((for_tom.count, for_tom.last), (0, Some(sent)));
    assert_eq!(state(&world, &id, "Jerry").await.unwrap().last, None);
}

pub(crate) async fn a_directed_message_is_unread_for_its_client_alone(place: &impl Place) {
    // B-145
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    world.send(&id, "operator", "to all").await;
    let direct = world.pass_on(&id, "Tom", "operator", "to Tom").await;
    let [told] = &*world.unread("Tom").await else { panic!("one conversation") };
    assert_eq!((&told.conversation, told.kind, told.count), (&id, ConversationKind::Service, 2));
    assert_eq!(told.last.as_ref(), Some(&direct));
    assert_eq!(count(&world, "Jerry").await, 1);
    assert_eq!(state(&world, &id, "Tom").await.as_ref(), Some(told));
    world.read(&id, "Tom", &direct).await;
    assert_eq!(count(&world, "Tom").await, 0);
    world.send(&id, "operator", "to all again").await;
    assert_eq!((count(&world, "Tom").await, count(&world, "Jerry").await), (1, 2));
    let cursor = world.store.cursor(&world.app, &id, &client("Tom")).await.unwrap();
    assert_eq!(cursor.read, Some(direct.timestamp));
    assert!(world.store.cursors(&world.app, &id).await.unwrap().is_empty(), "nobody reads them all");
}

pub(crate) async fn a_directed_message_waits_for_one_that_does_not_subscribe(place: &impl Place) {
    // B-145
    let world = World::open(place);
    let id = world.service(&[]).await;
    world.send(&id, "operator", "to all").await;
    let direct = world.pass_on(&id, "Spike", "operator", "to Spike").await;
    world.send(&id, "operator", "to all again").await;
    assert_eq!(missed(&world, "Spike").await, ["to Spike"]);
    let told = state(&world, &id, "Spike").await.unwrap();
    assert_eq!((told.count, told.last), (1, Some(direct.clone())));
    let spike = client("Spike");
    assert_eq!(world.store.subscription(&world.app, &spike, &id).await.unwrap(), None);
    assert_eq!(world.store.subscriber_count(&world.app, &id).await.unwrap(), 0);
    let members = world.store.memberships(&world.app, &spike, vec![id.clone()], world.now());
    assert_eq!(members.await.unwrap(), [false]);
    // Subscribing does not take it away.
    subscribe(&world, &id, "Spike").await;
    assert_eq!(missed(&world, "Spike").await, ["to Spike"]);
    world.send(&id, "operator", "to all at last").await;
    assert_eq!(missed(&world, "Spike").await, ["to Spike", "to all at last"]);
    world.read(&id, "Spike", &direct).await;
    assert_eq!(count(&world, "Spike").await, 1);
}

pub(crate) async fn one_message_to_several_clients_is_the_same_in_each_thread(place: &impl Place) {
    // R-92, R-97
    let world = World::open(place);
    let id = world.service(&["Tom"]).await;
    // Their threads are at different times.
    for number in 0..3 {
        let thread = Some(client("Jerry"));
        let draft = Draft { thread, ..world.draft(&id, "operator", text(&number.to_string())) };
        world.append(draft).await.unwrap();
    }
    let draft = world.draft(&id, "operator", text("to some"));
    let to = clients(&["Tom", "Jerry", "Tom"]);
    let sent = world.write(|done| Write::Direct(Box::new(draft.clone()), to, done)).await.unwrap();
    let [to_tom, to_jerry] = &*sent else { panic!("one for each") };
    assert_eq!((&to_tom.id, to_tom.timestamp), (&to_jerry.id, to_jerry.timestamp));
    assert_eq!(to_jerry.thread, Some(client("Jerry")));
    assert_eq!(world.history_of(&id, Some("Tom")).await, [StoredMessage::clone(to_tom)]);
    assert_eq!(texts(&world.history_of(&id, Some("Jerry")).await), ["0", "1", "2", "to some"]);
    // Each is changed for itself.
    world.recall(to_jerry).await;
    assert_eq!(texts(&world.history_of(&id, Some("Tom")).await), ["to some"]);
    let normal = world.conversation(&["Tom"]).await;
    let draft = Draft { conversation: normal, ..draft };
    let refused = world.write(|done| Write::Direct(Box::new(draft), clients(&["Tom"]), done)).await;
    assert_eq!(refused.unwrap_err(), WriteError::NotFound);
}

pub(crate) async fn a_subscriber_has_missed_what_it_has_not_received(place: &impl Place) {
    // B-149, W-294
    let world = World::open(place);
    let id = world.service(&["Tom"]).await;
    let normal = world.conversation(&["Tom", "Jerry"]).await;
    let first = world.send(&id, "operator", "1").await;
    world.pass_on(&id, "Tom", "Tom", "own").await;
    world.pass_on(&id, "Tom", "operator", "2").await;
    world.send(&normal, "Jerry", "hi").await;
    world.send(&id, "operator", "3").await;
    assert_eq!(missed(&world, "Tom").await, ["1", "2", "3", "hi"], "the newest activity first");
    world.acknowledge(&id, "Tom", &first).await;
    assert_eq!(missed(&world, "Tom").await, ["2", "3", "hi"]);
    let until = world.mark().await;
    world.pass_on(&id, "Tom", "operator", "behind").await;
    let few = world.store.missed(&world.app, &client("Tom"), 1, 1, until, world.now()).await.unwrap();
    assert_eq!(few.len(), 1);
    assert_eq!(texts(&few[0].messages), ["3"]);
}

pub(crate) async fn a_broadcast_counts_until_its_time_and_stays_in_history(place: &impl Place) {
    // B-148
    let world = World::open(place);
    let id = world.service(&["Tom"]).await;
    let end = world.now().plus_millis(1_000);
    world.pass(1);
    let draft = world.draft(&id, "operator", text("for a while"));
    let limited = world.append(Draft { valid_till: Some(end), ..draft }).await.unwrap().message;
    world.send(&id, "operator", "for ever").await;
    assert_eq!(missed(&world, "Tom").await, ["for a while", "for ever"]);
    world.set(end.plus_millis(-1));
    assert_eq!(count(&world, "Tom").await, 2);
    world.set(end);
    assert_eq!((count(&world, "Tom").await, missed(&world, "Tom").await), (1, vec!["for ever".to_owned()]));
    // An edit does not change that.
    world.edit(&limited, "for a while, edited", None).await;
    let world = world.reopen(place);
    assert_eq!(missed(&world, "Tom").await, ["for ever"]);
    assert_eq!(texts(&world.history_of(&id, Some("Tom")).await), ["for a while, edited", "for ever"]);
}

pub(crate) async fn who_unsubscribes_keeps_its_thread_and_nothing_else(place: &impl Place) {
    // B-141, B-145
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    world.send(&id, "operator", "to all").await;
    let direct = world.pass_on(&id, "Tom", "operator", "to Tom").await;
    world.read(&id, "Tom", &direct).await;
    world.send(&id, "operator", "unread when Tom left").await;
    unsubscribe(&world, &id, "Tom").await;
    unsubscribe(&world, &id, "Jerry").await;
    assert_eq!((count(&world, "Tom").await, count(&world, "Jerry").await), (0, 0));
    assert_eq!(state(&world, &id, "Jerry").await, None);
    assert_eq!(state(&world, &id, "Tom").await.unwrap().last, Some(direct), "its thread is still there");
    world.send(&id, "operator", "while Tom was away").await;
    subscribe(&world, &id, "Tom").await;
    subscribe(&world, &id, "Jerry").await;
    assert_eq!((count(&world, "Tom").await, count(&world, "Jerry").await), (0, 0));
    world.send(&id, "operator", "hello again").await;
    assert_eq!((count(&world, "Tom").await, count(&world, "Jerry").await), (1, 1));
}

pub(crate) async fn the_last_message_is_the_newest_that_the_viewer_sees(place: &impl Place) {
    // W-192, W-318
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    assert_eq!(last(&world, &id, Some("Tom")).await, None);
    let direct = world.pass_on(&id, "Tom", "operator", "to Tom").await;
    assert_eq!(last(&world, &id, Some("Tom")).await, Some(direct.clone()));
    assert_eq!(last(&world, &id, Some("Jerry")).await, None);
    let to_all = world.send(&id, "operator", "to all").await;
    assert_eq!(last(&world, &id, Some("Tom")).await, Some(to_all.clone()));
    let own = world.pass_on(&id, "Jerry", "Jerry", "own").await;
    assert_eq!(last(&world, &id, Some("Jerry")).await, Some(own));
    assert_eq!(last(&world, &id, None).await, Some(to_all));
}

pub(crate) async fn times_grow_over_all_that_one_client_sees(place: &impl Place) {
    // A cursor at one message never hides another: also while the clock stands, and across a restart.
    let mut world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    let mut sent = Vec::new();
    for number in 0..12 {
        if number == 6 {
            world = world.reopen(place);
            world.pass(-60_000);
        }
        let draft = world.draft(&id, "operator", text(&number.to_string()));
        let thread = (number % 3 != 0).then(|| client(if number % 2 == 0 { "Jerry" } else { "Tom" }));
        sent.push(world.append(Draft { thread, ..draft }).await.unwrap().message);
        for who in ["Tom", "Jerry"] {
            let seen = |message: &&std::sync::Arc<StoredMessage>| {
                message.thread.as_ref().is_none_or(|thread| *thread == client(who))
            };
            let times: Vec<_> = sent.iter().filter(seen).map(|message| message.timestamp).collect();
            assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{who}: {times:?}");
            // The cursor stops at the newest message, so that the next one is behind it.
            let far = Some(world.now().plus_millis(3_600_000));
            world.advance(CursorMove { read: far, ..world.step(&id, who) }).await;
            assert_eq!(count(&world, who).await, 0);
        }
    }
}

pub(crate) async fn many_clients_may_write_in_one_millisecond(place: &impl Place) {
    // Their threads do not wait for one another, so that times do not run ahead of the clock.
    let world = World::open(place);
    let id = world.service(&[]).await;
    for number in 0..20 {
        let name = format!("client {number}");
        let draft = world.draft(&id, &name, text("hi"));
        let message = world.append(Draft { thread: Some(client(&name)), ..draft }).await.unwrap().message;
        assert_eq!(message.timestamp, world.now());
    }
    let all = world.append(world.draft(&id, "operator", text("to all"))).await.unwrap().message;
    assert_eq!(all.timestamp, world.now().next());
}

pub(crate) async fn a_repeat_in_a_thread_gives_the_first_message(place: &impl Place) {
    // W-274
    let world = World::open(place);
    let id = world.service(&["Tom"]).await;
    let send = async |world: &World, thread: Option<&str>| {
        let resend_key = Some("key".to_owned());
        let thread = thread.map(client);
        world.append(Draft { thread, resend_key, ..world.draft(&id, "Tom", text("hi")) }).await.unwrap()
    };
    let first = send(&world, Some("Tom")).await;
    let again = send(&world, Some("Tom")).await;
    assert!(again.repeated);
    assert_eq!(again.message, first.message);
    assert!(!send(&world, Some("Jerry")).await.repeated, "another thread");
    assert!(!send(&world, None).await.repeated, "to all");
    let world = world.reopen(place);
    assert!(send(&world, Some("Tom")).await.repeated);
}

pub(crate) async fn messages_in_threads_are_edited_and_recalled_there(place: &impl Place) {
    // R-97, W-347
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    let (own, direct) = (
        world.pass_on(&id, "Tom", "Tom", "own").await,
        world.pass_on(&id, "Tom", "operator", "direct").await,
    );
    let edited = world.edit(&own, "own, edited", None).await;
    assert_eq!(edited.thread, Some(client("Tom")));
    world.recall(&direct).await;
    let history = world.history_of(&id, Some("Tom")).await;
    assert_eq!(texts(&history), ["own, edited", r#"{"_lctype":-127}"#]);
    let elsewhere = [None, Some(client("Jerry"))];
    for thread in elsewhere {
        let draft = PatchDraft { thread, ..world.patch_draft(&own, None) };
        assert_eq!(world.patch(draft).await.unwrap_err(), WriteError::NotFound);
    }
    let draft = PatchDraft { editor: client("Jerry"), ..world.patch_draft(&own, None) };
    assert_eq!(world.patch(draft).await.unwrap_err(), WriteError::NotOwner);
}

pub(crate) async fn patches_of_threads_are_told_to_their_clients(place: &impl Place) {
    // W-360, R-99
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    let to_all = world.send(&id, "operator", "to all").await;
    let to_tom = world.pass_on(&id, "Tom", "operator", "to Tom").await;
    let to_spike = world.pass_on(&id, "Spike", "operator", "to Spike").await;
    let known = world.now();
    world.edit(&to_tom, "to Tom, edited", None).await;
    world.edit(&to_all, "to all, edited", None).await;
    world.edit(&to_spike, "to Spike, edited", None).await;
    let told = async |who: &str, limit| {
        let told = world
            .store
            .patched_since(&world.app, &client(who), None, known, limit, world.now())
            .await
            .unwrap();
        assert!(told.iter().all(|message| message.conversation == id));
        told
    };
    assert_eq!(texts(&told("Tom", 10).await), ["to Tom, edited", "to all, edited"]);
    assert_eq!(told("Tom", 10).await[0].thread, Some(client("Tom")));
    assert_eq!(texts(&told("Tom", 1).await), ["to Tom, edited"]);
    assert_eq!(texts(&told("Jerry", 10).await), ["to all, edited"]);
    assert_eq!(texts(&told("Spike", 10).await), ["to Spike, edited"], "it does not subscribe");
}

pub(crate) async fn only_changed_service_conversations_are_told(place: &impl Place) {
    // W-310, W-311
    let world = World::open(place);
    let mut ids = Vec::new();
    for _ in 0..4 {
        let id = world.service(&["Tom"]).await;
        world.send(&id, "operator", "known").await;
        world.pass_on(&id, "Tom", "operator", "known too").await;
        ids.push(id);
    }
    let known = world.pass(1);
    assert!(world.unread_since("Tom", Some(known)).await.is_empty());
    world.pass_on(&ids[0], "Tom", "operator", "new").await;
    let taken = world.history_of(&ids[1], Some("Tom")).await.remove(1);
    world.recall(&taken).await;
    let read = world.history_of(&ids[2], Some("Tom")).await.remove(1);
    world.read(&ids[2], "Tom", &read).await;
    world.pass_on(&ids[3], "Jerry", "operator", "nothing to Tom").await;
    let told = world.unread_since("Tom", Some(known)).await;
    let mut told: Vec<_> = told.into_iter().map(|state| (state.conversation, state.count)).collect();
    told.sort();
    let mut expected = vec![(ids[0].clone(), 3), (ids[1].clone(), 1), (ids[2].clone(), 0)];
    expected.sort();
    assert_eq!(told, expected);
}

pub(crate) async fn threads_outlive_a_restart(place: &impl Place) {
    let world = World::open(place);
    let id = world.service(&["Tom"]).await;
    world.pass_on(&id, "Tom", "Tom", "1").await;
    world.send(&id, "operator", "2").await;
    let world = world.reopen(place);
    world.pass_on(&id, "Tom", "operator", "3").await;
    let world = world.reopen(place);
    assert_eq!(texts(&world.history_of(&id, Some("Tom")).await), ["1", "2", "3"]);
    assert_eq!(missed(&world, "Tom").await, ["2", "3"]);
}

/// Messages to all, to Tom and to Jerry in any order with gaps, and how to walk through them.
fn plans() -> impl Strategy<Value = (Vec<(u8, i64)>, usize, bool)> {
    (prop::collection::vec((0..3_u8, 0..3_i64), 0..50), 1..9_usize, any::<bool>())
}

pub(crate) async fn history_of_a_thread_agrees_with_both_logs(place: &impl Place) {
    // W-325 to W-329: one order, whole pages, both directions.
    let world = World::open(place);
    let mut cases = TestRunner::new(Config { cases: 30, failure_persistence: None, ..Config::default() });
    let runtime = tokio::runtime::Handle::current();
    let run = |(plan, limit, forward): (Vec<(u8, i64)>, usize, bool)| {
        runtime.block_on(walk(&world, &plan, limit, forward));
        Ok(())
    };
    tokio::task::block_in_place(|| cases.run(&plans(), run)).unwrap();
}

async fn walk(world: &World, plan: &[(u8, i64)], limit: usize, forward: bool) {
    let id = world.service(&["Tom"]).await;
    let mut expected = Vec::new();
    for (number, (to, gap)) in plan.iter().enumerate() {
        world.pass(*gap);
        let thread = [None, Some("Tom"), Some("Jerry")][usize::from(*to)].map(client);
        let draft = Draft { thread, ..world.draft(&id, "operator", text(&number.to_string())) };
        let message = world.append(draft).await.unwrap().message;
        if *to < 2 {
            expected.push(StoredMessage::clone(&message));
        }
    }
    assert_eq!(world.history_of(&id, Some("Tom")).await, expected);
    let direction = if forward { Direction::Newer } else { Direction::Older };
    let mut seen: Vec<StoredMessage> = Vec::new();
    let mut start = None;
    loop {
        let page = HistoryPage {
            conversation: id.clone(),
            viewer: Some(client("Tom")),
            start,
            stop: None,
            direction,
            limit,
            message_type: None,
        };
        let page = world.page(page).await;
        assert!(page.len() <= limit);
        let Some(last) = (if forward { page.last() } else { page.first() }) else { break };
        let (timestamp, message): (Timestamp, _) = (last.timestamp, Some(last.id.clone()));
        start = Some(Interval { timestamp, message, included: false });
        seen = if forward { [seen, page].concat() } else { [page, seen].concat() };
    }
    assert_eq!(seen, expected);
}
