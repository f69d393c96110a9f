//! Accounts, in the old backend's `users`.

use bson::{Bson, Document, doc};

use super::{
    Mongo, Result, StoreError,
    convert::{Plain, bson_of},
    fields::Fields,
};
use crate::domain::{Id, User, email_key};

pub(super) const USERS: &str = "users";

impl Mongo {
    /// Adds an account.
    pub async fn insert_user(&self, user: &User) -> Result<()> {
        // An account that was never migrated has no `emailNormalized` for the index to refuse.
        if self.user_by_email(&user.email).await?.is_some_and(|other| other.id != user.id) {
            return Err(StoreError::Taken("email"));
        }
        self.is_free(user.username.as_deref(), user.id).await?;
        let mut doc = doc! { "_id": user.id };
        doc.extend(fields(user)?);
        doc.extend(email(user));
        doc.extend(doc! { "createdAt": user.created_at, "__v": 0 });
        self.run(self.docs(USERS).insert_one(doc)).await.map(drop)
    }

    /// Writes what differs between an account as it was read and as it is to be; false if somebody else wrote it
    /// in between. `emailNormalized` changes with the e-mail alone: of several old accounts with one e-mail only
    /// the oldest has it.
    pub async fn save_user(&self, before: &User, after: &User) -> Result<bool> {
        let (old, new) = (fields(before)?, fields(after)?);
        let unset: Document = old
            .keys()
            .filter(|name| !new.contains_key(*name))
            .map(|name| (name.clone(), "".into()))
            .collect();
        let mut set: Document =
            new.into_iter().filter(|(name, value)| old.get(name) != Some(value)).collect();
        if before.email != after.email {
            if self.user_by_email(&after.email).await?.is_some_and(|other| other.id != after.id) {
                return Err(StoreError::Taken("email"));
            }
            set.extend(email(after));
        }
        if before.username != after.username {
            self.is_free(after.username.as_deref(), after.id).await?;
        }
        // An account that only the old backends wrote may have its time as text, or under another name.
        let unchanged = doc! { "_id": before.id, "$or": [
            { "updatedAt": before.updated_at },
            { "updatedAt": { "$not": { "$type": "date" } } },
        ] };
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        let users = self.docs(USERS);
        let saved = self.run(users.update_one(unchanged, update)).await?.matched_count == 1;
        if saved && before.is_active != after.is_active {
            let ported = doc! { "_id": after.id, "is_active": { "$exists": true } };
            let follow = doc! { "$set": { "is_active": after.is_active } };
            self.run(users.update_one(ported, follow)).await?;
        }
        Ok(saved)
    }

    /// An account by id.
    pub async fn user(&self, id: Id) -> Result<Option<User>> {
        self.find_user(doc! { "_id": id }).await
    }

