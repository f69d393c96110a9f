use std::{
    io::ErrorKind,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Result, Sqlite, unavailable};
use crate::domain::Id;

impl Sqlite {
    fn upload(&self, id: Id) -> PathBuf {
        self.uploads.join(id.to_string())
    }

    pub(in crate::store) async fn put_blob(&self, id: Id, bytes: Vec<u8>) -> Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // A reader must never see half a file, so it appears under its name only once it is whole. Each
        // writer has a part of its own, or two would write into each other's.
        let partial = self.uploads.join(format!("{id}.{}.part", NEXT.fetch_add(1, Ordering::Relaxed)));
        tokio::fs::write(&partial, bytes).await.map_err(unavailable)?;
        tokio::fs::rename(&partial, self.upload(id)).await.map_err(unavailable)
    }

    pub(in crate::store) async fn blob(&self, id: Id) -> Result<Option<Vec<u8>>> {
        match tokio::fs::read(self.upload(id)).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    pub(in crate::store) async fn delete_blob(&self, id: Id) -> Result<()> {
        match tokio::fs::remove_file(self.upload(id)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unavailable(error)),
            _ => {}
        }
        sqlx::query("DELETE FROM blob_uses WHERE id = ?").bind(id.to_string()).execute(&self.writer).await?;
        Ok(())
    }
}
