//! Accounts with the same e-mail, where no index kept them apart: the oldest has it.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use bson::{Bson, Document, bson, doc};
use futures::TryStreamExt;
use serde::Deserialize;

use super::super::{Mongo, Result, convert::Plain, fields::Fields, submissions::converted, within};
use super::{PATIENCE, USERS};
use crate::domain::{Id, Timestamp, email_key};

/// E-mails that several accounts have, each as a hash of its normal form, so that millions fit into memory.
#[derive(Debug, Default)]
pub(super) struct Emails(HashMap<u64, Id>);

/// When an account was made, and among equals its id.
type Age = (Timestamp, Id);

impl Emails {
    /// Whether an older account has this e-mail, given in normal form.
    pub(super) fn is_shared(&self, key: &str, id: Id) -> bool {
        self.0.get(&hash(key)).is_some_and(|oldest| *oldest != id)
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl Mongo {
    /// The e-mails that several accounts have.
    pub(super) async fn shared_emails(&self) -> Result<Emails> {
        let mut shared = self.shared_as_the_server_sees_it().await?;
        shared.extend(self.shared_beyond_ascii().await?);
        Ok(Emails(shared))
    }

    /// The server knows upper and lower case of ASCII alone.
    async fn shared_as_the_server_sees_it(&self) -> Result<HashMap<u64, Id>> {
        #[derive(Deserialize)]
        struct Group {
            #[serde(rename = "_id")]
            key: String,
            oldest: Oldest,
        }
        #[derive(Deserialize)]
        struct Oldest {
            id: Id,
        }
        let said = bson!({ "$ifNull": ["$createdAt", "$created_at"] });
        let made = bson!({ "$ifNull": [converted(said, "date", Bson::Null), { "$toDate": "$_id" }] });
        let key = bson!({ "$toLower": { "$trim": { "input": converted("$email".into(), "string", "") } } });
        let stages = [
            doc! { "$match": { "_id": { "$type": "objectId" } } },
            doc! { "$group": {
                "_id": key,
                "accounts": { "$sum": 1 },
                "oldest": { "$min": { "at": made, "id": "$_id" } },
            } },
            doc! { "$match": { "accounts": { "$gt": 1 }, "_id": { "$ne": "" } } },
        ];
        let users = self.docs(USERS);
        let mut groups =
            within(PATIENCE, users.aggregate(stages).allow_disk_use(true).with_type::<Group>()).await?;
        let mut shared = HashMap::new();
        while let Some(group) = within(PATIENCE, groups.try_next()).await? {
            shared.insert(hash(&email_key(&group.key)), group.oldest.id);
        }
        Ok(shared)
    }

    async fn shared_beyond_ascii(&self) -> Result<HashMap<u64, Id>> {
        let wanted = doc! { "_id": { "$type": "objectId" }, "email": { "$regex": "[^\\x00-\\x7f]" } };
        let shape = doc! { "email": 1, "createdAt": 1, "created_at": 1 };
        let users = self.of::<Plain>(USERS);
        let mut found = within(PATIENCE, users.find(wanted).projection(shape)).await?;
        let mut oldest: HashMap<u64, (Age, u64)> = HashMap::new();
        while let Some(Plain(doc)) = within(PATIENCE, found.try_next()).await? {
            let Some((key, age)) = key_and_age(&doc) else { continue };
            let (first, accounts) = oldest.entry(key).or_insert((age, 0));
            *first = age.min(*first);
            *accounts += 1;
        }
        let shared = oldest.into_iter().filter(|(_, (_, accounts))| *accounts > 1);
        Ok(shared.map(|(key, ((_, id), _))| (key, id)).collect())
    }
}

fn key_and_age(doc: &Document) -> Option<(u64, Age)> {
    let fields = Fields(doc);
    let id = fields.own_id().ok()?;
    let key = email_key(&fields.text(&["email"])?);
    (!key.is_empty()).then(|| (hash(&key), (fields.created_at(id), id)))
}
