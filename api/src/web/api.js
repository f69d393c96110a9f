/** Problems whose own words are for programmers. */
export const BAD_ADDRESS = 'This address leads nowhere. Perhaps a part of it is missing.';
const WORDS = { 'id.invalid': BAD_ADDRESS };

export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    const { message, detail, title } = problem;
    super(WORDS[problem.code] ?? ([message].flat().filter(Boolean).join(' ') || detail || title || `The server answered ${status}.`));
    this.status = status;
    this.code = problem.code;
    this.passing = status < 400 || status >= 500 || status === 408 || status === 429;
    this.errors = Array.isArray(problem.errors) ? problem.errors : [];
    if (status === 429 && retryAfter > 0) this.message += ` Try again in ${retryAfter} s.`;
  }
}

const WITHOUT_REFRESH = ['/auth/login', '/auth/register', '/auth/guest', '/auth/refresh', '/auth/logout', '/auth/forgot-password', '/auth/reset-password', '/auth/verify-email'];

let sessionLost = () => {};
export function onSessionLost(handler) {
  sessionLost = handler;
}

async function send(method, path, { json, form, keepalive } = {}) {
  // Says that this page knows jobs: in old frontend mode others get their quiz in another shape.
  const headers = { accept: 'application/json', prefer: 'respond-async' };
  let body = form;
  if (json !== undefined) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(json);
  }
  try {
    return await fetch(path, { method, headers, body, keepalive, credentials: 'same-origin' });
  } catch {
    throw new ApiError(0, { code: 'network', message: 'The server could not be reached. Check your connection and try again.' });
  }
}

async function read(response) {
  const text = await response.text();
  let body = {};
  try {
    body = text ? JSON.parse(text) : {};
  } catch {
    body = {};
  }
  if (!response.ok) throw new ApiError(response.status, body, Number(response.headers.get('retry-after')));
  return { body, headers: response.headers };
}

const REFRESHED_AT = 'smartstudy.refreshedAt';
let refreshing;

/** A refresh token works once, so tabs take turns: a second use would revoke the whole login. */
function refresh(since) {
  const turn = async () => {
    if (Number(localStorage.getItem(REFRESHED_AT)) > since) return true;
    const response = await send('POST', '/auth/refresh');
    if (response.ok) localStorage.setItem(REFRESHED_AT, String(Date.now()));
    return response.ok;
  };
  refreshing ??= (navigator.locks ? navigator.locks.request('smartstudy.refresh', turn) : turn())
    .finally(() => { refreshing = undefined; });
  return refreshing;
}

export async function request(method, path, options) {
  const since = Date.now();
  let response = await send(method, path, options);
  if (response.status === 401 && !WITHOUT_REFRESH.includes(path)) {
    if (await refresh(since)) response = await send(method, path, options);
    if (response.status === 401) sessionLost();
  }
  return read(response);
}

const body = async (...parameters) => (await request(...parameters)).body;
const part = encodeURIComponent;

export const api = {
  me: () => body('GET', '/auth/me'),
  guest: () => body('POST', '/auth/guest'),
  login: (credentials) => body('POST', '/auth/login', { json: credentials }),
  register: (account) => body('POST', '/auth/register', { json: account }),
  logout: () => body('POST', '/auth/logout'),

  generateFromText: (input) => body('POST', '/quiz/generate', { json: input }),
  generateFromPdf: (form) => body('POST', '/quiz/generate-from-pdf', { form }),

  job: (id) => request('GET', `/jobs/${part(id)}`),
  unfinishedJobs: async () => {
    const jobs = await body('GET', '/jobs?kind=quiz.generate&limit=20');
    return jobs.filter((job) => ['queued', 'running', 'retrying'].includes(job.status));
  },
  cancelJob: (id) => body('POST', `/jobs/${part(id)}/cancel`),
  retryJob: (id) => body('POST', `/jobs/${part(id)}/retry`),

  quizzes: (limit) => request('GET', `/quiz/?status=active&limit=${limit}`),
  quiz: (id) => body('GET', `/quiz/${part(id)}`),
  history: (userId, limit) => request('GET', `/quiz/user/${part(userId)}/history?limit=${limit}`),
  attempt: (quizId) => body('POST', '/quiz/attempt', { json: { quizId } }),
  saveAnswers: (attemptId, answers, keepalive) =>
    body('PATCH', `/quiz/attempts/${part(attemptId)}/answers`, { json: { answers }, keepalive }),
  submit: (attemptId, answers) => body('POST', '/quiz/submit', { json: { attemptId, answers } }),
  results: (quizId) => body('GET', `/quiz/attempts/${part(quizId)}?limit=100`),
};
