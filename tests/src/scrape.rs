//! Which metrics programs had at their ends, kept where `SMARTSTUDY_METRICS_SEEN` names a folder. What the documentation
//! promises is held against them once all tests have run.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::process::Log;

/// A program that does not answer is one that a test has stopped.
const PATIENCE: Duration = Duration::from_millis(500);
/// What stands before the address in the log of an API and of a worker.
const TOLD: [&str; 2] = ["listening on http://", "metrics on http://"];

/// Keeps what the program with this id and log tells at the moment, if somebody asked for that and it tells anything.
pub fn keep(pid: u32, log: &Log) {
    let Some(folder) = std::env::var_os("SMARTSTUDY_METRICS_SEEN").map(PathBuf::from) else { return };
    let Some(address) = address(&log.text()) else { return };
    // A program that has ended, or is frozen, tells nothing.
    let Ok(answer) = ask(address) else { return };
    std::fs::write(folder.join(pid.to_string()), told(&answer)).expect("a folder for metrics");
}

fn address(log: &str) -> Option<SocketAddr> {
    let (_, rest) = TOLD.iter().find_map(|told| log.split_once(told))?;
    rest.split(|c: char| c == '/' || c.is_whitespace()).next()?.parse().ok()
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A line for each metric with its type, and one for each of its labels.
fn told(answer: &str) -> String {
    let mut lines = BTreeSet::new();
    let mut metric = "";
    for line in answer.lines() {
        if let Some(named) = line.strip_prefix("# TYPE ") {
            metric = named.split_once(' ').map_or(named, |(name, _)| name);
            lines.insert(named.to_owned());
        } else if let Some((_, rest)) = line.split_once('{').filter(|(name, _)| name.starts_with(metric)) {
            let labels = rest.split("\",").filter_map(|pair| pair.split_once("=\""));
            lines.extend(labels.map(|(label, _)| format!("{metric} label {label}")));
        }
    }
    lines.into_iter().fold(String::new(), |text, line| text + &line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_labels_are_told_once_each() {
        let answer = "HTTP/1.0 200 OK\r\n\r\n# TYPE a_total counter\na_total{x=\"1\",y=\"2,=\"} 3\na_total{x=\"2\",y=\"\"} 4\n\n\
                      # TYPE b gauge\nb 1\n";
        assert_eq!(told(answer), "a_total counter\na_total label x\na_total label y\nb gauge\n");
    }

    #[test]
    fn the_address_is_that_of_the_log() {
        let log = "INFO a\nINFO listening on http://127.0.0.1:4713\nINFO b\n";
        assert_eq!(address(log), Some(([127, 0, 0, 1], 4713).into()));
        assert_eq!(
            address("INFO metrics on http://127.0.0.1:9/metrics\nx").map(|address| address.port()),
            Some(9)
        );
        assert_eq!(address("nothing"), None);
    }
}
