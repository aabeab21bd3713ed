//! Leaving: everyone is told, served for a while, and closed; what was accepted is finished.

use std::time::Duration;

use super::core::Gateway;

/// Notices are given this often while they are spread out.
const TICK: Duration = Duration::from_millis(50);

impl Gateway {
    /// Lets nothing new in, tells every connection to go elsewhere (W-50), serves it for a time of grace
    /// (W-52) and closes it. Returns when all are gone and every command that was accepted is done.
    pub async fn drain(&self) {
        let core = &self.core;
        core.live.start_draining();
        let links = core.live.links();
        tracing::info!(connections = links.len(), "draining");
        let ticks = core.settings.drain_spread.as_millis() / TICK.as_millis();
        let per_tick = links.len().div_ceil(usize::try_from(ticks).unwrap_or(usize::MAX).max(1)).max(1);
        let mut portions = links.chunks(per_tick).peekable();
        while let Some(portion) = portions.next() {
            portion.iter().for_each(|link| link.leave());
            if portions.peek().is_some() {
                tokio::time::sleep(TICK).await;
            }
        }
        drop(links);
        let settings = &core.settings;
        let most =
            settings.drain_grace + settings.close_timeout + settings.finish_timeout + Duration::from_secs(1);
        if tokio::time::timeout(most, core.live.none()).await.is_err() {
            tracing::warn!(connections = core.live.len(), "connections were left open");
        }
    }
}
