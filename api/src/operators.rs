//! Who operates the platform: by `ADMIN_EMAILS` at the start of the server, or by hand with `smartstudy-api user`.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use shared::{
    config::{Backends, Program, Source},
    domain::{Id, Role, User},
    jobs::Ledger,
    setup,
    store::StoreError,
};

/// What to do with an account. The server may run meanwhile, and need not.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a registered account an admin, who sees and changes everybody's jobs.
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

/// An account after the change.
#[derive(Serialize)]
struct Changed<'a> {
    id: Id,
    email: &'a str,
    role: Role,
}

/// Changes the role of an account by hand.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(change(arguments, source))
}

async fn change(arguments: Arguments, source: &Source) -> anyhow::Result<()> {
    let ledger = setup::existing(Program::Api, &Backends::alone(source)?).await?;
    let (email, role) = match arguments.action {
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
    let email = user.email.trim();
    if arguments.json {
        println!("{}", serde_json::to_string(&Changed { id: user.id, email, role })?);
        return Ok(());
    }
    println!("{email} is {} now", if role == Role::Admin { "an admin" } else { "a student" });
    Ok(())
}

/// Makes admins of the accounts with these e-mails. Only verified ones: anybody can register with anybody's e-mail.
pub async fn appoint(ledger: &Ledger, emails: &[String]) -> Result<(), StoreError> {
    for (email, number) in emails.iter().zip(1..) {
        match ledger.store.user_by_email(email).await? {
            Some(user) if user.role == Role::Admin => {}
            Some(user) if user.email_verified && !user.is_guest => {
                give(ledger, &user, Role::Admin).await?;
                tracing::info!(user = %user.id, "an admin now, as ADMIN_EMAILS has it");
            }
            Some(user) => {
                tracing::warn!(user = %user.id, "ADMIN_EMAILS names an account whose e-mail is not verified")
            }
            None => tracing::warn!(number, "ADMIN_EMAILS names no account with one of its e-mails"),
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
