// Calls of our own API from the portal. A failed call throws a Problem, which carries the words
// to show; nothing here ever keeps a password or a token.

export class Problem extends Error {
    constructor(status, body, retryAfterSeconds) {
        super(body.detail || body.title || 'The server answered with status ' + status + '.');
        this.status = status;
        this.code = typeof body.code === 'string' ? body.code : '';
        this.hint = typeof body.hint === 'string' ? body.hint : '';
        this.requestId = typeof body.requestId === 'string' ? body.requestId : '';
        this.fields = Array.isArray(body.errors) ? body.errors : [];
        this.retryAfterSeconds = retryAfterSeconds;
    }
}

function retryAfterOf(response, body) {
    const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
    if (Number.isFinite(seconds) && seconds > 0) return seconds;
    return Number.isFinite(body.retryAfter) ? body.retryAfter : 0;
}

async function bodyOf(response) {
    const type = response.headers.get('Content-Type') ?? '';
    if (!/json/.test(type)) return {};
    try {
        return await response.json();
    } catch {
        return {};
    }
}

// The CSRF value is of no worth without the cookie, so the tab may keep it.
export function rememberCsrf(value) {
    if (typeof value === 'string' && value !== '') sessionStorage.setItem('csrf', value);
}

export function forgetCsrf() {
    sessionStorage.removeItem('csrf');
}

// Returns {status, body, next}: `next` is the address of the next page of a list, or ''.
export async function call(method, path, payload) {
    const headers = {Accept: 'application/json'};
    if (payload !== undefined) headers['Content-Type'] = 'application/json';
    if (method !== 'GET') {
        const csrf = sessionStorage.getItem('csrf');
        if (csrf) headers['X-CSRF-Token'] = csrf;
    }
    let response;
    try {
        response = await fetch(path, {
            method,
            headers,
            body: payload === undefined ? undefined : JSON.stringify(payload),
            credentials: 'same-origin',
            redirect: 'error',
            cache: 'no-store',
        });
    } catch {
        throw new Problem(0, {detail: 'The server cannot be reached. Is it still running?'}, 0);
    }
    const body = await bodyOf(response);
    if (!response.ok) throw new Problem(response.status, body, retryAfterOf(response, body));
    return {status: response.status, body, next: nextOf(response)};
}

function nextOf(response) {
    const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('Link') ?? '');
    if (!link) return '';
    const target = new URL(link[1], location.origin);
    // Behind a proxy the issuer's address may differ from the one in the address bar.
    return location.origin + target.pathname + target.search;
}

// Where to go after the login: an address of this origin and nothing else. Control characters are
// refused, because a browser drops them and would read "/<tab>/host" as another host. The answer is
// the whole address, because "/x/..//host" is a harmless path only while the origin stands before it.
export function returnTarget(search) {
    const wanted = new URLSearchParams(search).get('next') ?? '/';
    if (!/^\/(?![/\\])[^\u0000-\u0020\\\u007f]*$/.test(wanted)) return location.origin + '/';
    const target = new URL(wanted, location.origin);
    return target.origin === location.origin ? target.href : location.origin + '/';
}
