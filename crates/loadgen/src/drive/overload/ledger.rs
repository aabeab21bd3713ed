//! The books of an overloaded chat room: what was sent, what each reader got, and what that proves (B-266 to
//! B-270, W-155). Nothing here touches a socket.

use anyhow::{Result, ensure};

/// Of a chat-room message (B-266).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    High,
    Normal,
    Low,
}

impl Priority {
    pub(crate) const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// As the wire has it.
    pub(crate) const fn number(self) -> i32 {
        self as i32 + 1
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// The priorities of successive messages: as many normal as low ones, so that their losses can be compared.
const MIX: [Priority; 5] = [Priority::High, Priority::Low, Priority::Normal, Priority::Low, Priority::Normal];

/// Which message is which. They are numbered as they are due; senders take turns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbering {
    pub(crate) senders: u32,
    /// Messages before the overload.
    pub(crate) calm: u32,
    /// All of them. One more follows when all are acknowledged: a high one, by which readers know the end.
    pub(crate) total: u32,
}

impl Numbering {
    /// Each part of the run begins with the first sender.
    fn sender(self, number: u32) -> u32 {
        (if number < self.calm { number } else { number - self.calm }) % self.senders
    }

    pub(crate) fn priority(self, number: u32) -> Priority {
        if number == self.total { Priority::High } else { MIX[number as usize % MIX.len()] }
    }

    /// Messages of a priority, the last one not counted.
    fn sent(self, priority: Priority) -> u64 {
        let of = |count: u32| MIX[..count as usize].iter().filter(|&&other| other == priority).count() as u64;
        let length = MIX.len() as u32;
        u64::from(self.total / length) * of(length) + of(self.total % length)
    }
}

/// What one reader got.
#[derive(Debug)]
pub(crate) struct Receipts {
    numbering: Numbering,
    /// A bit for each number.
    seen: Vec<u64>,
    /// The latest number of each sender.
    latest: Vec<Option<u32>>,
    delivered: [u64; 3],
    twice: u64,
    out_of_order: u64,
    foreign: u64,
    complete: bool,
}

impl Receipts {
    pub(crate) fn new(numbering: Numbering) -> Self {
        Self {
            numbering,
            seen: vec![0; numbering.total as usize / 64 + 1],
            latest: vec![None; numbering.senders as usize],
            delivered: [0; 3],
            twice: 0,
            out_of_order: 0,
            foreign: 0,
            complete: false,
        }
    }

    /// Notes a message; `None` if it carries no number.
    pub(crate) fn note(&mut self, number: Option<u32>) {
        let Some(number) = number.filter(|&number| number <= self.numbering.total) else {
            self.foreign += 1;
            return;
        };
        let (word, bit) = (&mut self.seen[number as usize / 64], 1 << (number % 64));
        if *word & bit != 0 {
            self.twice += 1;
            return;
        }
        *word |= bit;
        if number == self.numbering.total {
            self.complete = true;
            return;
        }
        // Behind the last message nothing else may come.
        let latest = &mut self.latest[self.numbering.sender(number) as usize];
        if self.complete || latest.is_some_and(|latest| latest > number) {
            self.out_of_order += 1;
        }
        *latest = Some(number);
        self.delivered[self.numbering.priority(number) as usize] += 1;
    }

    /// Whether the last message is here.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    fn missed(&self, priority: Priority) -> u64 {
        self.numbering.sent(priority) - self.delivered[priority as usize]
    }

    /// More normal ones missed than low ones. The mix has as many of both, but may end between two.
    fn is_out_of_turn(&self) -> bool {
        self.missed(Priority::Normal) > self.missed(Priority::Low) + 1
    }
}

/// How a reader reads once the overload begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Everything at once.
    Fast,
    /// Less than is sent.
    Slow,
    /// Nothing, for as long as the overload lasts.
    Silent,
}

impl Class {
    pub(crate) const ALL: [Self; 3] = [Self::Fast, Self::Slow, Self::Silent];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Slow => "slow",
            Self::Silent => "silent",
        }
    }
}

