// The home page: who is signed in, the tokens they own (read only), and how to make one.
import {call, forgetCsrf, rememberCsrf} from './requests.js';
import {
    announce, commandLine, element, isBusy, make, setBusy, setReady, shellWord, warnOfPlainHttp,
} from './forms.js';

const kStates = {active: 'Active', expired: 'Expired', revoked: 'Revoked', suspended: 'Suspended'};
const dates = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'short'});
let next = '/v1/tokens?limit=50';

function timeOf(text, otherwise) {
    const at = text ? new Date(text) : null;
    if (!at || Number.isNaN(at.getTime())) return otherwise;
    return make('time', {datetime: at.toISOString(), title: at.toISOString()}, dates.format(at));
}

// The roles are written out: the narrow layout shows the rows as blocks, which would lose them.
function cell(label, content) {
    return make('td', {role: 'cell', 'data-label': label}, content);
}

function rowOf(token) {
    const name = make('th', {role: 'rowheader', scope: 'row'}, make('bdi', {}, token.name));
    const known = Object.hasOwn(kStates, token.state) ? token.state : '';
    const state = make('span', {class: 'state', 'data-state': known}, kStates[known] ?? String(token.state));
    return make('tr', {role: 'row'}, name, cell('State', state),
        cell('Created', timeOf(token.createdAt, '–')), cell('Expires', timeOf(token.expiresAt, 'Never')),
        cell('Last used', timeOf(token.lastUsedAt, 'Never')));
}

async function showTokens() {
    const page = await call('GET', next);
    next = page.next;
    element('token-rows').append(...page.body.map(rowOf));
    const count = element('token-rows').childElementCount;
    element('no-tokens').hidden = count !== 0;
    element('token-table').hidden = count === 0;
    element('more').hidden = next === '';
    announce(count === 1 ? '1 token' : count + ' tokens shown');
}

async function showMore() {
    const button = element('more-button');
    if (isBusy(button)) return;
    setBusy(button, 'Loading…');
    try {
        await showTokens();
    } catch (problem) {
        showTrouble(problem);
    }
    setReady(button, 'Show more');
}

function showTrouble(problem) {
    const reference = problem.requestId ? ' (request ' + problem.requestId + ')' : '';
    element('trouble').textContent = problem.message + reference;
    element('trouble').hidden = false;
}

async function logOut() {
    const button = element('log-out');
    if (isBusy(button)) return;
    setBusy(button, 'Logging out…');
    try {
        await call('DELETE', '/v1/session');
    } catch (problem) {
        if (problem.status !== 401) {
            setReady(button, 'Log out');
            showTrouble(problem);
            return;
        }
    }
    forgetCsrf();
    location.replace('/login');
}

function showCommands(email) {
    const login = 'latchkey login --server ' + location.origin + (email ? ' --email ' + shellWord(email) : '');
    element('commands').replaceChildren(...[
        login, 'latchkey token create -n my-token -e 30d', 'latchkey token list',
    ].map(commandLine));
}

async function start() {
    warnOfPlainHttp();
    let me;
    try {
        me = (await call('GET', '/v1/users/me')).body;
    } catch (problem) {
        element('loading').hidden = true;
        if (problem.status === 401) element('signed-out').hidden = false;
        else showTrouble(problem);
        return;
    }
    rememberCsrf(me.csrf);
    element('loading').hidden = true;
    element('user-name').textContent = me.name || me.email || me.id;
    element('who').hidden = false;
    element('signed-in').hidden = false;
    showCommands(me.email);
    element('log-out').addEventListener('click', logOut);
    element('more-button').addEventListener('click', showMore);
    try {
        await showTokens();
    } catch (problem) {
        showTrouble(problem);
    }
}

// The browser may keep this page as it is and show it again on "back", after a log out too: it is
// hidden before it is kept, and loaded anew when it comes back.
addEventListener('pagehide', () => {
    element('signed-in').hidden = true;
    element('who').hidden = true;
});
addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
});
start();
