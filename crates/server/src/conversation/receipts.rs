//! What has arrived, what was read, and telling the sender (W-293 to W-304, W-314 to W-319).

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use yanshu_protocol::{
    AckMessages, AppId, ClientId, ConversationId, ConversationKind, Event, ReadMark, Receipt, Reject,
    Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::cursors::{Seat, Step};
use super::dispatch::Job;
use super::notices::kept;
use crate::bus::{Audience, Needs, Push};
use crate::config::GroupReceipts;
use crate::ids::message_time;
use crate::store::{ReceiptRequest, Roster, StoreError, StoredMessage};

/// Conversations whose latest wishes for receipts are at hand.
const CONVERSATIONS: usize = 1 << 15;

/// Wishes kept of each.
const REQUESTS: usize = 256;

/// Receipts sent for one acknowledgement. More than this at once tells a sender nothing.
const MOST_RECEIPTS: usize = 100;

/// The latest messages whose senders want a receipt, so that an acknowledgement needs no read.
#[derive(Debug)]
pub(super) struct ReceiptRequests {
    recent: Mutex<LruCache<(AppId, ConversationId), Recent>>,
}

#[derive(Debug)]
struct Recent {
    /// Every wish after this time is in the list.
    complete_after: Timestamp,
    requests: VecDeque<ReceiptRequest>,
}

impl Default for ReceiptRequests {
    fn default() -> Self {
        let capacity = NonZeroUsize::new(CONVERSATIONS).unwrap_or(NonZeroUsize::MIN);
        Self { recent: Mutex::new(LruCache::new(capacity)) }
    }
}

impl ReceiptRequests {
    /// Notes a new message, in commit order, whether or not its sender wants a receipt.
    pub(super) fn note(&self, app: &AppId, message: &StoredMessage) {
        let key = (app.clone(), message.conversation.clone());
        let mut recent = self.recent.lock();
        let recent = recent.get_or_insert_mut(key, || Recent {
            complete_after: message.timestamp.plus_millis(-1),
            requests: VecDeque::new(),
        });
        if !message.receipt {
            return;
        }
        recent.requests.push_back(ReceiptRequest {
            message: message.id.clone(),
            timestamp: message.timestamp,
            sender: message.from.clone(),
        });
        if recent.requests.len() > REQUESTS
            && let Some(oldest) = recent.requests.pop_front()
        {
            recent.complete_after = oldest.timestamp;
        }
    }

    /// The wishes of others than `reader` between two times, if all of them are at hand.
    fn between(
        &self,
        app: &AppId,
        conversation: &ConversationId,
        reader: &ClientId,
        after: Timestamp,
        to: Timestamp,
    ) -> Option<Vec<ReceiptRequest>> {
        let mut recent = self.recent.lock();
        let recent = recent.get(&(app.clone(), conversation.clone()))?;
        if after < recent.complete_after {
            return None;
        }
        let wanted = recent.requests.iter().filter(|request| {
            request.timestamp > after && request.timestamp <= to && request.sender != *reader
        });
        Some(wanted.cloned().collect())
    }
}

impl Service {
    /// A client has received messages: its cursor moves, and who asked for it is told (W-294).
    pub(super) async fn acknowledge(&self, actor: &Actor, acked: AckMessages) -> Result<(), Reject> {
        let (conversation, to) = match acked {
            AckMessages::Foreign => return Ok(()),
            AckMessages::Range { conversation, to, .. } => (conversation, to),
            AckMessages::One { conversation, message } => {
                let time = match message_time(&message) {
                    Some(time) => Some(time),
                    None => {
                        let found = self
                            .store
                            .message(&actor.app, &conversation, &message, None, Some(&actor.client))
                            .await?;
                        found.map(|message| message.timestamp)
                    }
                };
                match time {
                    Some(time) => (conversation, time),
                    None => return Ok(()),
                }
            }
        };
        let Some((roster, seat)) = self.seat(actor, &conversation).await? else { return Ok(()) };
        let now = self.clock.now();
        let to = to.min(latest_possible(now));
        let keep_times = is_between_two(&roster);
        let Some(before) = self.move_cursor(seat, Step::Delivered(to), now, keep_times).await? else {
            return Ok(());
        };
        let needs = match self.settings(&actor.app).receipts.group {
            _ if roster.kind == ConversationKind::Service => return Ok(()),
            _ if is_between_two(&roster) => Needs::default(),
            GroupReceipts::Auto => Needs { group_receipts: true, ..Needs::default() },
            GroupReceipts::Never => return Ok(()),
        };
        let wanted = self.requests(actor, &conversation, before.delivered, to).await?;
        if is_between_two(&roster) {
            let newest = wanted.last().into_iter();
            let kept = newest.map(|wish| kept(&actor.app, wish, &conversation, &actor.client, now, false));
            self.keep_receipts(&actor.app, kept).await?;
        }
        let skip = wanted.len().saturating_sub(MOST_RECEIPTS);
        let pushes = wanted.into_iter().skip(skip);
        let pushes: Vec<Push> =
            pushes.map(|request| receipt_push(actor, &conversation, request, now, needs, false)).collect();
        if !pushes.is_empty() {
            self.dispatcher.hand_on(Job::tell(pushes)).await;
        }
        Ok(())
    }

    /// A client has read conversations: the count falls on all its devices, and the other one of two
    /// learns of it (W-316, W-317, W-299).
    pub(super) async fn mark_read(&self, actor: &Actor, marks: Vec<ReadMark>) -> Result<(), Reject> {
        for mark in marks {
            self.mark_one_read(actor, mark).await?;
        }
        Ok(())
    }

    async fn mark_one_read(&self, actor: &Actor, mark: ReadMark) -> Result<(), Reject> {
        let conversation = mark.conversation;
        let Some((roster, seat)) = self.seat(actor, &conversation).await? else { return Ok(()) };
        let now = self.clock.now();
        let of_message = match mark.message {
            None => None,
            Some(id) => match message_time(&id) {
                Some(time) => Some(time),
                None => {
                    let found = self
                        .store
                        .message(&actor.app, &conversation, &id, mark.timestamp, Some(&actor.client))
                        .await?;
                    found.map(|message| message.timestamp)
                }
            },
        };
        let to = match mark.timestamp.max(of_message) {
            Some(to) => to.min(latest_possible(now)),
            None => self.last_message_time(actor, &conversation).await?.unwrap_or(now),
        };
        let unread_before = self.unread_count(actor, &conversation).await?;
        let keep_times = is_between_two(&roster);
        let Some(before) = self.move_cursor(seat, Step::Read(to), now, keep_times).await? else {
            return Ok(());
        };
        self.flush_cursors().await?;
        let mut pushes = Vec::new();
        if unread_before > 0 {
            pushes.extend(self.unread_push(actor, &conversation, unread_before).await?);
        }
        if is_between_two(&roster) {
            let newest = self.requests(actor, &conversation, before.read, to).await?.pop();
            let wish = newest.iter();
            let kept = wish.map(|wish| kept(&actor.app, wish, &conversation, &actor.client, now, true));
            self.keep_receipts(&actor.app, kept).await?;
            let needs = Needs { modern: true, ..Needs::default() };
            pushes
                .extend(newest.map(|request| receipt_push(actor, &conversation, request, now, needs, true)));
        }
        if !pushes.is_empty() {
            self.dispatcher.hand_on(Job::tell(pushes)).await;
        }
        Ok(())
    }

    async fn last_message_time(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let last =
            self.store.last_messages(&actor.app, vec![conversation.clone()], Some(&actor.client)).await?;
        Ok(last.first().map(|message| message.timestamp))
    }

    /// The client's place in a conversation in which messages are acknowledged; `None` elsewhere.
    async fn seat(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
    ) -> Result<Option<(Arc<Roster>, Seat)>, Reject> {
        let roster = self.roster(&actor.app, conversation).await?;
        let acknowledged = match roster.kind {
            ConversationKind::Normal | ConversationKind::Temporary => roster.includes(&actor.client),
            // A position is kept for whoever subscribes or was told something.
            ConversationKind::Service => true,
            ConversationKind::Room => false,
        };
        Ok(acknowledged.then(|| {
            let (app, client) = (actor.app.clone(), actor.client.clone());
            (roster, Seat { app, conversation: conversation.clone(), client })
        }))
    }

    /// The wishes for receipts that a step to `to` fulfils.
    async fn requests(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
        after: Option<Timestamp>,
        to: Timestamp,
    ) -> Result<Vec<ReceiptRequest>, StoreError> {
        let after = after.unwrap_or_default();
        let at_hand = self.receipt_requests.between(&actor.app, conversation, &actor.client, after, to);
        match at_hand {
            Some(requests) => Ok(requests),
            None => self.store.receipt_requests(&actor.app, conversation, &actor.client, after, to).await,
        }
    }
}

/// Receipts are shown and read receipts sent between two (W-300).
fn is_between_two(roster: &Roster) -> bool {
    roster.kind != ConversationKind::Service && roster.members.len() <= 2
}

/// A client cannot have received what was not sent. Times of messages run a little ahead of the clock where
/// many are sent within one millisecond.
fn latest_possible(now: Timestamp) -> Timestamp {
    now.plus_millis(60_000)
}

fn receipt_push(
    actor: &Actor,
    conversation: &ConversationId,
    request: ReceiptRequest,
    at: Timestamp,
    needs: Needs,
    read: bool,
) -> Push {
    Push {
        app: actor.app.clone(),
        to: Audience::Clients(Arc::from([request.sender])),
        except: None,
        needs,
        permanent: false,
        server_time: at,
        priority: 1,
        event: Event::Receipt(Receipt {
            conversation: conversation.clone(),
            message: request.message,
            at,
            from: actor.client.clone(),
            read,
        }),
    }
}
