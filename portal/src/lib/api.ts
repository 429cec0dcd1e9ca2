// Calls of our own API. A failed call throws a Problem, which carries the words to show. Nothing
// here keeps a password or a token.
import {takeEarly} from './early';
import {noteAnswer} from './position';

export interface FieldError {
    pointer?: string;
    detail?: string;
    line?: number;
    column?: number;
}

interface ProblemBody {
    title?: string;
    detail?: string;
    code?: string;
    hint?: string;
    requestId?: string;
    errors?: FieldError[];
    missingScopes?: string[];
    retryAfter?: number;
}

export class Problem extends Error {
    readonly status: number;
    readonly code: string;
    readonly hint: string;
    readonly requestId: string;
    readonly fields: FieldError[];
    readonly missingScopes: string[];
    readonly retryAfterSeconds: number;

    constructor(status: number, body: ProblemBody, retryAfterSeconds = 0) {
        super(body.detail || body.title || 'The server answered with status ' + status + '.');
        this.status = status;
        this.code = typeof body.code === 'string' ? body.code : '';
        this.hint = typeof body.hint === 'string' ? body.hint : '';
        this.requestId = typeof body.requestId === 'string' ? body.requestId : '';
        this.fields = Array.isArray(body.errors) ? body.errors : [];
        this.missingScopes = Array.isArray(body.missingScopes) ? body.missingScopes : [];
        this.retryAfterSeconds = retryAfterSeconds;
    }
}

export interface Reply<T> {
    status: number;
    body: T;
    next: string; // the address of the next page of a list, or ''
    etag: string;
}

export interface CallOptions {
    idempotencyKey?: string;
    ifMatch?: string;
    signal?: AbortSignal;
    accept?: string;
}

// The CSRF value lives in this page alone; it comes with the session or with /v1/users/me.
let csrf = '';
export function rememberCsrf(value: string | undefined) {
    csrf = value ?? '';
}

type Listener = () => void;
const endListeners = new Set<Listener>();
// Called when the server says that the session has ended.
export function onSessionEnd(listener: Listener) {
    endListeners.add(listener);
    return () => {
        endListeners.delete(listener);
    };
}

async function bodyOf(response: Response): Promise<unknown> {
    if (!/json/.test(response.headers.get('Content-Type') ?? '')) return {};
    try {
        return await response.json();
    } catch {
        return {};
    }
}

function nextOf(response: Response) {
    const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('Link') ?? '');
    if (!link?.[1]) return '';
    // Behind a proxy the issuer's address may differ from the one in the address bar.
    const target = new URL(link[1], location.origin);
    return target.pathname + target.search;
}

function retryAfterOf(response: Response, body: ProblemBody) {
    const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
    if (Number.isFinite(seconds) && seconds > 0) return seconds;
    return typeof body.retryAfter === 'number' ? body.retryAfter : 0;
}

function headersOf(method: string, payload: unknown, options: CallOptions) {
    const headers: Record<string, string> = {Accept: options.accept ?? 'application/json'};
    if (payload !== undefined) headers['Content-Type'] = 'application/json';
    if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf;
    if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
    if (options.ifMatch) headers['If-Match'] = options.ifMatch;
    return headers;
}

// Asks for the password once more; whether it was given.
let stepUp: (() => Promise<boolean>) | null = null;
export function onStepUp(ask: () => Promise<boolean>) {
    stepUp = ask;
}

// Another tab gave the password, and the session has another secret since.
async function renewCsrf() {
    const before = csrf;
    const {body} = await send<{csrf?: string}>('GET', '/v1/users/me', undefined, {});
    rememberCsrf(body.csrf);
    return csrf !== before;
}

export async function call<T>(method: string, path: string, payload?: unknown,
                              options: CallOptions = {}): Promise<Reply<T>> {
    try {
        return await send<T>(method, path, payload, options);
    } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        const isReady = problem.code === 'step_up_needed' ? await stepUp?.()
            : problem.code === 'csrf' && csrf !== '' ? await renewCsrf() : false;
        if (!isReady) throw problem;
        return send<T>(method, path, payload, options);
    }
}

async function send<T>(method: string, path: string, payload: unknown,
                       options: CallOptions): Promise<Reply<T>> {
    let response: Response;
    try {
        response = await (takeEarly(method, path) ?? fetch(path, {
            method,
            headers: headersOf(method, payload, options),
            body: payload === undefined ? undefined : JSON.stringify(payload),
            credentials: 'same-origin',
            redirect: 'error',
            cache: 'no-store',
            signal: options.signal,
        }));
    } catch (failure) {
        if (options.signal?.aborted) throw failure;
        throw new Problem(0, {detail: 'The server cannot be reached. Is it still running?'});
    }
    const body = await bodyOf(response);
    if (!response.ok) {
        const problem = new Problem(response.status, body as ProblemBody,
            retryAfterOf(response, body as ProblemBody));
        const isLogin = path === '/v1/session' || path === '/v1/setup';
        if (response.status === 401 && !isLogin) for (const listener of endListeners) listener();
        throw problem;
    }
    noteAnswer(response.headers.get('Latchkey-Position'));
    return {
        status: response.status,
        body: body as T,
        next: nextOf(response),
        etag: response.headers.get('ETag') ?? '',
    };
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await call<T>('GET', path, undefined, {signal})).body;
}

// All pages of a list, up to a bound that keeps a mistake from loading for ever.
export async function getAll<T>(path: string, most = 1000): Promise<T[]> {
    const all: T[] = [];
    let next = path;
    while (next !== '' && all.length < most) {
        const page = await call<T[]>('GET', next);
        all.push(...page.body);
        next = page.next;
    }
    return all;
}

export function query(parameters: Record<string, string | number | undefined>) {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
        if (value !== undefined && value !== '') search.set(name, String(value));
    }
    const text = search.toString();
    return text ? '?' + text : '';
}

// crypto.randomUUID is missing on plain http away from loopback; getRandomValues never is.
export function randomKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
