//! Roles, silencing and blocking (B-116 to B-140).

use yanshu_protocol::{
    BlockConversations, ClientId, Code, Command, ConversationCommand, ConversationId, Event, Page, Restrict,
    Restriction, Role,
};

use super::peer::ids;
use super::{Peer, World};

use Restriction::{Blocked, Silenced};

impl Peer {
    async fn restrict(
        &mut self,
        conversation: &ConversationId,
        restriction: Restriction,
        lift: bool,
        clients: &[&str],
    ) -> Event {
        let (conversation, clients) = (conversation.clone(), ids(clients));
        let request = Restrict { conversation, restriction, lift, clients, signature: None };
        self.ask(Command::Conversation(ConversationCommand::Restrict(request))).await.event
    }

    async fn set_role(&mut self, conversation: &ConversationId, member: &str, role: Option<Role>) -> Event {
        let (conversation, member) = (conversation.clone(), member.parse().unwrap());
        let command = ConversationCommand::SetRole { conversation, member, role };
        self.ask(Command::Conversation(command)).await.event
    }

    async fn listed(
        &mut self,
        conversation: &ConversationId,
        restriction: Restriction,
        page: Page,
    ) -> (Vec<ClientId>, Option<u32>) {
        let conversation = conversation.clone();
        let command = ConversationCommand::Restricted { conversation, restriction, page };
        match self.ask(Command::Conversation(command)).await.event {
            Event::RestrictedClients { clients, next, .. } => (clients, next),
            other => panic!("{other:?}"),
        }
    }

    async fn refusal(&mut self, conversation: &ConversationId) -> Option<Code> {
        self.send(conversation, "may I?").await.reject.map(|reject| reject.code)
    }
}

fn code(event: &Event) -> Option<Code> {
    match event {
        Event::Error { reject, .. } => Some(reject.code),
        _ => None,
    }
}

/// What was allowed, and what was refused with which code.
fn outcome(event: Event) -> (Vec<ClientId>, Vec<(Code, Vec<ClientId>)>) {
    let (allowed, failed) = match event {
        Event::RestrictionChanged { allowed, failed, .. } => (allowed, failed),
        Event::MembersAdded(changed) | Event::MembersRemoved(changed) => (changed.allowed, changed.failed),
        other => panic!("{other:?}"),
    };
    (allowed, failed.into_iter().map(|failure| (failure.reject.code, failure.members)).collect())
}

/// What a peer was told about order, in short.
async fn told(peer: &mut Peer) -> Vec<&'static str> {
    let short = |event: Event| match event {
        Event::Restricted { restriction: Silenced, lifted: false, .. } => Some("silenced"),
        Event::Restricted { restriction: Silenced, lifted: true, .. } => Some("unsilenced"),
        Event::Restricted { restriction: Blocked, lifted: false, .. } => Some("blocked"),
        Event::Restricted { restriction: Blocked, lifted: true, .. } => Some("unblocked"),
        Event::MembersRestricted { restriction: Silenced, lifted: false, .. } => Some("members silenced"),
        Event::MembersRestricted { restriction: Silenced, lifted: true, .. } => Some("members unsilenced"),
        Event::MembersRestricted { restriction: Blocked, lifted: false, .. } => Some("members blocked"),
        Event::MembersRestricted { restriction: Blocked, lifted: true, .. } => Some("members unblocked"),
        Event::MemberRoleChanged { .. } => Some("role changed"),
        Event::Left { .. } => Some("left"),
        Event::MembersLeft { .. } => Some("members left"),
        Event::Message(_) => Some("message"),
        _ => None,
    };
    peer.told().await.into_iter().filter_map(short).collect()
}

struct Group {
    tom: Peer,
    bob: Peer,
    eve: Peer,
    conversation: ConversationId,
}

/// Tom made a conversation with Bob and Eve.
async fn group(world: &World) -> Group {
    let mut tom = world.modern("tom").await;
    let (mut bob, mut eve) = (world.modern("bob").await, world.modern("eve").await);
    let conversation = tom.start(&["bob", "eve"]).await;
    for peer in [&mut tom, &mut bob, &mut eve] {
        peer.told().await;
    }
    Group { tom, bob, eve, conversation }
}

