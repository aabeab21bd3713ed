//! How many messages an app may have delivered each second, on this node (B-508).

use std::collections::HashMap;

use parking_lot::Mutex;
use yanshu_protocol::{AppId, ConversationKind, Event, Timestamp};

use crate::bus::Push;
use crate::gateway::outbox::Rank;

/// How often it is logged that deliveries are dropped, in milliseconds.
const LOG_EVERY: i64 = 60_000;

/// What each app has left.
///
/// An app has deliveries for one second in store, and gains as many each second. Of these, low messages of chat
/// rooms may use up one half, normal ones and what is not kept anyway three quarters: under overload they are
/// dropped, the low ones first. Everything else counts, but is always delivered: high messages must not be lost
/// (B-269), and an SDK that gets later messages of a conversation would not know that one is missing.
#[derive(Debug, Default)]
pub(super) struct Ceilings {
    by_app: Mutex<HashMap<AppId, Budget>>,
}

#[derive(Debug)]
struct Budget {
    /// Thousandths of deliveries; below zero by one second's worth at most.
    left: i64,
    at: Timestamp,
    dropped: u64,
    logged_at: Option<Timestamp>,
}

impl Ceilings {
    /// Whether a message may be delivered now, in an app with this ceiling. What is no message does not count.
    pub(super) fn admits(&self, push: &Push, per_second: u32, now: Timestamp) -> bool {
        if per_second == 0 {
            return true;
        }
        let Some(rank) = rank(push) else { return true };
        let full = i64::from(per_second) * 1000;
        let mut by_app = self.by_app.lock();
        let fresh = || Budget { left: full, at: now, dropped: 0, logged_at: None };
        let budget = by_app.entry(push.app.clone()).or_insert_with(fresh);
        let gained = now.millis_since(budget.at).max(0).saturating_mul(i64::from(per_second));
        budget.left = budget.left.saturating_add(gained).min(full);
        budget.at = now;
        let reserved = match rank {
            Rank::Low => full / 2,
            Rank::Normal => full / 4,
            Rank::High | Rank::Answer => return true,
        };
        let admitted = budget.left > reserved;
        if !admitted {
            budget.dropped += 1;
            budget.log(&push.app, now);
        }
        admitted
    }

    /// Notes that a message was delivered so many times.
    pub(super) fn delivered(&self, push: &Push, per_second: u32, count: u32) {
        if per_second == 0 || rank(push).is_none() {
            return;
        }
        if let Some(budget) = self.by_app.lock().get_mut(&push.app) {
            let debt = -i64::from(per_second) * 1000;
            budget.left = budget.left.saturating_sub(i64::from(count) * 1000).max(debt);
        }
    }
}

impl Budget {
    fn log(&mut self, app: &AppId, now: Timestamp) {
        if self.logged_at.is_some_and(|at| now.millis_since(at) < LOG_EVERY) {
            return;
        }
        self.logged_at = Some(now);
        let messages = std::mem::take(&mut self.dropped);
        tracing::warn!(app.id = %app, messages, "messages are dropped: the app delivers more than its ceiling");
    }
}

