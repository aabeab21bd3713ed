//! Service conversations (B-141 to B-153, W-157 to W-162).

use yanshu_protocol::{Attributes, Code, Command, ConversationCommand, ConversationId, Event, ReadMark};

use super::{Peer, World, text};
use crate::conversation::{Announcement, Recipients};

impl World {
    async fn service(&self) -> ConversationId {
        let creator = "app".parse().unwrap();
        self.server().conversations.create_service(self.app(), creator, Attributes::new()).await.unwrap().id
    }

    fn says(&self, service: &ConversationId, words: &str) -> Announcement {
        Announcement {
            app: self.app().clone(),
            conversation: service.clone(),
            from: "news".parse().unwrap(),
            content: yanshu_protocol::Content::Text(words.into()),
            mentions: Default::default(),
            transient: false,
            valid_till: None,
        }
    }

    async fn tell_all(&self, service: &ConversationId, words: &str) {
        let recipients = Recipients::Subscribers;
        self.server().conversations.announce(self.says(service, words), recipients).await.unwrap();
    }

    async fn tell(&self, service: &ConversationId, client: &str, words: &str) {
        let recipients = Recipients::Clients(vec![client.parse().unwrap()]);
        self.server().conversations.announce(self.says(service, words), recipients).await.unwrap();
    }
}

async fn subscribe(peer: &mut Peer, service: &ConversationId) {
    let name = peer.name.to_string();
    let reply = peer.add(service, &[&name]).await;
    assert!(matches!(reply, Event::MembersAdded(_)), "{reply:?}");
}

async fn count(peer: &mut Peer, service: &ConversationId) -> i32 {
    match peer.ask(Command::Conversation(ConversationCommand::Count(service.clone()))).await.event {
        Event::MemberCount { count, .. } => count,
        other => panic!("{other:?}"),
    }
}

