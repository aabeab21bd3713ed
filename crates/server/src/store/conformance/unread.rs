//! What is unread and what was missed.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use yanshu_protocol::{Content, Mentions, Timestamp};

use super::world::{client, clients, text, texts};
use super::{Place, World};
use crate::store::{CommitPoint, CursorMove, Draft, StoredMessage};

pub(crate) async fn messages_of_others_after_the_read_cursor_are_unread(place: &impl Place) {
    // W-308, W-306
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let first = world.send(&id, "Tom", "one").await;
    world.send(&id, "Jerry", "own").await;
    let last = world.send(&id, "Tom", "two").await;
    world.send(&id, "Jerry", "own again").await;
    let [state] = &*world.unread("Jerry").await else { panic!("one conversation") };
    assert_eq!((&state.conversation, state.count, state.mentioned), (&id, 2, false));
    assert_eq!(state.last.as_ref(), Some(&last));
    world.read(&id, "Jerry", &first).await;
    assert_eq!(world.unread("Jerry").await[0].count, 1);
    // Tom has what Jerry sent.
    assert_eq!(world.unread("Tom").await[0].count, 2);
    assert!(world.unread("Spike").await.is_empty());
}

pub(crate) async fn recalled_messages_are_not_unread_but_are_missed_as_recalled(place: &impl Place) {
    // W-309, B-243
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let kept = world.send(&id, "Tom", "kept").await;
    let recalled = world.send(&id, "Tom", "recalled").await;
    let recalled = world.recall(&recalled).await;
    let [state] = &*world.unread("Jerry").await else { panic!("one conversation") };
    assert_eq!((state.count, state.last.as_ref()), (1, Some(&kept)));
    assert_eq!(world.missed("Jerry").await[0].messages, [kept.clone(), recalled.clone()]);
    world.recall(&kept).await;
    assert!(world.unread("Jerry").await.is_empty());
    // Nothing counts: the newest of all, in its recalled form (W-318).
    let state =
        world.store.unread_in(&world.app, &client("Jerry"), &id, 100, world.now()).await.unwrap().unwrap();
    assert_eq!((state.count, state.last), (0, Some(recalled)));
}

pub(crate) async fn counts_and_conversations_are_bounded_and_the_newest_win(place: &impl Place) {
    // B-276, B-277, B-290
    let world = World::open(place);
    let mut ids = Vec::new();
    for _ in 0..6 {
        let id = world.conversation(&["Tom", "Jerry"]).await;
        world.send(&id, "Tom", "first").await;
        ids.push(id);
    }
    for number in 0..7 {
        world.send(&ids[1], "Tom", &number.to_string()).await;
    }
    world.send(&ids[3], "Jerry", "own messages are activity too").await;
    let (app, jerry, until) = (&world.app, client("Jerry"), world.mark().await);
    let unread = world.store.unread(app, &jerry, None, 3, 5, until, world.now()).await.unwrap();
    let found: Vec<_> = unread.iter().map(|state| (state.conversation.clone(), state.count)).collect();
    assert_eq!(found, [(ids[3].clone(), 1), (ids[1].clone(), 5), (ids[5].clone(), 1)]);
    let missed = world.store.missed(app, &jerry, 2, 3, until, world.now()).await.unwrap();
    assert_eq!(missed.len(), 2);
    assert_eq!(texts(&missed[1].messages), ["4", "5", "6"]);
}

pub(crate) async fn a_mention_counts_only_while_it_is_unread(place: &impl Place) {
    // W-308, W-434
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry", "Spike"]).await;
    let mention = |names: &[&str], all| Mentions { clients: clients(names), all };
    let send = async |from: &str, mentions: Mentions| {
        world.pass(1);
        let draft = Draft { mentions, ..world.draft(&id, from, text("hey")) };
        StoredMessage::clone(&world.append(draft).await.unwrap().message)
    };
    let mentioned = async |who: &str| world.unread(who).await.first().is_some_and(|state| state.mentioned);
    send("Jerry", mention(&["Jerry"], true)).await;
    assert!(!mentioned("Jerry").await, "one's own mention is none");
    assert!(mentioned("Spike").await, "everyone is meant");
    let named = send("Tom", mention(&["Jerry", "Spike"], false)).await;
    send("Tom", mention(&["Tyke"], false)).await;
    assert!(mentioned("Jerry").await);
    world.read(&id, "Jerry", &named).await;
    assert!(!mentioned("Jerry").await);
    assert_eq!(world.unread("Jerry").await[0].count, 1);
}

