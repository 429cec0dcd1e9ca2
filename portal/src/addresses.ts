// Which page belongs to which address. A page comes in a file of its own when it is wanted; the
// list of tokens comes with the first one, for it is where most people go.
import {type ComponentType, lazy} from 'react';
import {kTokens} from './lib/tokens';
import {Tokens} from './pages/tokens';

type Page = ComponentType<{params: Record<string, string | undefined>}>;

interface Loadable {
    Body: Page;
    load: () => Promise<unknown>;
}

function page(load: () => Promise<Record<string, unknown>>, name: string): Loadable {
    return {Body: lazy(async () => ({default: (await load())[name] as Page})), load};
}

export const kOutside: [string, Loadable][] = [
    ['/login', page(() => import('./pages/login'), 'Login')],
    ['/setup', page(() => import('./pages/setup'), 'Setup')],
    ['/invite', page(() => import('./pages/invite'), 'Invite')],
];

export const kPages: [string, Loadable][] = [
    ['/', page(() => import('./pages/overview'), 'Overview')],
    [kTokens, {Body: Tokens, load: async () => undefined}],
    [kTokens + '/new', page(() => import('./pages/new-token'), 'NewToken')],
    [kTokens + '/:id', page(() => import('./pages/token'), 'TokenPage')],
    ['/developer/inspector', page(() => import('./pages/inspector'), 'Inspector')],
    ['/projects', page(() => import('./pages/projects'), 'Projects')],
    ['/projects/:id', page(() => import('./pages/project'), 'ProjectPage')],
    ['/access/tokens', page(() => import('./pages/all-tokens'), 'AllTokens')],
    ['/access/users', page(() => import('./pages/users'), 'Users')],
    ['/access/users/:id', page(() => import('./pages/users'), 'UserPage')],
    ['/access/roles', page(() => import('./pages/roles'), 'Roles')],
    ['/access/apis', page(() => import('./pages/apis'), 'Apis')],
    ['/audit', page(() => import('./pages/audit'), 'Audit')],
    ['/system', page(() => import('./pages/system'), 'System')],
    ['/system/settings', page(() => import('./pages/settings'), 'SettingsPage')],
    ['/system/token-rules', page(() => import('./pages/token-rules'), 'TokenRulesPage')],
    ['/system/:page', page(() => import('./pages/system'), 'System')],
    ['/account', page(() => import('./pages/account'), 'Account')],
    ['/device', page(() => import('./pages/device'), 'Device')],
    ['/authorize', page(() => import('./pages/authorize'), 'Authorize')],
];

// Fetches the file of a page before it is drawn. A page that is not there yet shows a skeleton, and
// React leaves that on the screen for 300 ms at least, however soon the page comes.
export async function loadPage(path: string) {
    const found = [...kOutside, ...kPages].find(([pattern]) =>
        new RegExp('^' + pattern.replace(/:\w+/g, '[^/]+') + '$').test(path));
    await found?.[1].load().catch(() => undefined); // the drawing says what failed
}
