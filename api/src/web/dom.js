const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'selected']);

/** Builds an element. Strings become text nodes, so data can never become markup. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

let announcement;
export function announce(text) {
  clearTimeout(announcement);
  const region = byId('announcer');
  region.textContent = '';
  // A screen reader repeats a message only when the region was empty before.
  announcement = setTimeout(() => { region.textContent = text; }, 60);
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

export function showError(box, error) {
  box.textContent = error ? error.message : '';
  box.hidden = !error;
}

export function clearErrors(form) {
  showError(form.querySelector('.form-error'), null);
  for (const note of form.querySelectorAll('.field-error')) {
    const control = form.querySelector(`[aria-describedby~="${note.id}"]`);
    const others = (control?.getAttribute('aria-describedby') ?? '').split(' ').filter((id) => id !== note.id);
    if (others.join('')) control.setAttribute('aria-describedby', others.join(' '));
    else control?.removeAttribute('aria-describedby');
    control?.removeAttribute('aria-invalid');
    note.remove();
  }
}

/** A message with a capital at its start and a stop at its end. */
export function sentence(text) {
  const trimmed = text.trim();
  const end = /[.!?…]["”)]?$/.test(trimmed) ? '' : '.';
  return trimmed && trimmed[0].toUpperCase() + trimmed.slice(1) + end;
}

const LIMITS = [
  [/^(length is lower than 1|is missing)$/, 'must not be empty'],
  [/^length is lower than (\d+)$/, 'must have at least $1 characters'],
  [/^length is greater than (\d+)$/, 'can have at most $1 characters'],
  [/^lower than (\d+)$/, 'must be at least $1'],
  [/^greater than (\d+)$/, 'must be at most $1'],
];

/** What the server says about a field, under the name the form gives it. */
function worded(message, field, holder) {
  if (!message.startsWith(`${field} `)) return sentence(message);
  const name = holder.dataset.name ?? holder.querySelector('label, legend').firstChild.textContent.trim();
  const said = message.slice(field.length + 1);
  const limit = LIMITS.find(([pattern]) => pattern.test(said));
  return sentence(`${name} ${limit ? said.replace(...limit) : said}`);
}

/** Puts each message of a problem beside its field, the rest above the button, and moves to the first. */
export function showErrors(form, error) {
  clearErrors(form);
  let first;
  const unplaced = [];
  for (const { field, message } of error.errors) {
    const name = String(field).split(/[.[]/)[0];
    const holder = [...form.querySelectorAll(`[data-field="${CSS.escape(name)}"]`)].find((node) => node.checkVisibility());
    const control = holder?.querySelector('input, textarea, select');
    if (!control) {
      unplaced.push(message);
      continue;
    }
    const note = h('p', { class: 'field-error', id: `${form.id}-${name}-error` }, worded(message, field, holder));
    holder.append(note);
    control.setAttribute('aria-invalid', 'true');
    control.setAttribute('aria-describedby', `${control.getAttribute('aria-describedby') ?? ''} ${note.id}`.trim());
    first ??= control;
  }
  if (!first) showError(form.querySelector('.form-error'), error);
  else if (unplaced.length) showError(form.querySelector('.form-error'), new Error(unplaced.join(' ')));
  first?.focus();
}

/** Marks a button busy for the duration of `work` without taking the focus away from it. */
export async function whileBusy(button, label, work) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  const idle = button.textContent;
  button.setAttribute('aria-disabled', 'true');
  button.textContent = label;
  try {
    await work();
  } finally {
    button.removeAttribute('aria-disabled');
    button.textContent = idle;
  }
}

export function formatDate(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  const options = { day: 'numeric', month: 'short' };
  if (date.getFullYear() !== new Date().getFullYear()) options.year = 'numeric';
  return new Intl.DateTimeFormat(undefined, options).format(date);
}

export function formatPercent(value) {
  return new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 }).format(value / 100);
}

export function formatNumber(value) {
  return new Intl.NumberFormat(undefined, { maximumFractionDigits: 2, useGrouping: 'min2' }).format(value);
}
