//! Words for the tests: one app, a clock that stands, and short ways to do things.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;
use yanshu_protocol::{
    AppId, Attributes, ClientId, Content, ConversationId, ConversationKind, DeviceId, Direction, Mentions,
    MessageId, Restriction, Role, Timestamp,
};

use super::Place;
use crate::ids::IdSource;
use crate::store::{
    Appended, CommitPoint, Completion, Conversation, Created, CursorMove, Draft, Forgotten, HistoryPage,
    MembersOutcome, MembersRequest, MissedMessages, NewConversation, PatchDraft, Patched, RestrictOutcome,
    RestrictRequest, Retention, RoleOutcome, Roster, Store, StoredMessage, UnreadState, Write, WriteError,
};

/// When the clock starts.
pub(crate) const START: i64 = 1_700_000_000_000;

pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) app: AppId,
    ids: IdSource,
    now: AtomicI64,
}

pub(crate) fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

pub(crate) fn clients(names: &[&str]) -> Vec<ClientId> {
    names.iter().map(|name| client(name)).collect()
}

pub(crate) fn text(text: &str) -> Content {
    Content::Text(text.into())
}

pub(crate) fn attributes(value: serde_json::Value) -> Attributes {
    value.as_object().unwrap().clone()
}

impl World {
    pub(crate) fn open(place: &impl Place) -> Self {
        Self {
            store: place.open(),
            app: "app".parse().unwrap(),
            ids: IdSource::new(9),
            now: AtomicI64::new(START),
        }
    }

    /// The world of another app in the same store.
    pub(crate) fn of_app(&self, app: &str) -> Self {
        Self {
            store: Arc::clone(&self.store),
            app: app.parse().unwrap(),
            ids: IdSource::new(9),
            now: AtomicI64::new(START),
        }
    }

    /// Ends the store without closing it and opens it again; the clock goes on.
    pub(crate) fn reopen(self, place: &impl Place) -> Self {
        let now = self.now();
        drop(self);
        let world = Self::open(place);
        world.set(now);
        world
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.now.store(now.0, Ordering::SeqCst);
    }

    /// Moves the clock, and tells the new time.
    pub(crate) fn pass(&self, millis: i64) -> Timestamp {
        Timestamp(self.now.fetch_add(millis, Ordering::SeqCst) + millis)
    }

