//! Child processes: started with a known environment, read, and ended with the test.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use crate::scrape;

/// How long a process may take to start or to end before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Lines of a log that are kept.
const KEPT_LINES: usize = 4000;

/// A running program. Dropping it kills it; when the test panics, its log is printed first.
#[derive(Debug)]
pub struct Process {
    name: String,
    pid: u32,
    child: Mutex<Child>,
    log: Log,
}

impl Process {
    /// Starts a program and reads what it prints.
    pub fn spawn(name: &str, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_owned();
        let mut child =
            spawn_bound(command).unwrap_or_else(|error| panic!("cannot start {program:?}: {error}"));
        let log = Log::new();
        log.read(child.stdout.take().expect("a piped stdout"));
        log.read(child.stderr.take().expect("a piped stderr"));
        Self { name: name.to_owned(), pid: child.id(), child: Mutex::new(child), log }
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What the process has printed.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Waits for a line from which `pick` gets something; none when the process ends without it.
    /// Panics when neither happens in time.
    pub async fn line<T>(&self, pick: impl FnMut(&str) -> Option<T>) -> Option<T> {
        match timeout(PATIENCE, self.log.find(pick)).await {
            Ok(found) => found,
            Err(_) => panic!("{} did not print what was awaited:\n{}", self.name, self.log.text()),
        }
    }

    /// Sends SIGKILL and reaps the process.
    pub fn kill_hard(&self) {
        let mut child = self.child();
        // An error means that it has ended already.
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Sends SIGTERM and waits for the end.
    pub async fn terminate(&self) -> ExitStatus {
        scrape::keep(self.pid, &self.log);
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Stops the process in its tracks (SIGSTOP): its connections stay open and nobody answers.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a frozen process go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends a signal, unless the process has ended.
    pub fn signal(&self, signal: Signal) {
        let mut child = self.child();
        // Not yet reaped, so the id is still this process.
        if child.try_wait().is_ok_and(|status| status.is_none()) {
            rustix::process::kill_process(Pid::from_child(&child), signal)
                .expect("a signal to our own child");
        }
    }

    /// Ends the process as an operator would, and waits until all that it printed is read.
    pub async fn close(&self) -> ExitStatus {
        let status = self.terminate().await;
        self.line(|_| None::<()>).await;
        status
    }

    /// How the process ended, if it has.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.child().try_wait().expect("the state of our own child")
    }

    /// Waits until the process has ended; panics when it does not in time.
    pub async fn ended(&self) -> ExitStatus {
        let mut ticks = interval(Duration::from_millis(10));
        let end = async {
            loop {
                ticks.tick().await;
                if let Some(status) = self.exit_status() {
                    return status;
                }
            }
        };
        match timeout(PATIENCE, end).await {
            Ok(status) => status,
            Err(_) => panic!("{} does not end:\n{}", self.name, self.log.text()),
        }
    }

    /// Memory of the process at this moment.
    pub fn rss_kb(&self) -> u64 {
        self.status_kb("VmRSS:")
    }

    /// The most memory the process ever had.
    pub fn peak_rss_kb(&self) -> u64 {
        self.status_kb("VmHWM:")
    }

    fn status_kb(&self, field: &str) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid)).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("a memory field");
        line.trim().trim_end_matches(" kB").parse().expect("a number of kilobytes")
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !thread::panicking() {
            scrape::keep(self.pid, &self.log);
        }
        self.kill_hard();
        if thread::panicking() {
            eprintln!("--- log of {} ({})\n{}---", self.name, self.pid, self.log.text());
        }
    }
}

/// Everything a process prints, both streams in one.
#[derive(Clone, Debug)]
pub struct Log(Arc<watch::Sender<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<String>,
    dropped: usize,
    readers: usize,
}

impl Log {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Lines::default())))
    }

    fn read(&self, stream: impl Read + Send + 'static) {
        let lines = Arc::clone(&self.0);
        lines.send_modify(|lines| lines.readers += 1);
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                lines.send_modify(|lines| {
                    lines.kept.push_back(text);
                    if lines.kept.len() > KEPT_LINES {
                        lines.kept.pop_front();
                        lines.dropped += 1;
                    }
                });
            }
            lines.send_modify(|lines| lines.readers -= 1);
        });
    }

    /// The first line, past or future, from which `pick` gets something; none when the output ends before.
    pub async fn find<T>(&self, mut pick: impl FnMut(&str) -> Option<T>) -> Option<T> {
        let mut seen = 0;
        let mut found = None;
        let mut changes = self.0.subscribe();
        let waited = changes.wait_for(|lines| {
            let new = lines.kept.iter().skip(seen.max(lines.dropped) - lines.dropped);
            found = new.map(String::as_str).find_map(&mut pick);
            seen = lines.dropped + lines.kept.len();
            found.is_some() || lines.readers == 0
        });
        waited.await.expect("the log outlives who reads it");
        found
    }

    /// Whether a line contains the text.
    pub fn contains(&self, text: &str) -> bool {
        self.0.borrow().kept.iter().any(|line| line.contains(text))
    }

    /// All lines that are kept.
    pub fn text(&self) -> String {
        self.0.borrow().kept.iter().fold(String::new(), |text, line| text + line + "\n")
    }
}

/// Starts a child that the system kills when this process dies.
fn spawn_bound(mut command: Command) -> io::Result<Child> {
    type Order = (Command, mpsc::Sender<io::Result<Child>>);
    // "Parent" means the thread that forked. A test's thread ends with the test while shared servers
    // live on, so one thread that never ends starts them all.
    static STARTER: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
        let (orders, inbox) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, answer) in inbox {
                // Who ordered waits for the answer.
                let _ = answer.send(command.spawn());
            }
        });
        orders
    });
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec only system calls are made; nothing allocates or takes a lock.
    unsafe { command.pre_exec(move || bind_to_parent(parent)) };
    let (answer, child) = mpsc::channel();
    STARTER.send((command, answer)).expect("the starting thread never ends");
    child.recv().expect("the starting thread always answers")
}

fn bind_to_parent(parent: Pid) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() != Some(parent) {
        return Err(io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error()));
    }
    // A mongod with the databases of many tests has more files open than the usual soft limit of 1024.
    let limit = rustix::process::getrlimit(Resource::Nofile);
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Ok(())
}
