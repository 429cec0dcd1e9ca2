// A token that is being made: what the form holds, what is sent, and the same as commands.
import {cli} from './commands';
import {t} from './i18n';
import {isPowerful, isWrite} from './scopes';
import {dateValue, endOfDay, kDay} from './time';
import type {RateLimit, Token, TokenKind} from './types';

export interface Draft {
    name: string;
    description: string;
    api: string;
    kind: TokenKind;
    expires: string; // of an <input type=date>; '' is never
    preset: number; // days, when the date came from a button; 0 otherwise
    scopes: string[];
    everything: boolean; // all that the owner may do: `*`
    addresses: string;
    projects: string[];
    keys: string;
    rate: RateLimit | null;
    notBefore: string;
    owner: string;
}

export const kEmpty: Draft = {
    name: '', description: '', api: '', kind: 'jwt', expires: '', preset: 0, scopes: [], everything: false,
    addresses: '', projects: [], keys: '', rate: null, notBefore: '', owner: '',
};

// "45", "45d", "12h", "2w", "none", or a date: what a link may say.
export function expiryOf(text: string): Pick<Draft, 'expires' | 'preset'> {
    const span = /^(\d{1,4})\s*([dwmy]?)$/.exec(text.trim());
    if (span) {
        const days = Number(span[1]) * ({d: 1, w: 7, m: 30, y: 365}[span[2] || 'd'] ?? 1);
        return {preset: days, expires: dateValue(new Date(Date.now() + days * kDay))};
    }
    return {preset: 0, expires: endOfDay(text.trim()) ? text.trim() : ''};
}

// Pre-filled links: ?name=&scopes=&expires_in=&description=&api= (and kind, ips, project, owner).
export function draftFromLink(search: URLSearchParams): Draft {
    const list = (name: string) => (search.get(name) ?? '').split(/[\s,]+/).filter(Boolean);
    const kind = search.get('kind');
    const scopes = list('scopes');
    return {
        ...kEmpty,
        name: (search.get('name') ?? '').slice(0, 100),
        description: (search.get('description') ?? '').slice(0, 500),
        api: search.get('api') ?? '',
        kind: kind === 'opaque' || kind === 'key' ? kind : 'jwt',
        ...expiryOf(search.get('expires_in') ?? search.get('expires') ?? ''),
        scopes: scopes.filter((scope) => scope !== '*'),
        everything: scopes.includes('*'),
        addresses: list('ips').join('\n'),
        projects: list('project'),
        owner: search.get('owner') ?? '',
    };
}

export function draftLike(token: Token): Draft {
    const life = token.expiresAt
        ? Math.max(1, Math.round((new Date(token.expiresAt).getTime() -
            new Date(token.createdAt).getTime()) / kDay))
        : 0;
    return {
        ...kEmpty,
        name: token.name + ' copy',
        description: token.description,
        api: token.api,
        kind: token.kind,
        ...(life > 0 ? expiryOf(String(life)) : {}),
        scopes: (token.scopes ?? []).filter((scope) => scope !== '*'),
        everything: token.scopes?.includes('*') ?? false,
        addresses: token.allowedIps.join('\n'),
        rate: token.rateLimit ?? null,
    };
}

// A choice of days counts from now, to the second; a date includes the whole day here.
export function expiryTime(draft: Draft, now = Date.now()): Date | null {
    if (draft.expires === '') return null;
    return draft.preset > 0 ? new Date(now + draft.preset * kDay) : endOfDay(draft.expires);
}

export function addressesOf(draft: Draft) {
    return draft.addresses.split(/[\s,]+/).filter(Boolean);
}

export function requestOf(draft: Draft): Record<string, unknown> {
    // The kind and the end are always said: silence means what the installation's settings say.
    const body: Record<string, unknown> = {name: draft.name.trim(), kind: draft.kind};
    if (draft.description.trim()) body.description = draft.description.trim();
    if (draft.api) body.api = draft.api;
    if (draft.everything) body.scopes = ['*'];
    else if (draft.kind !== 'key' || draft.scopes.length > 0) body.scopes = draft.scopes;
    body.expiresAt = expiryTime(draft)?.toISOString() ?? null;
    if (addressesOf(draft).length > 0) body.allowedIps = addressesOf(draft);
    if (draft.projects.length > 0) body.projects = draft.projects;
    if (draft.rate) body.rateLimit = draft.rate;
    if (draft.notBefore) body.notBefore = new Date(draft.notBefore + 'T00:00:00').toISOString();
    if (draft.kind === 'key') body.keys = keysOf(draft.keys);
    return body;
}

function keysOf(text: string): unknown {
    const trimmed = text.trim();
    if (!trimmed.startsWith('{') && !trimmed.startsWith('[')) return trimmed + '\n';
    try {
        return JSON.parse(trimmed);
    } catch {
        return trimmed;
    }
}

// `usual` is what a request gets that names no kind.
export function commandOf(draft: Draft, usual: TokenKind = 'jwt') {
    const expiry = draft.preset > 0 ? draft.preset + 'd' : draft.expires;
    return cli('token create', ['-n', draft.name.trim() || 'my-token'], ['-d', draft.description.trim()],
        ['-e', expiry || 'none'], ['-s', draft.everything ? '*' : draft.scopes.join(',')], ['--api', draft.api],
        ['--kind', draft.kind === usual ? '' : draft.kind], ['--ip', addressesOf(draft).join(',')],
        ['--project', draft.projects.join(',')], ['--owner', draft.owner],
        ['--rate', draft.rate ? `${draft.rate.requests}/${draft.rate.seconds}s` : ''],
        ['--not-before', draft.notBefore], ['-f', draft.kind === 'key' ? 'public-key.pem' : '']);
}

export interface Risk {
    level: 'warn' | 'bad';
    text: string;
}

export function risksOf(draft: Draft): Risk[] {
    const risks: Risk[] = [];
    const powerful = draft.everything || draft.scopes.some(isPowerful);
    if (draft.everything) {
        risks.push({level: 'bad', text: t('It may do everything that you may do, now and later.')});
    } else if (powerful) {
        risks.push({level: draft.expires === '' ? 'bad' : 'warn', text: t('It can make or change rights of others.')});
    }
    if (draft.expires === '') {
        risks.push({level: powerful ? 'bad' : 'warn', text: t('It never expires; somebody has to remember it.')});
    }
    if (addressesOf(draft).length === 0 && draft.scopes.some(isWrite)) {
        risks.push({level: 'warn', text: t('It works from every address.')});
    }
    return risks;
}
