import { api } from './api.js';
import { byId, clearErrors, showError, showErrors, whileBusy } from './dom.js';

/** Wires the welcome view. `entered(user)` runs after every way in. */
export function setUpAuth(entered) {
  const form = byId('auth');

  function show(mode) {
    const registering = mode === 'register';
    byId('auth-name').hidden = !registering;
    byId('password-hint').hidden = !registering;
    byId('forgotten').hidden = registering;
    byId('email-label').textContent = registering ? 'Email' : 'Email or username';
    byId('email').type = registering ? 'email' : 'text';
    byId('password').autocomplete = registering ? 'new-password' : 'current-password';
    byId('auth-submit').textContent = registering ? 'Create account' : 'Sign in';
    form.elements.mode.value = mode;
    clearErrors(form);
  }

  form.addEventListener('change', (event) => {
    if (event.target.name === 'mode') show(event.target.value);
  });

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const registering = form.elements.mode.value === 'register';
    const label = registering ? 'Creating…' : 'Signing in…';
    whileBusy(byId('auth-submit'), label, async () => {
      clearErrors(form);
      try {
        if (registering) await api.register(account());
        const { user } = await api.login(credentials());
        byId('password').value = '';
        entered(user);
      } catch (error) {
        showErrors(form, error);
      }
    });
  });

  byId('guest').addEventListener('click', () => whileBusy(byId('guest'), 'One moment…', async () => {
    clearErrors(form);
    showError(byId('guest-error'), null);
    try {
      const { user } = await api.guest();
      entered(user);
    } catch (error) {
      showError(byId('guest-error'), error);
    }
  }));

  const account = () => ({
    name: byId('name').value.trim(),
    email: byId('email').value.trim(),
    password: byId('password').value,
  });

  function credentials() {
    const name = byId('email').value.trim();
    return { [name.includes('@') ? 'email' : 'username']: name, password: byId('password').value };
  }

  return { show };
}