async fn world_with_roles() -> World {
    World::with(|config| config.apps[0].settings.members.roles = true).await
}

#[tokio::test]
async fn who_is_silenced_hears_but_does_not_speak() {
    // B-126, W-247
    let world = World::new().await;
    let Group { mut tom, mut bob, mut eve, conversation } = group(&world).await;
    let (allowed, failed) = outcome(tom.restrict(&conversation, Silenced, false, &["bob"]).await);
    assert_eq!((allowed, failed), (ids(&["bob"]), vec![]));
    assert_eq!(bob.refusal(&conversation).await, Some(Code::Silenced));
    eve.send(&conversation, "hear me").await;
    assert_eq!(bob.next_texts(1).await, ["hear me"]);

    tom.restrict(&conversation, Silenced, true, &["bob"]).await;
    assert_eq!(bob.refusal(&conversation).await, None);
}

#[tokio::test]
async fn silencing_is_told_to_the_client_and_to_the_group() {
    // W-246: the silenced client gets both
    let world = World::new().await;
    let Group { mut tom, mut bob, mut eve, conversation } = group(&world).await;
    tom.restrict(&conversation, Silenced, false, &["bob"]).await;
    tom.restrict(&conversation, Silenced, false, &["bob"]).await;
    tom.restrict(&conversation, Silenced, true, &["bob"]).await;
    assert_eq!(told(&mut tom).await, ["members silenced", "members unsilenced"]);
    assert_eq!(told(&mut bob).await, ["silenced", "members silenced", "unsilenced", "members unsilenced"]);
    assert_eq!(told(&mut eve).await, ["members silenced", "members unsilenced"]);
}

#[tokio::test]
async fn clients_of_2015_are_not_told_what_they_do_not_know() {
    // B-79
    let world = World::new().await;
    let (mut tom, mut old) = (world.modern("tom").await, world.legacy("old").await);
    let conversation = tom.start(&["old"]).await;
    old.told().await;
    tom.restrict(&conversation, Silenced, false, &["old"]).await;
    assert_eq!(told(&mut old).await, Vec::<&str>::new());
    assert_eq!(old.refusal(&conversation).await, Some(Code::Silenced));
    tom.restrict(&conversation, Blocked, false, &["old"]).await;
    assert_eq!(told(&mut old).await, ["left"]);
}

#[tokio::test]
async fn who_is_blocked_is_out_and_cannot_come_back() {
    // B-134, W-364 to W-366
    let world = World::new().await;
    let Group { mut tom, mut bob, mut eve, conversation } = group(&world).await;
    tom.restrict(&conversation, Blocked, false, &["bob", "zoe"]).await;
    assert_eq!(told(&mut tom).await, ["members blocked", "members left"]);
    assert_eq!(told(&mut bob).await, ["blocked", "left"]);
    assert_eq!(told(&mut eve).await, ["members blocked", "members left"]);

    assert_eq!(bob.refusal(&conversation).await, Some(Code::BlockedByConversation));
    let refused = vec![(Code::BlockedByConversation, ids(&["bob"]))];
    assert_eq!(outcome(bob.add(&conversation, &["bob"]).await), (vec![], refused.clone()));
    let (allowed, failed) = outcome(tom.add(&conversation, &["bob", "ann"]).await);
    assert_eq!((allowed, failed), (ids(&["ann"]), refused));
    eve.send(&conversation, "without bob").await;
    assert!(!told(&mut bob).await.contains(&"message"));

    tom.restrict(&conversation, Blocked, true, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["unblocked"]);
    assert_eq!(outcome(bob.add(&conversation, &["bob"]).await), (ids(&["bob"]), vec![]));
}

#[tokio::test]
async fn a_client_that_knows_no_partial_success_is_refused_as_a_whole() {
    // W-104, W-206
    let world = World::new().await;
    let (mut tom, mut old) = (world.modern("tom").await, world.legacy("old").await);
    let conversation = tom.start(&["old"]).await;
    tom.restrict(&conversation, Blocked, false, &["bob"]).await;
    assert_eq!(code(&old.add(&conversation, &["ann", "bob"]).await), Some(Code::BlockedByConversation));
    assert_eq!(outcome(tom.add(&conversation, &["ann"]).await).0, ids(&["ann"]));
}