/// The unread count of each conversation a login was told of, with its newest words.
async fn unread(peer: &mut Peer) -> Vec<(u32, String)> {
    peer.find(|told| match &told.event {
        Event::Unread { conversations, .. } => Some(
            conversations
                .iter()
                .map(|unread| {
                    (unread.count, unread.last.as_ref().map_or(String::new(), |last| text(&last.content)))
                })
                .collect(),
        ),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn subscribing_is_silent_and_counted() {
    // B-141, W-157, W-213, W-229
    let world = World::new().await;
    let service = world.service().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    subscribe(&mut tom, &service).await;
    subscribe(&mut jerry, &service).await;
    assert_eq!(tom.told().await, []);
    assert_eq!(count(&mut tom, &service).await, 2);
    jerry.remove(&service, &["jerry"]).await;
    assert_eq!(count(&mut tom, &service).await, 1);
}

#[tokio::test]
async fn nobody_subscribes_others() {
    // W-213
    let world = World::new().await;
    let service = world.service().await;
    let mut tom = world.modern("tom").await;
    match tom.add(&service, &["jerry"]).await {
        Event::Error { reject, .. } => assert_eq!(reject.code, Code::NormalConversationRequired),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_all_are_told_reaches_subscribers_online_and_nobody_else() {
    // B-146, W-161
    let world = World::new().await;
    let service = world.service().await;
    let (mut tom, mut jerry, mut zoe) =
        (world.modern("tom").await, world.legacy("jerry").await, world.modern("zoe").await);
    subscribe(&mut tom, &service).await;
    subscribe(&mut jerry, &service).await;
    world.tell_all(&service, "one").await;
    world.tell_all(&service, "two").await;
    assert_eq!(tom.next_texts(2).await, ["one", "two"]);
    assert_eq!(jerry.next_texts(2).await, ["one", "two"]);
    world.tell(&service, "zoe", "only you").await;
    assert_eq!(zoe.next_texts(1).await, ["only you"]);
}

#[tokio::test]
async fn what_one_is_told_reaches_it_alone_in_order_with_what_all_are_told() {
    // B-145
    let world = World::new().await;
    let service = world.service().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    subscribe(&mut tom, &service).await;
    subscribe(&mut jerry, &service).await;
    for number in 0..10 {
        world.tell_all(&service, &format!("all {number}")).await;
        world.tell(&service, "tom", &format!("tom {number}")).await;
    }
    let expected: Vec<String> =
        (0..10).flat_map(|number| [format!("all {number}"), format!("tom {number}")]).collect();
    assert_eq!(tom.next_texts(20).await, expected);
    assert_eq!(tom.history_texts(&service).await, expected);
    let for_all: Vec<String> = (0..10).map(|number| format!("all {number}")).collect();
    assert_eq!(jerry.next_texts(10).await, for_all);
    assert_eq!(jerry.history_texts(&service).await, for_all);
}

#[tokio::test]
async fn what_a_client_says_reaches_no_other_subscriber() {
    // B-143, W-160
    let world = World::new().await;
    let service = world.service().await;
    let (mut phone, mut laptop) = (world.modern("tom").await, world.modern("tom").await);
    let mut jerry = world.modern("jerry").await;
    subscribe(&mut phone, &service).await;
    subscribe(&mut jerry, &service).await;
    assert_eq!(phone.send(&service, "help!").await.reject, None);
    assert_eq!(laptop.next_texts(1).await, ["help!"]);
    world.tell_all(&service, "to all").await;
    assert_eq!(jerry.next_texts(1).await, ["to all"]);
    assert_eq!(phone.history_texts(&service).await, ["help!", "to all"]);
    assert_eq!(jerry.history_texts(&service).await, ["to all"]);
}

#[tokio::test]
async fn who_was_away_finds_it_unread_and_reads_it_once() {
    // B-149, W-161, W-308
    let world = World::new().await;
    let service = world.service().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    subscribe(&mut tom, &service).await;
    tom.hang_up();
    jerry.offline(&tom.name.clone()).await;
    world.tell_all(&service, "one").await;
    world.tell(&service, "tom", "two").await;
    world.tell(&service, "jerry", "not for tom").await;

    let mut tom = world.modern("tom").await;
    assert_eq!(unread(&mut tom).await, [(2, "two".to_owned())]);
    let mark = ReadMark { conversation: service.clone(), message: None, timestamp: None };
    tom.tell(Command::Read(vec![mark]));
    assert_eq!(unread(&mut tom).await, [(0, "two".to_owned())]);
    let mut again = world.modern("tom").await;
    again.told().await;
    assert!(!again.kept().any(|event| matches!(event, Event::Unread { .. })));
}

#[tokio::test]
async fn clients_of_2015_get_what_they_missed_as_messages() {
    // B-272, W-290
    let world = World::new().await;
    let service = world.service().await;
    let (mut tom, mut jerry) = (world.legacy("tom").await, world.modern("jerry").await);
    subscribe(&mut tom, &service).await;
    tom.hang_up();
    jerry.offline(&tom.name.clone()).await;
    world.tell_all(&service, "one").await;
    world.tell(&service, "tom", "two").await;
    assert_eq!(world.legacy("tom").await.next_texts(2).await, ["one", "two"]);
}

#[tokio::test]
async fn an_announcement_that_is_over_waits_for_nobody_but_stays_in_history() {
    // B-148
    let world = World::new().await;
    let service = world.service().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    subscribe(&mut tom, &service).await;
    tom.hang_up();
    jerry.offline(&tom.name.clone()).await;
    let until = Some(crate::clock::Clock::now(&world.clock).plus_millis(60_000));
    let what = Announcement { valid_till: until, ..world.says(&service, "today only") };
    world.server().conversations.announce(what, Recipients::Subscribers).await.unwrap();
    world.clock.advance(120_000);
    let mut tom = world.modern("tom").await;
    tom.told().await;
    assert!(!tom.kept().any(|event| matches!(event, Event::Unread { .. })));
    assert_eq!(tom.history_texts(&service).await, ["today only"]);
}

#[tokio::test]
async fn a_transient_announcement_reaches_those_online_and_is_not_kept() {
    // B-151
    let world = World::new().await;
    let service = world.service().await;
    let mut tom = world.modern("tom").await;
    subscribe(&mut tom, &service).await;
    let what = Announcement { transient: true, ..world.says(&service, "now") };
    world.server().conversations.announce(what, Recipients::Subscribers).await.unwrap();
    assert_eq!(tom.next_texts(1).await, ["now"]);
    assert_eq!(tom.history_texts(&service).await, [""; 0]);
}

#[tokio::test]
async fn queries_show_the_subscription_of_who_asks() {
    // B-142, W-159
    let world = World::new().await;
    let service = world.service().await;
    let (mut tom, mut zoe) = (world.modern("tom").await, world.modern("zoe").await);
    subscribe(&mut tom, &service).await;
    tom.ask(Command::Conversation(ConversationCommand::Mute(service.clone()))).await;
    for (peer, joined, muted) in [(&mut tom, true, true), (&mut zoe, false, false)] {
        let found = super::queries::find(peer, serde_json::json!({ "sys": true }), |_| ()).await;
        let subscription = found[0].subscription.as_ref().expect("a service tells of the subscription");
        assert_eq!((subscription.joined_at.is_some(), subscription.muted), (joined, muted));
        assert!(found[0].members.as_ref().is_none_or(Vec::is_empty));
    }
}
