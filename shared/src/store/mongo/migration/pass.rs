//! A way through a collection, in the order of its ids.

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::{Cursor, options::Hint};
use tokio::time::Instant;

use super::super::{Mongo, Result, within};
use super::{Event, Migration, PATIENCE};

/// Documents looked at together; fewer where not so many may be looked at in a second.
const BATCH: usize = 500;
/// Bytes of them; one document may have more.
const BATCH_BYTES: usize = 4 << 20;

/// A document as it is stored.
pub(super) struct Stored {
    pub(super) id: Bson,
    pub(super) raw: RawDocumentBuf,
    pub(super) doc: Document,
}

impl Stored {
    /// Reads the bytes of a document.
    pub(super) fn new(raw: RawDocumentBuf) -> Result<Self> {
        let doc = Document::try_from(raw.as_ref())?;
        let id = doc.get("_id").cloned().unwrap_or(Bson::Null);
        Ok(Self { id, raw, doc })
    }
}

/// What is left of a collection.
struct Pass {
    cursor: Cursor<RawDocumentBuf>,
    after: Option<Bson>,
    /// Documents in a batch.
    most: usize,
}

impl Migration {
    /// Goes through a collection batch by batch, from the document after this one and no faster than was asked for; what
    /// is done there counts as done to the documents of `name`.
    pub(super) async fn go_through<T: FnMut(Event)>(
        &self,
        name: &'static str,
        collection: &str,
        after: Option<Bson>,
        tell: &mut T,
        mut treat: impl AsyncFnMut(Vec<Stored>, &mut T) -> super::Result<()>,
    ) -> super::Result<()> {
        let mut pass = Pass::from(&self.mongo, collection, after, self.pace.most(BATCH)).await?;
        let mut batch = pass.next().await?;
        while !batch.is_empty() {
            let (since, documents) = (Instant::now(), batch.len());
            // The database reads the next ones while these are looked at.
            let next = async { Ok(pass.next().await?) };
            (batch, ()) = futures::try_join!(next, treat(batch, tell))?;
            tell(Event::Progress { name, documents: documents as u64 });
            self.pace.keep(since, documents).await;
        }
        Ok(())
    }
}

impl Pass {
    /// From the document after this one, at most so many at a time.
    async fn from(mongo: &Mongo, collection: &str, after: Option<Bson>, most: usize) -> Result<Self> {
        let by_id = doc! { "_id": 1 };
        let docs = mongo.of::<RawDocumentBuf>(collection);
        let mut find = docs.find(doc! {}).sort(by_id.clone()).batch_size(most as u32);
        // A filter on the id would find only ids of the same type; the bounds of an index go across types.
        if let Some(after) = &after {
            find = find.hint(Hint::Keys(by_id)).min(doc! { "_id": after });
        }
        Ok(Self { cursor: within(PATIENCE, find).await?, after, most })
    }

    /// The next documents; none at the end.
    async fn next(&mut self) -> Result<Vec<Stored>> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < self.most && bytes < BATCH_BYTES {
            let Some(raw) = within(PATIENCE, self.cursor.try_next()).await? else { break };
            let stored = Stored::new(raw)?;
            if self.after.take().is_some_and(|after| after == stored.id) {
                continue;
            }
            bytes += stored.raw.as_bytes().len();
            batch.push(stored);
        }
        Ok(batch)
    }
}
