// Where one can go: the navigation and the palette say the same.
import {t} from '../lib/i18n';
import {kTokens} from '../lib/tokens';
import type {IconName} from '../ui/icons';

export interface Place {
    href: string;
    text: string;
    icon: IconName;
    needs?: string;
    isForeign?: boolean; // a page of the server that is no part of this application
}

export function places(): [string, Place[]][] {
    return [
        ['', [{href: '/', text: t('Overview'), icon: 'home'}]],
        [t('Developer'), [
            {href: kTokens, text: t('Access tokens'), icon: 'tokens'},
            {href: '/projects', text: t('Projects'), icon: 'project', needs: 'project:read'},
            {href: '/developer/inspector', text: t('Inspector'), icon: 'inspect'},
            {href: '/docs', text: t('API reference'), icon: 'external', isForeign: true},
        ]],
        [t('Access'), [
            {href: '/access/tokens', text: t('All tokens'), icon: 'key', needs: 'user:read'},
            {href: '/access/users', text: t('Users'), icon: 'users', needs: 'user:read'},
            {href: '/access/roles', text: t('Roles'), icon: 'roles', needs: 'role:read'},
            {href: '/access/apis', text: t('APIs'), icon: 'apis', needs: 'api:read'},
        ]],
        [t('Installation'), [
            {href: '/audit', text: t('Event log'), icon: 'audit', needs: 'event:read'},
            {href: '/system/token-rules', text: t('Token rules'), icon: 'rules', needs: 'settings:read'},
            {href: '/system/settings', text: t('Settings'), icon: 'settings', needs: 'settings:read'},
            {href: '/system', text: t('System'), icon: 'system', needs: 'settings:read'},
        ]],
    ];
}

// The longest address that fits is the place: /system/settings is not System.
export function placeOf(path: string): string {
    return places().flatMap(([, all]) => all.map((place) => place.href))
        .filter((href) => path === href || (href !== '/' && path.startsWith(href + '/')))
        .sort((a, b) => b.length - a.length)[0] ?? '';
}
