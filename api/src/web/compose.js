import { api } from './api.js';
import { announce, byId, clearErrors, h, plural, showErrors, whileBusy } from './dom.js';
import { TYPE_NAMES } from './questions.js';

const LARGE = 10 * 1024 * 1024;
const SHORTEST = 50;
const DRAFT = 'smartstudy.text';
const FILE_HINT = byId('file-hint').textContent;

let file;
const form = byId('compose');

export function setUpCompose(navigate) {
  byId('types').append(...Object.entries(TYPE_NAMES).map(([value, name]) =>
    h('label', null, h('input', { type: 'checkbox', name: 'questionTypes', value }), h('span', null, name))));

  form.addEventListener('change', (event) => {
    if (event.target.name === 'source') showSource(event.target.value);
  });
  setUpFile();
  setUpText();

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const fromPdf = form.elements.source.value === 'pdf';
    whileBusy(byId('make'), fromPdf ? 'Uploading…' : 'Sending…', async () => {
      clearErrors(form);
      try {
        if (fromPdf && !file) throw missing('file', 'Choose a PDF first.');
        const made = fromPdf ? await api.generateFromPdf(pdfInput()) : await api.generateFromText(textInput());
        if (!made.kind) return navigate(`#quiz/${made.id}`);
        remember(made.id, fromPdf ? file.name : 'your text');
        navigate(`#job/${made.id}`);
      } catch (error) {
        showErrors(form, explained(error, fromPdf));
      }
    });
  });
}

function missing(field, message) {
  return Object.assign(new Error(message), { errors: [{ field, message }] });
}

/** Gives upload errors, which name no field, the file as their place. */
function explained(error, fromPdf) {
  if (!fromPdf || error.errors.length) return error;
  if (error.status === 0 && file.size > LARGE) {
    return missing('file', 'The upload was cut off. The file is probably larger than the server accepts.');
  }
  return [413, 415].includes(error.status) ? missing('file', error.message) : error;
}

function remember(jobId, name) {
  sessionStorage.setItem(`smartstudy.job.${jobId}`, name);
}

export const sourceOf = (jobId) => sessionStorage.getItem(`smartstudy.job.${jobId}`);

/** Shows the form again after a failed job, with the cursor where the remedy is. */
export function correct(code) {
  if (code === 'pdf.encrypted') byId('pdf-password').focus();
  else if (code?.startsWith('text.') && form.elements.source.value === 'text') byId('text').focus();
  else byId('file').focus();
}

export function forget() {
  form.reset();
  choose(undefined);
  showSource('pdf');
  for (const key of Object.keys(sessionStorage)) if (key.startsWith('smartstudy.')) sessionStorage.removeItem(key);
}

function showSource(source) {
  byId('from-pdf').hidden = source !== 'pdf';
  byId('from-text').hidden = source !== 'text';
  clearErrors(form);
}

function options() {
  const { topic, questionCount, difficulty } = form.elements;
  const given = {
    topic: topic.value.trim(),
    questionCount: questionCount.value,
    difficulty: difficulty.value,
    questionTypes: [...form.querySelectorAll('[name=questionTypes]:checked')].map((box) => box.value),
  };
  return Object.entries(given).filter(([, value]) => value.length);
}

function textInput() {
  const input = { inputMethod: 'text', textContent: byId('text').value, ...Object.fromEntries(options()) };
  if (input.questionCount) input.questionCount = Number(input.questionCount);
  return input;
}

function pdfInput() {
  const data = new FormData();
  for (const [name, value] of options()) for (const one of [value].flat()) data.append(name, one);
  for (const control of [byId('pages'), byId('pdf-password')]) {
    if (control.value.trim()) data.append(control.name, control.value);
  }
  // Last, so that the server knows the options before the document arrives.
  data.append('file', file, file.name);
  return data;
}

function setUpFile() {
  const input = byId('file');
  const drop = byId('drop');
  input.addEventListener('change', () => { if (input.files.length) choose(input.files[0]); });
  byId('file-remove').addEventListener('click', () => {
    choose(undefined);
    input.focus();
  });

  // The whole page takes a drop: missing the frame must not make the browser leave for the file.
  const droppable = (event) => event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!droppable(event)) return;
    event.preventDefault();
    drop.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) drop.classList.remove('over'); });
  document.addEventListener('drop', (event) => {
    if (!droppable(event)) return;
    event.preventDefault();
    drop.classList.remove('over');
    const [dropped] = event.dataTransfer.files;
    if (!dropped || byId('home').hidden) return;
    form.elements.source.value = 'pdf';
    showSource('pdf');
    choose(dropped);
  });
}

function choose(next) {
  file = next;
  byId('file').value = '';
  byId('file-label').hidden = Boolean(file);
  byId('chosen').hidden = !file;
  byId('drop').classList.toggle('filled', Boolean(file));
  if (file) byId('file').setAttribute('aria-label', `${file.name} is chosen. Choose another PDF`);
  else byId('file').removeAttribute('aria-label');
  clearErrors(form);
  const hint = byId('file-hint');
  const doubt = file && doubtAbout(file);
  hint.textContent = doubt || FILE_HINT;
  hint.classList.toggle('warning', Boolean(doubt));
  if (!file) return;
  byId('file-name').textContent = file.name;
  byId('file-size').textContent = formatSize(file.size);
  announce(`${file.name} chosen. ${doubt ?? ''}`);
}

function doubtAbout({ name, type, size }) {
  if (type !== 'application/pdf' && !/\.pdf$/i.test(name)) return 'This does not look like a PDF.';
  if (size > LARGE) return 'This file is larger than 10 MB and may be refused. Fewer pages will fit.';
  if (size === 0) return 'This file is empty.';
  return undefined;
}

function formatSize(bytes) {
  const [amount, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'kilobyte'] : [bytes / 1024 / 1024, 'megabyte'];
  return new Intl.NumberFormat(undefined, { style: 'unit', unit, maximumFractionDigits: 1 }).format(amount);
}

function setUpText() {
  const text = byId('text');
  const hint = byId('text-hint');
  const count = () => {
    const length = [...text.value].length;
    const short = SHORTEST - length;
    hint.textContent = short > 0 && length > 0
      ? `${plural(length, 'character')}, ${short} more needed.`
      : length ? plural(length, 'character') : `At least ${SHORTEST} characters.`;
    hint.classList.toggle('warning', short > 0 && length > 0);
  };
  text.value = sessionStorage.getItem(DRAFT) ?? '';
  if (text.value) {
    form.elements.source.value = 'text';
    showSource('text');
  }
  count();
  text.addEventListener('input', () => {
    count();
    try {
      sessionStorage.setItem(DRAFT, text.value);
    } catch {
      sessionStorage.removeItem(DRAFT);
    }
  });
  form.addEventListener('reset', () => setTimeout(count));
}