/// What became of the readers of one class.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Account {
    /// Whose connection stayed open.
    pub(crate) stayed: u64,
    /// Whose connection the server closed because too much waited on it.
    pub(crate) closed: u64,
    /// What those who stayed got, by priority.
    delivered: [u64; 3],
}

/// The books of a run.
#[derive(Debug)]
pub(crate) struct Ledger {
    numbering: Numbering,
    accounts: [Account; 3],
    lost: u64,
    losers: u64,
    twice: u64,
    out_of_order: u64,
    out_of_turn: u64,
    foreign: u64,
}

impl Ledger {
    pub(crate) fn new(numbering: Numbering) -> Self {
        let accounts = [Account::default(); 3];
        Self {
            numbering,
            accounts,
            lost: 0,
            losers: 0,
            twice: 0,
            out_of_order: 0,
            out_of_turn: 0,
            foreign: 0,
        }
    }

    /// Books a reader. One that was closed may miss anything, but what it got must be in order, once.
    pub(crate) fn add(&mut self, class: Class, receipts: &Receipts, closed: bool) {
        let account = &mut self.accounts[class as usize];
        self.twice += receipts.twice;
        self.out_of_order += receipts.out_of_order;
        self.foreign += receipts.foreign;
        if closed {
            account.closed += 1;
            return;
        }
        account.stayed += 1;
        for priority in Priority::ALL {
            account.delivered[priority as usize] += receipts.delivered[priority as usize];
        }
        let lost = receipts.missed(Priority::High) + u64::from(!receipts.complete);
        self.lost += lost;
        self.losers += u64::from(lost > 0);
        self.out_of_turn += u64::from(receipts.is_out_of_turn());
    }

    pub(crate) fn account(&self, class: Class) -> Account {
        self.accounts[class as usize]
    }

    /// Messages of a priority, times the readers of a class that stayed.
    pub(crate) fn meant(&self, class: Class, priority: Priority) -> u64 {
        self.numbering.sent(priority) * self.account(class).stayed
    }

    pub(crate) fn delivered(&self, class: Class, priority: Priority) -> u64 {
        self.account(class).delivered[priority as usize]
    }

    pub(crate) fn dropped(&self, class: Class, priority: Priority) -> u64 {
        self.meant(class, priority) - self.delivered(class, priority)
    }