pub(crate) async fn reading_clears_the_count(place: &impl Place) {
    // B-289, W-316
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    world.send(&id, "Tom", "one").await;
    let last = world.send(&id, "Tom", "two").await;
    world.read(&id, "Jerry", &last).await;
    assert!(world.unread("Jerry").await.is_empty());
    world.send(&id, "Tom", "three").await;
    assert_eq!(world.unread("Jerry").await[0].count, 1);
    let world = world.reopen(place);
    assert_eq!(world.unread("Jerry").await[0].count, 1);
}

pub(crate) async fn what_came_before_joining_is_neither_unread_nor_missed(place: &impl Place) {
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    world.send(&id, "Tom", "before").await;
    world.members(&id, &["Jerry"], &[], 500).await.unwrap();
    assert!(world.unread("Jerry").await.is_empty());
    assert!(world.missed("Jerry").await.is_empty());
    // Also within the millisecond of joining.
    let after = world.append(world.draft(&id, "Tom", text("after"))).await.unwrap().message;
    assert_eq!(world.unread("Jerry").await[0].count, 1);
    assert_eq!(world.missed("Jerry").await[0].messages, [StoredMessage::clone(&after)]);
}

pub(crate) async fn who_leaves_and_comes_back_starts_anew(place: &impl Place) {
    // B-284
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    world.send(&id, "Tom", "unread when Jerry left").await;
    world.members(&id, &[], &["Jerry"], 500).await.unwrap();
    assert!(world.unread("Jerry").await.is_empty());
    assert!(world.missed("Jerry").await.is_empty());
    world.send(&id, "Tom", "while Jerry was away").await;
    world.members(&id, &["Jerry"], &[], 500).await.unwrap();
    assert!(world.unread("Jerry").await.is_empty());
    world.send(&id, "Tom", "hello again").await;
    assert_eq!(world.unread("Jerry").await[0].count, 1);
}

pub(crate) async fn only_changed_conversations_are_told_to_who_knows_the_rest(place: &impl Place) {
    // W-310, W-311, B-292
    let world = World::open(place);
    let mut ids = Vec::new();
    for _ in 0..6 {
        let id = world.conversation(&["Tom", "Jerry"]).await;
        world.send(&id, "Tom", "known").await;
        ids.push(id);
    }
    let [new, read, own, quiet, recalled, mine] = &*ids else { panic!("six") };
    let known = world.pass(1);
    assert!(world.unread_since("Jerry", Some(known)).await.is_empty());
    world.send(new, "Tom", "new").await;
    let last = world.history(read).await.remove(0);
    world.read(read, "Jerry", &last).await;
    world.send(own, "Jerry", "answered, not read").await;
    let taken = world.history(recalled).await.remove(0);
    world.recall(&taken).await;
    let told = world.unread_since("Jerry", Some(known)).await;
    let mut told: Vec<_> = told.into_iter().map(|state| (state.conversation, state.count)).collect();
    let mut expected = vec![(new.clone(), 2), (read.clone(), 0), (recalled.clone(), 0)];
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    let all = world.unread("Jerry").await;
    assert!(all.iter().any(|state| state.conversation == *quiet));
    assert!(all.iter().any(|state| state.conversation == *mine));
    assert_eq!(all.len(), 4);
}

