//! What every engine must do, whatever it is made of: one suite, run on each with [`suite!`].
//!
//! A test gets a fresh [`Place`] and works through the trait alone.

pub(crate) mod blocklists;
pub(crate) mod conversations;
pub(crate) mod crash;
pub(crate) mod history;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod notices;
pub(crate) mod order;
pub(crate) mod patches;
pub(crate) mod receipts;
pub(crate) mod removal;
pub(crate) mod restrictions;
pub(crate) mod retention;
pub(crate) mod roles;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod subscriptions;
pub(crate) mod threads;
pub(crate) mod unread;
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
            order: [
                completions_are_called_in_the_order_of_submission,
                a_mark_tells_the_place_between_messages,
                a_refused_change_leaves_the_others_of_its_batch_alone,
                a_closed_store_refuses_changes,
                a_closed_store_has_kept_what_was_submitted_before,
                a_store_dropped_without_closing_has_kept_everything_completed,
            ];
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
            history: [
                every_form_of_interval_cuts_as_the_specification_says,
                without_a_start_the_newest_or_the_oldest_come,
                a_page_is_in_ascending_order_in_both_directions,
                only_messages_of_the_type_asked_for_come,
                history_of_an_unknown_conversation_is_empty,
                paging_covers_history_exactly_once,
                history_is_whole_while_messages_stream_in,
            ];
            conversations: [
                a_conversation_is_given_back_as_it_was_made,
                a_conversation_of_another_app_is_not_found,
                the_time_of_the_last_message_follows_messages_and_not_edits,
                a_unique_conversation_is_found_again,
                unique_conversations_of_other_kinds_and_apps_are_others,
                two_at_once_get_the_same_unique_conversation,
                a_temporary_conversation_ends_and_gives_up_its_name,
                what_belongs_to_an_expired_conversation_is_forgotten,
                an_update_changes_attributes_and_tells_what_became_of_them,
                a_refused_update_changes_nothing,
                the_time_of_change_grows_with_every_change,
            ];
            members: [
                joining_and_leaving_change_the_roster_in_order,
                only_those_who_really_joined_or_left_are_told,
                members_over_the_limit_are_refused_as_a_whole,
                a_full_conversation_can_be_left,
                muting_is_kept_until_the_member_leaves,
                muting_by_a_stranger_changes_nothing,
                memberships_are_told_in_the_order_asked,
            ];
            roles: [
                a_member_becomes_a_manager_and_a_plain_member_again,
                the_creator_has_no_other_role,
                only_members_have_roles_and_only_so_many,
                who_leaves_has_no_role_any_more,
                with_roles_the_owner_stays_and_others_may_go,
            ];
            restrictions: [
                who_is_silenced_is_named_until_it_may_speak_again,
                silence_for_a_time_is_kept_apart_from_silence_for_ever,
                who_is_blocked_leaves_and_cannot_come_back,
                clients_that_are_no_members_can_be_restricted,
                the_owner_is_refused_where_it_is_to_be_kept,
                a_list_has_its_limit,
                lists_are_read_in_pages_in_order_of_entry,
                a_refused_id_refuses_all_where_asked,
            ];
            blocklists: [
                nobody_is_added_to_a_conversation_it_has_blocked,
                a_block_list_is_read_in_pages_and_has_a_limit,
            ];
            notices: [
                a_client_hears_that_it_joined_and_left,
                a_member_hears_who_came_and_went_since_it_joined,
                members_hear_of_changed_attributes_and_roles,
                restrictions_are_heard_of_by_the_client_and_by_all_members,
                a_restriction_in_a_room_is_heard_of_by_the_client_alone,
                a_receipt_is_kept_for_the_sender,
                pages_neither_skip_nor_repeat,
                nothing_is_heard_of_conversations_that_are_gone,
                notices_are_forgotten_after_their_time_and_it_is_known_since_when,
            ];
            subscriptions: [
                a_client_subscribes_and_unsubscribes_and_nobody_is_told,
                subscribers_are_read_in_pages_and_counted,
                subscriptions_are_read_in_pages_both_ways,
                how_a_client_stands_to_several_conversations_is_told_in_order,
                muting_a_service_conversation_is_the_subscribers_own,
                a_blocked_client_does_not_subscribe,
            ];
            threads: [
                a_client_sees_its_own_thread_among_the_messages_to_all,
                a_thread_is_no_conversation,
                an_upstream_message_counts_for_nobody,
                a_directed_message_is_unread_for_its_client_alone,
                a_directed_message_waits_for_one_that_does_not_subscribe,
                one_message_to_several_clients_is_the_same_in_each_thread,
                a_subscriber_has_missed_what_it_has_not_received,
                a_broadcast_counts_until_its_time_and_stays_in_history,
                who_unsubscribes_keeps_its_thread_and_nothing_else,
                the_last_message_is_the_newest_that_the_viewer_sees,
                times_grow_over_all_that_one_client_sees,
                many_clients_may_write_in_one_millisecond,
                a_repeat_in_a_thread_gives_the_first_message,
                messages_in_threads_are_edited_and_recalled_there,
                patches_of_threads_are_told_to_their_clients,
                only_changed_service_conversations_are_told,
                threads_outlive_a_restart,
                history_of_a_thread_agrees_with_both_logs,
            ];
            unread: [
                messages_of_others_after_the_read_cursor_are_unread,
                recalled_messages_are_not_unread_but_are_missed_as_recalled,
                counts_and_conversations_are_bounded_and_the_newest_win,
                a_mention_counts_only_while_it_is_unread,
                reading_clears_the_count,
                what_came_before_joining_is_neither_unread_nor_missed,
                who_leaves_and_comes_back_starts_anew,
                only_changed_conversations_are_told_to_who_knows_the_rest,
                messages_behind_the_mark_are_left_out,
                the_state_of_one_conversation_is_told_to_members_only,
                missed_messages_are_the_newest_in_ascending_order,
                acknowledged_messages_are_not_missed,
                expired_conversations_have_nothing_unread,
                unread_agrees_with_counting_by_hand,
            ];
            receipts: [
                cursors_never_go_back,
                a_cursor_stops_at_the_newest_message,
                moves_of_strangers_are_ignored,
                a_joiner_has_received_nothing_but_misses_nothing,
                messages_that_want_a_receipt_are_found_between_two_times,
                receipt_times_are_those_of_the_first_move_past_the_message,
            ];
            patches: [
                an_edit_keeps_place_and_identity,
                text_for_a_binary_message_is_its_new_bytes,
                a_recalled_message_keeps_nothing_of_its_content,
                only_the_sender_may_change_a_message,
                a_message_older_than_the_edit_window_stays,
                a_recalled_message_can_be_recalled_again_but_not_edited,
                patch_times_grow_within_a_conversation,
                patches_are_told_in_order_of_change_and_once_per_message,
                own_patches_of_the_same_device_are_left_out,
                patches_of_strange_conversations_are_not_told,
                patches_of_a_conversation_that_is_over_are_not_told,
            ];
            sessions: [
                a_client_has_one_will_and_the_last_counts,
                a_will_is_cleared_only_by_the_session_that_left_it,
                a_tag_is_held_until_its_token_expires,
                the_last_time_a_client_was_taken_offline_is_remembered,
                a_session_end_is_remembered_until_its_token_expires,
                a_device_returns_to_its_room_within_the_time,
                a_device_that_left_its_room_does_not_return,
                a_device_is_lost_once_and_only_where_it_was,
                who_is_blocked_in_a_room_does_not_return_to_it,
                after_a_restart_devices_in_rooms_were_lost_then,
                expiry_works_in_portions_and_ends,
            ];
            removal: [
                a_deleted_conversation_is_gone_at_once_for_everybody,
                a_deleted_conversation_gives_up_its_names,
                a_deleted_service_conversation_takes_its_threads_along,
                what_is_deleted_goes_in_portions_and_others_stay,
            ];
            retention: [
                old_messages_are_forgotten_and_newer_ones_stay,
                old_messages_in_threads_are_forgotten,
                a_forgotten_message_leaves_nothing_behind,
                an_idle_conversation_is_forgotten_with_its_history,
                what_changed_lately_is_not_idle,
                an_app_without_a_wish_keeps_everything,
            ];
            search: [
                a_search_finds_members_conversations_newest_first,
                temporary_conversations_are_never_found,
                conversations_without_messages_come_last,
                skip_and_limit_cut_a_page_and_the_count_ignores_them,
                found_conversations_are_complete,
                a_search_that_takes_too_long_is_given_up,
                a_search_agrees_with_the_evaluator,
            ];
            crash: [
                every_completed_message_survives_kill_9_once_and_in_order,
            ];
        }
    };
}

/// Makes the tests of [`suite!`].
macro_rules! tests {
    ($place:ty; $($file:ident: [$($test:ident,)+];)+) => {
        $(mod $file {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
                async fn $test() {
                    let place = <$place as $crate::store::conformance::Place>::fresh();
                    $crate::store::conformance::$file::$test(&place).await;
                }
            )+
        })+
    };
}

pub(crate) use {suite, tests};
