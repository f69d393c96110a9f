//! Asks a process of this machine how it is, as container health checks do.

use std::{net::IpAddr, time::Duration};

use crate::{config::Source, http};

/// How long the answer may take.
const WITHIN: Duration = Duration::from_secs(3);

/// The process is not well, or cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The port is no number, or one that only the process knows.
    #[error("{variable} is {text:?}: the port to ask must be known")]
    Port {
        /// The variable.
        variable: &'static str,
        /// What it is.
        text: String,
    },
    /// Nobody answers.
    #[error("{url} does not answer: {why}")]
    Silent {
        /// What was asked.
        url: String,
        /// What happened instead.
        why: String,
    },
    /// It answers that it is not well.
    #[error("{url} answers {status}")]
    Unwell {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(#[source] reqwest::Error),
}

/// Asks under the `HOST` that is configured and the port of this setting. Nothing else of the configuration is read.
pub async fn ask(source: &Source, variable: &'static str, usual: u16, path: &str) -> Result<(), ProbeError> {
    let text = source.text(variable).unwrap_or_else(|| usual.to_string());
    let port = text.parse().ok().filter(|port: &u16| *port != 0);
    let port = port.ok_or(ProbeError::Port { variable, text })?;
    let url = format!("http://{}:{port}{path}", reachable(source.text("HOST").as_deref()));
    let client = http::direct_client().map_err(ProbeError::Client)?;
    let asked = async { client.get(&url).send().await.map_err(|error| root(&error)) };
    let answer = tokio::time::timeout(WITHIN, asked).await;
    let answer = answer.unwrap_or_else(|_| Err(format!("not within {} s", WITHIN.as_secs())));
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(ProbeError::Unwell { status: answer.status().as_u16(), url }),
        Err(why) => Err(ProbeError::Silent { url, why }),
    }
}

/// The host as it is called from here; one that listens on all addresses does so on the loopback too.
fn reachable(host: Option<&str>) -> String {
    let host = host.unwrap_or("127.0.0.1");
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    }
}

/// The last reason of a chain, which says most.
fn root(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_mean_the_loopback() {
        let asked =
            [None, Some("0.0.0.0"), Some("::"), Some("::1"), Some("10.0.0.7"), Some("study.internal")];
        let reached = ["127.0.0.1", "127.0.0.1", "[::1]", "[::1]", "10.0.0.7", "study.internal"];
        assert_eq!(asked.map(reachable), reached);
    }

    #[tokio::test]
    async fn a_port_that_only_the_process_knows_cannot_be_asked() {
        for text in ["0", "http"] {
            let asked = ask(&Source::from([("PORT", text)]), "PORT", 4000, "/health/ready").await;
            assert!(asked.unwrap_err().to_string().contains("PORT"), "{text}");
        }
    }
}