#[tokio::test]
async fn lists_are_read_in_pages_and_by_name() {
    // W-249 to W-251, W-367, W-368
    let world = World::new().await;
    let Group { mut tom, conversation, .. } = group(&world).await;
    let names: Vec<String> = (0..25).map(|number| format!("c{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for list in [Silenced, Blocked] {
        tom.restrict(&conversation, list, false, &names).await;
        let (first, next) = tom.listed(&conversation, list, Page::default()).await;
        assert_eq!((first, next), (ids(&names[..10]), Some(10)));
        let (last, next) = tom.listed(&conversation, list, Page { limit: Some(50), offset: 20 }).await;
        assert_eq!((last, next), (ids(&names[20..]), None));
        let (conversation, clients) = (conversation.clone(), ids(&["c03", "nobody", "c01"]));
        let check = ConversationCommand::CheckRestricted { conversation, restriction: list, clients };
        match tom.ask(Command::Conversation(check)).await.event {
            Event::RestrictedAmong { clients, .. } => assert_eq!(clients, ids(&["c03", "c01"])),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_full_list_takes_nobody() {
    // B-131, B-139
    let world = World::with(|config| {
        config.apps[0].settings.members.max_silenced = 2;
        config.apps[0].settings.members.max_blocked = 2;
    })
    .await;
    let Group { mut tom, mut bob, conversation, .. } = group(&world).await;
    for (list, full) in [(Silenced, Code::SilencedMemberListFull), (Blocked, Code::BlacklistFull)] {
        assert_eq!(code(&tom.restrict(&conversation, list, false, &["bob", "x", "y"]).await), Some(full));
        assert_eq!(tom.listed(&conversation, list, Page::default()).await.0, ids(&[]));
    }
    assert_eq!(bob.refusal(&conversation).await, None);
}

#[tokio::test]
async fn strangers_neither_change_nor_see_the_lists() {
    // W-253, W-369
    let world = World::new().await;
    let Group { conversation, .. } = group(&world).await;
    let mut zoe = world.modern("zoe").await;
    let membership = Some(Code::ConversationMembershipRequired);
    for list in [Silenced, Blocked] {
        assert_eq!(code(&zoe.restrict(&conversation, list, false, &["bob"]).await), membership);
        let (conversation, page) = (conversation.clone(), Page::default());
        let command = ConversationCommand::Restricted { conversation, restriction: list, page };
        assert_eq!(code(&zoe.ask(Command::Conversation(command)).await.event), membership);
    }
}

#[tokio::test]
async fn without_block_lists_their_commands_are_refused() {
    // W-369
    let world = World::with(|config| config.apps[0].settings.members.blocklist = false).await;
    let Group { mut tom, conversation, .. } = group(&world).await;
    let refused = tom.restrict(&conversation, Blocked, false, &["bob"]).await;
    assert_eq!(code(&refused), Some(Code::BlacklistFeatureDisabled));
    let request = BlockConversations { conversations: vec![conversation], lift: false, signature: None };
    let command = Command::Conversation(ConversationCommand::BlockConversations(request));
    assert_eq!(code(&tom.ask(command).await.event), Some(Code::BlacklistFeatureDisabled));
}

#[tokio::test]
async fn nobody_adds_a_client_to_a_conversation_it_has_blocked() {
    // B-135
    let world = World::new().await;
    let Group { mut tom, mut bob, conversation, .. } = group(&world).await;
    bob.remove(&conversation, &["bob"]).await;
    let request =
        |lift| BlockConversations { conversations: vec![conversation.clone()], lift, signature: None };
    let command = |lift| Command::Conversation(ConversationCommand::BlockConversations(request(lift)));
    bob.ask(command(false)).await;
    let refused = vec![(Code::BlockedByConversation, ids(&["bob"]))];
    assert_eq!(outcome(tom.add(&conversation, &["bob"]).await), (vec![], refused));

    let list = Command::Conversation(ConversationCommand::BlockedConversations(Page::default()));
    match bob.ask(list).await.event {
        Event::BlockedConversations { conversations, next } => {
            assert_eq!((conversations, next), (vec![conversation.clone()], None));
        }
        other => panic!("{other:?}"),
    }
    bob.ask(command(true)).await;
    assert_eq!(outcome(tom.add(&conversation, &["bob"]).await).0, ids(&["bob"]));
}

#[tokio::test]
async fn without_roles_nobody_has_one() {
    // W-243
    let world = World::new().await;
    let Group { mut tom, conversation, .. } = group(&world).await;
    let refused = tom.set_role(&conversation, "bob", Some(Role::Manager)).await;
    assert_eq!(code(&refused), Some(Code::ConversationMemberInfoFeatureDisabled));
}

#[tokio::test]
async fn with_roles_a_plain_member_only_comes_and_goes() {
    // B-117, B-118, W-239, W-240
    let world = world_with_roles().await;
    let Group { mut bob, conversation, .. } = group(&world).await;
    let unauthorized = Some(Code::ConversationOperationUnauthorized);
    assert_eq!(code(&bob.add(&conversation, &["zoe"]).await), unauthorized);
    assert_eq!(code(&bob.remove(&conversation, &["eve"]).await), unauthorized);
    assert_eq!(code(&bob.restrict(&conversation, Silenced, false, &["eve"]).await), unauthorized);
    assert_eq!(code(&bob.restrict(&conversation, Silenced, true, &["eve"]).await), unauthorized);
    assert_eq!(code(&bob.restrict(&conversation, Blocked, true, &["eve"]).await), unauthorized);
    assert_eq!(code(&bob.set_role(&conversation, "eve", Some(Role::Manager)).await), unauthorized);
    assert_eq!(code(&bob.set_role(&conversation, "bob", Some(Role::Manager)).await), unauthorized);
    assert_eq!(outcome(bob.remove(&conversation, &["bob"]).await).0, ids(&["bob"]));
    assert_eq!(outcome(bob.add(&conversation, &["bob"]).await).0, ids(&["bob"]));
}

#[tokio::test]
async fn a_setting_lets_members_add_others() {
    // B-117
    let world = World::with(|config| {
        config.apps[0].settings.members.roles = true;
        config.apps[0].settings.members.member_may_add = true;
    })
    .await;
    let Group { mut bob, conversation, .. } = group(&world).await;
    assert_eq!(outcome(bob.add(&conversation, &["zoe"]).await).0, ids(&["zoe"]));
    let refused = bob.remove(&conversation, &["zoe"]).await;
    assert_eq!(code(&refused), Some(Code::ConversationOperationUnauthorized));
}

#[tokio::test]
async fn a_manager_rules_over_members_only() {
    // B-119, W-239, W-461
    let world = world_with_roles().await;
    let Group { mut tom, mut bob, mut eve, conversation } = group(&world).await;
    tom.add(&conversation, &["ann"]).await;
    for manager in ["bob", "eve"] {
        let updated = tom.set_role(&conversation, manager, Some(Role::Manager)).await;
        assert_eq!(updated, Event::RoleUpdated { conversation: conversation.clone() });
    }
    assert_eq!(told(&mut eve).await.iter().filter(|told| **told == "role changed").count(), 2);

    let (allowed, failed) =
        outcome(bob.restrict(&conversation, Silenced, false, &["ann", "eve", "tom"]).await);
    assert_eq!(allowed, ids(&["ann"]));
    let expected = [
        (Code::ConversationOperationUnauthorized, ids(&["eve"])),
        (Code::ConversationNeedOwner, ids(&["tom"])),
    ];
    assert_eq!(failed, expected);
    let unauthorized = Some(Code::ConversationOperationUnauthorized);
    assert_eq!(code(&bob.set_role(&conversation, "eve", Some(Role::Member)).await), unauthorized);
    let promoted = bob.set_role(&conversation, "ann", Some(Role::Manager)).await;
    assert_eq!(promoted, Event::RoleUpdated { conversation: conversation.clone() });
    assert_eq!(outcome(tom.remove(&conversation, &["bob"]).await).0, ids(&["bob"]));
}

#[tokio::test]
async fn the_owner_stays() {
    // B-120, W-241, W-242
    let world = world_with_roles().await;
    let Group { mut tom, mut bob, conversation, .. } = group(&world).await;
    tom.set_role(&conversation, "bob", Some(Role::Manager)).await;
    let (allowed, failed) = outcome(bob.remove(&conversation, &["eve", "tom"]).await);
    assert_eq!((allowed, failed), (ids(&["eve"]), vec![(Code::ConversationNeedOwner, ids(&["tom"]))]));
    let (allowed, failed) = outcome(tom.remove(&conversation, &["tom"]).await);
    assert_eq!((allowed, failed), (vec![], vec![(Code::ConversationNeedOwner, ids(&["tom"]))]));
    for role in [Some(Role::Owner), None] {
        let refused = tom.set_role(&conversation, "bob", role).await;
        assert_eq!(code(&refused), Some(Code::UnknownConversationRole));
    }
    let refused = tom.set_role(&conversation, "tom", Some(Role::Member)).await;
    assert_eq!(code(&refused), Some(Code::ConversationNeedOwner));
}

#[tokio::test]
async fn who_leaves_loses_its_role() {
    // W-389
    let world = world_with_roles().await;
    let Group { mut tom, mut bob, conversation, .. } = group(&world).await;
    tom.set_role(&conversation, "bob", Some(Role::Manager)).await;
    bob.remove(&conversation, &["bob"]).await;
    bob.add(&conversation, &["bob"]).await;
    let refused = bob.remove(&conversation, &["eve"]).await;
    assert_eq!(code(&refused), Some(Code::ConversationOperationUnauthorized));
}

#[tokio::test]
async fn a_chat_room_silences_and_blocks_whoever_is_in_it() {
    // B-396, W-248, W-370, W-465
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let room = tom.start_room().await;
    bob.add(&room, &["bob"]).await;
    tom.restrict(&room, Silenced, false, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["silenced", "members silenced"]);
    assert_eq!(bob.refusal(&room).await, Some(Code::Silenced));

    tom.restrict(&room, Blocked, false, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["blocked"]);
    tom.send(&room, "without bob").await;
    assert!(!told(&mut bob).await.contains(&"message"));
    let refused = vec![(Code::BlockedByConversation, ids(&["bob"]))];
    assert_eq!(outcome(bob.add(&room, &["bob"]).await), (vec![], refused));
    assert_eq!(bob.refusal(&room).await, Some(Code::BlockedByConversation));
}

#[tokio::test]
async fn a_client_blocked_while_it_was_away_is_not_put_back_into_its_room() {
    // B-134, B-380
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let room = tom.start_room().await;
    bob.add(&room, &["bob"]).await;
    bob.hang_up();
    tom.offline(&bob.name.clone()).await;
    tom.restrict(&room, Blocked, false, &["bob"]).await;
    let mut bob = world.modern("bob").await;
    tom.send(&room, "without bob").await;
    assert!(!told(&mut bob).await.contains(&"message"));
}

#[tokio::test]
async fn order_outlives_the_server() {
    let mut world = world_with_roles().await;
    let Group { mut tom, conversation, .. } = group(&world).await;
    tom.set_role(&conversation, "bob", Some(Role::Manager)).await;
    tom.restrict(&conversation, Silenced, false, &["eve"]).await;
    tom.restrict(&conversation, Blocked, false, &["zoe"]).await;
    world.restart().await;
    let (mut bob, mut eve) = (world.modern("bob").await, world.modern("eve").await);
    assert_eq!(eve.refusal(&conversation).await, Some(Code::Silenced));
    let (allowed, failed) = outcome(bob.add(&conversation, &["ann", "zoe"]).await);
    assert_eq!(allowed, ids(&["ann"]));
    assert_eq!(failed, [(Code::BlockedByConversation, ids(&["zoe"]))]);
}