    /// An account by e-mail. Of several that the old backend let differ by case alone, only the oldest has the
    /// normalized form, so the exact form comes first.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let key = email_key(email);
        if key.is_empty() {
            return Ok(None);
        }
        if let Some(user) = self.with_exactly(email).await? {
            return Ok(Some(user));
        }
        match self.find_user(doc! { "emailNormalized": &key }).await? {
            Some(user) if email_key(&user.email) != key => self.normalize(&user, &key).await.map(|()| None),
            found => Ok(found),
        }
    }

    /// An error if another account has this username: the index does not refuse it where the old backends let two
    /// have the same.
    async fn is_free(&self, username: Option<&str>, id: Id) -> Result<()> {
        let holder = self.user_by_username(username.unwrap_or_default()).await?;
        if holder.is_some_and(|holder| holder.id != id) { Err(StoreError::Taken("username")) } else { Ok(()) }
    }

    /// The account whose e-mail is stored in just this form, space included if there is one with it. Where the old
    /// backend let several have the same, the one that has the normalized form.
    async fn with_exactly(&self, email: &str) -> Result<Option<User>> {
        let forms = vec![email, email.trim()];
        let found: Vec<Plain> =
            self.found(USERS, doc! { "email": { "$in": forms } }, Document::new()).await?;
        let rank = |doc: &Document| {
            let fields = Fields(doc);
            let is_other = fields.get(&["email"]).and_then(Bson::as_str) != Some(email);
            (is_other, fields.get(&["emailNormalized"]).is_none(), fields.id(&["_id"]))
        };
        found.iter().map(|Plain(doc)| doc).min_by_key(|doc| rank(doc)).map(read).transpose()
    }

    /// Brings the normalized form of an e-mail into step with what the old backend made of the e-mail.
    async fn normalize(&self, user: &User, stale: &str) -> Result<()> {
        let unchanged = doc! { "_id": user.id, "email": &user.email, "emailNormalized": stale };
        let users = self.docs(USERS);
        let follow = doc! { "$set": { "emailNormalized": email_key(&user.email) } };
        match self.run(users.update_one(unchanged.clone(), follow)).await {
            // Another account has the new one.
            Err(StoreError::Taken(_)) => {
                let drop_it = doc! { "$unset": { "emailNormalized": "" } };
                self.run(users.update_one(unchanged, drop_it)).await.map(drop)
            }
            done => done.map(drop),
        }
    }

    /// An account by username.
    pub async fn user_by_username(&self, username: &str) -> Result<Option<User>> {
        if username.is_empty() {
            return Ok(None);
        }
        self.find_user(doc! { "username": username }).await
    }

    async fn find_user(&self, filter: Document) -> Result<Option<User>> {
        self.run(self.of::<Plain>(USERS).find_one(filter)).await?.map(|Plain(doc)| read(&doc)).transpose()
    }
}

/// What is written, the e-mail apart.
fn fields(user: &User) -> Result<Document> {
    let mut doc = doc! {
        "name": &user.name,
        "password": &user.password,
        "role": bson_of(&user.role)?,
        "isActive": user.is_active,
        "isGuest": user.is_guest,
        "emailVerified": user.email_verified,
        "preferences": bson_of(&user.preferences)?,
        "updatedAt": user.updated_at,
    };
    doc.extend(user.username.as_ref().map(|username| ("username".to_owned(), username.into())));
    doc.extend(user.deactivated_at.map(|at| ("deactivatedAt".to_owned(), at.into())));
    doc.extend(user.logins_ended_at.map(|at| ("loginsEndedAt".to_owned(), at.into())));
    doc.extend(user.avatar.map(|avatar| ("avatarBlob".to_owned(), avatar.into())));
    Ok(doc)
}

fn email(user: &User) -> Document {
    doc! { "email": &user.email, "emailNormalized": email_key(&user.email) }
}

pub(super) fn read(doc: &Document) -> Result<User> {
    let fields = Fields(doc);
    let id = fields.own_id()?;
    let created_at = fields.created_at(id);
    Ok(User {
        id,
        name: fields.text(&["name"]).unwrap_or_default(),
        username: fields.text(&["username"]).filter(|name| !name.is_empty()),
        email: fields.text(&["email"]).unwrap_or_default(),
        email_verified: fields.flag(&["emailVerified", "email_verified"]).unwrap_or_default(),
        password: fields.text(&["password"]).unwrap_or_default(),
        role: fields.named(&["role"]).unwrap_or_default(),
        // Either of the old backends may have shut it, whoever wrote the other field.
        is_active: ["isActive", "is_active"].iter().all(|name| fields.flag(&[name]).unwrap_or(true)),
        deactivated_at: fields.date(&["deactivatedAt"]),
        logins_ended_at: fields.date(&["loginsEndedAt"]),
        is_guest: fields.flag(&["isGuest", "is_guest"]).unwrap_or_default(),
        preferences: fields.value(&["preferences"]).unwrap_or_default(),
        avatar: fields.id(&["avatarBlob"]),
        created_at,
        updated_at: fields.date(&["updatedAt", "updated_at"]).unwrap_or(created_at),
    })
}
