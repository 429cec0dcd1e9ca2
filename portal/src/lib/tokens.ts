// What the portal knows about tokens: their states in words, and what one may do with them.
import {call, Problem, query} from './api';
import {t} from './i18n';
import {kDay} from './time';
import type {Token} from './types';

export interface TokenFilter {
    q: string;
    state: string;
    sort: string;
    api: string;
    owner: string;
    unusedFor: string;
}

export interface TokenPage {
    tokens: Token[];
    next: string;
}

// A server from before the search knows neither `q` nor its kin, and refuses unknown parameters;
// then the portal looks through what it has.
let serverSearches = true;

function address(filter: TokenFilter, full: boolean) {
    return '/v1/tokens' + query({
        limit: kFirst,
        owner: filter.owner,
        state: filter.state === 'expiring' && !full ? 'active' : filter.state,
        sort: !full && /expiresAt|lastUsedAt/.test(filter.sort) ? '-createdAt' : filter.sort,
        ...(full ? {q: filter.q, api: filter.api, unusedFor: filter.unusedFor, include: 'usage'} : {}),
    });
}

// A screenful is there at once; who scrolls on gets more at a time.
const kFirst = 50;
const kLater = 200;

export async function fetchTokens(filter: TokenFilter, next: string): Promise<TokenPage> {
    if (next !== '') {
        const page = await call<Token[]>('GET', next.replace(/([?&]limit=)\d+/, '$1' + kLater));
        return {tokens: page.body, next: page.next};
    }
    try {
        const page = await call<Token[]>('GET', address(filter, serverSearches));
        return {tokens: page.body, next: page.next};
    } catch (problem) {
        if (!serverSearches || !(problem instanceof Problem) || problem.status !== 400) throw problem;
        serverSearches = false;
        return fetchTokens(filter, next);
    }
}

// All that fit, for an export.
export async function fetchAllTokens(filter: TokenFilter, seen: (count: number) => void): Promise<Token[]> {
    const all: Token[] = [];
    let page = await fetchTokens(filter, '');
    for (;;) {
        all.push(...page.tokens);
        seen(all.length);
        if (page.next === '') return filteredHere(all, filter);
        page = await fetchTokens(filter, page.next);
    }
}

export function filteredHere(tokens: Token[], filter: TokenFilter): Token[] {
    if (serverSearches) return tokens;
    const wanted = filter.q.toLowerCase();
    return tokens.filter((token) =>
        (wanted === '' || token.name.toLowerCase().includes(wanted) ||
            token.description.toLowerCase().includes(wanted)) &&
        (filter.api === '' || token.api === filter.api) &&
        (filter.state !== 'expiring' || expiresSoon(token)));
}

export function expiresSoon(token: Token, now = Date.now()) {
    return token.state === 'active' && token.expiresAt !== null &&
        new Date(token.expiresAt).getTime() - now < 14 * kDay;
}

export interface StateWords {
    tone: 'good' | 'warn' | 'bad' | 'plain';
    icon: 'check' | 'clock' | 'pause' | 'stop';
    text: string;
    why: string;
    remedy: string;
}

// A state with its reason and what to do about it.
export function stateWords(token: Token, now = Date.now()): StateWords {
    switch (token.state) {
        case 'revoked':
            return {
                tone: 'bad', icon: 'stop', text: t('Revoked'),
                why: token.reason ? t('Revoked: {why}', {why: token.reason}) : t('Somebody revoked it.'),
                remedy: t('This is final. Make a new one like it.'),
            };
        case 'suspended':
            return {
                tone: 'warn', icon: 'pause', text: t('Suspended'),
                why: token.reason ? t('Suspended: {why}', {why: token.reason}) : t('Somebody suspended it.'),
                remedy: t('Resume it, and it works again at once.'),
            };
        case 'expired':
            return {
                tone: 'plain', icon: 'clock', text: t('Expired'),
                why: t('Its expiration date has passed.'),
                remedy: t('Make a new one like it.'),
            };
        case 'active':
    }
    if (token.notBefore && new Date(token.notBefore).getTime() > now) {
        return {
            tone: 'plain', icon: 'clock', text: t('Not yet valid'),
            why: t('It begins to work later.'), remedy: t('Wait, or change its first day.'),
        };
    }
    if (expiresSoon(token, now)) {
        return {
            tone: 'warn', icon: 'clock', text: t('Expires soon'),
            why: t('It expires within 14 days.'),
            remedy: t('Rotate it, or make a new one like it, before then.'),
        };
    }
    return {tone: 'good', icon: 'check', text: t('Active'), why: t('It works.'), remedy: ''};
}

export function kindText(kind: string) {
    switch (kind) {
        case 'jwt': return t('Signed token (JWT)');
        case 'opaque': return t('Opaque token');
        case 'key': return t('Key pair');
        default: return kind;
    }
}

export const kTokens = '/developer/access-tokens';

export function likeAddress(token: Token) {
    return kTokens + '/new' + query({like: token.id});
}
