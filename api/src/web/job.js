import { api } from './api.js';
import { correct, sourceOf } from './compose.js';
import { announce, h, plural, showError, whileBusy } from './dom.js';
import { pageName, TYPE_NAMES } from './questions.js';
import { followJob, isFinished } from './sse.js';

const INPUT_FAULT = /^(pdf|text|upload|validation)\./;
const ADVICE = {
  'pdf.encrypted': 'Enter its password and send it again.',
  'pdf.no_text': 'It seems to hold only images. A version with selectable text will work.',
  'pdf.damaged': 'Saving it anew from the program it was made with often helps.',
  'text.too_short': 'A longer text, or more pages, will do.',
};

/** The view of one generation: progress, the questions as they come, and what to do at its end. */
export function showJob(holder, id, { navigate, title }) {
  const heading = h('h1', { tabindex: '-1' }, 'Making your quiz');
  const source = sourceOf(id);
  const bar = h('progress', { max: '100', 'aria-label': 'Progress' });
  const message = h('p', { class: 'stage' }, 'Waiting to start…');
  const failure = h('div', { class: 'notice bad', role: 'alert', hidden: true });
  const trouble = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const notices = h('ul', { class: 'notices', hidden: true });
  const actions = h('div', { class: 'actions' });
  const count = h('p', { class: 'hint' });
  const list = h('ol', { class: 'arrivals' });
  holder.replaceChildren(h('article', { class: 'column' },
    heading, source && h('p', { class: 'facts' }, `From ${source}`),
    bar, message, failure, notices, trouble, actions, count, list));

  const cancel = h('button', { type: 'button', onclick: onCancel }, 'Cancel');
  const retry = h('button', { type: 'button', class: 'primary', onclick: onRetry }, 'Try again');
  const seen = new Set();
  let stage;
  let following;

  function follow() {
    bar.hidden = message.hidden = false;
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
      lost: (error) => fail('This quiz cannot be followed', error.message, [again()]),
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

  function showQuestions({ questions, total }) {
    const fresh = questions.filter((question) => !seen.has(question.id));
    fresh.forEach((question, place) => {
      seen.add(question.id);
      const item = h('li', null,
        h('p', { class: 'arrival' }, question.question),
        h('p', { class: 'facts' }, [pageName(question.source), TYPE_NAMES[question.type]].filter(Boolean).join(' · ')));
      item.style.animationDelay = `${Math.min(place, 8) * 90}ms`;
      list.append(item);
    });
    count.textContent = total > seen.size ? `${seen.size} of ${plural(total, 'question')}` : plural(seen.size, 'question');
    if (fresh.length) announce(count.textContent);
  }

  function settle(text) {
    title(heading.textContent = text);
    bar.hidden = message.hidden = true;
    bar.removeAttribute('value');
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
    failure.replaceChildren(h('p', null, explanation));
    failure.hidden = false;
    offer(...buttons);
  }

  function again(code) {
    const name = code === 'pdf.encrypted' ? 'Enter the password' : 'Back to the form';
    return h('button', { type: 'button', onclick: () => navigate('#new', () => correct(code)) }, name);
  }

  function showEnd(job) {
    for (const text of job.notices ?? []) notices.append(h('li', null, text));
    notices.hidden = !notices.childElementCount;
    if (job.status === 'succeeded') {
      settle('Your quiz is ready');
      const quiz = job.result?.id;
      offer(h('a', { class: 'button primary', href: `#quiz/${quiz}` }, 'Take the quiz'), h('a', { class: 'button', href: '#new' }, 'Make another'));
      announce(`Your quiz is ready. ${count.textContent}`);
    } else if (job.status === 'cancelled') {
      fail('Cancelled', 'Nothing more is being made. What you entered is still in the form.', [retry, again()]);
    } else {
      const { code = '', message: text = 'Something went wrong.', retryable } = job.error ?? {};
      const explanation = [text, ADVICE[code]].filter(Boolean).join(' ');
      const way = again(code);
      if (!retryable && INPUT_FAULT.test(code)) way.className = 'primary';
      fail('The quiz could not be made', explanation, retryable || !INPUT_FAULT.test(code) ? [retry, way] : [way]);
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
  return () => following.stop();
}
