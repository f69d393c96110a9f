import { request } from './api.js';
import { byId, clearErrors, showErrors, whileBusy } from './dom.js';

const token = new URLSearchParams(location.search).get('token');
if (token) history.replaceState(null, '', location.pathname);

const form = byId('verify');

function done(text) {
  form.hidden = true;
  byId('done').hidden = false;
  byId('done-text').textContent = text;
  byId('onward').focus();
}

// Not by itself: programs that check mails for harm open their links, and run what they find there.
form.addEventListener('submit', (event) => {
  event.preventDefault();
  whileBusy(byId('verify-submit'), 'Confirming…', async () => {
    clearErrors(form);
    try {
      await request('POST', '/auth/verify-email', { json: { token } });
      done('Thank you. Your email is confirmed.');
    } catch (error) {
      showErrors(form, error);
    }
  });
});

if (token) {
  form.hidden = false;
  byId('verify-submit').focus();
} else {
  done('This address lacks its token. Open the link in the mail once more.');
}
