// What the palette finds for some words: pages, actions, tokens, projects, people.
import {useQuery} from '@tanstack/react-query';
import {navigate} from 'wouter/use-browser-location';
import {get, query} from '../lib/api';
import {client, logOut, useCan, useMe, useProjects, useUsers} from '../lib/client';
import {useSettled} from '../lib/hooks';
import {setLanguage, t, useLanguage} from '../lib/i18n';
import {setTheme} from '../lib/theme';
import {kTokens} from '../lib/tokens';
import type {Token} from '../lib/types';
import type {IconName} from '../ui/icons';
import {places} from './places';

export interface Find {
    id: string;
    group: string;
    text: string;
    about?: string;
    icon: IconName;
    go: () => void;
}

const kMost = 6;

function fits(text: string, words: string) {
    const low = text.toLowerCase();
    return words.split(/\s+/).every((word) => low.includes(word));
}

// "revoke ci" is about tokens that are called so: the page of the token asks before it acts.
function verbs(): [string, string, IconName][] {
    return [['revoke', t('Revoke'), 'stop'], ['suspend', t('Suspend'), 'pause'], ['rotate', t('Rotate'), 'rotate']];
}

function verbIn(words: string) {
    const space = words.search(/\s/);
    const first = (space < 0 ? words : words.slice(0, space)).toLowerCase();
    if (first.length < 3 || space < 0) return null;
    const found = verbs().find(([name, text]) => name.startsWith(first) || text.toLowerCase().startsWith(first));
    return found ? {name: found[0], text: found[1], icon: found[2], rest: words.slice(space).trim()} : null;
}

// The pages of the list that were read already know many tokens by their ids.
function cachedById(prefix: string): Token[] {
    const found = new Map<string, Token>();
    for (const [, data] of client.getQueriesData<{pages?: {tokens?: Token[]}[]}>({queryKey: ['tokens']})) {
        for (const page of data?.pages ?? []) {
            for (const token of page.tokens ?? []) if (token.id.startsWith(prefix)) found.set(token.id, token);
        }
    }
    return [...found.values()].slice(0, kMost);
}

async function findTokens(words: string, owner: string): Promise<Token[]> {
    const text = words.toLowerCase();
    const isId = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(text) || /^[0-9A-Za-z]{20,22}$/.test(words);
    const [named, byId] = await Promise.all([
        get<Token[]>('/v1/tokens' + query({q: words.slice(0, 100), owner, limit: kMost, sort: 'name'})),
        isId ? get<Token>('/v1/tokens/' + encodeURIComponent(words)).then((token) => [token], () => [])
            : Promise.resolve(/^[0-9a-f-]{4,}$/.test(text) ? cachedById(text) : []),
    ]);
    const all = new Map([...byId, ...named].map((token) => [token.id, token]));
    return [...all.values()];
}

function pageFinds(can: (scope: string) => boolean): Find[] {
    return places().flatMap(([, all]) => all).filter((place) => !place.needs || can(place.needs)).map((place) => ({
        id: 'page ' + place.href, group: t('Go to'), text: place.text, icon: place.icon,
        go: () => { if (place.isForeign) location.assign(place.href); else navigate(place.href); },
    }));
}

function actionFinds(can: (scope: string) => boolean, isGerman: boolean): Find[] {
    const group = t('Actions');
    const go = (path: string) => () => navigate(path);
    const all: (Find | false)[] = [
        can('token:write') && {id: 'new token', group, text: t('New token'), icon: 'plus', go: go(kTokens + '/new')},
        can('project:write') && {id: 'new project', group, text: t('New project'), icon: 'plus', go: go('/projects?new=1')},
        {id: 'account', group, text: t('Account'), icon: 'account', go: go('/account')},
        {id: 'light', group, text: t('Light theme'), icon: 'sun', go: () => setTheme('light')},
        {id: 'dark', group, text: t('Dark theme'), icon: 'moon', go: () => setTheme('dark')},
        {id: 'system', group, text: t('System theme'), icon: 'display', go: () => setTheme('system')},
        isGerman ? {id: 'language', group, text: 'English', icon: 'audit', go: () => void setLanguage('en', true)}
            : {id: 'language', group, text: 'Deutsch', icon: 'audit', go: () => void setLanguage('de', true)},
        {id: 'log out', group, text: t('Log out'), icon: 'logout', go: () => void logOut()},
    ];
    return all.filter((one) => one !== false);
}

export function useFinds(typed: string): {finds: Find[]; busy: boolean} {
    const can = useCan();
    const language = useLanguage();
    const {data: me} = useMe();
    const words = typed.trim();
    const low = words.toLowerCase();
    const verb = verbIn(typed.trimStart());
    const wanted = verb ? verb.rest : words;
    const settled = useSettled(wanted, 120);
    const owner = can('user:read') ? 'all' : '';
    const tokens = useQuery({
        queryKey: ['tokens', 'palette', settled, owner], queryFn: () => findTokens(settled, owner),
        enabled: settled.length >= 2 && can('token:read'), placeholderData: (before) => before,
    });
    const projects = useProjects();
    const users = useUsers(can('user:read'));
    const found: Find[] = wanted.length < 2 ? [] : (tokens.data ?? []).slice(0, kMost).map((token) => ({
        id: 'token ' + token.id, group: verb ? verb.text : t('Tokens'), icon: verb ? verb.icon : 'key',
        text: verb ? t('{verb}: {name}…', {verb: verb.text, name: token.name}) : token.name,
        about: token.owner === me?.id ? token.description : token.description || t('of somebody else'),
        go: () => navigate(kTokens + '/' + token.id + (verb ? '?ask=' + verb.name : '')),
    }));
    const busy = tokens.isFetching || settled !== wanted;
    if (verb) return {finds: found, busy};
    const others: Find[] = words.length < 2 ? [] : [
        ...(projects.data ?? []).filter((one) => fits(one.name, low) || one.id.startsWith(low)).slice(0, kMost)
            .map((one): Find => ({id: 'project ' + one.id, group: t('Projects'), text: one.name, about: one.description,
                icon: 'project', go: () => navigate('/projects/' + one.id)})),
        ...(users.data ?? []).filter((one) => fits(one.name + ' ' + (one.email ?? ''), low) || one.id.startsWith(low)).slice(0, kMost)
            .map((one): Find => ({id: 'user ' + one.id, group: t('Users'), text: one.name || one.email || one.id,
                about: one.email ?? undefined, icon: 'users', go: () => navigate('/access/users/' + one.id)})),
    ];
    const fixed = [...pageFinds(can), ...actionFinds(can, language === 'de')].filter((one) => low === '' || fits(one.text, low));
    return {finds: [...fixed, ...found, ...others], busy};
}
