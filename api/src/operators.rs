//! Who operates the platform: by `ADMIN_EMAILS` at the start of the server, or by hand with `smartstudy-api user`.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use shared::{
    config::{Config, Program},
    domain::{Role, User},
    jobs::Ledger,
    setup,
    store::StoreError,
};

/// What to do with an account.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Make an account an admin.
    Promote {
        /// E-mail of the account.
        email: String,
    },
    /// Make an admin a student again.
    Demote {
        /// E-mail of the account.
        email: String,
    },
}

/// Changes the role of an account by hand.
pub async fn run(action: Action) -> anyhow::Result<()> {
    let config = Config::from_env(Program::Api)?;
    let ledger = setup::ledger(Program::Api, &config).await?;
    let (email, role) = match action {
        Action::Promote { email } => (email, Role::Admin),
        Action::Demote { email } => (email, Role::Student),
    };
    let user = ledger
        .store
        .user_by_email(&email)
        .await?
        .with_context(|| format!("no account has the e-mail {email}"))?;
    if role == Role::Admin && user.is_guest {
        bail!("{email} is a guest's; only a registered account can be an admin");
    }
    if role == Role::Student && user.role != Role::Admin {
        bail!("{email} is no admin");
    }
    give(&ledger, &user, role).await?;
    println!("{} is {} now", user.email.trim(), if role == Role::Admin { "an admin" } else { "a student" });
    Ok(())
}

/// Makes admins of the accounts with these e-mails. Only verified ones: anybody can register with anybody's e-mail.
pub async fn appoint(ledger: &Ledger, emails: &[String]) -> Result<(), StoreError> {
    for email in emails {
        match ledger.store.user_by_email(email).await? {
            Some(user) if user.role == Role::Admin => {}
            Some(user) if user.email_verified && !user.is_guest => {
                give(ledger, &user, Role::Admin).await?;
                tracing::info!(email, "an admin now, as ADMIN_EMAILS has it");
            }
            Some(_) => tracing::warn!(email, "ADMIN_EMAILS names an account whose e-mail is not verified"),
            None => tracing::warn!(email, "ADMIN_EMAILS names no account"),
        }
    }
    Ok(())
}

async fn give(ledger: &Ledger, user: &User, role: Role) -> Result<(), StoreError> {
    let change = |user: &mut User| {
        user.role = role;
        Ok::<_, StoreError>(())
    };
    ledger.store.change_user(user.id, ledger.clock.now(), change).await.map(drop)
}
