//! Members of conversations.

use crate::config::setting::{choice, section};

section! {
    /// Members of conversations.
    pub struct Members {
        /// Owners, managers and what only they may do (B-88, B-117). Not in this version: only `false`.
        roles: bool = false;
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
