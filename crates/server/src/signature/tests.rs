//! The documents' rules about signatures, one by one.

use super::*;
use crate::config::{self, AppConfig, Secret};
use yanshu_protocol::ConversationId;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn app() -> App {
    app_with(AppConfig::default())
}

fn app_with(settings: AppConfig) -> App {
    config::App {
        id: "an-app-of-ours".parse().unwrap(),
        key: Secret::new("key"),
        master_key: Secret::new("master"),
        settings,
    }
    .into()
}

fn client(id: &str) -> ClientId {
    id.parse().unwrap()
}

fn clients(ids: &[&str]) -> Vec<ClientId> {
    ids.iter().map(|id| client(id)).collect()
}

fn room() -> ConversationId {
    "5667070f60b2298fdddb6837".parse().unwrap()
}

/// HMAC-SHA1 of a text as an app's server computes it.
fn signed(text: &str, timestamp: i64) -> Signature {
    let key = Hmac::<Sha1>::new_from_slice(b"master").unwrap();
    let digest = key.chain_update(text).finalize().into_bytes();
    let value = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Signature { value, timestamp, nonce: "n".to_owned() }
}

fn passes(act: &Act<'_>, signature: &Signature) -> bool {
    check(&app(), Some(&client("tom")), act, Some(signature), None, NOW).is_ok()
}

#[test]
fn a_login_is_signed_with_two_colons() {
    // B-420, W-446
    let right = signed("an-app-of-ours:tom::1800000000000:n", NOW.0);
    assert!(passes(&Act::Login, &right));
    let other = check(&app(), Some(&client("jerry")), &Act::Login, Some(&right), None, NOW);
    assert_eq!(other.unwrap_err().code, Code::SignatureFailed);
}

#[test]
fn a_client_without_an_id_signs_an_empty_one() {
    // W-447
    let right = signed("an-app-of-ours:::1800000000000:n", NOW.0);
    assert!(check(&app(), None, &Act::Login, Some(&right), None, NOW).is_ok());
}

#[test]
fn the_hexadecimal_digits_may_have_either_case() {
    // B-419, W-438
    let mut signature = signed("an-app-of-ours:tom::1800000000000:n", NOW.0);
    signature.value = signature.value.to_uppercase();
    assert!(passes(&Act::Login, &signature));
}

#[test]
fn what_is_not_forty_digits_is_refused() {
    for value in ["", "0", "zz", "é".repeat(20).as_str(), "+0".repeat(20).as_str()] {
        let signature = Signature { value: value.to_owned(), timestamp: NOW.0, nonce: "n".to_owned() };
        assert!(!passes(&Act::Login, &signature), "{value}");
    }
}

#[test]
fn seconds_and_milliseconds_are_both_understood_and_signed_as_sent() {
    // B-429, W-440
    assert!(passes(&Act::Login, &signed("an-app-of-ours:tom::1800000000:n", 1_800_000_000)));
    assert!(!passes(&Act::Login, &signed("an-app-of-ours:tom::1800000000000:n", 1_800_000_000)));
}

#[test]
fn a_signature_holds_for_six_hours_around_its_time() {
    // B-430, W-441
    let hours = |hours: i64| NOW.0 + hours * 3_600_000;
    let at = |time: i64| passes(&Act::Login, &signed(&format!("an-app-of-ours:tom::{time}:n"), time));
    assert!(at(hours(6)) && at(hours(-6)));
    assert!(!at(hours(6) + 1) && !at(hours(-6) - 1));
    assert!(!at(i64::MIN) && !at(i64::MAX) && !at(0));
}

#[test]
fn what_was_signed_before_a_kick_is_void() {
    // W-441
    let signature = signed("an-app-of-ours:tom::1800000000000:n", NOW.0);
    let after = |kicked| {
        check(&app(), Some(&client("tom")), &Act::Login, Some(&signature), Some(Timestamp(kicked)), NOW)
    };
    assert!(after(NOW.0).is_err());
    assert!(after(NOW.0 - 1).is_ok());
}

#[test]
fn a_missing_signature_is_refused_with_the_code_of_its_act() {
    // W-444
    let (room, ids) = (room(), clients(&["tom"]));
    let code = |act: Act<'_>| check(&app(), Some(&client("tom")), &act, None, None, NOW).unwrap_err().code;
    assert_eq!(code(Act::Login), Code::SignatureFailed);
    assert_eq!(code(Act::Start { members: &ids, creator: &ids[0] }), Code::ConversationSignatureFailed);
    assert_eq!(code(Act::Remove { conversation: &room, members: &ids }), Code::ConversationSignatureFailed);
    let block = Act::Block { conversation: &room, clients: &ids, lift: false };
    assert_eq!(code(block), Code::BlacklistSignatureFailed);
}

