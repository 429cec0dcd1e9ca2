// What every form of the portal does alike: errors beside their fields and in a summary that takes
// the focus, a password that can be shown, a button that says that it works, commands to copy.
// Text reaches the page through textContent only.

export function element(id) {
    return document.getElementById(id);
}

export function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
}

// One polite region a page, so that announcements do not talk over each other.
export function announce(text) {
    element('announcer').textContent = text;
}

export function warnOfPlainHttp() {
    const host = location.hostname;
    const isLoopback = host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' ||
        /^127(\.\d{1,3}){3}$/.test(host);
    element('insecure').hidden = location.protocol === 'https:' || isLoopback;
}

export function bindPasswordToggle(input, button) {
    button.hidden = false;
    button.addEventListener('click', () => {
        const shows = input.type === 'password';
        input.type = shows ? 'text' : 'password';
        button.textContent = shows ? 'Hide' : 'Show';
        button.setAttribute('aria-label', shows ? 'Hide password' : 'Show password');
        input.focus();
    });
}

export function clearErrors(form) {
    const summary = element('summary');
    summary.hidden = true;
    summary.replaceChildren();
    for (const input of form.querySelectorAll('input')) {
        input.removeAttribute('aria-invalid');
        const text = element(input.id + '-error');
        if (text) {
            text.textContent = '';
            text.hidden = true;
        }
    }
}

// `errors` are {field, text}; a field that the form does not have is shown in the summary alone.
export function showErrors(title, errors, footnote = '') {
    const list = make('ul');
    for (const {field, text} of errors) {
        const input = field ? element(field) : null;
        const isOwn = input instanceof HTMLInputElement;
        if (isOwn) {
            input.setAttribute('aria-invalid', 'true');
            const place = element(field + '-error');
            place.textContent = text;
            place.hidden = false;
        }
        const entry = isOwn ? make('a', {href: '#' + field}, text) : text;
        if (isOwn) {
            entry.addEventListener('click', (event) => {
                event.preventDefault();
                input.focus();
            });
        }
        list.append(make('li', {}, entry));
    }
    const summary = element('summary');
    summary.replaceChildren(make('h2', {}, title));
    if (errors.length > 0) summary.append(list);
    if (footnote) summary.append(make('p', {class: 'small'}, footnote));
    summary.hidden = false;
    summary.focus();
}

// The server's texts are phrases, made to stand behind "error:".
function sentence(text) {
    const [first = '', ...rest] = text;
    const whole = first.toUpperCase() + rest.join('');
    return /[.!?]$/.test(whole) ? whole : whole + '.';
}

export function showProblem(title, problem) {
    const errors = problem.fields.map((entry) => ({
        field: String(entry.pointer ?? '').replace(/^\//, ''),
        text: sentence(String(entry.detail ?? problem.message)),
    }));
    if (errors.length === 0) errors.push({field: '', text: sentence(problem.message)});
    if (problem.hint) errors.push({field: '', text: sentence(problem.hint)});
    showErrors(title, errors, problem.requestId ? 'Request ' + problem.requestId : '');
}

// aria-disabled and not disabled: a disabled button loses the focus, and with it the place.
export function setBusy(button, busyText) {
    button.setAttribute('aria-disabled', 'true');
    button.textContent = busyText;
}

export function setReady(button, text) {
    button.removeAttribute('aria-disabled');
    button.textContent = text;
}

export function isBusy(button) {
    return button.getAttribute('aria-disabled') === 'true';
}

// A word of a command that someone will paste: whatever it holds, the shell sees one word.
export function shellWord(text) {
    return /^[\w@%+=:,./-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'";
}

async function copyText(text) {
    if (navigator.clipboard) {
        try {
            await navigator.clipboard.writeText(text);
            return true;
        } catch {
            // Not allowed here; the older way below may be.
        }
    }
    // navigator.clipboard is missing on plain HTTP away from loopback.
    const area = make('textarea', {'aria-hidden': 'true', readonly: ''});
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
}

// One line of shell with a button that copies exactly this line.
export function commandLine(text) {
    const button = make('button', {type: 'button', class: 'small-button'}, 'Copy');
    button.setAttribute('aria-label', 'Copy: ' + text);
    button.addEventListener('click', async () => {
        const copied = await copyText(text);
        button.focus();
        button.textContent = copied ? 'Copied' : 'Press Ctrl+C';
        announce(copied ? 'Copied' : 'Could not copy; select the text and press Ctrl+C');
        setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
    return make('div', {class: 'command'}, make('code', {}, text), button);
}
