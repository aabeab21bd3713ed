//! Frames of all kinds, good and bad.

use proptest::prelude::*;

use super::*;

#[tokio::test(start_paused = true)]
async fn every_dialect_is_spoken() {
    // W-28, W-29, W-391
    for name in [Some("lc.protobuf2.3"), Some("lc.proto2base64.3"), Some("lc.protobuf.1"), None] {
        let world = World::new();
        let mut alice = world.connect(name);
        alice.open("alice").await;
        world.publish(&push(to(&["alice"]), 1));
        let told = alice.event().await;
        assert_eq!((number(&told), told.client), (1, Some(client("alice"))), "{name:?}");
        assert_eq!(alice.command(Some("alice"), count()).await, alice.replied().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_with_its_own_payload() {
    // W-38
    let world = World::new();
    let mut alice = world.connect(Some(MODERN));
    alice.frame(Opcode::Ping, b"are you there?").await;
    assert_eq!(alice.next().await, Received::Pong(b"are you there?".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_command_may_arrive_byte_by_byte() {
    // W-30
    let world = World::new();
    let mut alice = world.connect(Some(MODERN));
    let envelope = Envelope {
        app: Some(app()),
        client: Some(client("alice")),
        serial: Some(Serial(1)),
        command: Ok(open(0)),
    };
    let mut bytes = Vec::new();
    let payload = codec::encode_command(alice.subprotocol.dialect, &envelope);
    encode_masked(&mut bytes, Opcode::Binary, [9, 8, 7, 6], &payload);
    for byte in bytes {
        alice.raw(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(alice.replied().await, 1);
}

#[tokio::test(start_paused = true)]
async fn one_undecodable_frame_harms_nobody_and_many_in_a_row_close_the_connection() {
    // W-33, W-48, W-81
    let mut world = World::with(|settings| settings.max_bad_frames = 3);
    let mut alice = world.client("alice").await;
    for _ in 0..2 {
        alice.frame(Opcode::Binary, b"\xff\xff").await;
    }
    assert_eq!(alice.command(None, count()).await, alice.replied().await);
    for _ in 0..3 {
        alice.frame(Opcode::Binary, b"\xff\xff").await;
    }
    assert_eq!(alice.close_code().await, 4114);
}

#[tokio::test(start_paused = true)]
async fn json_that_is_no_object_is_ignored() {
    // W-400
    let world = World::with(|settings| settings.max_bad_frames = 3);
    let mut alice = world.connect(None);
    alice.open("alice").await;
    for text in ["[]", "nonsense", "7", ""] {
        alice.frame(Opcode::Text, text.as_bytes()).await;
    }
    assert_eq!(alice.command(Some("alice"), count()).await, alice.replied().await);
}

#[tokio::test(start_paused = true)]
async fn an_empty_object_is_a_heartbeat() {
    // W-39, W-398
    let world = World::new();
    let mut alice = world.connect(None);
    alice.frame(Opcode::Text, b"{}").await;
    assert_eq!(alice.event().await.event, Event::Echo);
}

#[tokio::test(start_paused = true)]
async fn a_frame_over_the_limit_closes_the_connection() {
    // W-31, W-32
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    alice.raw(b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x01\x01\x02\x03\x04").await;
    assert_eq!(alice.close_code().await, 4109);
}

#[tokio::test(start_paused = true)]
async fn a_frame_without_a_mask_closes_the_connection() {
    // RFC 6455 §5.1
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    alice.raw(b"\x82\x01x").await;
    assert_eq!(alice.close_code().await, 1002);
}

#[tokio::test(start_paused = true)]
async fn a_flood_before_login_closes_the_connection() {
    let world = World::with(|settings| settings.max_frames_before_login = 10);
    let mut alice = world.connect(Some(MODERN));
    for _ in 0..11 {
        alice.frame(Opcode::Ping, b"").await;
    }
    for _ in 0..10 {
        assert_eq!(alice.next().await, Received::Pong(Vec::new()));
    }
    assert_eq!(alice.close_code().await, 4116);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_sent_the_connection_ends_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..400), flips in proptest::collection::vec((0usize..400, any::<u8>()), 0..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async move {
            let mut world = World::new();
            let mut alice = world.client("alice").await;
            let envelope = Envelope { app: None, client: None, serial: Some(Serial(1)), command: Ok(send()) };
            let payload = codec::encode_command(alice.subprotocol.dialect, &envelope);
            let mut frames = Vec::new();
            encode_masked(&mut frames, Opcode::Binary, [1, 2, 3, 4], &payload);
            encode_masked(&mut frames, Opcode::Ping, [1, 2, 3, 4], b"x");
            frames.extend(bytes);
            for (place, value) in flips {
                if let Some(byte) = frames.get_mut(place) {
                    *byte ^= value;
                }
            }
            alice.raw(&frames).await;
            drop(alice);
            world.gateway.core.live.none().await;
            prop_assert_eq!(world.registry.len(), 0);
            let seen: Vec<Seen> = std::iter::from_fn(|| world.unseen()).collect();
            prop_assert!(matches!(seen.last(), Some(Seen::Lost(..))), "{:?}", seen);
            Ok(())
        })?;
    }
}
