//! The indexes that the migration builds on the old backends' collections.

use bson::{Document, doc};
use mongodb::IndexModel;

use super::super::indexes::indexes;
use super::{COLLECTIONS, Migration, Result};

impl Migration {
    /// The indexes that there are, each `collection.name`.
    pub(super) async fn index_names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for collection in COLLECTIONS {
            let found = self.indexes_of(collection).await?;
            names.extend(found.iter().filter_map(name).map(|name| format!("{collection}.{name}")));
        }
        Ok(names)
    }

    /// Those that we need and that were not there `before`.
    pub(super) async fn built_since(&self, before: Option<&[String]>) -> Result<Vec<String>> {
        let Some(before) = before else { return Ok(Vec::new()) };
        let mut built = Vec::new();
        for collection in COLLECTIONS {
            let needed = needed_by(collection);
            let found = self.indexes_of(collection).await?;
            let ours = found.iter().filter(|index| needed.contains(&shape(index)));
            built.extend(ours.filter_map(name).map(|name| format!("{collection}.{name}")));
        }
        built.retain(|index| !before.contains(index));
        Ok(built)
    }

    /// Those that we need and that are not there, each as `collection` and keys.
    pub(super) async fn missing_indexes(&self) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        for collection in COLLECTIONS {
            let found: Vec<Document> = self.indexes_of(collection).await?.iter().map(shape).collect();
            let lacking = needed_by(collection).into_iter().filter(|keys| !found.contains(keys));
            missing.extend(lacking.map(|keys| format!("{collection} {keys}")));
        }
        Ok(missing)
    }

    /// Removes indexes, each `collection.name`.
    pub(super) async fn drop_indexes(&self, indexes: &[String]) -> Result<()> {
        for (collection, name) in indexes.iter().filter_map(|index| index.split_once('.')) {
            self.mongo.run(self.mongo.docs(collection).drop_index(name)).await?;
        }
        Ok(())
    }

    /// Those of the old backends' collections that there are.
    pub(super) async fn collection_names(&self) -> Result<Vec<String>> {
        let mut names = self.mongo.run(self.mongo.db.list_collection_names()).await?;
        names.retain(|name| COLLECTIONS.contains(&name.as_str()));
        Ok(names)
    }

    /// Removes those that came with their indexes, and stayed empty.
    pub(super) async fn drop_new_collections(&self, before: Option<&[String]>) -> Result<()> {
        let Some(before) = before else { return Ok(()) };
        for name in self.collection_names().await?.iter().filter(|name| !before.contains(name)) {
            let docs = self.mongo.docs(name);
            if self.mongo.run(docs.find_one(doc! {})).await?.is_none() {
                self.mongo.run(docs.drop()).await?;
            }
        }
        Ok(())
    }

    async fn indexes_of(&self, collection: &str) -> Result<Vec<IndexModel>> {
        let named = doc! { "name": collection };
        if self.mongo.run(self.mongo.db.list_collection_names().filter(named)).await?.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.mongo.all(self.mongo.docs(collection).list_indexes()).await?)
    }
}

/// The keys of the indexes that a collection needs.
fn needed_by(collection: &str) -> Vec<Document> {
    indexes().iter().filter(|(of, _)| *of == collection).map(|(_, index)| shape(index)).collect()
}

/// What tells an index from others: its keys; a text index is listed with keys of the server's own.
fn shape(index: &IndexModel) -> Document {
    let is_text = index.keys.values().any(|kind| kind.as_str() == Some("text"));
    if is_text {
        doc! { "text": "text" }
    } else {
        index.keys.clone()
    }
}

fn name(index: &IndexModel) -> Option<&str> {
    index.options.as_ref()?.name.as_deref()
}
