//! Mail. It is sent in the background, never within a request, so that no answer waits for a mail server or tells
//! by its time whether there was anything to send.

use std::{sync::Arc, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, address::AddressError, message::Mailbox,
    transport::smtp,
};
use secrecy::ExposeSecret;
use shared::{
    clock::Clock,
    config::{Config, Environment},
};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

mod letter;

pub use letter::Letter;

/// Letters on their way at once.
const AT_ONCE: usize = 8;
/// Tasks that may wait; more than this are a flood, or the mail server stands still.
const WAITING_MAX: usize = 1000;
/// Pauses before a letter is tried again.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25)];
/// How long a mail server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Mail cannot be sent with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server's address.
    #[error("SMTP_URL cannot be used: {0}")]
    Server(#[from] smtp::Error),
    /// The sender's address.
    #[error("MAIL_FROM cannot be used: {0}")]
    Sender(#[from] AddressError),
}

/// Where letters go.
#[derive(Clone)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Into the log, links and all: for development.
    Log,
    /// Nowhere: production without a mail server. What they hold must not be in its log.
    Nowhere,
}

/// Sends letters.
#[derive(Clone)]
pub struct Mailer {
    way: Way,
    from: Mailbox,
    /// Where links lead, without a slash at the end.
    frontend_url: String,
    clock: Clock,
    tasks: TaskTracker,
    slots: Arc<Semaphore>,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// As the configuration has it. Nothing is dialled before the first letter.
    pub fn new(config: &Config, clock: Clock) -> Result<Self, MailError> {
        let way = match &config.accounts.smtp_url {
            Some(url) => {
                let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())?;
                Way::Smtp(server.timeout(Some(ANSWER_WITHIN)).build())
            }
            None if config.environment == Environment::Production => {
                tracing::warn!("SMTP_URL is not set: no mail is sent, so nobody can reset a password");
                Way::Nowhere
            }
            None => Way::Log,
        };
        Ok(Self {
            way,
            from: config.accounts.mail_from.parse()?,
            frontend_url: config.accounts.frontend_url.clone(),
            clock,
            tasks: TaskTracker::new(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// The address of a page.
    pub fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.frontend_url)
    }

    /// The address of a page, with a token for it.
    pub fn link(&self, page: &str, token: &str) -> String {
        format!("{}?token={token}", self.page(page))
    }

    /// Does work that ends in a letter, in the background.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if self.tasks.len() < WAITING_MAX {
            self.tasks.spawn(work.in_current_span());
        } else {
            tracing::error!("too much mail waits; a letter was dropped");
        }
    }

    /// Sends a letter, trying a few times.
    pub async fn send(&self, to: &str, letter: &Letter) {
        let Ok(_slot) = self.slots.acquire().await else { return };
        let server = match &self.way {
            Way::Smtp(server) => server,
            Way::Log => {
                let Letter { subject, text } = letter;
                tracing::info!("without SMTP_URL a mail to {to} goes here: {subject}\n{text}");
                return;
            }
            Way::Nowhere => {
                tracing::error!(subject = letter.subject, "a mail was dropped, as SMTP_URL is not set");
                return;
            }
        };
        let message = match self.message(to, letter) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(subject = letter.subject, %error, "a mail could not be written");
                return;
            }
        };
        let mut pauses = PAUSES.iter();
        loop {
            let Err(error) = server.send(message.clone()).await else {
                metrics::counter!("smartstudy_mails_total", "outcome" => "sent").increment(1);
                return;
            };
            let pause = pauses.next().filter(|_| !error.is_permanent());
            let Some(pause) = pause else {
                metrics::counter!("smartstudy_mails_total", "outcome" => "failed").increment(1);
                tracing::error!(subject = letter.subject, error = told(&error), "a mail was not sent");
                return;
            };
            tracing::warn!(
                subject = letter.subject,
                error = told(&error),
                "a mail was not sent; it is tried again"
            );
            tokio::time::sleep(*pause).await;
        }
    }

    fn message(
        &self,
        to: &str,
        letter: &Letter,
    ) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
        let id = format!("<{}@{}>", self.clock.id(), self.from.email.domain());
        let to = Mailbox::new(None, to.trim().parse()?);
        let headed = Message::builder().from(self.from.clone()).to(to).message_id(Some(id));
        Ok(headed.subject(letter.subject).body(letter.text.clone())?)
    }

    /// Waits for the letters on their way, for a time.
    pub async fn finish(&self, within: Duration) {
        self.tasks.close();
        if tokio::time::timeout(within, self.tasks.wait()).await.is_err() {
            tracing::warn!(letters = self.tasks.len(), "letters that were on their way are lost");
        }
    }
}

/// What may be told of an error: what a server answers may quote an address.
fn told(error: &smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the server answered {code}"),
        None if error.is_response() => "the server's answer cannot be read".to_owned(),
        None => error.to_string(),
    }
}
