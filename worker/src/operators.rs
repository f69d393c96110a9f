//! `smartstudy-worker jobs`: everybody's jobs and their queues, for operators with a shell.

use anyhow::Context as _;
use clap::{Args, Subcommand, builder::PossibleValuesParser, builder::TypedValueParser as _};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    config::{Backends, Program, Source},
    domain::{Id, Job, JobId, JobStatus, Refusal, Timestamp},
    jobs::{AdminJobView, JobDetail, Ledger, OlderThan, QueueView, RetryFilter, Retryable},
    setup,
    store::{JobFilter, Window},
    table::table,
};

/// What to do with jobs or queues. Nothing else needs to run.
#[derive(Debug, Args)]
#[command(after_help = format!("{WHERE}{}.\n\n{}", if setup::EMBEDDED { HERE } else { NOT_HERE }, crate::EXIT_CODES))]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// Print JSON, of the shape that the API gives to admins.
    #[arg(long, global = true)]
    json: bool,
}

const WHERE: &str =
    "Over MONGODB_URL and REDIS_URL; on an embedded installation, which has neither, over DATA_DIR";
const HERE: &str = ", whether its server runs or not";
const NOT_HERE: &str =
    "; this needs a binary with SQLite, which this one is not: `cargo build --workspace --bins` makes one";

#[derive(Debug, Subcommand)]
enum Action {
    /// List jobs, the newest first.
    List {
        /// In this state.
        #[arg(long, value_parser = words::<JobStatus>(&JobStatus::ALL.map(JobStatus::as_str)))]
        status: Option<JobStatus>,
        #[command(flatten)]
        which: Which,
        /// At most so many, 1 to 100.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
    },
    /// Show a job with its tries and what was saved of its work.
    Show {
        /// Its id.
        id: JobId,
    },
    /// Try a failed, cancelled or waiting job again, now, or all that match.
    Retry {
        /// Its id.
        #[arg(
            required_unless_present = "all",
            conflicts_with_all = ["all", "dry_run", "status", "kind", "user", "error_code", "older_than"]
        )]
        id: Option<JobId>,
        /// All that match; failed ones unless --status says otherwise.
        #[arg(long)]
        all: bool,
        /// Only count them.
        #[arg(long, requires = "all")]
        dry_run: bool,
        /// In this state.
        #[arg(long, requires = "all", value_parser = words::<Retryable>(&["failed", "cancelled", "retrying"]))]
        status: Option<Retryable>,
        #[command(flatten)]
        which: Which,
    },
    /// Stop a job that is not finished.
    Cancel {
        /// Its id.
        id: JobId,
    },
    /// Put a failed job aside. It can still be seen, and is not retried any more.
    Discard {
        /// Its id.
        id: JobId,
    },
    /// List the queues, one for each kind of job: how full they are and who serves them.
    Queues,
    /// Keep workers from starting jobs of a queue; those that run go on.
    Pause {
        /// The kind of its jobs, such as quiz.generate.
        queue: String,
    },
    /// Let workers start jobs of a queue again.
    Resume {
        /// The kind of its jobs.
        queue: String,
    },
}

#[derive(Debug, Args)]
struct Which {
    /// Of this kind, such as quiz.generate.
    #[arg(long)]
    kind: Option<String>,
    /// Of this user: an id or an e-mail.
    #[arg(long)]
    user: Option<String>,
    /// Whose latest try failed with this code, such as pdf.damaged.
    #[arg(long)]
    error_code: Option<String>,
    /// Made before this instant, or longer ago than this time, such as 24h.
    #[arg(long, value_name = "AGE")]
    older_than: Option<OlderThan>,
}

/// One of these words, as JSON has them.
fn words<T: DeserializeOwned + Clone + Send + Sync + 'static>(
    words: &[&'static str],
) -> impl clap::builder::TypedValueParser<Value = T> + use<T> {
    PossibleValuesParser::new(words.to_vec()).try_map(|word| serde_json::from_value(word.into()))
}

/// Does it. An error if there is no such job or queue, or the job's state does not allow it.
pub async fn run(arguments: Arguments, source: &Source) -> anyhow::Result<()> {
    let ledger = setup::existing(Program::Worker, &Backends::alone(source)?).await?;
    let (ledger, json) = (&ledger, arguments.json);
    match arguments.action {
        Action::List { status, which, limit } => list(ledger, status, which, limit, json).await,
        Action::Show { id } => show(ledger, id).await,
        Action::Retry { id: Some(id), .. } => change(ledger, id, Job::retry, json).await,
        Action::Retry { status, which, dry_run, .. } => retry(ledger, status, which, dry_run, json).await,
        Action::Cancel { id } => change(ledger, id, Job::cancel, json).await,
        Action::Discard { id } => change(ledger, id, Job::discard, json).await,
        Action::Queues => {
            let queues = ledger.queues().await?.into_iter().map(QueueView::from).collect::<Vec<_>>();
            if json { print(&queues) } else { print_queues(&queues) }
        }
        Action::Pause { queue } => {
            find(ledger, &queue).await?;
            ledger.pause(&queue).await?;
            told(find(ledger, &queue).await?, json)
        }
        Action::Resume { queue } => {
            find(ledger, &queue).await?;
            ledger.resume(&queue).await?;
            told(find(ledger, &queue).await?, json)
        }
    }
}

