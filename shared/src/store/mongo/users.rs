//! Accounts, in the old backend's `users`.

use bson::{Document, doc};

use super::{
    Mongo, Result, StoreError,
    convert::{Plain, bson_of},
    fields::Fields,
};
use crate::domain::{Id, User, email_key};

const USERS: &str = "users";

impl Mongo {
    /// Adds an account.
    pub async fn insert_user(&self, user: &User) -> Result<()> {
        // An account that was never migrated has no `emailNormalized` for the index to refuse.
        if self.user_by_email(&user.email).await?.is_some_and(|other| other.id != user.id) {
            return Err(StoreError::Taken("email"));
        }
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
        // An account that only the old backends wrote may have its time as text, or under another name.
        let unchanged = doc! { "_id": before.id, "$or": [
            { "updatedAt": before.updated_at },
            { "updatedAt": { "$not": { "$type": "date" } } },
        ] };
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        Ok(self.run(self.docs(USERS).update_one(unchanged, update)).await?.matched_count == 1)
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
        match self.find_user(doc! { "email": email.trim() }).await? {
            Some(user) => Ok(Some(user)),
            None => self.find_user(doc! { "emailNormalized": key }).await,
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

fn read(doc: &Document) -> Result<User> {
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
        is_active: fields.flag(&["isActive", "is_active"]).unwrap_or(true),
        deactivated_at: fields.date(&["deactivatedAt"]),
        logins_ended_at: fields.date(&["loginsEndedAt"]),
        is_guest: fields.flag(&["isGuest", "is_guest"]).unwrap_or_default(),
        preferences: fields.value(&["preferences"]).unwrap_or_default(),
        avatar: fields.id(&["avatarBlob"]),
        created_at,
        updated_at: fields.date(&["updatedAt", "updated_at"]).unwrap_or(created_at),
    })
}
