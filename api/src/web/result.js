import { api, ApiError } from './api.js';
import { formatDate, formatNumber, formatPercent, h, plural } from './dom.js';
import { pageName } from './questions.js';

const LONG_QUOTE = 280;

/** The result of one attempt: the score, and for each question the answers, the reason and its source. */
export async function showResult(holder, quizId, attemptId, { title, current }) {
  const [results, quiz] = await Promise.all([api.results(quizId), api.quiz(quizId).catch(() => ({}))]);
  if (!current()) return;
  const result = results.find((each) => each.attemptId === attemptId) ?? (attemptId ? undefined : results[0]);
  if (!result) throw new ApiError(404, { message: 'This result does not exist, or belongs to another account.' });

  title(`Result: ${formatPercent(result.percentage)}`);
  const known = new Map((quiz.questions ?? []).map((question) => [question.id, question]));
  const right = result.questionResults.filter((each) => each.isCorrect).length;
  holder.replaceChildren(h('article', { class: 'column' },
    h('header', { class: 'score' },
      h('p', { class: 'facts' }, [quiz.title || quiz.topic, formatDate(result.completedAt), duration(result.timeSpent)].filter(Boolean).join(' · ')),
      h('h1', { tabindex: '-1' }, h('span', { class: 'figure' }, formatPercent(result.percentage)),
        h('span', { class: 'sr-only' }, ', '),
        h('span', { class: 'points' }, `${right} of ${plural(result.totalQuestions, 'question')} right`)),
      (right !== result.score || result.maxScore !== result.totalQuestions) && h('p', { class: 'facts' }, `${formatNumber(result.score)} of ${plural(result.maxScore, 'point')}`),
      h('progress', { max: '100', value: result.percentage, 'aria-label': 'Score' }),
      quiz.status !== 'archived' && h('div', { class: 'actions' },
        h('a', { class: 'button', href: `#quiz/${quizId}` }, 'Take again'),
        h('a', { class: 'button', href: '#new' }, 'Make another'))),
    h('ol', { class: 'results' }, result.questionResults.map((each, place) => resultItem(each, place + 1, known.get(each.questionId))))));
}

function duration(seconds) {
  if (!(seconds > 0)) return undefined;
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function verdict(result, worth) {
  if (result.isCorrect) return ['right', '✓', 'Right'];
  if (result.points > 0 && result.points < worth) {
    return ['partly', '◐', `Partly right, ${formatNumber(result.points)} of ${plural(worth, 'point')}`];
  }
  return ['wrong', '✗', 'Wrong'];
}

function resultItem(result, number, question) {
  const [mood, sign, word] = verdict(result, question?.points ?? 1);
  const text = typeof result.question === 'string' ? result.question : result.question?.question ?? question?.question;
  const ordered = question?.type === 'ordering';
  const key = result.correctAnswer;
  const id = `r${number}`;
  return h('li', { class: `result ${mood}`, 'aria-labelledby': id },
    h('p', { class: 'verdict' }, h('span', { 'aria-hidden': 'true' }, sign), ` ${word}`),
    h('h2', { id }, h('span', { class: 'muted' }, `${number}. `), text),
    h('dl', { class: 'answers' },
      h('div', null, h('dt', null, 'Your answer'), h('dd', null, answer(result.userAnswer, ordered, key))),
      key !== undefined && (!result.isCorrect || !same(key, result.userAnswer, ordered))
        && h('div', null, h('dt', null, 'Correct answer'), h('dd', { class: 'key' }, answer(key, ordered)))),
    ...proof(result));
}

const flat = (text) => text.trim().replace(/\s+/g, ' ');

/** Why the answer is right, and the sentence it stands on. An explanation that holds the sentence shows it once. */
function* proof({ explanation, source }) {
  const quote = source?.quote;
  const said = flat(explanation ?? '');
  const at = quote ? said.indexOf(flat(quote)) : -1;
  if (said && at < 0) yield h('p', { class: 'explanation' }, explanation);
  if (!quote) return;
  const mark = h('mark', { class: quote.length > LONG_QUOTE && 'long' }, quote);
  yield h('figure', { class: 'source' },
    h('blockquote', null, at < 0
      ? h('p', { class: 'quoted' }, mark)
      : h('p', { class: 'explanation' }, said.slice(0, at), mark, said.slice(at + flat(quote).length))),
    h('figcaption', null, pageName(source) ?? 'From your text'));
}

function same(one, other, ordered) {
  const plain = (value) => JSON.stringify(Array.isArray(value) && !ordered ? value.toSorted() : value);
  return plain(one) === plain(other);
}

/** An answer for reading. With a `key`, each part of a compound answer says whether it is right. */
function answer(value, ordered, key) {
  if (value === undefined || value === null || value === '') return h('span', { class: 'muted' }, 'No answer');
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value !== 'object') return String(value);
  const parts = Array.isArray(value)
    ? value.map((text, place) => [String(text), ordered ? key?.[place] === text : key?.includes?.(text)])
    : Object.entries(value).map(([left, right]) => [`${left} → ${right}`, key?.[left] === right]);
  if (!parts.length) return answer(null);
  return h(ordered ? 'ol' : 'ul', null, parts.map(([text, right]) => h('li', null, key && sign(right), text)));
}

function sign(right) {
  return h('span', { class: right ? 'good' : 'bad' },
    h('span', { 'aria-hidden': 'true' }, right ? '✓ ' : '✗ '), h('span', { class: 'sr-only' }, right ? 'right: ' : 'wrong: '));
}
