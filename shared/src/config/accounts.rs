//! Mail to users, and who operates the platform.

use secrecy::{ExposeSecret, SecretString};

use super::reader::Reader;

/// Mail to users, where its links lead, and who operates the platform.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// `SMTP_URL`: the server that mail goes to; without one it goes into the log, in production nowhere.
    pub smtp_url: Option<SecretString>,
    /// `MAIL_FROM`: the sender, an address with or without a name.
    pub mail_from: String,
    /// `FRONTEND_URL`: where links in mails lead, without a slash at the end; this server has the pages too.
    pub frontend_url: String,
    /// `ADMIN_EMAILS`: verified accounts that become admin at start.
    pub admin_emails: Vec<String>,
}

pub(super) fn accounts(reader: &mut Reader<'_>, public_url: &str, production: bool) -> Accounts {
    let smtp_url = reader.secret("SMTP_URL");
    let mail_from = reader.text("MAIL_FROM");
    let frontend_url = reader.text_or("FRONTEND_URL", public_url);
    let admin_emails = reader.list("ADMIN_EMAILS");
    if let Some(url) = &smtp_url {
        let url = url.expose_secret();
        let host = url.strip_prefix("smtp://").or(url.strip_prefix("smtps://"));
        if host.is_none_or(str::is_empty) {
            reader.mistake("SMTP_URL must be like smtps://USER:PASSWORD@HOST:PORT".into());
        }
        if mail_from.is_none() {
            reader.mistake("SMTP_URL is set but MAIL_FROM is not: name the sender of mails".into());
        }
        if production && !reader.is_set("FRONTEND_URL") && !reader.is_set("PUBLIC_URL") {
            reader.mistake(
                "SMTP_URL is set but neither PUBLIC_URL nor FRONTEND_URL is: links in mails would lead to localhost"
                    .into(),
            );
        }
    }
    if let Some(from) = mail_from.as_ref().filter(|from| !is_address(address_of(from))) {
        reader.mistake(format!("MAIL_FROM is {from:?}; use an address, or a name and an address in <>"));
    }
    if reader.is_set("FRONTEND_URL") && !is_web(&frontend_url) {
        reader.mistake(format!(
            "FRONTEND_URL is {frontend_url:?}; use an address such as https://study.example.org"
        ));
    }
    for email in admin_emails.iter().filter(|email| !is_address(email)) {
        reader.mistake(format!("ADMIN_EMAILS has {email:?}, which is no e-mail address"));
    }
    Accounts {
        smtp_url,
        mail_from: mail_from.unwrap_or_else(|| "SmartStudy <smartstudy@localhost>".into()),
        frontend_url: frontend_url.trim_end_matches('/').to_owned(),
        admin_emails,
    }
}

/// What stands in `<>`, else the whole.
fn address_of(from: &str) -> &str {
    from.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(from)
}

fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@').filter(|(local, host)| !local.is_empty() && !host.is_empty());
    parts.is_some() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn is_web(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || "?#".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::super::*;

    #[test]
    fn mail_goes_nowhere_by_itself_and_links_lead_here() {
        let config = Config::read(Program::Api, &Source::from([("PORT", "4711")])).unwrap();
        assert!(config.accounts.smtp_url.is_none() && config.accounts.admin_emails.is_empty());
        assert_eq!(config.accounts.frontend_url, "http://localhost:4711");
        let config =
            Config::read(Program::Api, &Source::from([("FRONTEND_URL", "https://study.example.org/app/")]));
        assert_eq!(config.unwrap().accounts.frontend_url, "https://study.example.org/app");
    }

    #[test]
    fn what_does_not_go_together_is_told_at_once_and_without_the_password() {
        let read = |more: &[(&'static str, &'static str)]| {
            let base = [("ENVIRONMENT", "production"), ("JWT_SECRET", "0123456789abcdef0123456789abcdef")];
            let all: Vec<_> = base.into_iter().chain(more.iter().copied()).collect();
            Config::read(Program::Api, &Source::from(<[_; 5]>::try_from(all).unwrap()))
        };
        let error = read(&[
            ("SMTP_URL", "http://user:hunter2@mail"),
            ("ADMIN_EMAILS", "ada@example.org, nobody"),
            ("FRONTEND_URL", "study.example.org"),
        ]);
        let error = error.unwrap_err();
        assert_eq!(error.0.len(), 4, "{error}");
        assert!(!error.to_string().contains("hunter2"));
        let smtp = ("SMTP_URL", "smtp://mail.example.org");
        let error = read(&[smtp, ("MAIL_FROM", "Study <no-reply@example.org>"), ("HOST", "::")]).unwrap_err();
        assert!(error.0.len() == 1 && error.0[0].contains("PUBLIC_URL"), "{error}");
        let public = ("PUBLIC_URL", "https://study.example.org");
        assert!(read(&[smtp, ("MAIL_FROM", "Study <no-reply@example.org>"), public]).is_ok());
        assert!(read(&[smtp, ("MAIL_FROM", "Study <no-reply>"), public]).is_err());
    }
}
