//! The files of the data folder: who may open them, how, and in which version.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// The database's name in the data folder.
const DATABASE: &str = "yanshu.db";
/// Locked as long as a process uses the folder.
const LOCK: &str = "yanshu.lock";
/// How long to wait for a tool that has the database locked, such as a backup, in milliseconds.
const FOREIGN_LOCK_MS: u64 = 5_000;

/// Every version of the layout, oldest first. A published one never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/sqlite/001_initial.sql"),
    include_str!("../migrations/sqlite/002_service_and_order.sql"),
];

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The folder cannot be made or written to.
    #[error("the data folder {} cannot be used: {cause}", folder.display())]
    Folder { folder: PathBuf, cause: std::io::Error },
    /// Another process has it open.
    #[error("the data folder {} is in use by another yanshu process", .0.display())]
    InUse(PathBuf),
    /// A later version of Yanshu changed its layout.
    #[error(
        "the database has layout {found}, but this version of yanshu knows only up to {known}; \
         start the newer yanshu that wrote it, or restore a backup"
    )]
    Newer { found: u32, known: u32 },
    /// The engine refused.
    #[error("the database cannot be opened: {0}")]
    Engine(#[from] rusqlite::Error),
}

/// Locks the folder, making it if need be. The lock lasts as long as the file is held.
pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
    let unusable = |cause| OpenError::Folder { folder: folder.to_owned(), cause };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    let file =
        File::options().create(true).truncate(false).write(true).open(folder.join(LOCK)).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(cause)) => Err(unusable(cause)),
    }
}

/// Opens the connection that writes, and brings the layout up to date.
pub(super) fn writing(folder: &Path, cache_kib: u32) -> Result<Connection, OpenError> {
    let mut connection = stable(Connection::open(folder.join(DATABASE))?)?;
    // Durable at every commit, and the log is copied back by another thread.
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA busy_timeout = {FOREIGN_LOCK_MS};
         PRAGMA cache_size = -{cache_kib};"
    ))?;
    migrate(&mut connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Opens a connection that reads.
pub(super) fn reading(folder: &Path, cache_kib: u32) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = stable(Connection::open_with_flags(folder.join(DATABASE), flags)?)?;
    connection.execute_batch(&format!(
        "PRAGMA query_only = ON;
         PRAGMA busy_timeout = {FOREIGN_LOCK_MS};
         PRAGMA cache_size = -{cache_kib};"
    ))?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Opens the connection that copies the log back.
pub(super) fn checkpointing(folder: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open(folder.join(DATABASE))?;
    // It never waits for readers: what they still need is copied another time.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA busy_timeout = 0;",
    )?;
    Ok(connection)
}

/// Without this guarantee the engine plans a statement anew whenever a bound limit changes, which costs more than
/// most of our statements.
fn stable(connection: Connection) -> rusqlite::Result<Connection> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let mut version = 0;
    for migration in MIGRATIONS {
        version += 1;
        if version > found {
            let change = connection.transaction()?;
            change.execute_batch(migration)?;
            change.pragma_update(None, "user_version", version)?;
            change.commit()?;
        }
    }
    if found > version {
        return Err(OpenError::Newer { found, known: version });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_database_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let connection = writing(folder.path(), 100).unwrap();
        connection.pragma_update(None, "user_version", 1_000_000).unwrap();
        drop(connection);
        let refusal = writing(folder.path(), 100).unwrap_err();
        assert!(matches!(refusal, OpenError::Newer { .. }));
        assert!(refusal.to_string().contains("newer yanshu"), "{refusal}");
    }

    #[test]
    fn every_table_is_made_once_however_often_the_database_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let connection = writing(folder.path(), 100).unwrap();
            let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
            assert_eq!(usize::try_from(version), Ok(MIGRATIONS.len()));
        }
    }

    #[test]
    fn a_folder_in_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        assert!(matches!(lock(folder.path()), Err(OpenError::InUse(_))));
        drop(first);
        assert!(lock(folder.path()).is_ok());
    }
}
