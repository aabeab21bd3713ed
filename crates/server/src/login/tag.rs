//! One device per tag, and one session per token (W-100, W-122 to W-129).

use yanshu_protocol::{Code, DeviceId, Reject, Timestamp};
use yanshu_session::Actor;

use super::Logins;
use crate::bus::SessionInfo;
use crate::store::{SessionEnd, TagHolder, Write, WriteError};

/// How long a connection has to show that it is alive before its session makes room (W-124).
const PROBE_MILLIS: u64 = 5000;

impl Logins {
    /// Ends the sessions that have to make room for `actor`, or refuses it. Gives those that lost their tag.
    pub(super) async fn make_room(
        &self,
        actor: &Actor,
        connection: u64,
        reconnect: bool,
    ) -> Result<Vec<SessionInfo>, Reject> {
        let sessions = self.bus.sessions_of(&actor.app, &actor.client).await;
        let (own, others): (Vec<_>, Vec<_>) =
            sessions.into_iter().partition(|session| is_own(session, actor, connection));
        let mut displaced = Vec::new();
        if let Some(tag) = &actor.tag {
            let rivals: Vec<_> =
                others.into_iter().filter(|session| session.tag.as_ref() == Some(tag)).collect();
            if reconnect {
                self.yield_to_living(&rivals).await?;
                self.yield_to_absent_holder(actor).await?;
            } else {
                self.displace(actor, &rivals).await?;
                displaced = rivals;
            }
            self.hold_tag(actor, self.expiry()).await?;
        }
        for session in own {
            self.bus.end_session(session.key, None).await;
        }
        Ok(displaced)
    }

    /// A newer login takes the tag; the older session is told (W-122).
    async fn displace(&self, actor: &Actor, rivals: &[SessionInfo]) -> Result<(), Reject> {
        for rival in rivals {
            self.end(&actor.app, &rival.session, SessionEnd::Conflict).await?;
            self.bus.end_session(rival.key, Some(Code::SessionConflict.into())).await;
        }
        Ok(())
    }

    /// A reconnect gives way to a device that is online, if it really is (W-123, W-124).
    async fn yield_to_living(&self, rivals: &[SessionInfo]) -> Result<(), Reject> {
        for rival in rivals {
            if self.bus.probe(rival.key, PROBE_MILLIS).await {
                return Err(Code::SessionConflict.into());
            }
            self.bus.end_session(rival.key, None).await;
        }
        Ok(())
    }

    /// A reconnect gives way to another device that holds the tag and is only away, as long as both devices
    /// are known (W-126).
    async fn yield_to_absent_holder(&self, actor: &Actor) -> Result<(), Reject> {
        let (Some(tag), Some(device)) = (&actor.tag, &actor.device) else { return Ok(()) };
        let now = self.clock.now();
        let holder = self.store.tag_holder(&actor.app, &actor.client, tag, now).await?;
        let held_elsewhere = holder.is_some_and(|holder| {
            holder.session != actor.session && holder.device.is_some_and(|other| other != *device)
        });
        match held_elsewhere {
            true => Err(Code::SessionConflict.into()),
            false => Ok(()),
        }
    }

    /// Of two logins at the same moment neither saw the other: the later one displaces the earlier one once
    /// both are registered.
    pub(crate) async fn settle(&self, actor: &Actor) -> Result<(), Reject> {
        if actor.tag.is_none() {
            return Ok(());
        }
        let sessions = self.bus.sessions_of(&actor.app, &actor.client).await;
        let earlier = |session: &SessionInfo| session.tag == actor.tag && session.key < actor.key;
        let rivals: Vec<_> = sessions.into_iter().filter(earlier).collect();
        self.displace(actor, &rivals).await
    }

    /// Notes that the session holds its tag, if it has one, until a time.
    pub(super) async fn hold_tag(&self, actor: &Actor, until: Timestamp) -> Result<(), WriteError> {
        let Some(tag) = actor.tag.clone() else { return Ok(()) };
        let holder = TagHolder {
            app: actor.app.clone(),
            client: actor.client.clone(),
            tag,
            device: actor.device.clone(),
            session: actor.session.clone(),
            until,
        };
        self.commit(|done| Write::HoldTag(Box::new(holder), done)).await
    }
}

/// A session that the new one continues: of the same token (W-128), on the same connection (W-100), or of
/// the same tag on the same device (W-127).
fn is_own(session: &SessionInfo, actor: &Actor, connection: u64) -> bool {
    session.session == actor.session
        || session.connection == connection
        || (actor.tag.is_some() && session.tag == actor.tag && same_device(&session.device, &actor.device))
}

/// An unknown device counts as another one (W-122).
fn same_device(one: &Option<DeviceId>, other: &Option<DeviceId>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one == other)
}
