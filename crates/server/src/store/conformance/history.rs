//! Pages of history.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use yanshu_protocol::{ConversationId, Direction, MessageId, Timestamp};

use super::world::{START, text, texts};
use super::{Place, World};
use crate::store::{Completion, HistoryPage, Interval, StoredMessage, Write};

fn everything(conversation: &ConversationId, direction: Direction) -> HistoryPage {
    HistoryPage {
        conversation: conversation.clone(),
        viewer: None,
        start: None,
        stop: None,
        direction,
        limit: 1_000,
        message_type: None,
    }
}

fn end(timestamp: Timestamp, message: Option<&MessageId>, included: bool) -> Option<Interval> {
    Some(Interval { timestamp, message: message.cloned(), included })
}

/// What the specification says an interval holds, written down anew: the pairs (time, id) between the ends
/// (W-326 to W-330).
fn expected(all: &[StoredMessage], page: &HistoryPage) -> Vec<StoredMessage> {
    let behind = |message: &StoredMessage, end: &Interval| match (&end.message, end.included) {
        (Some(id), true) => (message.timestamp, &message.id) >= (end.timestamp, id),
        (Some(id), false) => (message.timestamp, &message.id) > (end.timestamp, id),
        (None, true) => message.timestamp >= end.timestamp,
        (None, false) => message.timestamp > end.timestamp,
    };
    let before = |message: &StoredMessage, end: &Interval| match (&end.message, end.included) {
        (Some(id), true) => (message.timestamp, &message.id) <= (end.timestamp, id),
        (Some(id), false) => (message.timestamp, &message.id) < (end.timestamp, id),
        (None, true) => message.timestamp <= end.timestamp,
        (None, false) => message.timestamp < end.timestamp,
    };
    let (older, newer) = match page.direction {
        Direction::Older => (&page.stop, &page.start),
        Direction::Newer => (&page.start, &page.stop),
    };
    let mut inside: Vec<_> = all
        .iter()
        .filter(|message| older.as_ref().is_none_or(|end| behind(message, end)))
        .filter(|message| newer.as_ref().is_none_or(|end| before(message, end)))
        .cloned()
        .collect();
    let surplus = inside.len().saturating_sub(page.limit);
    match page.direction {
        Direction::Older => inside.drain(..surplus),
        Direction::Newer => inside.drain(page.limit.min(inside.len())..),
    };
    inside
}

async fn some_messages(world: &World) -> (ConversationId, Vec<StoredMessage>) {
    let conversation = world.conversation(&["Tom", "Jerry"]).await;
    for (number, gap) in [1, 1, 5, 1, 20, 1, 1].into_iter().enumerate() {
        world.pass(gap - 1);
        world.send(&conversation, if number % 2 == 0 { "Tom" } else { "Jerry" }, &number.to_string()).await;
    }
    let all = world.history(&conversation).await;
    (conversation, all)
}

pub(crate) async fn every_form_of_interval_cuts_as_the_specification_says(place: &impl Place) {
    // W-326 to W-330: both directions, both ends, with and without message, open and closed, ids that do not
    // exist, and limits.
    let world = World::open(place);
    let (conversation, all) = some_messages(&world).await;
    let (low, high): (MessageId, MessageId) = ("-".parse().unwrap(), "zzzzzzzzzzzzzzzzz".parse().unwrap());
    let mut ends = vec![None];
    for message in [&all[0], &all[2], &all[3], &all[6]] {
        for id in [None, Some(&message.id), Some(&low), Some(&high)] {
            for included in [false, true] {
                ends.push(end(message.timestamp, id, included));
                ends.push(end(message.timestamp.next(), id, included));
            }
        }
    }
    for direction in [Direction::Older, Direction::Newer] {
        for start in &ends {
            for stop in ends.iter().step_by(3) {
                for limit in [1, 3, 1_000] {
                    let (start, stop) = (start.clone(), stop.clone());
                    let page = HistoryPage { start, stop, limit, ..everything(&conversation, direction) };
                    assert_eq!(world.page(page.clone()).await, expected(&all, &page), "{page:?}");
                }
            }
        }
    }
}

pub(crate) async fn without_a_start_the_newest_or_the_oldest_come(place: &impl Place) {
    // W-326, W-327
    let world = World::open(place);
    let (conversation, _) = some_messages(&world).await;
    let older = world.page(HistoryPage { limit: 2, ..everything(&conversation, Direction::Older) }).await;
    let newer = world.page(HistoryPage { limit: 2, ..everything(&conversation, Direction::Newer) }).await;
    assert_eq!(texts(&older), ["5", "6"]);
    assert_eq!(texts(&newer), ["0", "1"]);
}

pub(crate) async fn a_page_is_in_ascending_order_in_both_directions(place: &impl Place) {
    // W-325
    let world = World::open(place);
    let (conversation, all) = some_messages(&world).await;
    for direction in [Direction::Older, Direction::Newer] {
        assert_eq!(world.page(everything(&conversation, direction)).await, all);
    }
    assert!(all.is_sorted_by_key(|message| (message.timestamp, message.id.clone())));
}

