// The login of the portal. Wrong e-mail and wrong password answer alike; a rate limit counts down.
import {call, forgetCsrf, rememberCsrf, returnTarget} from './requests.js';
import {
    announce, bindPasswordToggle, clearErrors, element, isBusy, setBusy, setReady, showErrors,
    showProblem, warnOfPlainHttp,
} from './forms.js';

const kButtonText = 'Log in';
const form = element('login-form');
const email = element('email');
const password = element('password');
const submit = element('submit');

function complaints() {
    const errors = [];
    if (email.value.trim() === '') errors.push({field: 'email', text: 'Enter your e-mail address.'});
    if (password.value === '') errors.push({field: 'password', text: 'Enter your password.'});
    return errors;
}

function waitText(seconds) {
    const minutes = Math.floor(seconds / 60);
    const rest = seconds % 60;
    return minutes === 0 ? rest + ' s' : minutes + ' min ' + String(rest).padStart(2, '0') + ' s';
}

// The button tells the time that is left; only the start and the end are announced.
function countDown(seconds) {
    const end = Date.now() + seconds * 1000;
    const tick = () => {
        const left = Math.ceil((end - Date.now()) / 1000);
        if (left <= 0) {
            clearInterval(timer);
            setReady(submit, kButtonText);
            announce('You can try again now.');
            return;
        }
        setBusy(submit, 'Try again in ' + waitText(left));
    };
    const timer = setInterval(tick, 1000);
    tick();
}

function explain(problem) {
    if (problem.status === 429) {
        const seconds = Math.max(1, problem.retryAfterSeconds);
        showErrors('Too many attempts', [{field: '', text: 'Please wait ' + waitText(seconds) + ' and try again.'}]);
        countDown(seconds);
        return;
    }
    setReady(submit, kButtonText);
    if (problem.status === 401 || problem.status === 403) {
        showErrors('The login did not work', [{field: '', text: 'E-mail and password do not match an active account.'}]);
        return;
    }
    showProblem('The login did not work', problem);
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
    setBusy(submit, 'Logging in…');
    try {
        const {body} = await call('POST', '/v1/session', {
            email: email.value.trim(), password: password.value, kind: 'portal',
        });
        rememberCsrf(body.csrf);
        password.value = '';
        location.replace(returnTarget(location.search));
    } catch (problem) {
        explain(problem);
    }
}

forgetCsrf();
warnOfPlainHttp();
bindPasswordToggle(password, element('show-password'));
form.addEventListener('submit', send);
