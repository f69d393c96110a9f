//! The answers that quizzes of others hide from who took them: they are in a user's results, and not for the user.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::{
    domain::Id,
    store::{Store, StoreError},
};

/// Knows which answers are hidden from a user.
pub(super) struct Hidden {
    store: Store,
    user_id: Id,
    /// Whether quizzes hide theirs; of one that is gone nothing is known.
    quizzes: BTreeMap<Id, Option<bool>>,
}

impl Hidden {
    pub(super) fn from(user_id: Id, store: Store) -> Self {
        Self { store, user_id, quizzes: BTreeMap::new() }
    }

    /// Takes out of a document what the user is not to see; what is no result stays as it is.
    pub(super) async fn strip(&mut self, document: &mut Value) -> Result<(), StoreError> {
        if document.get("questionResults").is_none() || !self.hides(document).await? {
            return Ok(());
        }
        for result in document["questionResults"].as_array_mut().into_iter().flatten() {
            let Some(result) = result.as_object_mut() else { continue };
            result.remove("correctAnswer");
            result.remove("explanation");
            if let Some(source) = result.get_mut("source").and_then(Value::as_object_mut) {
                source.remove("quote");
            }
        }
        Ok(())
    }

    async fn hides(&mut self, result: &Value) -> Result<bool, StoreError> {
        let named = |name| result.get(name)?.as_str()?.parse::<Id>().ok();
        let now = match named("quizId").or_else(|| named("quiz")) {
            Some(quiz) => self.quiz_hides(quiz).await?,
            None => None,
        };
        Ok(now.unwrap_or_else(|| result.get("answersHidden") == Some(&Value::Bool(true))))
    }

    async fn quiz_hides(&mut self, id: Id) -> Result<Option<bool>, StoreError> {
        if let Some(known) = self.quizzes.get(&id) {
            return Ok(*known);
        }
        let hides = match self.store.quiz(id).await {
            Ok(quiz) => {
                quiz.map(|quiz| quiz.created_by != Some(self.user_id) && !quiz.settings.show_correct_answers)
            }
            // Nobody knows what it says.
            Err(StoreError::Corrupt(_)) => Some(true),
            Err(error) => return Err(error),
        };
        self.quizzes.insert(id, hides);
        Ok(hides)
    }
}
