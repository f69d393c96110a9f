import { announce, h } from './dom.js';

export const TYPE_NAMES = {
  multiple_choice: 'Multiple choice',
  multiple_select: 'Several answers',
  true_false: 'True or false',
  short_answer: 'Short answer',
  cloze: 'Fill the gap',
  numeric: 'Number',
  matching: 'Matching',
  ordering: 'Ordering',
};

const HINTS = {
  multiple_select: 'Choose all that apply.',
  cloze: 'Write the missing word or words.',
  numeric: 'Write a number.',
  matching: 'Choose a partner for each.',
  ordering: 'Put these in order.',
};

const LONG_OPTION = 28;

export const pageName = (source) => (source?.page ? `Page ${source.page}` : undefined);

/**
 * One question with its controls. `given` is the answer so far; `changed(answer)` hears every new one,
 * undefined meaning none.
 */
export function questionCard(question, number, given, changed) {
  const id = `q${number}`;
  const labels = { 'aria-labelledby': `${id}-text`, 'aria-describedby': HINTS[question.type] ? `${id}-hint` : undefined };
  const controls = (CONTROLS[question.type] ?? text)({ question, id, labels, given, changed });
  const points = question.points && question.points !== 1 ? `${question.points} points` : undefined;
  return h('section', { class: 'question', id },
    h('p', { class: 'number', 'aria-hidden': 'true' }, String(number)),
    h('div', null,
      h('h2', { id: `${id}-text` }, h('span', { class: 'sr-only' }, `Question ${number}: `), question.question),
      h('p', { class: 'facts' }, [HINTS[question.type] && h('span', { id: `${id}-hint` }, HINTS[question.type]),
        points && h('span', null, points), pageName(question.source) && h('span', null, pageName(question.source))]),
      controls));
}

const CONTROLS = {
  multiple_choice: radios,
  true_false: radios,
  multiple_select: checkboxes,
  numeric: number,
  matching: selects,
  ordering: order,
};

function choice(type, name, option, checked, onchange) {
  return h('label', { class: 'choice' },
    h('input', { type, name, value: option, checked, onchange }), h('span', null, option));
}

function radios({ question, id, labels, given, changed }) {
  return h('div', { role: 'radiogroup', class: 'choices', ...labels },
    question.options.map((option) => choice('radio', id, option, option === given, () => changed(option))));
}

function checkboxes({ question, id, labels, given, changed }) {
  const chosen = new Set(Array.isArray(given) ? given : []);
  const toggle = (option) => (event) => {
    if (event.target.checked) chosen.add(option);
    else chosen.delete(option);
    const all = question.options.filter((each) => chosen.has(each));
    changed(all.length ? all : undefined);
  };
  return h('div', { role: 'group', class: 'choices', ...labels },
    question.options.map((option) => choice('checkbox', id, option, chosen.has(option), toggle(option))));
}

function text({ labels, given, changed }) {
  return h('input', {
    ...labels, class: 'answer', autocomplete: 'off', value: given ?? '',
    oninput: (event) => changed(event.target.value.trim() || undefined),
  });
}

function number({ id, labels, given, changed }) {
  const warning = h('p', { class: 'field-error', id: `${id}-error`, hidden: true }, 'This is not a number yet.');
  const read = (event) => {
    const value = event.target.value.trim();
    const parsed = Number(/^[^.]*,[^.,]*$/.test(value) ? value.replace(',', '.') : value);
    const wrong = value !== '' && !Number.isFinite(parsed);
    warning.hidden = !wrong;
    event.target.setAttribute('aria-invalid', String(wrong));
    changed(value === '' || wrong ? undefined : parsed);
  };
  const describedBy = `${labels['aria-describedby']} ${id}-error`;
  return h('div', null,
    h('input', {
      ...labels, 'aria-describedby': describedBy, class: 'answer short', inputmode: 'decimal', autocomplete: 'off',
      value: given ?? '', oninput: read,
    }),
    warning);
}

/** Long partners stand in full above the lists, with a letter each: a closed list cuts them off. */
function selects({ question, id, labels, given, changed }) {
  const { left = [], right = [] } = question.pairs ?? {};
  const long = right.some((text) => text.length > LONG_OPTION);
  const letter = (place) => (long ? `${String.fromCharCode(65 + place)}. ` : '');
  const matched = { ...given };
  const match = (item) => (event) => {
    if (event.target.value) matched[item] = event.target.value;
    else delete matched[item];
    changed(Object.keys(matched).length ? { ...matched } : undefined);
  };
  const legend = long && h('ol', { class: 'partners' }, right.map((text) => h('li', null, text)));
  return h('div', { role: 'group', class: 'pairs', ...labels }, legend, left.map((item, place) =>
    h('div', { class: 'match' },
      h('label', { for: `${id}-${place}` }, item),
      h('select', { id: `${id}-${place}`, onchange: match(item) },
        h('option', { value: '' }, 'Choose…'),
        right.map((option, at) =>
          h('option', { value: option, selected: matched[item] === option }, letter(at) + option))))));
}

function order({ question, labels, given, changed }) {
  const items = Array.isArray(given) && given.length === question.options.length ? [...given] : [...question.options];
  const list = h('ol', { class: 'order', ...labels });
  const settled = h('input', {
    type: 'checkbox', checked: Array.isArray(given),
    onchange: () => changed(settled.checked ? [...items] : undefined),
  });

  function move(row, step) {
    const from = [...list.children].indexOf(row);
    const to = from + step;
    if (to < 0 || to >= items.length) return;
    items.splice(to, 0, ...items.splice(from, 1));
    const pressed = document.activeElement;
    list.insertBefore(row, step < 0 ? list.children[to] : list.children[to].nextSibling);
    pressed.focus();
    markEnds();
    settled.checked = true;
    announce(`${items[to]}: ${to + 1} of ${items.length}`);
    changed([...items]);
  }

  // Ends keep their buttons focusable, or the keyboard would lose its place on the last step.
  function markEnds() {
    [...list.children].forEach((row, place) => {
      const [up, down] = row.querySelectorAll('button');
      up.setAttribute('aria-disabled', String(place === 0));
      down.setAttribute('aria-disabled', String(place === items.length - 1));
    });
  }

  list.append(...items.map((item) => {
    const row = h('li', null, h('span', null, item));
    const button = (name, sign, step) =>
      h('button', { type: 'button', class: 'step', 'aria-label': `Move ${name}: ${item}`, onclick: () => move(row, step) }, sign);
    row.append(button('up', '↑', -1), button('down', '↓', 1));
    return row;
  }));
  markEnds();
  return h('div', null, list, h('label', { class: 'confirm' }, settled, h('span', null, 'This is my order')));
}
