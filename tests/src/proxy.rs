//! A network between the product and a service that fails when a test says so.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    Stalled,
    Cut,
}

#[derive(Clone, Copy, Debug)]
struct State {
    mode: Mode,
    /// Connections of an earlier era are closed.
    era: u64,
}

/// A TCP proxy on loopback. It lives on the runtime of the test that started it.
#[derive(Debug)]
pub struct Proxy {
    upstream_url: String,
    upstream: String,
    address: SocketAddr,
    state: watch::Sender<State>,
    listening: watch::Receiver<bool>,
    acceptor: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy to a service, given as `host:port` or as a URL with a port in it.
    pub async fn start(upstream_url: impl Into<String>) -> Self {
        let upstream_url = upstream_url.into();
        let upstream = authority(&upstream_url).to_owned();
        let port = crate::free_port();
        let listener = listen((Ipv4Addr::LOCALHOST, port).into()).await.expect("a port for the proxy");
        let address = listener.local_addr().expect("the proxy's address");
        let state = watch::Sender::new(State { mode: Mode::Open, era: 0 });
        let (announce, listening) = watch::channel(true);
        let acceptor = Acceptor { address, upstream: upstream.clone(), state: state.subscribe(), announce };
        let acceptor = tokio::spawn(acceptor.run(listener));
        Self { upstream_url, upstream, address, state, listening, acceptor }
    }

    /// The service's URL with the proxy's address in place of its own.
    pub fn url(&self) -> String {
        self.upstream_url.replacen(&self.upstream, &self.address.to_string(), 1)
    }

    /// A URL of the same service (another database, say) that leads through the proxy.
    pub fn url_for(&self, upstream_url: &str) -> String {
        assert_eq!(authority(upstream_url), self.upstream, "a proxy leads to one service");
        upstream_url.replacen(&self.upstream, &self.address.to_string(), 1)
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes all connections and refuses new ones, until [`Proxy::heal`].
    pub async fn cut(&self) {
        self.change(|state| *state = State { mode: Mode::Cut, era: state.era + 1 });
        self.settle(false).await;
    }

    /// Keeps connections open, accepts new ones and lets no byte through, until [`Proxy::heal`].
    pub async fn stall(&self) {
        self.change(|state| state.mode = Mode::Stalled);
        self.settle(true).await;
    }

    /// Lets everything through again.
    pub async fn heal(&self) {
        self.change(|state| state.mode = Mode::Open);
        self.settle(true).await;
    }

    /// Closes the connections of this moment; new ones are welcome.
    pub fn drop_connections(&self) {
        self.change(|state| state.era += 1);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
    }

    async fn settle(&self, listening: bool) {
        let mut announced = self.listening.clone();
        announced.wait_for(|&now| now == listening).await.expect("the proxy runs as long as the value");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

struct Acceptor {
    address: SocketAddr,
    upstream: String,
    state: watch::Receiver<State>,
    announce: watch::Sender<bool>,
}

impl Acceptor {
    async fn run(mut self, listener: TcpListener) {
        let mut listener = Some(listener);
        loop {
            match listener.take() {
                Some(open) => {
                    let mut watched = self.state.clone();
                    tokio::select! {
                        biased;
                        changed = watched.wait_for(|state| state.mode == Mode::Cut) => {
                            if changed.is_err() { return }
                            drop(open);
                            self.announce.send_replace(false);
                        }
                        accepted = open.accept() => {
                            if let Ok((client, _)) = accepted {
                                tokio::spawn(carry(client, self.upstream.clone(), self.state.clone()));
                            }
                            listener = Some(open);
                        }
                    }
                }
                None => {
                    if self.state.wait_for(|state| state.mode != Mode::Cut).await.is_err() {
                        return;
                    }
                    listener = Some(listen(self.address).await.expect("the proxy's own port, again"));
                    self.announce.send_replace(true);
                }
            }
        }
    }
}

async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Carries one connection until an end closes it or its era is over.
async fn carry(client: TcpStream, upstream: String, mut state: watch::Receiver<State>) {
    let born = *state.borrow();
    if born.mode == Mode::Cut {
        return;
    }
    let gate = state.clone();
    let both_ways = async {
        let server = TcpStream::connect(&upstream).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (client_reads, client_writes) = client.into_split();
        let (server_reads, server_writes) = server.into_split();
        tokio::try_join!(
            pump(client_reads, server_writes, gate.clone()),
            pump(server_reads, client_writes, gate)
        )
    };
    tokio::select! {
        _ = both_ways => {}
        // Ends too when the proxy is dropped.
        _ = state.wait_for(|now| now.era != born.era) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut gate: watch::Receiver<State>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if gate.wait_for(|state| state.mode != Mode::Stalled).await.is_err() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}

/// The `host:port` of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reads, mut writes) = stream.split();
                    tokio::io::copy(&mut reads, &mut writes).await
                });
            }
        });
        address
    }

    async fn says(stream: &mut TcpStream, text: &str) -> bool {
        let mut answer = vec![0; text.len()];
        stream.write_all(text.as_bytes()).await.is_ok()
            && stream.read_exact(&mut answer).await.is_ok()
            && answer == text.as_bytes()
    }

    #[tokio::test]
    async fn a_cut_closes_and_refuses_until_healed() {
        let proxy = Proxy::start(echo().await.to_string()).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(says(&mut stream, "hello").await);
        proxy.cut().await;
        assert!(!says(&mut stream, "hello").await);
        assert!(TcpStream::connect(proxy.address()).await.is_err());
        proxy.heal().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(says(&mut stream, "again").await);
    }

    #[tokio::test]
    async fn dropped_connections_can_come_back_at_once() {
        let proxy = Proxy::start(echo().await.to_string()).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(says(&mut stream, "hello").await);
        proxy.drop_connections();
        assert!(!says(&mut stream, "hello").await);
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(says(&mut stream, "hello").await);
    }

    #[tokio::test]
    async fn a_stalled_answer_arrives_after_healing() {
        let proxy = Proxy::start(echo().await.to_string()).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(says(&mut stream, "hello").await);
        proxy.stall().await;
        stream.write_all(b"late").await.unwrap();
        let mut answer = [0; 4];
        let early = timeout(Duration::from_millis(50), stream.read_exact(&mut answer)).await;
        assert!(early.is_err(), "a byte came through");
        proxy.heal().await;
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"late");
    }

    #[tokio::test]
    async fn urls_lead_through_the_proxy() {
        let proxy = Proxy::start("mongodb://me:pw@127.0.0.1:1/db?x=127.0.0.1:1").await;
        let address = proxy.address();
        assert_eq!(proxy.url(), format!("mongodb://me:pw@{address}/db?x=127.0.0.1:1"));
        assert_eq!(proxy.url_for("redis://127.0.0.1:1/7"), format!("redis://{address}/7"));
    }
}
