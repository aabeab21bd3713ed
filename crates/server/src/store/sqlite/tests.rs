//! The conformance suite on SQLite, and what only this engine promises.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::file::OpenError;
use super::{Options, SqliteStore};
use crate::ids::IdSource;
use crate::store::Store;
use crate::store::conformance::Place;

/// A folder, removed afterwards unless another process made it.
struct Folder {
    path: PathBuf,
    _own: Option<TempDir>,
}

impl Folder {
    fn try_open(&self) -> Result<SqliteStore, OpenError> {
        self.open_with(&Options::default())
    }

    fn open_with(&self, options: &Options) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(&self.path, options, Arc::new(IdSource::new(1)))
    }
}

/// A store that files places in the index a few messages after they came, so that most questions meet both.
struct Hasty(Folder);

impl Place for Hasty {
    fn fresh() -> Self {
        Self(Folder::fresh())
    }

    fn named(name: &str) -> Self {
        Self(Folder::named(name))
    }

    fn name(&self) -> String {
        self.0.name()
    }

    fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.open_with(&Options { recent: 3, ..Options::default() }).unwrap())
    }
}

impl Place for Folder {
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

mod as_usual {
    crate::store::conformance::suite!(super::super::Folder);
}

mod filed_soon {
    crate::store::conformance::suite!(super::super::Hasty);
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_free_once_the_store_is_gone() {
    let folder = Folder::fresh();
    let store = folder.try_open().unwrap();
    let refusal = folder.try_open().unwrap_err();
    assert!(matches!(refusal, OpenError::InUse(_)), "{refusal}");
    drop(store);
    folder.try_open().unwrap();
}