    /// Submits a change and waits for what comes of it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        make: impl FnOnce(Completion<T>) -> Write,
    ) -> Result<T, WriteError> {
        let (done, outcome) = Completion::waiter();
        self.store.submit(make(done)).await;
        outcome.await.expect("every change is completed")
    }

    pub(crate) fn new_conversation(&self, kind: ConversationKind, members: &[&str]) -> NewConversation {
        let id = match kind {
            ConversationKind::Temporary => self.ids.temporary_conversation(self.now()),
            _ => self.ids.conversation(self.now()),
        };
        NewConversation {
            app: self.app.clone(),
            id,
            kind,
            creator: client(members.first().unwrap_or(&"Tom")),
            members: clients(members),
            attributes: attributes(json!({ "name": "a conversation" })),
            unique_id: None,
            expires_at: None,
            now: self.now(),
        }
    }

    pub(crate) async fn create(&self, request: NewConversation) -> Created {
        self.write(|done| Write::Create(Box::new(request), done)).await.unwrap()
    }

    /// Makes a normal conversation.
    pub(crate) async fn conversation(&self, members: &[&str]) -> ConversationId {
        self.create(self.new_conversation(ConversationKind::Normal, members)).await.conversation.id
    }

    /// Makes a service conversation.
    pub(crate) async fn service(&self, subscribers: &[&str]) -> ConversationId {
        let request = NewConversation {
            creator: client("operator"),
            ..self.new_conversation(ConversationKind::Service, subscribers)
        };
        self.create(request).await.conversation.id
    }

    pub(crate) async fn delete(&self, conversation: &ConversationId) -> Result<(), WriteError> {
        let (app, conversation) = (self.app.clone(), conversation.clone());
        self.write(|done| Write::DeleteConversation { app, conversation, done }).await
    }

    /// Sends a text between a service conversation and one client, a millisecond later.
    pub(crate) async fn pass_on(
        &self,
        conversation: &ConversationId,
        thread: &str,
        from: &str,
        words: &str,
    ) -> StoredMessage {
        self.pass(1);
        let thread = Some(client(thread));
        let draft = Draft { thread, ..self.draft(conversation, from, text(words)) };
        StoredMessage::clone(&self.append(draft).await.unwrap().message)
    }

    /// Makes a temporary conversation that ends after some time.
    pub(crate) async fn temporary(&self, members: &[&str], millis: i64) -> ConversationId {
        let mut request = self.new_conversation(ConversationKind::Temporary, members);
        request.expires_at = Some(self.now().plus_millis(millis));
        self.create(request).await.conversation.id
    }

    pub(crate) async fn read_back(&self, id: &ConversationId) -> Option<Conversation> {
        self.store.conversation(&self.app, id, self.now()).await.unwrap()
    }

    pub(crate) fn draft(&self, conversation: &ConversationId, from: &str, content: Content) -> Draft {
        Draft {
            app: self.app.clone(),
            conversation: conversation.clone(),
            from: client(from),
            content,
            mentions: Mentions::default(),
            receipt: false,
            resend_key: None,
            thread: None,
            valid_till: None,
            now: self.now(),
        }
    }

    pub(crate) async fn append(&self, draft: Draft) -> Result<Appended, WriteError> {
        self.write(|done| Write::Append(Box::new(draft), done)).await
    }

    /// Sends a text a millisecond later.
    pub(crate) async fn send(&self, conversation: &ConversationId, from: &str, words: &str) -> StoredMessage {
        self.pass(1);
        let appended = self.append(self.draft(conversation, from, text(words))).await.unwrap();
        StoredMessage::clone(&appended.message)
    }

    pub(crate) async fn mark(&self) -> CommitPoint {
        self.write(Write::Mark).await.unwrap()
    }

    pub(crate) async fn members(
        &self,
        conversation: &ConversationId,
        add: &[&str],
        remove: &[&str],
        limit: usize,
    ) -> Result<MembersOutcome, WriteError> {
        let request = MembersRequest { limit, ..self.members_request(conversation, add, remove) };
        self.change_members(request).await
    }

    /// Adds and removes members where some ids may be refused.
    pub(crate) fn members_request(
        &self,
        conversation: &ConversationId,
        add: &[&str],
        remove: &[&str],
    ) -> MembersRequest {
        MembersRequest {
            app: self.app.clone(),
            conversation: conversation.clone(),
            add: clients(add),
            remove: clients(remove),
            by: client("Tom"),
            limit: 500,
            keep_owner: false,
            whole: false,
            now: self.now(),
        }
    }

    pub(crate) async fn change_members(&self, request: MembersRequest) -> Result<MembersOutcome, WriteError> {
        self.write(|done| Write::ChangeMembers(Box::new(request), done)).await
    }

    pub(crate) async fn roster(&self, conversation: &ConversationId) -> Roster {
        self.store.roster(&self.app, conversation, self.now()).await.unwrap().unwrap()
    }

    pub(crate) fn restriction(
        &self,
        conversation: &ConversationId,
        restriction: Restriction,
        names: &[&str],
    ) -> RestrictRequest {
        RestrictRequest {
            app: self.app.clone(),
            conversation: conversation.clone(),
            restriction,
            lift: false,
            clients: clients(names),
            by: client("Tom"),
            until: None,
            limit: 500,
            keep_owner: false,
            whole: false,
            now: self.now(),
        }
    }

    pub(crate) async fn restrict(&self, request: RestrictRequest) -> Result<RestrictOutcome, WriteError> {
        self.write(|done| Write::Restrict(Box::new(request), done)).await
    }

    pub(crate) async fn set_role(
        &self,
        conversation: &ConversationId,
        who: &str,
        role: Role,
        max_managers: usize,
    ) -> Result<RoleOutcome, WriteError> {
        let (app, conversation, now) = (self.app.clone(), conversation.clone(), self.now());
        let (client, by) = (client(who), client("Tom"));
        self.write(|done| Write::SetRole { app, conversation, client, role, by, max_managers, now, done })
            .await
    }

    pub(crate) fn step(&self, conversation: &ConversationId, who: &str) -> CursorMove {
        CursorMove {
            app: self.app.clone(),
            conversation: conversation.clone(),
            client: client(who),
            delivered: None,
            read: None,
            at: self.now(),
            keep_times: false,
        }
    }

    pub(crate) async fn advance(&self, step: CursorMove) {
        self.write(|done| Write::MoveCursors(vec![step], done)).await.unwrap();
    }

    /// Reads up to a message, a millisecond later.
    pub(crate) async fn read(&self, conversation: &ConversationId, who: &str, message: &StoredMessage) {
        self.pass(1);
        self.advance(CursorMove { read: Some(message.timestamp), ..self.step(conversation, who) }).await;
    }

    /// Acknowledges up to a message, a millisecond later.
    pub(crate) async fn acknowledge(
        &self,
        conversation: &ConversationId,
        who: &str,
        message: &StoredMessage,
    ) {
        self.pass(1);
        self.advance(CursorMove { delivered: Some(message.timestamp), ..self.step(conversation, who) }).await;
    }

    pub(crate) fn patch_draft(&self, message: &StoredMessage, content: Option<Content>) -> PatchDraft {
        PatchDraft {
            app: self.app.clone(),
            conversation: message.conversation.clone(),
            message: message.id.clone(),
            hint: None,
            thread: message.thread.clone(),
            editor: message.from.clone(),
            device: None,
            content,
            mentions: Mentions::default(),
            not_before: None,
            now: self.now(),
        }
    }

    pub(crate) async fn patch(&self, draft: PatchDraft) -> Result<Patched, WriteError> {
        self.write(|done| Write::Patch(Box::new(draft), done)).await
    }

    /// Edits a message a millisecond later, on a device.
    pub(crate) async fn edit(
        &self,
        message: &StoredMessage,
        words: &str,
        device: Option<&str>,
    ) -> StoredMessage {
        self.pass(1);
        let device: Option<DeviceId> = device.map(|device| device.parse().unwrap());
        let draft = PatchDraft { device, ..self.patch_draft(message, Some(text(words))) };
        StoredMessage::clone(&self.patch(draft).await.unwrap().message)
    }

    /// Recalls a message a millisecond later.
    pub(crate) async fn recall(&self, message: &StoredMessage) -> StoredMessage {
        self.pass(1);
        let patched = self.patch(self.patch_draft(message, None)).await.unwrap();
        StoredMessage::clone(&patched.message)
    }

    pub(crate) async fn message(
        &self,
        conversation: &ConversationId,
        id: &MessageId,
        hint: Option<Timestamp>,
    ) -> Option<StoredMessage> {
        self.store.message(&self.app, conversation, id, hint, None).await.unwrap()
    }

    /// All of history.
    pub(crate) async fn history(&self, conversation: &ConversationId) -> Vec<StoredMessage> {
        self.history_of(conversation, None).await
    }

    /// All of history as a client sees it.
    pub(crate) async fn history_of(
        &self,
        conversation: &ConversationId,
        viewer: Option<&str>,
    ) -> Vec<StoredMessage> {
        self.page(HistoryPage {
            conversation: conversation.clone(),
            viewer: viewer.map(client),
            start: None,
            stop: None,
            direction: Direction::Newer,
            limit: usize::MAX,
            message_type: None,
        })
        .await
    }

    pub(crate) async fn page(&self, page: HistoryPage) -> Vec<StoredMessage> {
        self.store.history(&self.app, page).await.unwrap()
    }

    /// What is unread, within the usual bounds.
    pub(crate) async fn unread(&self, who: &str) -> Vec<UnreadState> {
        self.unread_since(who, None).await
    }

    pub(crate) async fn unread_since(&self, who: &str, changed_after: Option<Timestamp>) -> Vec<UnreadState> {
        let until = self.mark().await;
        self.store.unread(&self.app, &client(who), changed_after, 50, 100, until, self.now()).await.unwrap()
    }

    /// What is missed, within the usual bounds.
    pub(crate) async fn missed(&self, who: &str) -> Vec<MissedMessages> {
        let until = self.mark().await;
        self.store.missed(&self.app, &client(who), 50, 20, until, self.now()).await.unwrap()
    }

    pub(crate) async fn expire(&self, resend_keys_before: Timestamp, rooms_lost_before: Timestamp) -> u64 {
        self.forget(resend_keys_before, rooms_lost_before, Timestamp(0), Retention::default()).await.work
    }

    /// Forgets a portion of the notices from before a time.
    pub(crate) async fn forget_notices(&self, before: Timestamp) -> u64 {
        self.forget(Timestamp(0), Timestamp(0), before, Retention::default()).await.work
    }

    /// Forgets all that the app does not want kept, and gives the idle conversations that went with it.
    pub(crate) async fn retain(&self, policy: Retention) -> Vec<ConversationId> {
        let mut gone = Vec::new();
        loop {
            let forgotten = self.forget(Timestamp(0), Timestamp(0), Timestamp(0), policy).await;
            gone.extend(forgotten.conversations.into_iter().map(|(app, id)| {
                assert_eq!(app, self.app);
                id
            }));
            if forgotten.work == 0 {
                return gone;
            }
        }
    }

    async fn forget(
        &self,
        resend_keys_before: Timestamp,
        rooms_lost_before: Timestamp,
        notices_before: Timestamp,
        policy: Retention,
    ) -> Forgotten {
        let now = self.now();
        let policies = vec![(self.app.clone(), policy)];
        let expire = |done| Write::Expire {
            now,
            resend_keys_before,
            rooms_lost_before,
            notices_before,
            policies,
            done,
        };
        self.write(expire).await.unwrap()
    }

    /// Forgets all that has expired, keys and rooms aside.
    pub(crate) async fn expire_all(&self) {
        while self.expire(Timestamp(0), Timestamp(0)).await > 0 {}
    }
}

/// The texts of messages.
pub(crate) fn texts(messages: &[StoredMessage]) -> Vec<String> {
    messages
        .iter()
        .map(|message| match &message.content {
            Content::Text(text) => text.to_string(),
            Content::Binary(bytes) => format!("{} bytes", bytes.len()),
        })
        .collect()
}
