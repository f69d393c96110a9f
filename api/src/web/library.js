import { api } from './api.js';
import { formatDate, formatPercent, h, plural } from './dom.js';

const FEW = 5;
const MANY = 100;

/** Fills the list of running jobs, quizzes and results beside the form. */
export async function showLibrary(holder, user) {
  const panels = [
    panel('Being made', async () => {
      const jobs = await api.unfinishedJobs();
      return { items: jobs.map(jobItem), total: jobs.length };
    }),
    panel('My quizzes', (limit) => listed(api.quizzes(limit), quizItem), 'The quizzes you make are kept here.'),
    panel('History', (limit) => listed(api.history(user.id, limit), resultItem), 'Your results are kept here.'),
  ];
  holder.replaceChildren(...await Promise.all(panels));
}

async function listed(reply, item) {
  const { body, headers } = await reply;
  return { items: body.map(item), total: Number(headers.get('x-total-count')) || body.length };
}

async function panel(title, load, whenEmpty) {
  const list = h('ul', { class: 'entries' });
  const section = h('section', null, h('h2', null, title), list);
  const fill = async (limit) => {
    const { items, total } = await load(limit);
    list.replaceChildren(...items);
    return { shown: items.length, total };
  };
  try {
    const { shown, total } = await fill(FEW);
    if (!shown) {
      if (!whenEmpty) return '';
      list.replaceWith(h('p', { class: 'hint' }, whenEmpty));
    }
    if (total > shown) section.append(moreButton(title, shown, fill));
  } catch (error) {
    list.replaceWith(h('p', { class: 'hint warning' }, error.message));
  }
  return section;
}

function moreButton(title, shown, fill) {
  const button = h('button', { type: 'button', class: 'quiet', 'aria-label': `Show more: ${title}` }, 'Show more');
  button.addEventListener('click', async () => {
    await fill(MANY);
    const first = button.parentElement.querySelectorAll('li a')[shown];
    button.remove();
    first?.focus();
  });
  return button;
}

function entry(href, name, ...facts) {
  return h('li', null, h('a', { href }, name), h('p', { class: 'facts' }, facts.filter(Boolean).join(' · ')));
}

const jobItem = (job) => entry(`#job/${job.id}`, job.progress?.message || 'A new quiz', `${job.progress?.percent ?? 0} %`);

const quizItem = (quiz) => entry(
  `#quiz/${quiz.id}`,
  quiz.title || quiz.topic || 'Quiz',
  plural(quiz.questionCount ?? 0, 'question'),
  quiz.difficulty,
  formatDate(quiz.createdAt),
);

const resultItem = (result) => entry(
  `#result/${result.quizId}/${result.id}`,
  result.topic || 'Quiz',
  formatPercent(result.percentage),
  formatDate(result.completedAt),
);