pub(crate) async fn messages_behind_the_mark_are_left_out(place: &impl Place) {
    // They are delivered as they come.
    let world = World::open(place);
    let (here, there) =
        (world.conversation(&["Tom", "Jerry"]).await, world.conversation(&["Tom", "Jerry"]).await);
    let before = world.send(&here, "Tom", "before").await;
    let mark = world.mark().await;
    world.send(&here, "Tom", "behind").await;
    world.send(&there, "Tom", "behind").await;
    let (app, jerry) = (&world.app, client("Jerry"));
    let unread = world.store.unread(app, &jerry, None, 50, 100, mark, world.now()).await.unwrap();
    assert_eq!(unread.len(), 1);
    assert_eq!((unread[0].count, unread[0].last.as_ref()), (1, Some(&before)));
    let missed = world.store.missed(app, &jerry, 50, 20, mark, world.now()).await.unwrap();
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0].messages, [before]);
    let nothing = world.store.missed(app, &jerry, 50, 20, CommitPoint(0), world.now()).await.unwrap();
    assert!(nothing.is_empty());
}

pub(crate) async fn the_state_of_one_conversation_is_told_to_members_only(place: &impl Place) {
    // W-317, W-318
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let state = async |who: &str| {
        world.store.unread_in(&world.app, &client(who), &id, 100, world.now()).await.unwrap()
    };
    assert_eq!(state("Jerry").await.unwrap().last, None);
    let own = world.send(&id, "Jerry", "own").await;
    let for_jerry = state("Jerry").await.unwrap();
    assert_eq!((for_jerry.count, for_jerry.last), (0, Some(own)));
    assert_eq!(state("Tom").await.unwrap().count, 1);
    assert_eq!(state("Spike").await, None);
}

pub(crate) async fn missed_messages_are_the_newest_in_ascending_order(place: &impl Place) {
    // B-272, W-290
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    for number in 0..30 {
        world.send(&id, if number % 3 == 0 { "Jerry" } else { "Tom" }, &number.to_string()).await;
    }
    let missed = world.missed("Jerry").await;
    let expected: Vec<String> =
        (0..30).filter(|number| number % 3 != 0).map(|n: u32| n.to_string()).collect();
    assert_eq!(texts(&missed[0].messages), expected);
    let until = world.mark().await;
    let few = world.store.missed(&world.app, &client("Jerry"), 50, 4, until, world.now()).await.unwrap();
    assert_eq!(texts(&few[0].messages), ["25", "26", "28", "29"]);
}

pub(crate) async fn acknowledged_messages_are_not_missed(place: &impl Place) {
    // W-294, B-280; what was read was received.
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let one = world.send(&id, "Tom", "one").await;
    let two = world.send(&id, "Tom", "two").await;
    world.send(&id, "Tom", "three").await;
    world.acknowledge(&id, "Jerry", &one).await;
    assert_eq!(texts(&world.missed("Jerry").await[0].messages), ["two", "three"]);
    assert_eq!(world.unread("Jerry").await[0].count, 3, "received is not read");
    world.read(&id, "Jerry", &two).await;
    assert_eq!(texts(&world.missed("Jerry").await[0].messages), ["three"]);
}

pub(crate) async fn expired_conversations_have_nothing_unread(place: &impl Place) {
    let world = World::open(place);
    let id = world.temporary(&["Tom", "Jerry"], 1_000).await;
    world.send(&id, "Tom", "hi").await;
    assert_eq!(world.unread("Jerry").await.len(), 1);
    assert_eq!(world.missed("Jerry").await.len(), 1);
    world.pass(1_000);
    assert!(world.unread("Jerry").await.is_empty());
    assert!(world.missed("Jerry").await.is_empty());
    let state = world.store.unread_in(&world.app, &client("Jerry"), &id, 100, world.now()).await.unwrap();
    assert_eq!(state, None);
}

/// What happens in a conversation.
#[derive(Debug, Clone)]
enum Happening {
    Says(usize),
    Reads(usize, usize),
    Acknowledges(usize, usize),
    Recalls(usize),
    Leaves(usize),
    Joins(usize),
}

