//! Uploads, as files of the GridFS bucket `uploads`. The driver's upload stream would leave chunks behind
//! when it breaks off, which a second try then collides with; here the same bytes may come twice.

use bson::{Binary, Document, doc, oid::ObjectId, spec::BinarySubtype};
use futures::TryStreamExt;

use super::{Mongo, Result, StoreError, TRANSFER_WITHIN, inserted, retention::BLOB_USES, within};
use crate::domain::Id;

const FILES: &str = "uploads.files";
const CHUNKS: &str = "uploads.chunks";
const CHUNK_BYTES: usize = 255 << 10;

impl Mongo {
    /// Stores a blob under an id.
    pub async fn put_blob(&self, id: Id, bytes: Vec<u8>) -> Result<()> {
        match self.blob(id).await {
            Ok(Some(stored)) if stored == bytes => return Ok(()),
            Ok(_) | Err(StoreError::Corrupt(_)) => {}
            Err(error) => return Err(error),
        }
        // What is there, be it of a try that broke off, may be other bytes.
        self.delete_file(id).await?;
        let chunks: Vec<Document> = (0_i32..)
            .zip(bytes.chunks(CHUNK_BYTES))
            .map(|(n, part)| {
                let data = Binary { subtype: BinarySubtype::Generic, bytes: part.to_vec() };
                doc! { "files_id": id, "n": n, "data": data }
            })
            .collect();
        if !chunks.is_empty() {
            inserted(within(TRANSFER_WITHIN, self.docs(CHUNKS).insert_many(chunks).ordered(false)).await)?;
        }
        let file = doc! {
            "_id": id,
            "length": bytes.len() as i64,
            "chunkSize": CHUNK_BYTES as i32,
            "uploadDate": ObjectId::from(id).timestamp(),
            "filename": id.to_string(),
        };
        inserted(self.run(self.docs(FILES).insert_one(file)).await).map(drop)
    }

    /// Reads a blob.
    pub async fn blob(&self, id: Id) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.run(self.docs(FILES).find_one(doc! { "_id": id })).await? else {
            return Ok(None);
        };
        let read = async {
            let mut bytes = Vec::new();
            let mut chunks = self.docs(CHUNKS).find(doc! { "files_id": id }).sort(doc! { "n": 1 }).await?;
            while let Some(chunk) = chunks.try_next().await? {
                bytes.extend_from_slice(chunk.get_binary_generic("data").map_or(&[], Vec::as_slice));
            }
            Ok(bytes)
        };
        let bytes = within(TRANSFER_WITHIN, read).await?;
        let length = super::fields::Fields(&file).number(&["length"]);
        if length != Some(bytes.len() as f64) {
            return Err(StoreError::Corrupt(format!("upload {id} has {} of {length:?} bytes", bytes.len())));
        }
        Ok(Some(bytes))
    }

    /// Removes a blob, if it is there.
    pub async fn delete_blob(&self, id: Id) -> Result<()> {
        self.delete_file(id).await?;
        self.run(self.docs(BLOB_USES).delete_one(doc! { "_id": id })).await.map(drop)
    }

    async fn delete_file(&self, id: Id) -> Result<()> {
        self.run(self.docs(FILES).delete_one(doc! { "_id": id })).await?;
        within(TRANSFER_WITHIN, self.docs(CHUNKS).delete_many(doc! { "files_id": id })).await.map(drop)
    }
}
