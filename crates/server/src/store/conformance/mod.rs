//! What every engine must do, whatever it is made of: one suite, run on each with [`suite!`].
//!
//! A test gets a fresh [`Place`] and works through the trait alone.

pub(crate) mod messages;
mod world;

use std::sync::Arc;

use super::Store;

pub(crate) use world::World;

/// Where a store keeps its data. Opening it again finds what was stored.
pub(crate) trait Place: Sized {
    /// An empty place.
    fn fresh() -> Self;

    /// The place another process opened, by its name.
    fn named(name: &str) -> Self;

    /// A name by which another process can open it.
    fn name(&self) -> String;

    /// Opens the store.
    fn open(&self) -> Arc<dyn Store>;
}

/// Makes a test of every function of the suite, for the place of one engine.
macro_rules! suite {
    ($place:ty) => {
        $crate::store::conformance::tests! { $place;
            messages: [
                ids_are_unique_and_sort_as_the_messages_do,
                times_grow_while_the_clock_stands,
                times_grow_while_the_clock_steps_back,
                times_grow_across_a_restart,
                content_is_kept_byte_for_byte,
                mentions_and_the_wish_for_a_receipt_are_kept,
                a_message_to_an_unknown_conversation_is_refused,
                a_message_to_an_expired_conversation_is_refused,
                a_repeat_gives_the_first_message,
                a_repeat_is_recognised_after_a_restart,
                a_repeat_is_recognised_within_one_batch,
                the_same_key_of_another_sender_or_conversation_is_no_repeat,
                messages_without_a_key_are_never_repeats,
                a_repeat_is_recognised_for_as_long_as_asked,
                a_message_is_found_by_its_id_alone,
                an_unknown_message_is_not_found,
                the_last_message_of_each_conversation_is_found,
            ];
        }
    };
}

/// Makes the tests of [`suite!`].
macro_rules! tests {
    ($place:ty; $($file:ident: [$($test:ident,)+];)+) => {
        $(mod $file {
            $(
                #[tokio::test]
                async fn $test() {
                    let place = <$place as $crate::store::conformance::Place>::fresh();
                    $crate::store::conformance::$file::$test(&place).await;
                }
            )+
        })+
    };
}

pub(crate) use {suite, tests};