const PEOPLE: [&str; 3] = ["Tom", "Jerry", "Spike"];

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    use Happening::{Acknowledges, Joins, Leaves, Reads, Recalls, Says};
    let who = 0..PEOPLE.len();
    let happening = prop_oneof![
        6 => who.clone().prop_map(Says),
        2 => (who.clone(), any::<usize>()).prop_map(|(who, message)| Reads(who, message)),
        2 => (who.clone(), any::<usize>()).prop_map(|(who, message)| Acknowledges(who, message)),
        1 => any::<usize>().prop_map(Recalls),
        1 => who.clone().prop_map(Leaves),
        2 => who.prop_map(Joins),
    ];
    prop::collection::vec(happening, 0..40)
}

/// The same, counted by hand for one client.
#[derive(Clone, Copy, Default)]
struct Tally {
    member: bool,
    floor: i64,
    read: i64,
    received: i64,
}

pub(crate) async fn unread_agrees_with_counting_by_hand(place: &impl Place) {
    let world = World::open(place);
    let mut cases = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let runtime = tokio::runtime::Handle::current();
    let run = |happenings: Vec<Happening>| {
        runtime.block_on(agree(&world, &happenings));
        Ok(())
    };
    tokio::task::block_in_place(|| cases.run(&happenings(), run)).unwrap();
}

async fn agree(world: &World, happenings: &[Happening]) {
    let id = world.conversation(&PEOPLE).await;
    let mut messages: Vec<StoredMessage> = Vec::new();
    let mut tallies = [Tally { member: true, ..Tally::default() }; PEOPLE.len()];
    for happening in happenings {
        let chosen = |place: usize| messages.get(place % messages.len().max(1)).cloned();
        match *happening {
            Happening::Says(who) => messages.push(world.send(&id, PEOPLE[who], "hi").await),
            Happening::Reads(who, message) => {
                let Some(message) = chosen(message) else { continue };
                world.read(&id, PEOPLE[who], &message).await;
                tallies[who].read = tallies[who].read.max(message.timestamp.0);
            }
            Happening::Acknowledges(who, message) => {
                let Some(message) = chosen(message) else { continue };
                world.acknowledge(&id, PEOPLE[who], &message).await;
                tallies[who].received = tallies[who].received.max(message.timestamp.0);
            }
            Happening::Recalls(message) => {
                let Some(message) = chosen(message) else { continue };
                world.recall(&message).await;
                let place = messages.iter().position(|other| other.id == message.id).unwrap();
                messages[place] = world.message(&id, &message.id, None).await.unwrap();
            }
            Happening::Leaves(who) => {
                world.members(&id, &[], &[PEOPLE[who]], 500).await.unwrap();
                tallies[who] = Tally::default();
            }
            Happening::Joins(who) if !tallies[who].member => {
                world.members(&id, &[PEOPLE[who]], &[], 500).await.unwrap();
                let floor = messages.last().map_or(0, |last| last.timestamp.0);
                tallies[who] = Tally { member: true, floor, read: 0, received: 0 };
            }
            Happening::Joins(_) => {}
        }
    }
    for (who, tally) in PEOPLE.iter().zip(tallies) {
        let others = |after: i64| {
            messages.iter().filter(move |message| message.from != client(who) && message.timestamp.0 > after)
        };
        let read = tally.read.max(tally.floor);
        let unread = others(read).filter(|message| message.content != Content::recalled()).count();
        let state = world.store.unread_in(&world.app, &client(who), &id, 100, world.now()).await.unwrap();
        assert_eq!(state.map(|state| state.count as usize), tally.member.then_some(unread), "{who}");
        let mut expected: Vec<_> =
            if tally.member { others(read.max(tally.received)).cloned().collect() } else { Vec::new() };
        let missed = world.missed(who).await;
        let missed = missed.into_iter().find(|missed| missed.conversation == id);
        let expected = expected.split_off(expected.len().saturating_sub(20));
        assert_eq!(missed.map(|missed| missed.messages).unwrap_or_default(), expected, "{who}");
        if let Some(last) = messages.last() {
            // The next conversation must not be shadowed by this one.
            let step = world.step(&id, who);
            let all = Some(last.timestamp);
            world.advance(CursorMove { read: all, delivered: all, ..step }).await;
        }
    }
    assert!(world.now() > Timestamp(0));
}
