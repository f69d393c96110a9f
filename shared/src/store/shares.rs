//! Links to quizzes.

use super::{Result, Store};
use crate::domain::{Id, Share};

backends! { "shares":
    /// Shares a quiz, and returns by what it is shared: this, or what it was shared by before.
    fn share_quiz(&self, share: &Share) -> Share;
    /// What a token opens.
    fn share(&self, token: &str) -> Option<Share>;
    /// Ends the sharing of a quiz; false if it was not shared.
    fn unshare_quiz(&self, quiz_id: Id) -> bool;
}