/// How much a message matters under overload; `None` for what is no message.
fn rank(push: &Push) -> Option<Rank> {
    match &push.event {
        Event::Message(message) if message.kind == ConversationKind::Room => {
            Some(Rank::of_priority(push.priority))
        }
        Event::Message(message) if message.transient => Some(Rank::Normal),
        Event::Message(_) => Some(Rank::High),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use yanshu_protocol::{Content, Delivery, Mentions};

    use super::*;
    use crate::bus::{Audience, Needs};

    const NOW: Timestamp = Timestamp(1_000_000);
    const HIGH: u8 = 1;
    const NORMAL: u8 = 2;
    const LOW: u8 = 3;

    fn message(kind: ConversationKind, priority: u8, transient: bool) -> Push {
        Push {
            app: "an-app-of-ours".parse().unwrap(),
            to: Audience::Clients([].into()),
            except: None,
            needs: Needs::default(),
            permanent: false,
            server_time: NOW,
            priority,
            event: Event::Message(Delivery {
                conversation: "c".parse().unwrap(),
                kind,
                id: "m".parse().unwrap(),
                from: "tom".parse().unwrap(),
                timestamp: NOW,
                content: Content::Text("hi".into()),
                mentions: Mentions::default(),
                transient,
                offline: false,
                has_more: false,
                patched_at: None,
            }),
        }
    }

    fn in_room(priority: u8) -> Push {
        message(ConversationKind::Room, priority, false)
    }

    /// How many of so many messages to ten receivers each are delivered under a ceiling of 1000.
    fn delivered(ceilings: &Ceilings, push: &Push, count: usize, now: Timestamp) -> usize {
        let deliver = |_: &usize| {
            let admitted = ceilings.admits(push, 1000, now);
            if admitted {
                ceilings.delivered(push, 1000, 10);
            }
            admitted
        };
        (0..count).filter(deliver).count()
    }

    #[test]
    fn low_messages_are_dropped_first_then_normal_ones_and_high_ones_never() {
        // B-508, B-269
        let ceilings = Ceilings::default();
        assert_eq!(delivered(&ceilings, &in_room(LOW), 100, NOW), 50);
        assert_eq!(delivered(&ceilings, &in_room(NORMAL), 100, NOW), 25);
        assert_eq!(delivered(&ceilings, &in_room(HIGH), 1000, NOW), 1000);
        assert_eq!(delivered(&ceilings, &in_room(NORMAL), 100, NOW), 0);
    }

    #[test]
    fn what_conversations_keep_counts_and_is_never_dropped() {
        // B-508
        let ceilings = Ceilings::default();
        let kept = message(ConversationKind::Normal, HIGH, false);
        assert_eq!(delivered(&ceilings, &kept, 1000, NOW), 1000);
        assert_eq!(delivered(&ceilings, &in_room(LOW), 1, NOW), 0);
        let transient = message(ConversationKind::Normal, HIGH, true);
        assert_eq!(delivered(&ceilings, &transient, 1, NOW), 0);
    }

    #[test]
    fn over_time_no_more_is_delivered_than_the_ceiling() {
        // B-508
        let ceilings = Ceilings::default();
        let mut total = 0;
        for second in 0..10 {
            for tenth in 0..10 {
                let now = NOW.plus_millis(second * 1000 + tenth * 100);
                total += delivered(&ceilings, &in_room(LOW), 100, now) * 10;
            }
        }
        assert!((9_900..=10_600).contains(&total), "{total} in ten seconds");
    }

    #[test]
    fn debts_are_paid_within_two_seconds() {
        let ceilings = Ceilings::default();
        delivered(&ceilings, &in_room(HIGH), 10_000, NOW);
        assert_eq!(delivered(&ceilings, &in_room(LOW), 1, NOW.plus_millis(1500)), 0);
        assert_eq!(delivered(&ceilings, &in_room(LOW), 1, NOW.plus_millis(1600)), 1);
    }

    #[test]
    fn below_the_ceiling_nothing_is_dropped_and_without_one_nothing_counts() {
        let ceilings = Ceilings::default();
        for tenth in 0..100 {
            assert_eq!(delivered(&ceilings, &in_room(LOW), 9, NOW.plus_millis(tenth * 100)), 9);
        }
        assert!((0..100_000).all(|_| {
            ceilings.delivered(&in_room(LOW), 0, 1000);
            ceilings.admits(&in_room(LOW), 0, NOW)
        }));
    }

    #[test]
    fn events_that_are_no_messages_do_not_count() {
        let event = Push { event: Event::Echo, ..in_room(LOW) };
        assert_eq!(delivered(&Ceilings::default(), &event, 1000, NOW), 1000);
    }
}
