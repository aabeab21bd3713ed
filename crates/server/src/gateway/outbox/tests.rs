use super::*;

const BOUNDS: Bounds = Bounds { frames: 8, bytes: 1000 };

fn frame(text: &str, rank: Rank) -> Frame {
    Frame { head: Head::new(), body: Bytes::copy_from_slice(text.as_bytes()), opcode: Opcode::Text, rank }
}

fn high(text: &str) -> Frame {
    frame(text, Rank::High)
}

/// What would be sent next, as bytes.
fn rest(outbox: &Outbox) -> Vec<u8> {
    let mut buffer = Vec::new();
    outbox.copy_to(&mut buffer, usize::MAX);
    buffer
}

/// The texts that wait.
fn waiting(outbox: &Outbox) -> Vec<&str> {
    let frames = &outbox.frames[outbox.sent..];
    frames.iter().map(|frame| std::str::from_utf8(&frame.body).unwrap()).collect()
}

/// Queues one-letter frames, `h`, `n` or `l` by their rank, and gives what became of each.
fn push_all(outbox: &mut Outbox, letters: &str) -> Vec<Admission> {
    let rank = |letter| match letter {
        'h' => Rank::High,
        'n' => Rank::Normal,
        'l' => Rank::Low,
        _ => Rank::Answer,
    };
    letters.chars().map(|letter| outbox.push(frame(&letter.to_string(), rank(letter)), BOUNDS)).collect()
}

fn filled(letters: &str) -> Outbox {
    let mut outbox = Outbox::default();
    assert!(push_all(&mut outbox, letters).iter().all(|&admission| admission == Admission::Taken));
    outbox
}

#[test]
fn frames_leave_in_order_with_the_recipients_head_in_front() {
    let mut outbox = Outbox::default();
    let head = Head::from_slice(b"to:a ");
    outbox.push(Frame { head, ..high("hello") }, BOUNDS);
    outbox.push(high("again"), BOUNDS);
    assert_eq!(rest(&outbox), b"\x81\x0ato:a hello\x81\x05again");
}

#[test]
fn whatever_portion_the_socket_takes_the_rest_follows_exactly() {
    for first in 0..19 {
        let mut outbox = Outbox::default();
        for text in ["hello", "", "worldwide"] {
            outbox.push(high(text), BOUNDS);
        }
        let all = rest(&outbox);
        outbox.advance(first);
        assert_eq!(rest(&outbox), all[first..], "after {first} bytes");
        outbox.advance(all.len() - first);
        assert!(outbox.is_empty());
        assert_eq!(outbox.bytes, 0);
    }
}

#[test]
fn a_copy_is_cut_anywhere() {
    let mut outbox = Outbox::default();
    outbox.push(high("hello"), BOUNDS);
    outbox.push(high("world"), BOUNDS);
    let mut buffer = Vec::new();
    outbox.copy_to(&mut buffer, 9);
    assert_eq!(buffer, b"\x81\x05hello\x81\x05");
}

#[test]
fn low_messages_are_dropped_first_then_normal_ones() {
    // B-269
    let mut outbox = filled("hhhh");
    assert_eq!(push_all(&mut outbox, "lnnln"), {
        use Admission::{Dropped, Taken};
        [Dropped, Taken, Taken, Dropped, Dropped]
    });
    assert_eq!(push_all(&mut outbox, "hh"), [Admission::Taken; 2]);
    assert_eq!(waiting(&outbox), ["h", "h", "h", "h", "n", "n", "h", "h"]);
}

#[test]
fn a_normal_message_that_finds_no_room_displaces_the_oldest_low_ones() {
    // B-269
    let mut outbox = filled("hllnnn");
    assert_eq!(push_all(&mut outbox, "n"), [Admission::Taken]);
    assert_eq!(waiting(&outbox), ["h", "n", "n", "n", "n"]);
    let mut outbox = filled("lllhnn");
    assert_eq!(push_all(&mut outbox, "n"), [Admission::Taken]);
    assert_eq!(waiting(&outbox), ["h", "n", "n", "n"], "down to less than half");
}

