// How scopes are shown: one row a resource, Read and Write first. `license:read` belongs to
// license, and so does `read:license`: some catalogues put the verb first.
import type {Scope} from './types';

export interface ScopeCell {
    scope: Scope;
    verb: string; // as the checkbox says it beside its row
}

export interface ScopeRow {
    resource: string;
    title: string;
    cells: ScopeCell[];
}

export interface ScopeGroup {
    title: string; // '' when the catalogue groups nothing
    rows: ScopeRow[];
}

const kVerbs = new Set(['read', 'write', 'create', 'update', 'delete', 'list', 'verify', 'get', 'admin',
    'manage', 'execute', 'run', 'use', 'activate', 'deactivate']);
const kOrder = ['read', 'get', 'list', 'write', 'create', 'update', 'delete'];

export function splitScope(name: string): {resource: string; verb: string} {
    const segments = name.split(':');
    const first = segments[0] ?? name;
    const last = segments[segments.length - 1] ?? '';
    if (segments.length > 1 && kVerbs.has(first.toLowerCase()) && !kVerbs.has(last.toLowerCase())) {
        return {resource: segments.slice(1).join(':'), verb: first};
    }
    return {resource: segments.slice(0, -1).join(':') || name, verb: segments.length > 1 ? last : name};
}

// personalAccessToken → Personal access token
export function titleOf(resource: string) {
    if (resource === '*') return '*';
    const words = resource.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[._:-]+/g, ' ').toLowerCase();
    return words.charAt(0).toUpperCase() + words.slice(1);
}

function rank(verb: string) {
    const at = kOrder.indexOf(verb.toLowerCase());
    return at < 0 ? kOrder.length : at;
}

export function grouped(scopes: Scope[]): ScopeGroup[] {
    const groups = new Map<string, Map<string, ScopeRow>>();
    for (const scope of scopes) {
        const {resource, verb} = splitScope(scope.name);
        const title = scope.group ?? '';
        const rows = groups.get(title) ?? new Map<string, ScopeRow>();
        groups.set(title, rows);
        const row = rows.get(resource) ?? {resource, title: titleOf(resource), cells: []};
        rows.set(resource, row);
        row.cells.push({scope, verb: verb.charAt(0).toUpperCase() + verb.slice(1)});
    }
    const sorted = [...groups].map(([title, rows]) => ({
        title,
        rows: [...rows.values()].map((row) => ({
            ...row, cells: [...row.cells].sort((a, b) => rank(a.verb) - rank(b.verb)),
        })),
    }));
    // A group of one row would say everything twice.
    const result: ScopeGroup[] = [];
    for (const group of sorted) {
        const last = result[result.length - 1];
        if (group.rows.length > 1 && group.title !== '') result.push(group);
        else if (last?.title === '') last.rows.push(...group.rows);
        else result.push({title: '', rows: [...group.rows]});
    }
    return result;
}

export function isWrite(scope: string) {
    return scope === '*' || !['read', 'get', 'list'].includes(splitScope(scope).verb.toLowerCase());
}

// Scopes that let a token make or change rights: these are what a thief wants most.
export function isPowerful(scope: string) {
    return /^(\*|.*:\*)$/.test(scope) ||
        (isWrite(scope) && /token|user|role|policy|key|billing|settings|admin/i.test(scope));
}
