// The cache of what the server said, and who is logged in.
import {type Query, QueryClient, type QueryFilters, useQuery} from '@tanstack/react-query';
import {call, get, getAll, onSessionEnd, Problem, rememberCsrf} from './api';
import {forgetPosition} from './position';
import type {Api, Me, Project, Role, Scope, Settings, User} from './types';

// The server is not there, or not able to answer: later it may be.
export function isAway(problem: unknown) {
    return problem instanceof Problem && (problem.status === 0 || problem.status >= 500);
}

// There is nothing to show. What was read stays while the server is away, and who is at work with it.
export function isBroken({error, data}: {error: unknown; data: unknown}) {
    return error !== null && (data === undefined || !isAway(error));
}

export const client = new QueryClient({
    defaultOptions: {
        queries: {
            staleTime: 15_000,
            retry: (count, problem) =>
                problem instanceof Problem && (problem.status === 0 || problem.status === 503) && count < 2,
            refetchOnWindowFocus: true,
        },
    },
});

// What was read is old. A reading under way ends first, though what it brings became old meanwhile,
// and then there is one more: many changes in a row must not keep an answer away.
const outdated = new WeakSet<Query>();
export function readAnew(filters: QueryFilters = {}, cancelRefetch = false) {
    for (const query of client.getQueryCache().findAll(filters)) {
        if (query.state.fetchStatus !== 'idle') outdated.add(query);
    }
    return client.invalidateQueries(filters, {cancelRefetch});
}

client.getQueryCache().subscribe((change) => {
    if (change.type !== 'updated' || change.action.type !== 'success') return;
    const {query} = change;
    if (outdated.delete(query)) void readAnew({queryKey: query.queryKey, exact: true});
});

export async function fetchMe(): Promise<Me> {
    const me = await get<Me>('/v1/users/me');
    rememberCsrf(me.csrf);
    return me;
}

export function useMe() {
    return useQuery({queryKey: ['me'], queryFn: fetchMe, staleTime: 60_000, retry: false});
}

// `*` stands for a whole segment, alone for everything.
function matches(pattern: string, scope: string) {
    if (pattern === scope || pattern === '*') return true;
    const wanted = scope.split(':');
    const given = pattern.split(':');
    return wanted.length === given.length && given.every((one, at) => one === '*' || one === wanted[at]);
}

// What the person may do; a page inside the shell always has it.
export function useCan() {
    const {data} = useMe();
    const held = data?.permissions ?? [];
    return (scope: string) => held.some((pattern) => matches(pattern, scope));
}

// Tabs of one browser share a session, so its end in one is its end in all.
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('latchkey-session') : null;

export function tellOtherTabs(what: 'ended' | 'began') {
    channel?.postMessage(what);
}

export function onOtherTab(listener: (what: string) => void) {
    const handler = (event: MessageEvent) => listener(String(event.data));
    channel?.addEventListener('message', handler);
    return () => channel?.removeEventListener('message', handler);
}

let leaveWaits = false;
let unheard: 'ended' | 'out' | null = null; // the first answers may be here before the first page
const leaveListeners = new Set<(reason: 'ended' | 'out') => void>();
export function onLeave(listener: (reason: 'ended' | 'out') => void) {
    leaveListeners.add(listener);
    if (unheard) listener(unheard);
    unheard = null;
    return () => {
        leaveListeners.delete(listener);
    };
}

// A secret that is on the screen must not vanish because the session did.
let isHeld = false;
export function holdPage(hold: boolean) {
    isHeld = hold;
    if (!hold && leaveWaits) leave('ended');
}

function leave(reason: 'ended' | 'out') {
    if (isHeld) {
        leaveWaits = true;
        return;
    }
    leaveWaits = false;
    rememberCsrf('');
    client.clear();
    forgetPosition();
    if (leaveListeners.size === 0) unheard = reason;
    for (const listener of leaveListeners) listener(reason);
}

onSessionEnd(() => leave('ended'));
onOtherTab((what) => {
    if (what === 'ended') leave('out');
    else void client.invalidateQueries();
});

export async function logOut() {
    try {
        await call('DELETE', '/v1/session');
    } catch (problem) {
        if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    }
    tellOtherTabs('ended');
    leave('out');
}

export function useApis() {
    return useQuery({queryKey: ['apis'], queryFn: () => get<Api[]>('/v1/apis'), staleTime: 60_000});
}

export function useScopes(api: string | undefined) {
    return useQuery({
        queryKey: ['scopes', api],
        queryFn: () => get<Scope[]>(`/v1/apis/${encodeURIComponent(api ?? '')}/scopes`),
        enabled: Boolean(api),
        staleTime: 60_000,
    });
}

export function useProjects() {
    return useQuery({queryKey: ['projects'], queryFn: () => getAll<Project>('/v1/projects?limit=200')});
}

export function useUsers(enabled = true) {
    return useQuery({
        queryKey: ['users'], queryFn: () => getAll<User>('/v1/users?limit=200'), enabled, staleTime: 60_000,
    });
}

export function useRoles(enabled = true) {
    return useQuery({queryKey: ['roles'], queryFn: () => get<Role[]>('/v1/roles'), enabled});
}

export function useSettings(enabled = true) {
    return useQuery({
        queryKey: ['settings'], queryFn: () => get<Settings>('/v1/settings'), enabled, staleTime: 60_000,
    });
}

// "Ada Lovelace" for an id, as far as the person may see users.
export function useUserNames() {
    const {data: me} = useMe();
    const can = useCan();
    const {data: users} = useUsers(can('user:read'));
    return (id: string | null | undefined) => {
        if (!id) return '';
        const user = users?.find((one) => one.id === id) ?? (me?.id === id ? me : undefined);
        return user ? user.name || user.email || user.id : id;
    };
}

// A list of many pages, which nobody should wait for.
export function isLong(query: Query) {
    return ((query.state.data as {pages?: unknown[]} | undefined)?.pages?.length ?? 0) > 3;
}

// What was changed here is read anew, at once; a long list when it is looked at next (token-cache.ts has its rows).
export function useRefresh() {
    return (...keys: string[]) => Promise.all(keys.flatMap((key) => [
        readAnew({queryKey: [key], predicate: (query) => !isLong(query)}, true),
        client.invalidateQueries({queryKey: [key], predicate: isLong, refetchType: 'none'}),
    ]));
}