#[test]
fn a_high_message_that_finds_no_room_displaces_low_ones_and_then_normal_ones() {
    // B-269
    let mut outbox = filled("lllnnnhh");
    assert_eq!(push_all(&mut outbox, "h"), [Admission::Taken]);
    assert_eq!(waiting(&outbox), ["n", "n", "n", "h", "h", "h"], "low ones were enough");
    assert_eq!(push_all(&mut outbox, "hhh"), [Admission::Taken; 3]);
    assert_eq!(waiting(&outbox), ["h", "h", "h", "h", "h", "h"], "then as many normal ones as it takes");
}

#[test]
fn only_a_queue_full_of_what_may_not_be_dropped_overflows() {
    // B-269
    let mut outbox = filled("lllnnn");
    let admissions = push_all(&mut outbox, &"h".repeat(9));
    assert_eq!(admissions[..8], [Admission::Taken; 8]);
    assert_eq!(admissions[8], Admission::Overflow);
    assert_eq!(waiting(&outbox), ["h"; 8]);
    assert_eq!(push_all(&mut outbox, "a"), [Admission::Taken], "answers never overflow");
}

#[test]
fn a_frame_that_is_sent_in_part_is_never_displaced() {
    for sent in 1..3 {
        let mut outbox = filled("lllnnnhh");
        outbox.advance(sent);
        push_all(&mut outbox, "h");
        assert_eq!(rest(&outbox)[..3 - sent], b"\x81\x01l"[sent..], "after {sent} bytes");
        outbox.advance(3 - sent);
        assert_eq!(waiting(&outbox), ["n", "n", "h", "h", "h"]);
    }
}

#[test]
fn the_counts_of_what_may_be_dropped_follow_every_change() {
    let mut outbox = Outbox::default();
    let letters = ["lnhlnlh", "hhhnnll", "nnnnnnnnn", "lllllll", "hhhhhh", "anlh"];
    for (round, letters) in letters.into_iter().cycle().take(600).enumerate() {
        push_all(&mut outbox, letters);
        outbox.advance(round % 23);
        let begun = usize::from(outbox.offset > 0);
        let left = &outbox.frames[outbox.sent + begun..];
        let count = |rank| left.iter().filter(|frame| frame.rank == rank).count() as u32;
        assert_eq!(outbox.droppable, [count(Rank::Low), count(Rank::Normal)], "round {round}");
        assert_eq!(outbox.bytes, outbox.frames[outbox.sent..].iter().map(Frame::payload_len).sum::<usize>());
    }
}

#[test]
fn bytes_count_as_well_as_frames() {
    let mut outbox = Outbox::default();
    assert_eq!(outbox.push(high(&"x".repeat(5000)), BOUNDS), Admission::Taken);
    assert_eq!(outbox.push(high("x"), BOUNDS), Admission::Overflow);
    let mut outbox = Outbox::default();
    assert_eq!(outbox.push(frame(&"x".repeat(5000), Rank::Low), BOUNDS), Admission::Taken);
    assert_eq!(outbox.push(high("x"), BOUNDS), Admission::Taken);
    assert_eq!(waiting(&outbox), ["x"]);
}

#[test]
fn what_is_abandoned_ends_after_the_frame_that_was_begun() {
    let mut outbox = Outbox::default();
    for text in ["x", "hello", "never"] {
        outbox.push(frame(text, Rank::Low), BOUNDS);
    }
    outbox.advance(3 + 4);
    outbox.abandon();
    outbox.push(frame("end", Rank::Answer), BOUNDS);
    assert_eq!(rest(&outbox), b"llo\x81\x03end");
}

#[test]
fn room_comes_back_when_frames_are_sent() {
    let mut outbox = Outbox::default();
    for _ in 0..100 {
        assert!(push_all(&mut outbox, "hhhhhhhh").iter().all(|&admission| admission == Admission::Taken));
        outbox.advance(8 * 3);
        assert!(outbox.is_empty());
    }
}

#[test]
fn priorities_become_ranks() {
    // B-266
    assert_eq!(Rank::of_priority(1), Rank::High);
    assert_eq!(Rank::of_priority(2), Rank::Normal);
    assert_eq!(Rank::of_priority(3), Rank::Low);
}
