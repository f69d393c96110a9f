//! A mail server that keeps what it is given: enough of SMTP (RFC 5321) for any client that needs neither TLS nor a
//! login.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// How long a mail that must come may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mail as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Header and body, as sent.
    pub raw: String,
    /// Decoded body.
    pub text: String,
}

impl Mail {
    fn new(from: String, to: Vec<String>, raw: String) -> Self {
        let (header, body) = raw.split_once("\r\n\r\n").unwrap_or((&raw, ""));
        let encoding = header.lines().find_map(|line| line.strip_prefix("Content-Transfer-Encoding: "));
        let text = match encoding {
            Some("quoted-printable") => from_quoted_printable(body),
            None | Some("7bit" | "8bit") => body.to_owned(),
            Some(other) => panic!("a mail in {other}:\n{raw}"),
        };
        Self { from, to, text, raw }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        let lines = self.raw.lines().take_while(|line| !line.is_empty());
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        values.next().unwrap_or_else(|| panic!("no {name} in:\n{}", self.raw))
    }

    /// The token of the link in the mail to this page.
    pub fn token(&self, page: &str) -> String {
        let (_, rest) = self
            .text
            .split_once(&format!("/{page}?token="))
            .unwrap_or_else(|| panic!("no link to {page} in:\n{}", self.text));
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }
}

fn from_quoted_printable(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hexadecimal digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[derive(Debug, Default)]
struct Box {
    mails: Vec<Mail>,
    /// Mails to be refused for now, before one is taken.
    busy: usize,
    refused: usize,
}

/// The server. It stops with the value.
#[derive(Debug)]
pub struct Mailbox {
    port: u16,
    held: Arc<Mutex<Box>>,
    changed: watch::Receiver<()>,
    /// The server runs as long as this is there.
    _running: oneshot::Sender<()>,
}

impl Mailbox {
    /// A server on a free port of the loopback. It has a thread of its own, so that it outlives the test that starts
    /// it where others share it.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let port = listener.local_addr().expect("an address").port();
        let held = Arc::new(Mutex::new(Box::default()));
        let (tell, changed) = watch::channel(());
        let (running, stop) = oneshot::channel();
        let keep = Arc::clone(&held);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                tokio::select! { _ = stop => {}, () = serve(listener, keep, tell) => {} }
            });
        });
        Self { port, held, changed, _running: running }
    }

    /// For `SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Refuses so many mails with an error that passes, before it takes one again.
    pub fn be_busy(&self, times: usize) {
        lock(&self.held).busy = times;
    }

    /// How many mails were refused.
    pub fn refused(&self) -> usize {
        lock(&self.held).refused
    }

    /// The mails that came for an address, in order.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        let held = lock(&self.held);
        held.mails.iter().filter(|mail| mail.to.iter().any(|to| to == address)).cloned().collect()
    }

    /// Waits until so many mails came for an address; returns the last of them.
    pub async fn mail_to(&self, address: &str, count: usize) -> Mail {
        let mut changed = self.changed.clone();
        let arrived = async {
            loop {
                if let Some(mail) = self.mails_to(address).get(count - 1) {
                    return mail.clone();
                }
                changed.changed().await.expect("a running mail server");
            }
        };
        let Ok(mail) = timeout(PATIENCE, arrived).await else {
            panic!("mail {count} to {address} does not come; there are {:#?}", lock(&self.held).mails);
        };
        mail
    }
}

fn lock(held: &Mutex<Box>) -> std::sync::MutexGuard<'_, Box> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: std::net::TcpListener, held: Arc<Mutex<Box>>, tell: watch::Sender<()>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    let tell = Arc::new(tell);
    while let Ok((stream, _)) = listener.accept().await {
        let (held, tell) = (Arc::clone(&held), Arc::clone(&tell));
        tokio::spawn(async move {
            // A client that hangs up in the middle sent no mail.
            let _ = converse(stream, &held, &tell).await;
        });
    }
}

async fn converse(stream: TcpStream, held: &Mutex<Box>, tell: &watch::Sender<()>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    let (mut from, mut to) = (String::new(), Vec::new());
    write.write_all(b"220 tests ready\r\n").await?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let answer = match verb.as_str() {
            "EHLO" => "250-tests\r\n250 8BITMIME",
            "HELO" | "RSET" | "NOOP" => "250 ok",
            "MAIL" if take_busy(held) => "451 busy, come back later",
            "MAIL" => {
                (from, to) = (address(), Vec::new());
                "250 ok"
            }
            "RCPT" => {
                to.push(address());
                "250 ok"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let raw = data(&mut lines).await?;
                let mail = Mail::new(std::mem::take(&mut from), std::mem::take(&mut to), raw);
                lock(held).mails.push(mail);
                tell.send_replace(());
                "250 kept"
            }
            "QUIT" => {
                return write.write_all(b"221 bye\r\n").await;
            }
            _ => "502 not known here",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

fn take_busy(held: &Mutex<Box>) -> bool {
    let mut held = lock(held);
    let busy = held.busy > 0;
    held.busy = held.busy.saturating_sub(1);
    held.refused += usize::from(busy);
    busy
}

/// Lines up to a lone dot, dots that were doubled made single again.
async fn data(lines: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.strip_prefix('.') {
            Some("\r\n") => return Ok(raw),
            Some(rest) => raw.push_str(rest),
            None => raw.push_str(&line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_is_read() {
        assert_eq!(from_quoted_printable("a=3Db =C3=BC and a long=\r\n line"), "a=b ü and a long line");
    }
}
