//! What is written to users. No letter holds words of a user's choosing, as anybody can make an account in anybody's
//! name.

/// A letter in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: &'static str,
    /// Its text.
    pub text: String,
}

impl Letter {
    /// Asks whoever registered to prove that they read mail to this address.
    pub fn verify(link: &str) -> Self {
        let text = format!(
            "Welcome to SmartStudy.\n\n\
             Please confirm that this is your e-mail address:\n\n{link}\n\n\
             The link is good for one hour and works once. If you did not create an account, ignore this mail.\n"
        );
        Self { subject: "Confirm your e-mail address", text }
    }

    /// Lets somebody who forgot it set a new password.
    pub fn reset(link: &str) -> Self {
        let text = format!(
            "Somebody, hopefully you, asked to set a new password for your SmartStudy account:\n\n{link}\n\n\
             The link is good for one hour and works once. If it was not you, ignore this mail: your password stays \
             as it is.\n"
        );
        Self { subject: "Set a new password", text }
    }

    /// Tells that the password is another one now.
    pub fn password_changed(link: &str) -> Self {
        let text = format!(
            "The password of your SmartStudy account was changed, and other devices were signed out.\n\n\
             If it was not you, set a new one at once:\n\n{link}\n"
        );
        Self { subject: "Your password was changed", text }
    }
}
