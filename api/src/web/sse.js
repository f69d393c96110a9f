import { api } from './api.js';

const FINISHED = new Set(['succeeded', 'failed', 'cancelled', 'discarded']);
const DROPS_BEFORE_POLLING = 3;
const SILENCE_MS = 15_000;
const POLL_MS = 1_500;

export const isFinished = (job) => FINISHED.has(job.status);

/**
 * Follows a job to its end by server-sent events, and by polling where those fail.
 * The job's record decides what the end was: after a retry the stream replays the `error` of the run before.
 * `on`: progress, status, questions (event data), job (every record read), finished (job), lost (error).
 */
export function followJob(id, on) {
  let stopped = false;
  let polling = false;
  let timer;
  let drops = 0;
  let heardAt = Date.now();
  const source = new EventSource(`/jobs/${encodeURIComponent(id)}/events`);
  const watchdog = setInterval(() => {
    if (!polling && Date.now() - heardAt > SILENCE_MS) look();
  }, SILENCE_MS / 3);

  function stop() {
    stopped = true;
    source.close();
    clearInterval(watchdog);
    clearTimeout(timer);
  }

  async function look() {
    heardAt = Date.now();
    try {
      const { body: job, headers } = await api.job(id);
      if (stopped) return;
      on.job(job);
      if (isFinished(job)) {
        stop();
        on.finished(job);
      }
      return Number(headers.get('retry-after')) * 1000;
    } catch (error) {
      if (stopped) return;
      if (error.status >= 400 && error.status < 500 && error.status !== 429) {
        stop();
        on.lost(error);
      }
      return POLL_MS * 2;
    }
  }

  async function poll() {
    if (polling || stopped) return;
    polling = true;
    while (!stopped) {
      const wait = (await look()) || POLL_MS;
      await new Promise((resume) => { timer = setTimeout(resume, Math.min(wait, 10_000)); });
    }
  }

  function listen(name, handle) {
    source.addEventListener(name, (event) => {
      if (stopped || event.data === undefined) return;
      heardAt = Date.now();
      drops = 0;
      handle(JSON.parse(event.data));
    });
  }

  listen('progress', on.progress);
  listen('questions', on.questions);
  listen('status', (data) => {
    if (isFinished(data)) poll();
    else on.status(data);
  });
  listen('done', poll);
  listen('error', poll);

  // The server's event called `error` carries data; the browser's own, for a lost connection, does not.
  source.addEventListener('error', (event) => {
    if (stopped || event.data !== undefined) return;
    drops += 1;
    if (source.readyState === EventSource.CLOSED || drops >= DROPS_BEFORE_POLLING) {
      source.close();
      poll();
    }
  });

  return { stop, look };
}