#[test]
fn starting_may_be_signed_with_or_without_its_creator() {
    // B-421, B-422, W-449
    let (tom, members) = (client("tom"), clients(&["tom", "jerry"]));
    let act = Act::Start { members: &members, creator: &tom };
    for ids in ["jerry:tom", "jerry"] {
        assert!(passes(&act, &signed(&format!("an-app-of-ours:tom:{ids}:1800000000000:n"), NOW.0)), "{ids}");
    }
    let without = clients(&["jerry"]);
    let act = Act::Start { members: &without, creator: &tom };
    assert!(passes(&act, &signed("an-app-of-ours:tom:jerry:tom:1800000000000:n", NOW.0)));
}

#[test]
fn an_empty_list_serves_only_to_start_an_empty_conversation() {
    // W-449, W-450
    let tom = client("tom");
    let empty = signed("an-app-of-ours:tom::1800000000000:n", NOW.0);
    assert!(passes(&Act::Start { members: &[], creator: &tom }, &empty));
    assert!(!passes(&Act::Start { members: &clients(&["jerry"]), creator: &tom }, &empty));
    assert!(!passes(&Act::Start { members: &clients(&["tom"]), creator: &tom }, &empty));
}

#[test]
fn ids_are_sorted_by_utf_16_and_counted_once() {
    // W-448, W-451: U+10000 comes before U+FF01 in UTF-16 and after it in UTF-8
    let (tom, room) = (client("tom"), room());
    let members = clients(&["\u{ff01}", "\u{10000}", "a", "a"]);
    let act = Act::Add { conversation: &room, members: &members, actor: &tom };
    let text = |ids: &str| format!("an-app-of-ours:tom:{room}:{ids}:1800000000000:n:invite");
    assert!(passes(&act, &signed(&text("a:\u{10000}:\u{ff01}"), NOW.0)));
    assert!(passes(&act, &signed(&text("a:a:\u{10000}:\u{ff01}"), NOW.0)));
    assert!(!passes(&act, &signed(&text("a:\u{ff01}:\u{10000}"), NOW.0)));
}

#[test]
fn joining_is_signed_with_ones_own_id_or_with_none() {
    // B-424
    let (tom, room) = (client("tom"), room());
    let itself = clients(&["tom"]);
    let act = Act::Add { conversation: &room, members: &itself, actor: &tom };
    let text = |ids: &str| format!("an-app-of-ours:tom:{room}:{ids}:1800000000000:n:invite");
    assert!(passes(&act, &signed(&text("tom"), NOW.0)));
    assert!(passes(&act, &signed(&text(""), NOW.0)));
    let others = clients(&["jerry"]);
    let act = Act::Add { conversation: &room, members: &others, actor: &tom };
    assert!(!passes(&act, &signed(&text(""), NOW.0)));
}

#[test]
fn the_names_that_sdks_give_an_act_are_understood() {
    // B-426, W-453
    let (tom, room, ids) = (client("tom"), room(), clients(&["jerry"]));
    let text = |name: &str| format!("an-app-of-ours:tom:{room}:jerry:1800000000000:n:{name}");
    let add = Act::Add { conversation: &room, members: &ids, actor: &tom };
    let remove = Act::Remove { conversation: &room, members: &ids };
    let block = Act::Block { conversation: &room, clients: &ids, lift: false };
    let unblock = Act::Block { conversation: &room, clients: &ids, lift: true };
    for (act, right, wrong) in [
        (add, &["invite", "add", "join"][..], "kick"),
        (remove, &["kick", "remove"], "invite"),
        (block, &["conversation-block-clients", "block"], "conversation-unblock-clients"),
        (unblock, &["conversation-unblock-clients", "unblock"], "conversation-block-clients"),
    ] {
        for name in right {
            assert!(passes(&act, &signed(&text(name), NOW.0)), "{name}");
        }
        assert!(!passes(&act, &signed(&text(wrong), NOW.0)), "{wrong}");
    }
}

#[test]
fn an_invitation_serves_to_remove_only_where_the_app_allows_it() {
    // W-453
    let (room, ids) = (room(), clients(&["jerry"]));
    let remove = Act::Remove { conversation: &room, members: &ids };
    let invitation = signed(&format!("an-app-of-ours:tom:{room}:jerry:1800000000000:n:invite"), NOW.0);
    assert!(!passes(&remove, &invitation));
    let mut settings = AppConfig::default();
    settings.signature.invite_for_kick = true;
    let tom = client("tom");
    assert!(check(&app_with(settings), Some(&tom), &remove, Some(&invitation), None, NOW).is_ok());
}

#[test]
fn a_client_that_blocks_a_conversation_signs_no_members() {
    // B-428
    let room = room();
    let text = |name: &str| format!("an-app-of-ours:tom:{room}::1800000000000:n:{name}");
    let act = |lift| Act::BlockConversations { conversation: &room, lift };
    assert!(passes(&act(false), &signed(&text("client-block-conversations"), NOW.0)));
    assert!(passes(&act(true), &signed(&text("client-unblock-conversations"), NOW.0)));
    assert!(!passes(&act(true), &signed(&text("client-block-conversations"), NOW.0)));
}