pub(crate) async fn only_messages_of_the_type_asked_for_come(place: &impl Place) {
    // W-332, W-428
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    for words in
        ["plain", r#"{"_lctype":-1}"#, r#"{"_lctype":7,"n":1}"#, r#"[{"_lctype":7}]"#, r#"{"_lctype":7}"#]
    {
        world.send(&conversation, "Tom", words).await;
    }
    let of_type =
        |kind| HistoryPage { message_type: Some(kind), ..everything(&conversation, Direction::Older) };
    let sevens = world.page(of_type(7)).await;
    assert_eq!(texts(&sevens), [r#"{"_lctype":7,"n":1}"#, r#"{"_lctype":7}"#]);
    let last = world.page(HistoryPage { limit: 1, ..of_type(7) }).await;
    assert_eq!(last, sevens[1..]);
    assert!(world.page(of_type(8)).await.is_empty());
    world.edit(&sevens[0], r#"{"_lctype":8}"#, None).await;
    world.recall(&sevens[1]).await;
    assert!(world.page(of_type(7)).await.is_empty());
    assert_eq!(world.page(of_type(8)).await.len(), 1);
    assert_eq!(world.page(of_type(-127)).await.len(), 1);
}

pub(crate) async fn history_of_an_unknown_conversation_is_empty(place: &impl Place) {
    let world = World::open(place);
    world.conversation(&["Tom"]).await;
    let unknown = "000000000000000000000000".parse().unwrap();
    assert!(world.page(everything(&unknown, Direction::Older)).await.is_empty());
}

/// A walk through history: gaps between messages, the size of a page, and the direction.
fn walks() -> impl Strategy<Value = (Vec<i64>, usize, bool)> {
    (prop::collection::vec(0..3_i64, 0..60), 1..13_usize, any::<bool>())
}

pub(crate) async fn paging_covers_history_exactly_once(place: &impl Place) {
    // W-329
    let world = World::open(place);
    let mut cases = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let runtime = tokio::runtime::Handle::current();
    let run = |(gaps, limit, forward): (Vec<i64>, usize, bool)| {
        runtime.block_on(async {
            world.set(Timestamp(START));
            let conversation = world.conversation(&["Tom"]).await;
            for (number, gap) in gaps.iter().enumerate() {
                world.pass(*gap);
                world.append(world.draft(&conversation, "Tom", text(&number.to_string()))).await.unwrap();
            }
            let all = world.history(&conversation).await;
            assert_eq!(all.len(), gaps.len());
            let direction = if forward { Direction::Newer } else { Direction::Older };
            let mut seen: Vec<StoredMessage> = Vec::new();
            let mut start = None;
            loop {
                let page =
                    world.page(HistoryPage { start, limit, ..everything(&conversation, direction) }).await;
                let Some(last) = (if forward { page.last() } else { page.first() }) else { break };
                start = end(last.timestamp, Some(&last.id), false);
                seen = if forward { [seen, page].concat() } else { [page, seen].concat() };
            }
            assert_eq!(seen, all);
        });
        Ok(())
    };
    tokio::task::block_in_place(|| cases.run(&walks(), run)).unwrap();
}

pub(crate) async fn history_is_whole_while_messages_stream_in(place: &impl Place) {
    // W-338: whatever the engine moves about meanwhile, what was acknowledged is there, once and in order.
    let world = World::open(place);
    let mut conversations = Vec::new();
    for _ in 0..5 {
        conversations.push(world.conversation(&["Tom", "Jerry"]).await);
    }
    let completed: Arc<Vec<AtomicUsize>> =
        Arc::new(conversations.iter().map(|_| AtomicUsize::new(0)).collect());
    let total = 1_500;
    let sending = async {
        for number in 0..total {
            let which = number % conversations.len();
            let draft =
                world.draft(&conversations[which], "Tom", text(&(number / conversations.len()).to_string()));
            let completed = Arc::clone(&completed);
            let done = Completion::new(move |result: Result<_, _>| {
                result.map(drop).unwrap();
                completed[which].fetch_add(1, Ordering::SeqCst);
            });
            world.store.submit(Write::Append(Box::new(draft), done)).await;
        }
        world.mark().await;
    };
    let reading = async {
        let mut looks = 0;
        loop {
            for (which, conversation) in conversations.iter().enumerate() {
                let least = completed[which].load(Ordering::SeqCst);
                let all = texts(&world.history(conversation).await);
                let expected: Vec<_> = (0..all.len()).map(|number| number.to_string()).collect();
                assert_eq!(all, expected);
                assert!(all.len() >= least, "{} of {least}", all.len());
                let latest = everything(conversation, Direction::Older);
                let latest = world.page(HistoryPage { limit: 10, ..latest }).await;
                assert!(latest.len() >= all.len().min(10));
                let step = latest.windows(2).all(|pair| number(&pair[0]) + 1 == number(&pair[1]));
                assert!(step, "{:?}", texts(&latest));
                looks += 1;
            }
            if completed.iter().map(|count| count.load(Ordering::SeqCst)).sum::<usize>() == total {
                return looks;
            }
        }
    };
    let ((), looks) = tokio::join!(sending, reading);
    assert!(looks >= conversations.len());
    for conversation in &conversations {
        assert_eq!(world.history(conversation).await.len(), total / conversations.len());
    }
}

fn number(message: &StoredMessage) -> usize {
    texts(std::slice::from_ref(message))[0].parse().unwrap()
}
