//! The conformance suite on SQLite, and what only this engine promises.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::file::OpenError;
use super::{Options, SqliteStore};
use crate::ids::IdSource;
use crate::store::Store;
use crate::store::conformance::Place;

/// A folder, removed afterwards unless another process made it. The store in it files places in the index when
/// `RECENT` wait, and commits at most `BATCH` changes at once.
struct Folder<const RECENT: usize, const BATCH: usize> {
    path: PathBuf,
    _own: Option<TempDir>,
}

impl<const RECENT: usize, const BATCH: usize> Folder<RECENT, BATCH> {
    fn try_open(&self) -> Result<SqliteStore, OpenError> {
        let options = Options { recent: RECENT, batch_count: BATCH, ..Options::default() };
        SqliteStore::open(&self.path, &options, Arc::new(IdSource::new(1)))
    }
}

impl<const RECENT: usize, const BATCH: usize> Place for Folder<RECENT, BATCH> {
    fn fresh() -> Self {
        let own = tempfile::tempdir().unwrap();
        Self { path: own.path().to_owned(), _own: Some(own) }
    }

    fn named(name: &str) -> Self {
        Self { path: name.into(), _own: None }
    }

    fn name(&self) -> String {
        self.path.to_str().unwrap().to_owned()
    }

    fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.try_open().unwrap())
    }
}

/// As it runs: tests end long before anything is filed.
mod as_usual {
    crate::store::conformance::suite!(super::super::Folder<16_384, 1_024>);
}

/// Places are filed a few messages after they came, so that most questions meet both.
mod filed_soon {
    crate::store::conformance::suite!(super::super::Folder<3, 1_024>);
}

/// Filing takes many batches, so that questions and crashes meet it half done.
mod filed_in_portions {
    crate::store::conformance::tests! { super::super::Folder<200, 4>;
        history: [history_is_whole_while_messages_stream_in,];
        threads: [threads_outlive_a_restart, history_of_a_thread_agrees_with_both_logs,];
        removal: [what_is_deleted_goes_in_portions_and_others_stay,];
        retention: [old_messages_are_forgotten_and_newer_ones_stay, old_messages_in_threads_are_forgotten,];
        messages: [a_repeat_is_recognised_within_one_batch, a_repeat_is_recognised_for_as_long_as_asked,];
        conversations: [what_belongs_to_an_expired_conversation_is_forgotten,];
        order: [a_closed_store_has_kept_what_was_submitted_before,];
        crash: [every_completed_message_survives_kill_9_once_and_in_order,];
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_free_once_the_store_is_gone() {
    let folder = Folder::<100, 100>::fresh();
    let store = folder.try_open().unwrap();
    let refusal = folder.try_open().unwrap_err();
    assert!(matches!(refusal, OpenError::InUse(_)), "{refusal}");
    drop(store);
    folder.try_open().unwrap();
}
