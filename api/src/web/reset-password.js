import { request } from './api.js';
import { byId, clearErrors, showErrors, whileBusy } from './dom.js';

const token = new URLSearchParams(location.search).get('token');
// A password's key does not belong into the history.
if (token) history.replaceState(null, '', location.pathname);

byId(token ? 'reset' : 'ask').hidden = false;
byId(token ? 'password' : 'email').focus();

function done(form, text) {
  form.hidden = true;
  byId('done').hidden = false;
  byId('done-text').textContent = text;
  byId('onward').focus();
}

function wire(name, busy, send, text) {
  const form = byId(name);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    whileBusy(byId(`${name}-submit`), busy, async () => {
      clearErrors(form);
      try {
        await send();
        done(form, text);
      } catch (error) {
        showErrors(form, error);
        if (error.code === 'auth.token_invalid') byId('ask').hidden = false;
      }
    });
  });
}

wire('ask', 'Sending…', () => request('POST', '/auth/forgot-password', { json: { email: byId('email').value.trim() } }),
  'If an account has this email, a mail with a link is on its way. The link is good for one hour.');
wire('reset', 'Setting…', () => request('POST', '/auth/reset-password', { json: { token, password: byId('password').value } }),
  'Your password is set, and every other device is signed out. Sign in with the new one.');
