/** The operators' page works without scripts. With them it keeps itself up to date. */
import { api } from './api.js';

const LOST_AFTER_MS = 3_000;
const TICK_MS = 1_000;
const AGAIN_MS = 5_000;
const ANNOUNCE_MS = 5_000;

/** The words of the server for a length of time; see its `span`. */
function span(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 10) return `${seconds}.${Math.floor((milliseconds % 1000) / 100)} s`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 36_000) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 864_000) return `${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3600) % 24} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

function tick() {
  const now = Date.now();
  for (const time of document.querySelectorAll('time')) {
    const passed = now - Date.parse(time.dateTime);
    // Tenths that run would only disquiet.
    const said = Math.abs(passed) < 10_000 ? `${Math.floor(Math.abs(passed) / 1000)} s` : span(Math.abs(passed));
    const text = passed >= 0 ? `${said} ago` : `in ${said}`;
    if (time.textContent !== text) time.textContent = text;
  }
}

/** What a region says, whatever the time. */
const gist = (region) => region.outerHTML.replace(/(<time[^>]*>)[^<]*/g, '$1').replace(/ open=""/g, '');
const gists = new WeakMap();

/** Puts in the regions that have changed, and leaves the focus and what was opened as they are. */
function swap(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  for (const region of fresh.querySelectorAll('[data-region]')) {
    const shown = document.getElementById(region.id);
    const said = gist(region);
    if (!shown) {
      if (region.parentElement === fresh.body) document.getElementById('main').append(document.adoptNode(region));
      continue;
    }
    if ((gists.get(shown) ?? gist(shown)) === said) continue;
    const focused = shown.contains(document.activeElement) ? document.activeElement.id : '';
    for (const details of shown.querySelectorAll('details[open]')) {
      const same = details.id && region.querySelector(`#${CSS.escape(details.id)}`);
      if (same) same.open = true;
    }
    const next = document.importNode(region, true);
    gists.set(next, said);
    shown.replaceWith(next);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
  tick();
  announce(document.querySelector('[data-say]')?.textContent.trim());
}

let said = document.querySelector('[data-say]')?.textContent.trim();
let announcing;

/** Tells those who cannot see it what has become of it, but not every second. */
function announce(text) {
  if (!text || text === said || announcing) return;
  announcing = setTimeout(() => {
    announcing = undefined;
    said = document.querySelector('[data-say]')?.textContent.trim();
    document.getElementById('announcer').textContent = said;
  }, ANNOUNCE_MS);
}

const state = document.getElementById('link');
function say(text, lost) {
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle('lost', lost);
  state.classList.toggle('live', !lost);
}

function follow(address) {
  let timer;
  const source = new EventSource(address);
  const heard = () => {
    clearTimeout(timer);
    timer = undefined;
    say('Live', false);
  };
  source.addEventListener('open', heard);
  source.addEventListener('view', (event) => {
    heard();
    swap(JSON.parse(event.data));
  });
  source.addEventListener('error', () => {
    timer ??= setTimeout(() => say('Cut off: trying to connect again. What is shown may be old.', true), LOST_AFTER_MS);
    if (source.readyState !== EventSource.CLOSED) return;
    // The browser has given up: the server refused, perhaps because the login has expired.
    source.close();
    const again = () => { clearTimeout(timer); follow(address); };
    api.me().then(() => setTimeout(again, TICK_MS), (error) => {
      if (error.status === 401) location.reload();
      else setTimeout(again, AGAIN_MS);
    });
  });
  addEventListener('pagehide', () => source.close(), { once: true });
}

const address = document.body.dataset.live;
if (address) {
  follow(address);
  tick();
  setInterval(tick, TICK_MS);
}

// A login that has expired may be renewed without asking, and a link from elsewhere brings no cookie of a login that holds.
const login = document.getElementById('login');
if (login && !document.querySelector('[role=alert]')) {
  const next = new URL(login.action).searchParams.get('next');
  api.me().then(() => location.replace(next), () => {});
}
addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
