// The first administrator. The code stands in the fragment, which browsers do not send, and is
// taken out of the address bar at once: it must not stay in the history or in a screenshot.
import {call, forgetCsrf, rememberCsrf} from './requests.js';
import {
    bindPasswordToggle, clearErrors, commandLine, element, isBusy, make, setBusy, setReady,
    shellWord, showErrors, showProblem, warnOfPlainHttp,
} from './forms.js';

const kButtonText = 'Create administrator';
let code = decodeURIComponentOrEmpty(location.hash.slice(1));
history.replaceState(null, '', location.pathname);

const form = element('setup-form');
const email = element('email');
const name = element('name');
const password = element('password');
const submit = element('submit');

function decodeURIComponentOrEmpty(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return '';
    }
}

// A hint and no rule: the server decides, and knows the passwords that everybody tries first.
function strengthOf(text) {
    const length = [...text].length;
    if (length === 0) return {level: 0, words: 'At least 8 characters. A few unrelated words work well.'};
    if (length < 8) return {level: 1, words: 'Too short: ' + (8 - length) + ' more to go.'};
    const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(text)).length;
    const distinct = new Set(text).size;
    if (distinct < 5) return {level: 1, words: 'Weak: the same few characters again and again.'};
    if (length >= 16 || (length >= 12 && kinds >= 3)) return {level: 4, words: 'Strong.'};
    if (length >= 12 || kinds >= 3) return {level: 3, words: 'Good. Longer is stronger.'};
    return {level: 2, words: 'Fair. Longer is stronger.'};
}

function showStrength() {
    const {level, words} = strengthOf(password.value);
    element('strength').dataset.level = String(level);
    element('strength-text').textContent = words;
}

function complaints() {
    const errors = [];
    if (!/^[^\s@]+@[^\s@]+$/.test(email.value.trim())) {
        errors.push({field: 'email', text: 'Enter an e-mail address, like name@example.com.'});
    }
    if ([...password.value].length < 8) {
        errors.push({field: 'password', text: 'Enter a password of at least 8 characters.'});
    }
    return errors;
}

function showNoCode() {
    form.hidden = true;
    element('no-code').hidden = false;
}

function showDone(who) {
    element('form-card').hidden = true;
    const server = location.origin;
    const commands = [
        'latchkey login --server ' + server + ' --email ' + shellWord(who),
        'latchkey token create -n my-first-token -e 30d',
        'latchkey token list',
    ];
    element('commands').replaceChildren(...commands.map(commandLine));
    element('done').hidden = false;
    document.title = 'You are set up · Latchkey';
    element('done-title').focus();
}

function explain(problem) {
    if (problem.code === 'already_set_up') {
        code = '';
        form.hidden = true;
        showErrors('Latchkey is set up already', [{field: '', text: 'The first administrator exists. Log in instead.'}]);
        element('summary').append(make('p', {class: 'small'}, make('a', {href: '/login'}, 'Go to the login')));
        return;
    }
    if (problem.code === 'bad_setup_code') {
        showErrors('This setup link does not work', [
            {field: '', text: 'It was used, is older than 30 minutes, or belongs to an earlier start.'},
            {field: '', text: 'Restart the server: it prints a new link.'},
        ], problem.requestId ? 'Request ' + problem.requestId : '');
        return;
    }
    showProblem('The administrator was not created', problem);
}

async function send(event) {
    event.preventDefault();
    if (isBusy(submit)) return;
    clearErrors(form);
    const errors = complaints();
    if (errors.length > 0) {
        showErrors('Please check these fields', errors);
        return;
    }
    setBusy(submit, 'Creating…');
    try {
        const wanted = {code, email: email.value.trim(), password: password.value};
        if (name.value.trim() !== '') wanted.name = name.value.trim();
        const {body} = await call('POST', '/v1/setup', wanted);
        rememberCsrf(body.csrf);
        code = '';
        password.value = '';
        showDone(wanted.email);
    } catch (problem) {
        setReady(submit, kButtonText);
        explain(problem);
    }
}

forgetCsrf();
warnOfPlainHttp();
bindPasswordToggle(password, element('show-password'));
password.addEventListener('input', showStrength);
form.addEventListener('submit', send);
showStrength();
if (code === '') showNoCode();
// The whole link, pasted over a page that lacks the code, is the same document to the browser.
// The skip link changes the fragment too, and is no code.
addEventListener('hashchange', () => {
    const fragment = location.hash.slice(1);
    if (fragment !== '' && !element(fragment)) location.reload();
});
