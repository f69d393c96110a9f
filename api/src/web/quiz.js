import { api } from './api.js';
import { announce, byId, h, plural, showError, whileBusy } from './dom.js';
import { questionCard } from './questions.js';

const SAVE_AFTER_MS = 700;
const SAVE_AGAIN_MS = 5_000;
const NEVER_SAVED = new Set([400, 403, 404, 409, 422]);

/** Opens the attempt at a quiz, or goes on with the open one. */
export async function showQuiz(holder, quizId, { navigate, title, current }) {
  const [attempt, quiz] = await Promise.all([api.attempt(quizId), api.quiz(quizId).catch(() => ({}))]);
  if (!current()) return undefined;

  const name = quiz.title || quiz.topic || 'Quiz';
  title(name);
  const { questions } = attempt;
  const saver = answerSaver(attempt, showSaved, refused);
  const tally = h('p', { class: 'tally' });
  const saved = h('p', { class: 'saved' });
  const clock = h('p', { class: 'clock', role: 'timer', hidden: true });
  const trouble = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const submit = h('button', { class: 'primary' }, 'Hand in');

  const form = h('form', { class: 'column quiz', method: 'post', novalidate: true, onsubmit: handIn, autocomplete: 'off' },
    h('header', null,
      h('h1', { tabindex: '-1' }, name),
      h('p', { class: 'facts' }, [plural(questions.length, 'question'), quiz.difficulty,
        attempt.attemptNumber > 1 && `attempt ${attempt.attemptNumber}`].filter(Boolean).join(' · '))),
    questions.map((question, place) => questionCard(question, place + 1, saver.answers[question.id], (answer) => {
      saver.set(question.id, answer);
      count();
    })),
    h('div', { class: 'finish' }, trouble, h('div', null, tally, saved), clock, submit));
  holder.replaceChildren(form);
  count();
  const stopClock = startClock();

  function count() {
    tally.textContent = `${questions.length - unanswered().length} of ${questions.length} answered`;
  }

  function unanswered() {
    return questions.map(({ id }, place) => [id, place + 1]).filter(([id]) => saver.answers[id] === undefined).map(([, number]) => number);
  }

  function showSaved(text, bad) {
    saved.textContent = text;
    saved.classList.toggle('warning', Boolean(bad));
  }

  function refused(error) {
    showError(trouble, error);
  }

  async function handIn(event) {
    event.preventDefault();
    const open = unanswered();
    if (open.length && !await askAboutGaps(open)) return;
    await send();
  }

  function send() {
    return whileBusy(submit, 'Marking…', async () => {
      showError(trouble, null);
      try {
        await saver.pause();
        const result = await api.submit(attempt.attemptId, saver.answers);
        saver.finish();
        stopClock();
        navigate(`#result/${quizId}/${result.attemptId ?? attempt.attemptId}`);
      } catch (error) {
        saver.resume();
        showError(trouble, error);
      }
    });
  }

  function startClock() {
    if (!attempt.expiresAt) return () => {};
    clock.hidden = false;
    const tick = () => {
      const left = Math.max(0, Math.floor((new Date(attempt.expiresAt) - Date.now()) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left`;
      if (left === 60) announce('One minute left');
      if (left > 1) return;
      clearInterval(timer);
      send();
    };
    const timer = setInterval(tick, 1000);
    tick();
    return () => clearInterval(timer);
  }

  return () => {
    stopClock();
    saver.stop();
  };
}

function askAboutGaps(numbers) {
  return new Promise((answer) => {
    let target;
    const finish = (choice) => () => dialog.close(choice);
    const links = numbers.slice(0, 12).map((number) => h('button', {
      type: 'button', class: 'step', 'aria-label': `Go to question ${number}`,
      onclick: () => { target = number; dialog.close('go'); },
    }, String(number)));
    const dialog = h('dialog', { 'aria-labelledby': 'gaps-title' },
      h('h2', { id: 'gaps-title' }, `${plural(numbers.length, 'question is', 'questions are')} unanswered`),
      h('div', { class: 'jump' }, links, numbers.length > links.length && h('span', null, `and ${numbers.length - links.length} more`)),
      h('div', { class: 'actions' },
        h('button', { type: 'button', class: 'primary', autofocus: true, onclick: finish('back') }, 'Keep answering'),
        h('button', { type: 'button', onclick: finish('send') }, 'Hand in anyway')));
    dialog.addEventListener('close', () => {
      dialog.remove();
      answer(dialog.returnValue === 'send');
      const next = target ?? (dialog.returnValue === 'back' ? numbers[0] : undefined);
      if (next) byId(`q${next}`).querySelector('input, select, button')?.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const isEmpty = (answer) => answer === null || answer === '' || (typeof answer === 'object' && !Object.keys(answer).length);

/** What takes a saved answer back: the contract has no null, so it is the empty answer of the same kind. */
function emptied(answer) {
  if (Array.isArray(answer)) return [];
  return answer && typeof answer === 'object' ? {} : '';
}

/** Holds the answers, sends changes after a pause, and keeps the unsent ones over a reload. */
function answerSaver(attempt, report, refused) {
  const store = `smartstudy.answers.${attempt.attemptId}`;
  const pending = JSON.parse(sessionStorage.getItem(store) ?? '{}');
  const answers = { ...attempt.answers, ...pending };
  for (const id of Object.keys(answers)) if (isEmpty(answers[id])) delete answers[id];
  let timer;
  let sending = Promise.resolve();
  let closed = false;

  const keep = () => sessionStorage.setItem(store, JSON.stringify(pending));
  const waiting = () => Object.keys(pending).length > 0;
  const later = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(() => { sending = sending.then(push); }, delay);
  };

  async function push() {
    if (closed || !waiting()) return;
    const batch = { ...pending };
    report('Saving…');
    try {
      await api.saveAnswers(attempt.attemptId, batch);
      for (const [id, value] of Object.entries(batch)) if (pending[id] === value) delete pending[id];
      keep();
      report(waiting() ? 'Saving…' : 'Saved');
      refused(null);
    } catch (error) {
      if (NEVER_SAVED.has(error.status)) {
        report('Not saved', true);
        refused(error);
        return;
      }
      report('Not saved yet, trying again', true);
      later(SAVE_AGAIN_MS);
    }
  }

  const leave = () => {
    if (!closed && waiting()) api.saveAnswers(attempt.attemptId, pending, true).catch(() => {});
  };
  addEventListener('pagehide', leave);
  if (waiting()) later(0);

  return {
    answers,
    set(id, answer) {
      pending[id] = answer ?? emptied(answers[id]);
      if (answer === undefined) delete answers[id];
      else answers[id] = answer;
      keep();
      later(SAVE_AFTER_MS);
    },
    async pause() {
      clearTimeout(timer);
      await sending;
    },
    resume: () => waiting() && later(SAVE_AGAIN_MS),
    finish() {
      closed = true;
      sessionStorage.removeItem(store);
    },
    stop() {
      leave();
      closed = true;
      clearTimeout(timer);
      removeEventListener('pagehide', leave);
    },
  };
}
