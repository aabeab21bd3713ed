//! Members of conversations.

use crate::config::setting::{choice, section};

section! {
    /// Members of conversations.
    pub struct Members {
        /// Whether a conversation has an owner and managers, and what only they may do: remove, silence and
        /// block members, add others, change roles (B-88, B-117). `false`: any member may, and role commands are
        /// refused with 4325.
        roles: bool = false;
        /// With roles, whether a plain member may add others; else 4320 (B-117).
        member_may_add: bool = false;
        /// Most managers of a conversation; more is refused with 4322 (W-242).
        max_managers: usize = 500, in 0..=100_000;
        /// Most silenced clients of a normal conversation; more is refused with 4561 (B-131).
        max_silenced: usize = 500, in 0..=100_000;
        /// Whether conversations and clients have block lists; else 4544.
        blocklist: bool = true;
        /// Most blocked clients of a normal conversation; more is refused with 4543 (B-139).
        max_blocked: usize = 500, in 0..=100_000;
        /// Most conversations on the block list of a client; more is refused with 4543.
        max_blocked_conversations: usize = 500, in 0..=100_000;
        /// Who is told when members come and go (B-96). `2015`: an invited client is told that it was invited
        /// and then, as everyone, who joined; a client that quits is told so. `2019`: an invited client is told
        /// only that it was invited, a client that joins or quits only gets the event of the group. `union`: as
        /// `2015`, and a client that quits gets both events.
        event_rule: EventRule = EventRule::Classic;
        /// Most members of a normal conversation; more is refused with 4304 (B-90).
        max: usize = 500, in 2..=100_000;
    }
}

choice! {
    /// Who is told when members come and go (B-96).
    pub enum EventRule {
        /// As the documents of 2015 and the tests of official SDKs have it.
        Classic = "2015",
        /// As the guides from 2019 on say.
        Guides = "2019",
        /// Both events for a client that quits.
        Union = "union",
    }
    form = "\"2015\", \"2019\" or \"union\""
}