fn print(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

impl Which {
    async fn user(&self, ledger: &Ledger) -> anyhow::Result<Option<Id>> {
        match &self.user {
            Some(email) if email.contains('@') => {
                let user = ledger.store.user_by_email(email).await?;
                Ok(Some(user.with_context(|| format!("no account has the e-mail {email}"))?.id))
            }
            Some(id) => Ok(Some(id.parse().with_context(|| format!("{id} is neither an id nor an e-mail"))?)),
            None => Ok(None),
        }
    }
}

async fn list(
    ledger: &Ledger,
    status: Option<JobStatus>,
    which: Which,
    limit: u32,
    json: bool,
) -> anyhow::Result<()> {
    let filter = JobFilter {
        user_id: which.user(ledger).await?,
        status,
        kind: which.kind,
        error_code: which.error_code,
        made_before: which.older_than.map(|age| age.before(ledger.clock.now())),
        made_from: None,
    };
    let window = Window { limit, skip: 0, after: None, descending: true };
    let found = ledger.store.jobs(&filter, &window).await?;
    if json {
        return print(&found.items.into_iter().map(AdminJobView::from).collect::<Vec<_>>());
    }
    let row = |job: &Job| {
        let error = job.error.as_ref().map_or("", |error| &error.code);
        let tries = format!("{}/{}", job.attempt, job.max_attempts);
        [
            job.id.to_string(),
            job.kind.clone(),
            job.status.as_str().to_owned(),
            tries,
            job.created_at.to_string(),
            error.to_owned(),
        ]
    };
    let rows: Vec<[String; 6]> = found.items.iter().map(row).collect();
    print!("{}", table(["id", "kind", "status", "tries", "made", "error"], &rows));
    println!("{} of {}", rows.len(), found.total);
    Ok(())
}

/// The record as JSON, which people read as well as programs.
async fn show(ledger: &Ledger, id: JobId) -> anyhow::Result<()> {
    let store = &ledger.store;
    let job = store.job(id).await?.context("there is no such job")?;
    let checkpoints = store.checkpoint_heads(id, JobDetail::VALUE_MAX).await?;
    print(&JobDetail::new(job, checkpoints, store.transcript(id).await?))
}

async fn change(
    ledger: &Ledger,
    id: JobId,
    transition: impl FnMut(&mut Job, Timestamp) -> Result<(), Refusal>,
    json: bool,
) -> anyhow::Result<()> {
    let (job, ()) = ledger.update(id, transition).await?;
    if json {
        return print(&AdminJobView::from(job));
    }
    println!("{} is {} now", job.id, job.status.as_str());
    Ok(())
}

async fn retry(
    ledger: &Ledger,
    status: Option<Retryable>,
    which: Which,
    dry_run: bool,
    json: bool,
) -> anyhow::Result<()> {
    let filter = RetryFilter {
        user_id: which.user(ledger).await?,
        status,
        kind: which.kind,
        error_code: which.error_code,
        older_than: which.older_than,
    };
    let retried = ledger.retry_many(filter.jobs(ledger.clock.now()), dry_run).await?;
    if json {
        return print(&retried);
    }
    println!("{} matched, {} retried", retried.matched, retried.retried);
    Ok(())
}

async fn find(ledger: &Ledger, name: &str) -> anyhow::Result<QueueView> {
    let queue = ledger.queues().await?.into_iter().find(|queue| queue.name == name);
    Ok(queue.with_context(|| format!("there is no queue {name}; `jobs queues` names them"))?.into())
}

fn told(queue: QueueView, json: bool) -> anyhow::Result<()> {
    if json {
        return print(&queue);
    }
    println!("{} {}", queue.name, if queue.paused { "is paused" } else { "goes on" });
    Ok(())
}

fn print_queues(queues: &[QueueView]) -> anyhow::Result<()> {
    let row = |queue: &QueueView| {
        let numbers = [
            queue.queued,
            queue.scheduled,
            queue.running,
            queue.retrying,
            queue.failed,
            queue.workers.len() as u64,
        ];
        let [queued, scheduled, running, retrying, failed, workers] =
            numbers.map(|number| number.to_string());
        let state = if queue.paused { "paused" } else { "" }.to_owned();
        [queue.name.clone(), queued, scheduled, running, retrying, failed, workers, state]
    };
    let rows: Vec<[String; 8]> = queues.iter().map(row).collect();
    let head = ["queue", "queued", "scheduled", "running", "retrying", "failed", "workers", ""];
    print!("{}", table(head, &rows));
    Ok(())
}
