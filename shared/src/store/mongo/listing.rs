//! Parts of lists.

use bson::{Bson, Document, doc};
use serde::de::DeserializeOwned;

use super::{Mongo, Result, defect};
use crate::{
    domain::Id,
    store::{Cursor, Listing, SortValue, Window},
};

/// What a list sorts by.
pub(super) enum By {
    /// The id.
    Id,
    /// An expression's value, among equals the id.
    Key(Bson),
}

/// Where the sort key stands while a list is sorted.
const KEY: &str = "_sort_key";

impl Mongo {
    /// The part of a list that `window` asks for, each document passed through `$set` stage
    /// `shape`, and how long the whole is.
    pub(super) async fn list<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        collection: &str,
        filter: Document,
        window: &Window,
        after: Option<Bson>,
        shape: Document,
    ) -> Result<Listing<T>> {
        let after = after.map(|id| doc! { "_id": { beyond(window): id } });
        let order = doc! { "_id": direction(window) };
        let mut stages = vec![doc! { "$match": filter.clone() }];
        stages.extend(after.map(|after| doc! { "$match": after }));
        stages.push(doc! { "$sort": order });
        stages.extend(cut(window));
        stages.push(doc! { "$set": shape });
        self.part(collection, stages, filter, window).await
    }

    /// The same in an order, for ids that are ObjectIds. Where the order is not by id, all that matches is sorted: a
    /// filter must leave what memory can hold.
    pub(super) async fn list_by<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        collection: &str,
        filter: Document,
        by: By,
        window: &Window,
        shape: Document,
    ) -> Result<Listing<T>> {
        let By::Key(key) = by else {
            let after = window.after.as_deref().and_then(|id| id.parse::<Id>().ok()).map(Bson::from);
            return self.list(collection, filter, window, after, shape).await;
        };
        let mut stages =
            vec![doc! { "$match": filter.clone() }, doc! { "$set": { KEY: key } }, doc! { "$set": shape }];
        if let Some(after) = &window.after {
            let (key, id) = position(after)?;
            let beyond = beyond(window);
            stages.push(doc! { "$match": { "$or": [
                { KEY: { beyond: key.clone() } },
                { KEY: key, "_id": { beyond: id } },
            ] } });
        }
        stages.push(doc! { "$sort": { KEY: direction(window), "_id": direction(window) } });
        stages.extend(cut(window));
        stages.push(doc! { "$unset": KEY });
        self.part(collection, stages, filter, window).await
    }

    async fn part<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        collection: &str,
        stages: Vec<Document>,
        filter: Document,
        window: &Window,
    ) -> Result<Listing<T>> {
        let docs = self.docs(collection);
        let (reached, total) = futures::try_join!(
            self.all(docs.aggregate(stages).with_type::<T>()),
            self.run(docs.count_documents(filter))
        )?;
        Ok(Listing::new(reached, window, total))
    }
}

fn beyond(window: &Window) -> &'static str {
    if window.descending { "$lt" } else { "$gt" }
}

pub(super) fn direction(window: &Window) -> i32 {
    if window.descending { -1 } else { 1 }
}

/// The stages that pass over what comes before the window and what it does not reach.
pub(super) fn cut(window: &Window) -> Vec<Document> {
    let skip = (window.skip > 0).then(|| doc! { "$skip": i64::try_from(window.skip).unwrap_or(i64::MAX) });
    skip.into_iter().chain([doc! { "$limit": window.reach() }]).collect()
}

fn position(after: &str) -> Result<(Bson, Id)> {
    let read = || {
        let Cursor { value, id } = Cursor::decode(after)?;
        let key = match value {
            SortValue::At(instant) => instant.into(),
            SortValue::Text(text) => text.into(),
        };
        Some((key, id))
    };
    read().ok_or_else(|| defect(format!("{after:?} is no cursor")))
}
