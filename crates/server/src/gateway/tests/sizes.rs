//! What a connection costs while it waits. The numbers are bounds, to be raised only with a reason: ten
//! thousand idle connections pay for each byte. With socket, timer, session and registry an idle, logged-in
//! connection takes 2.4 KiB of user memory (`yanshu bench idle --connections 5000`, x86-64, glibc).

use std::mem::size_of_val;

use super::*;
use crate::gateway::{connection, link::Link};

#[tokio::test]
async fn an_idle_connection_is_small() {
    let world = World::new();
    let (wire, _end) = MemoryWire::pair(1);
    let subprotocol = Subprotocol::LEGACY;
    let link: Arc<Link> = Link::new(0, subprotocol.dialect, world.registry.flush_list(), wire);
    let profile = yanshu_session::Profile { legacy: true, offline: yanshu_session::OfflineMode::Pushed };
    let info = ConnectionInfo { id: 0, profile, ip: None, origin: None };
    let core = Arc::clone(&world.gateway.core);
    let task = connection::run(core, Arc::clone(&link), info, Vec::new());
    assert!(size_of_val(&task) <= 704, "the task takes {} bytes", size_of_val(&task));
    assert!(size_of_val(&*link) <= 224, "the link takes {} bytes", size_of_val(&*link));
}
