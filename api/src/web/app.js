import { api, BAD_ADDRESS, onSessionLost } from './api.js';
import { setUpAuth } from './auth.js';
import { forget, setUpCompose } from './compose.js';
import { byId, clearErrors, h, showError } from './dom.js';
import { showJob } from './job.js';
import { showLibrary } from './library.js';
import { showQuiz } from './quiz.js';
import { showResult } from './result.js';

const SHOWN = { welcome: byId('welcome'), home: byId('home'), view: byId('view') };

let user;
let leave = () => {};
let visit = 0;
let afterwards;
const auth = setUpAuth(entered);

function title(text) {
  document.title = text ? `${text} · SmartStudy` : 'SmartStudy';
}

function navigate(hash, then) {
  afterwards = then;
  if (location.hash === hash) route();
  else location.hash = hash;
}

function show(name) {
  for (const [each, element] of Object.entries(SHOWN)) element.hidden = each !== name;
  if (name !== 'view') SHOWN.view.replaceChildren();
}

function showAccount() {
  byId('account').hidden = !user;
  byId('who').textContent = user ? (user.isGuest ? 'Guest' : user.name) : '';
  byId('keep-work').hidden = !user?.isGuest;
}

function showWelcome(mode) {
  show('welcome');
  const guest = Boolean(user?.isGuest);
  byId('guest').hidden = byId('guest-note').hidden = guest;
  const notice = byId('welcome-notice');
  if (guest) {
    notice.textContent = 'You are a guest. With an account your quizzes and results stay yours, on every device.';
    notice.hidden = false;
  }
  auth.show(mode);
  title(mode === 'register' ? 'Create account' : '');
}

/** Draws the view that the address names. With `moved`, the keyboard and screen reader follow to its heading. */
async function route(moved = true) {
  leave();
  leave = () => {};
  showError(byId('page-error'), null);
  const turn = ++visit;
  const current = () => turn === visit;
  const [name, first, second] = location.hash.slice(1).split('/');
  const context = { navigate, title, current };

  if (!user || (user.isGuest && name === 'account')) {
    showWelcome(name === 'account' ? 'register' : 'login');
  } else if (name === 'job' && first) {
    show('view');
    leave = showJob(SHOWN.view, first, context);
  } else if ((name === 'quiz' || name === 'result') && first) {
    await open(name === 'quiz' ? showQuiz : showResult, name === 'quiz' ? [first] : [first, second], context);
  } else {
    show('home');
    title('Make a quiz');
    clearErrors(byId('compose'));
    showLibrary(byId('library'), user);
  }
  if (!current()) return;
  if (moved) {
    document.querySelector('main > :not([hidden]) h1')?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }
  afterwards?.();
  afterwards = undefined;
}

async function open(view, parameters, context) {
  show('view');
  SHOWN.view.replaceChildren(h('p', { class: 'column waiting' }, 'Opening…'));
  try {
    const stop = await view(SHOWN.view, ...parameters, context);
    if (!stop) return;
    if (context.current()) leave = stop;
    else stop();
  } catch (error) {
    if (!context.current()) return;
    context.title('Not available');
    // Nothing was entered here, so what is not valid can only be the address.
    const reason = error.code === 'validation.failed' ? BAD_ADDRESS : error.message;
    SHOWN.view.replaceChildren(h('article', { class: 'column' },
      h('h1', { tabindex: '-1' }, 'This cannot be opened'),
      h('p', { class: 'notice bad', role: 'alert' }, reason),
      h('div', { class: 'actions' },
        error.passing && h('button', { type: 'button', class: 'primary', onclick: () => route() }, 'Try again'),
        h('a', { class: error.passing ? 'button' : 'button primary', href: '#new' }, 'Make a quiz'))));
  }
}

function entered(next) {
  user = next;
  byId('welcome-notice').hidden = true;
  showAccount();
  if (location.hash === '#account') navigate('#new');
  else route();
}

function left(notice) {
  user = undefined;
  showAccount();
  byId('library').replaceChildren();
  byId('welcome-notice').textContent = notice ?? '';
  byId('welcome-notice').hidden = !notice;
}

onSessionLost(() => {
  if (!user) return;
  left('Your session has ended. Sign in to go on; what you entered is kept.');
  route();
});

byId('sign-out').addEventListener('click', async () => {
  try {
    await api.logout();
  } catch (error) {
    if (error.status === 0) {
      showError(byId('page-error'), error);
      return;
    }
  }
  leave();
  leave = () => {};
  forget();
  left();
  navigate('#new');
});

byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('main').focus();
});

addEventListener('hashchange', () => route());

async function start() {
  setUpCompose(navigate);
  try {
    user = await api.me();
  } catch (error) {
    if (error.status !== 401) {
      byId('welcome-notice').textContent = error.message;
      byId('welcome-notice').hidden = false;
    }
  }
  showAccount();
  await route(false);
}

start();
