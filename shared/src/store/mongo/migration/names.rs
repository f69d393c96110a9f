//! Usernames for accounts that have none: the same for the same accounts, in whatever pieces they are moved.

use std::collections::{HashMap, HashSet};

use bson::{Document, doc};

use super::super::{Mongo, Result, fields::Fields};
use super::{USERS, pass::Stored};
use crate::domain::{Id, USERNAME_MAX, handle_of};

/// Digits of an account's id that make its name its own.
const TAIL: usize = 6;

/// Names for accounts that are looked at together.
#[derive(Default)]
pub(super) struct Names(HashMap<Id, String>);

impl Names {
    /// An account's name.
    pub(super) fn of(&self, id: Id, email: &str) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| handle_of(email))
    }
}

impl Mongo {
    /// Names for those of some accounts that have none.
    pub(super) async fn usernames(&self, batch: &[Stored]) -> Result<Names> {
        let nameless: Vec<(Id, [String; 3])> = batch
            .iter()
            .filter(|stored| !stored.doc.contains_key("username"))
            .filter_map(|stored| {
                let fields = Fields(&stored.doc);
                let id = fields.own_id().ok()?;
                Some((id, candidates(id, &fields.text(&["email"])?)))
            })
            .collect();
        let wanted: Vec<&String> = nameless.iter().flat_map(|(_, names)| names).collect();
        let wanted = doc! { "username": { "$in": wanted } };
        let found: Vec<Document> = self.found(USERS, wanted, doc! { "username": 1 }).await?;
        let name = |doc: &Document| Fields(doc).text(&["username"]);
        let mut taken: HashSet<String> = found.iter().filter_map(name).collect();
        let mut names = HashMap::new();
        for (id, candidates) in nameless {
            if let Some(free) = candidates.into_iter().find(|name| taken.insert(name.clone())) {
                names.insert(id, free);
            }
        }
        Ok(Names(names))
    }
}

/// Names that an account may have; the first that is free is its own.
fn candidates(id: Id, email: &str) -> [String; 3] {
    let (base, digits) = (handle_of(email), id.to_string());
    let with = |tail: &str| {
        let room = USERNAME_MAX - tail.len() - 1;
        format!("{}-{tail}", base.chars().take(room).collect::<String>())
    };
    [base.clone(), with(&digits[digits.len() - TAIL..]), with(&digits)]
}
