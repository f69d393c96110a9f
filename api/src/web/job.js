import { api } from './api.js';
import { correct, sourceOf } from './compose.js';
import { announce, h, plural, sentence, showError, whileBusy } from './dom.js';
import { pageName, TYPE_NAMES } from './questions.js';
import { followJob, isFinished } from './sse.js';

const INPUT_FAULT = /^(pdf|text|upload|validation)\./;
const REVEAL_MS = 80;
const REVEAL_PART = 8;

/** The view of one generation: progress, the questions as they come, and what to do at its end. */
export function showJob(holder, id, { navigate, title }) {
  const heading = h('h1', { tabindex: '-1' }, 'Making your quiz');
  const source = sourceOf(id);
  const bar = h('progress', { max: '100', 'aria-label': 'Progress' });
  const message = h('p', { class: 'stage' }, 'Waiting to start…');
  const failure = h('div', { class: 'notice bad', role: 'alert', hidden: true });
  const trouble = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const actions = h('div', { class: 'actions' });
  const notices = h('ul', { class: 'notices', hidden: true });
  const count = h('p', { class: 'count' });
  const list = h('ol', { class: 'arrivals' });
  holder.replaceChildren(h('article', { class: 'column' },
    heading, source && h('p', { class: 'facts' }, `From ${source}`),
    h('div', { class: 'standing' }, bar, h('div', null, message, count)),
    failure, trouble, actions, notices, list));

  const cancel = h('button', { type: 'button', onclick: onCancel }, 'Cancel');
  const retry = h('button', { type: 'button', class: 'primary', onclick: onRetry }, 'Try again');
  const seen = new Set();
  const reveal = oneByOne((item) => list.append(item), () => { count.textContent = tally(list.childElementCount); });
  let total = 0;
  let stage;
  let following;

  function follow() {
    bar.hidden = message.hidden = false;
    bar.removeAttribute('value');
    count.textContent = tally(list.childElementCount);
    failure.hidden = notices.hidden = true;
    actions.replaceChildren(cancel);
    title(heading.textContent = 'Making your quiz');
    following = followJob(id, {
      progress: showProgress,
      status: ({ status, attempt }) => {
        if (status === 'retrying') say('The last attempt did not work. Waiting to try again…');
        else if (status === 'running' && attempt > 1) say(`Attempt ${attempt}…`);
      },
      questions: showQuestions,
      job: (job) => { if (!isFinished(job)) showProgress(job.progress); },
      finished: showEnd,
      lost: (error) => fail('This quiz cannot be opened', error.message, [h('a', { class: 'button primary', href: '#new' }, 'Make a quiz')]),
    });
  }

  function say(text) {
    if (!text || text === stage) return;
    stage = text;
    message.textContent = text;
    announce(text);
  }

  function showProgress({ percent, message: text, stage: name } = {}) {
    if (percent > 0) bar.value = percent;
    say(text || name);
  }

  function tally(made) {
    if (!made) return '';
    return total > made ? `${made} of ${plural(total, 'question')}` : plural(made, 'question');
  }

  function showQuestions({ questions, total: planned }) {
    const fresh = questions.filter((question) => !seen.has(question.id));
    if (planned) total = planned;
    for (const question of fresh) {
      seen.add(question.id);
      reveal.add(h('li', null,
        h('p', { class: 'arrival' }, question.question),
        h('p', { class: 'facts' }, [pageName(question.source), TYPE_NAMES[question.type]].filter(Boolean).join(' · '))));
    }
    if (fresh.length) announce(tally(seen.size));
  }

  function settle(text) {
    title(heading.textContent = text);
    stage = undefined;
  }

  /** Replaces the buttons, and keeps the keyboard's place when the one it stood on goes. */
  function offer(...buttons) {
    const held = actions.contains(document.activeElement);
    actions.replaceChildren(...buttons);
    if (held) buttons[0].focus();
  }

  function fail(text, explanation, buttons) {
    settle(text);
    bar.hidden = message.hidden = true;
    failure.replaceChildren(h('p', null, sentence(explanation)));
    failure.hidden = false;
    offer(...buttons);
  }

  function again(code) {
    const name = code === 'pdf.encrypted' ? 'Enter the password' : 'Back to the form';
    return h('button', { type: 'button', onclick: () => navigate('#new', () => correct(code)) }, name);
  }

  async function showEnd(job) {
    const quiz = job.status === 'succeeded' ? job.result?.id : undefined;
    // Polling brings no questions.
    if (quiz && !seen.size) await api.quiz(quiz).then(showQuestions, () => {});
    total = 0;
    if (!await reveal.done()) return;
    for (const text of job.notices ?? []) notices.append(h('li', null, text));
    notices.hidden = !notices.childElementCount;
    if (job.status === 'succeeded') {
      settle('Your quiz is ready');
      bar.value = 100;
      message.textContent = '';
      count.textContent = tally(list.childElementCount);
      offer(h('a', { class: 'button primary', href: `#quiz/${quiz}` }, 'Take the quiz'), h('a', { class: 'button', href: '#new' }, 'Make another'));
      announce(`Your quiz is ready. ${count.textContent}`);
    } else if (job.status === 'cancelled') {
      fail('Cancelled', 'Nothing more is being made. What you entered is still in the form.', [retry, again()]);
    } else {
      const { code = '', message: text = 'Something went wrong.', retryable } = job.error ?? {};
      const way = again(code);
      if (!retryable && INPUT_FAULT.test(code)) way.className = 'primary';
      fail('The quiz could not be made', text, retryable || !INPUT_FAULT.test(code) ? [retry, way] : [way]);
    }
  }

  function onCancel() {
    whileBusy(cancel, 'Cancelling…', async () => {
      showError(trouble, null);
      try {
        await api.cancelJob(id);
      } catch (error) {
        if (error.status !== 409) showError(trouble, error);
      }
      await following.look();
    });
  }

  function onRetry() {
    whileBusy(retry, 'Starting…', async () => {
      showError(trouble, null);
      try {
        await api.retryJob(id);
        notices.replaceChildren();
        follow();
        heading.focus();
      } catch (error) {
        showError(trouble, error);
      }
    });
  }

  follow();
  return () => {
    following.stop();
    reveal.stop();
  };
}

/**
 * Lets what comes all at once appear one after the other, faster the more is waiting, and at once for those who
 * want no motion or are not looking. `done` is true when all have appeared, false when it was stopped before.
 */
function oneByOne(show, shown) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const waiting = [];
  let finish = () => {};
  let stopped = false;
  let timer;

  function step() {
    const few = calm.matches || document.hidden ? waiting.length : Math.ceil(waiting.length / REVEAL_PART);
    waiting.splice(0, few).forEach(show);
    shown();
    timer = waiting.length ? setTimeout(step, REVEAL_MS) : undefined;
    if (!timer) finish(true);
  }

  return {
    add(item) {
      waiting.push(item);
      if (!stopped) timer ??= setTimeout(step);
    },
    done: () => new Promise((resolve) => {
      if (timer) finish = resolve;
      else resolve(!stopped);
    }),
    stop() {
      clearTimeout(timer);
      stopped = true;
      finish(false);
    },
  };
}