    /// An error if anything happened that may not.
    pub(crate) fn verdict(&self) -> Result<()> {
        let Self { lost, losers, twice, out_of_order, out_of_turn, foreign, .. } = self;
        ensure!(*lost == 0, "{lost} high messages were lost on {losers} connections that stayed open");
        ensure!(*twice == 0, "{twice} messages were delivered twice");
        ensure!(*out_of_order == 0, "{out_of_order} messages overtook an earlier one of the same sender");
        ensure!(*out_of_turn == 0, "{out_of_turn} readers lost more normal messages than low ones");
        ensure!(*foreign == 0, "{foreign} messages came that nobody sent");
        let fast = self.account(Class::Fast).closed;
        ensure!(fast == 0, "{fast} readers that read everything were closed as too slow");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two senders, five messages before the overload, ten in it.
    const NUMBERING: Numbering = Numbering { senders: 2, calm: 5, total: 15 };

    fn receipts(numbers: impl IntoIterator<Item = u32>) -> Receipts {
        let mut receipts = Receipts::new(NUMBERING);
        numbers.into_iter().for_each(|number| receipts.note(Some(number)));
        receipts
    }

    fn ledger(class: Class, receipts: &Receipts) -> Ledger {
        let mut ledger = Ledger::new(NUMBERING);
        ledger.add(class, receipts, false);
        ledger
    }

    fn complaint(receipts: &Receipts) -> String {
        ledger(Class::Slow, receipts).verdict().unwrap_err().to_string()
    }

    fn without(missing: &[u32]) -> Vec<u32> {
        (0..=15).filter(|number| !missing.contains(number)).collect()
    }

    #[test]
    fn every_message_has_a_priority_and_they_add_up() {
        // B-266
        assert_eq!(Priority::ALL.map(|priority| NUMBERING.sent(priority)), [3, 6, 6]);
        assert_eq!(Priority::ALL.map(Priority::number), [1, 2, 3]);
        let cut = Numbering { total: 17, ..NUMBERING };
        assert_eq!(Priority::ALL.map(|priority| cut.sent(priority)), [4, 6, 7]);
        for priority in Priority::ALL {
            let counted = (0..17).filter(|&number| cut.priority(number) == priority).count() as u64;
            assert_eq!(counted, cut.sent(priority));
        }
        assert_eq!(cut.priority(17), Priority::High, "the last one");
    }

    #[test]
    fn who_gets_everything_in_order_is_no_cause_for_complaint() {
        let ledger = ledger(Class::Fast, &receipts(0..=15));
        ledger.verdict().unwrap();
        assert_eq!(Priority::ALL.map(|priority| ledger.delivered(Class::Fast, priority)), [3, 6, 6]);
        assert_eq!(Priority::ALL.map(|priority| ledger.dropped(Class::Fast, priority)), [0; 3]);
        assert_eq!(ledger.account(Class::Fast).stayed, 1);
        assert_eq!(ledger.meant(Class::Slow, Priority::Low), 0);
    }

    #[test]
    fn a_lost_high_message_fails_the_run() {
        // B-269: 0, 5 and 10 are high, and the last one.
        assert!(
            complaint(&receipts(without(&[5]))).starts_with("1 high messages were lost on 1 connections")
        );
        assert!(complaint(&receipts(without(&[0, 10]))).starts_with("2 high messages"));
        assert!(complaint(&receipts(without(&[15]))).starts_with("1 high messages"));
    }

    #[test]
    fn low_and_normal_messages_may_be_lost_the_low_ones_first() {
        // B-269: 1 and 3 of each five are low, 2 and 4 normal.
        let both = ledger(Class::Silent, &receipts(without(&[6, 8, 9, 11])));
        both.verdict().unwrap();
        assert_eq!(both.dropped(Class::Silent, Priority::Low), 3);
        assert_eq!(both.dropped(Class::Silent, Priority::Normal), 1);
        assert!(complaint(&receipts(without(&[7, 9]))).contains("1 readers lost more normal messages"));
        ledger(Class::Slow, &receipts(without(&[9]))).verdict().expect("the mix may end between two");
    }

    #[test]
    fn a_message_that_overtakes_one_of_its_sender_fails_the_run() {
        // 5 and 7 are of the first sender, 6 and 8 of the second.
        assert!(complaint(&receipts([0, 1, 2, 3, 4, 7, 5])).contains("high messages"));
        let swapped = |numbers: [u32; 2]| {
            let mut order: Vec<u32> = (0..=15).collect();
            order.swap(numbers[0] as usize, numbers[1] as usize);
            receipts(order)
        };
        assert!(complaint(&swapped([5, 7])).contains("overtook an earlier one"));
        ledger(Class::Slow, &swapped([5, 6])).verdict().expect("different senders have no order");
        assert!(complaint(&swapped([14, 15])).contains("overtook"), "nothing follows the last one");
    }

    #[test]
    fn a_message_that_comes_twice_fails_the_run() {
        assert!(complaint(&receipts((0..=15).chain([3]))).starts_with("1 messages were delivered twice"));
    }

    #[test]
    fn a_message_that_nobody_sent_fails_the_run() {
        let mut unknown = receipts(0..=15);
        unknown.note(None);
        unknown.note(Some(16));
        assert!(complaint(&unknown).starts_with("2 messages came that nobody sent"));
    }

    #[test]
    fn who_was_closed_as_too_slow_is_counted_apart() {
        let mut ledger = Ledger::new(NUMBERING);
        ledger.add(Class::Silent, &receipts([0, 1]), true);
        ledger.add(Class::Silent, &receipts(without(&[6])), false);
        ledger.verdict().unwrap();
        let account = ledger.account(Class::Silent);
        assert_eq!((account.stayed, account.closed), (1, 1));
        assert_eq!(ledger.meant(Class::Silent, Priority::Low), 6);
        assert_eq!(ledger.dropped(Class::Silent, Priority::Low), 1);
        let mut ledger = Ledger::new(NUMBERING);
        ledger.add(Class::Fast, &receipts([0, 1]), true);
        assert!(ledger.verdict().unwrap_err().to_string().contains("that read everything were closed"));
    }
}
