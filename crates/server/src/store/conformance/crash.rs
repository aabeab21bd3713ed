//! What is complete survives the end of the process at any instant.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};

use yanshu_protocol::ConversationId;

use super::world::{text, texts};
use super::{Place, World};
use crate::store::{Completion, Draft, Write};

/// Names the place to the process that will be killed, and the conversations.
const PLACE: &str = "YANSHU_TEST_CRASH_PLACE";
const CONVERSATIONS: &str = "YANSHU_TEST_CRASH_CONVERSATIONS";

/// Kills the writer this often, after this many completed messages.
const ROUNDS: [usize; 4] = [1, 40, 300, 1_500];

pub(crate) async fn every_completed_message_survives_kill_9_once_and_in_order<P: Place>(place: &P) {
    if let Ok(name) = std::env::var(PLACE) {
        return write_until_killed(&P::named(&name)).await;
    }
    let world = World::open(place);
    let conversations = [world.conversation(&["Tom"]).await, world.conversation(&["Tom"]).await];
    world.store.close().await;
    drop(world);
    let mut completed: [Vec<String>; 2] = Default::default();
    for (round, enough) in ROUNDS.into_iter().enumerate() {
        for line in killed_after(place, &conversations, round, enough) {
            let (place, words) = line.split_once(' ').unwrap();
            completed[place.parse::<usize>().unwrap()].push(words.to_owned());
        }
        let world = World::open(place);
        for (conversation, completed) in conversations.iter().zip(&completed) {
            let history = world.history(conversation).await;
            let kept = texts(&history);
            // What was not complete may be there or not; what is there is there once, and in its order.
            let mut distinct = kept.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len(), kept.len());
            assert!(history.is_sorted_by_key(|message| (message.timestamp, message.id.clone())));
            let survivors: Vec<_> = kept.iter().filter(|words| completed.contains(words)).collect();
            assert_eq!(survivors, completed.iter().collect::<Vec<_>>());
            let last = world.read_back(conversation).await.unwrap().last_message_at;
            assert_eq!(last, history.last().map(|message| message.timestamp));
        }
    }
}

/// Runs this test again in a process that writes, and kills it. Gives what it said was complete.
fn killed_after(
    place: &impl Place,
    conversations: &[ConversationId],
    round: usize,
    enough: usize,
) -> Vec<String> {
    let name = std::thread::current().name().unwrap().to_owned();
    let names: Vec<_> = conversations.iter().map(ConversationId::as_str).collect();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--nocapture", "--test-threads=1"])
        .env(PLACE, place.name())
        .env(CONVERSATIONS, format!("{round} {}", names.join(" ")))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut completed = Vec::new();
    let mut said = |line: String| completed.extend(line.strip_prefix("completed ").map(str::to_owned));
    for line in lines.by_ref().take(enough + 10) {
        said(line.unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said before it died counts too, but for a line cut in the middle.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    rest.into_iter().rev().skip(1).collect::<Vec<_>>().into_iter().rev().for_each(said);
    assert!(completed.len() >= enough, "the writer must have got going: {completed:?}");
    completed
}

/// Writes as fast as it can, saying what is complete, for ever.
async fn write_until_killed(place: &impl Place) {
    let world = World::open(place);
    let names = std::env::var(CONVERSATIONS).unwrap();
    let (round, ids) = names.split_once(' ').unwrap();
    let ids: Vec<ConversationId> = ids.split(' ').map(|id| id.parse().unwrap()).collect();
    for number in 0_u64.. {
        let target = (number % 2) as usize;
        let words = format!("{round}:{number}");
        let draft =
            Draft { resend_key: Some(words.clone()), ..world.draft(&ids[target], "Tom", text(&words)) };
        let say = move |result: Result<_, _>| {
            result.map(drop).unwrap();
            let mut out = std::io::stdout().lock();
            // Nobody listens any more once the process is about to be killed.
            let _ = writeln!(out, "completed {target} {words}").and_then(|()| out.flush());
        };
        world.store.submit(Write::Append(Box::new(draft), Completion::new(say))).await;
    }
}
