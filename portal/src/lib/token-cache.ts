// A list of thousands is not read again for every event: the token that an event is about is read,
// and takes its place in the pages that are there.
import type {InfiniteData} from '@tanstack/react-query';
import {get, Problem} from './api';
import {client, isLong, readAnew} from './client';
import type {TokenFilter, TokenPage} from './tokens';
import type {Token} from './types';

type Pages = InfiniteData<TokenPage>;
const kMany = 20; // tokens that changed at once: then reading anew is less

// One that was made elsewhere belongs at the top of a list that has the newest first.
function startsWithNew(filter: Partial<TokenFilter>, token: Token, me: string) {
    const isWhole = !filter.q && !filter.state && !filter.api && !filter.unusedFor && !filter.sort;
    return isWhole && (filter.owner === 'all' || (filter.owner || me) === token.owner);
}

function withToken(pages: Pages, id: string, token: Token | null, isFirst: boolean): Pages {
    let isThere = false;
    const changed = pages.pages.map((page) => {
        if (!page.tokens.some((one) => one.id === id)) return page;
        isThere = true;
        const tokens = page.tokens.flatMap((one) => one.id !== id ? [one]
            : token ? [{...token, uses7d: token.uses7d ?? one.uses7d}] : []);
        return {...page, tokens};
    });
    const [first, ...rest] = changed;
    if (!isThere && token && isFirst && first) return {...pages, pages: [{...first, tokens: [token, ...first.tokens]}, ...rest]};
    return {...pages, pages: changed};
}

async function read(id: string): Promise<Token | null> {
    try {
        return await get<Token>('/v1/tokens/' + encodeURIComponent(id));
    } catch (problem) {
        if (problem instanceof Problem && (problem.status === 404 || problem.status === 403)) return null;
        throw problem;
    }
}

async function replace(id: string, me: string) {
    const token = await read(id);
    for (const query of client.getQueryCache().findAll({queryKey: ['tokens'], predicate: isLong})) {
        const filter = (query.queryKey[1] ?? {}) as Partial<TokenFilter>;
        client.setQueryData<Pages>(query.queryKey, (pages) =>
            pages && withToken(pages, id, token, token !== null && startsWithNew(filter, token, me)));
    }
}

// What happened to these tokens becomes visible in every list; `me` owns the lists without an owner.
export async function refreshTokens(ids: Set<string>, me: string) {
    const isMany = ids.size === 0 || ids.size > kMany;
    await readAnew({queryKey: ['tokens'], predicate: (query) => isMany || !isLong(query)});
    if (isMany || client.getQueryCache().findAll({queryKey: ['tokens'], predicate: isLong}).length === 0) return;
    await Promise.all([...ids].map((id) => replace(id, me).catch(() => readAnew({queryKey: ['tokens']}))));
}
