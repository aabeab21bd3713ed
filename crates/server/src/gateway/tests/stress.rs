//! Everything at once, on several threads: nothing is lost, nothing hangs.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::*;

const CLIENTS: usize = 16;
const COMMANDS: i32 = 400;
const PUSHES: i32 = 400;

/// Reads until every command is answered and every push has come, in order.
async fn converse(mut connection: Client) {
    let frames: Vec<Vec<u8>> = (0..COMMANDS).map(|index| frame(&mut connection, index)).collect();
    let Client { end, subprotocol, reader, received, serial } = connection;
    let (mut reading, mut writing) = tokio::io::split(end);
    let writer = tokio::spawn(async move {
        for frame in frames {
            writing.write_all(&frame).await.unwrap();
        }
        writing
    });
    let (_, unused) = MemoryWire::pair(1);
    let mut inbox = Client { end: unused, subprotocol, reader, received, serial };
    let (mut answered, mut pushes) = (vec![0; COMMANDS as usize], 0);
    let mut buffer = vec![0; 512];
    while pushes < PUSHES || answered.contains(&0) {
        let count = reading.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the line ended");
        inbox.take_in(&mut buffer[..count]);
        for received in inbox.received.drain(..) {
            let Received::Event(event) = received else { panic!("{received:?}") };
            match event.serial {
                Some(serial) => answered[serial.0 as usize - 2] += 1,
                None => {
                    assert_eq!(number(&event), pushes);
                    pushes += 1;
                }
            }
        }
    }
    assert!(answered.iter().all(|&count| count == 1), "each is answered once");
    writer.await.unwrap();
}

fn frame(connection: &mut Client, index: i32) -> Vec<u8> {
    let command = match index % 7 {
        0 => Command::Echo,
        1 => mute(),
        2 | 3 => count(),
        _ => send(),
    };
    connection.serial += 1;
    let serial = Some(Serial(connection.serial));
    let envelope = Envelope { app: None, client: None, serial, command: Ok(command) };
    let mut frame = Vec::new();
    let payload = codec::encode_command(connection.subprotocol.dialect, &envelope);
    encode_masked(&mut frame, Opcode::Binary, [1, 2, 3, 4], &payload);
    frame
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_from_all_sides_each_command_is_answered_once_and_pushes_keep_their_order() {
    // W-45, W-60, W-87
    let mut world = World::with(|settings| settings.max_pending_writes = 8);
    let mut connections = Vec::new();
    for index in 0..CLIENTS {
        connections.push(world.client_over(&format!("client-{index}"), 700).await);
    }
    world.keep_answers();
    let talking: Vec<_> =
        connections.into_iter().map(|connection| tokio::spawn(converse(connection))).collect();
    let names: Vec<String> = (0..CLIENTS).map(|index| format!("client-{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();

    // As in the server, one thread answers what is accepted and delivers.
    let done = Arc::new(AtomicUsize::new(0));
    let (registry, domain, all) = (Arc::clone(&world.registry), Arc::clone(&world.domain), to(&names));
    let stop = Arc::clone(&done);
    let dispatcher = std::thread::spawn(move || {
        let mut sent = 0;
        while stop.load(Ordering::Relaxed) == 0 {
            let answers: Vec<Respond> = domain.told.lock().kept.drain(..).collect();
            answers.into_iter().for_each(|respond| respond(Ok(Event::Echo)));
            if sent < PUSHES {
                assert!(registry.deliver(push(all.clone(), sent)).is_none());
                sent += 1;
            }
            while registry.flush(3) {}
            std::thread::yield_now();
        }
    });
    let everyone = futures_util::future::try_join_all(talking);
    let outcome = tokio::time::timeout(Duration::from_secs(30), everyone).await;
    done.store(1, Ordering::Relaxed);
    dispatcher.join().unwrap();
    outcome.expect("nothing hangs").unwrap();
}
