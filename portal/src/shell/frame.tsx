// The frame of every page after the login: navigation at the side, tools at the top.
import {type ReactNode, useEffect, useState} from 'react';
import {Link, useLocation} from 'wouter';
import {loadPage} from '../addresses';
import {logOut, useCan} from '../lib/client';
import {t} from '../lib/i18n';
import {useLive, useLiveness} from '../lib/live';
import type {Me} from '../lib/types';
import {toast} from '../ui/announce';
import {IconButton} from '../ui/button';
import {Icon} from '../ui/icons';
import {Menu} from '../ui/menu';
import {Brand, InsecureBanner, SkipLink} from './brand';
import {PaletteButton} from './palette-button';
import {type Place, placeOf, places} from './places';
import {Preferences} from './preferences';
import {useShortcuts} from './shortcuts';

function PlaceLink({place, isHere, onGo}: {place: Place; isHere: boolean; onGo?: () => void}) {
    const look = 'flex min-h-8 items-center gap-2.5 rounded-lg px-2.5 py-1 font-medium text-quiet hover:bg-hover ' +
        'hover:text-ink aria-[current=page]:bg-accent-wash aria-[current=page]:text-accent';
    const inside = <><Icon name={place.icon} className="size-[1.125rem]"/>{place.text}</>;
    if (place.isForeign) return <a href={place.href} className={look}>{inside}</a>;
    const fetchFile = () => void loadPage(place.href); // so that it is there with the click
    return (
        <Link href={place.href} onClick={onGo} onPointerEnter={fetchFile} onFocus={fetchFile} aria-current={isHere ? 'page' : undefined} className={look}>{inside}</Link>
    );
}

function Navigation({onGo}: {onGo?: () => void}) {
    const [path] = useLocation();
    const here = placeOf(path);
    const can = useCan();
    return (
        <nav aria-label={t('Main')} className="flex flex-col gap-5">
            {places().map(([group, all]) => {
                const allowed = all.filter((place) => !place.needs || can(place.needs));
                if (allowed.length === 0) return null;
                return (
                    <div key={group}>
                        {group && <p className="mb-1 px-2.5 text-xs font-medium text-quiet">{group}</p>}
                        <ul className="flex flex-col gap-0.5">
                            {allowed.map((place) => (
                                <li key={place.href}>
                                    <PlaceLink place={place} isHere={place.href === here} onGo={onGo}/>
                                </li>
                            ))}
                        </ul>
                    </div>
                );
            })}
        </nav>
    );
}

function Who({me}: {me: Me}) {
    const name = me.name || me.email || me.id;
    return (
        <Menu entries={[
                  {text: t('Account'), icon: 'account', href: '/account'},
                  null,
                  {
                      text: t('Log out'), icon: 'logout',
                      act: () => void logOut().catch((problem: Error) => toast(problem.message)),
                  },
              ]}
              trigger={
                  <button type="button" aria-label={t('Account of {name}', {name})}
                          className="flex min-h-8 items-center gap-2 rounded-lg px-1.5 hover:bg-hover
                                     data-popup-open:bg-hover">
                      <span aria-hidden="true" data-initial={[...name][0]?.toUpperCase()}
                            className="flex size-6 items-center justify-center rounded-full bg-accent-fill text-xs
                                       font-semibold text-on-accent before:content-[attr(data-initial)]"/>
                      <bdi className="hidden max-w-40 truncate font-medium sm:block">{name}</bdi>
                      <Icon name="down" className="size-3.5 text-quiet"/>
                  </button>
              }/>
    );
}

// Says whether what is on the screen follows the server by itself.
function Liveness() {
    const liveness = useLiveness();
    if (liveness === 'off') return null;
    return (
        <span className="hidden items-center gap-1.5 px-2 text-xs text-quiet md:inline-flex"
              title={liveness === 'live' ? t('Changes appear by themselves') : t('Waiting for the server')}>
            <span aria-hidden="true" className={'size-2 rounded-full forced-color-adjust-none ' + (liveness === 'live' ? 'bg-good' : 'bg-warn')}/>
            {liveness === 'live' ? t('Live') : t('Connecting…')}
        </span>
    );
}

export function Frame({me, children}: {me: Me; children: ReactNode}) {
    const [path] = useLocation();
    const [isOpen, setOpen] = useState(false);
    useEffect(() => setOpen(false), [path]);
    useLive();
    useShortcuts();
    return (
        <div className="min-h-dvh">
            <SkipLink/>
            <InsecureBanner/>
            <header className="sticky top-0 z-30 flex h-14 items-center gap-3 border-b border-line bg-card px-3
                               sm:px-5">
                <IconButton label={t('Navigation')} icon="menu" className="lg:hidden" aria-expanded={isOpen}
                            aria-controls="side" onClick={() => setOpen(!isOpen)}/>
                <Brand/>
                <div className="ms-auto flex items-center gap-1">
                    <Liveness/>
                    <PaletteButton/>
                    <Preferences/>
                    <Who me={me}/>
                </div>
            </header>
            <div className="mx-auto flex max-w-[90rem]">
                <div id="side" className={(isOpen ? 'block' : 'hidden') + ' fixed inset-x-0 top-14 bottom-0 z-20 ' +
                    'overflow-y-auto bg-ground p-4 lg:sticky lg:block lg:h-[calc(100dvh-3.5rem)] lg:w-60 ' +
                    'lg:shrink-0 lg:bg-transparent'}>
                    <Navigation onGo={() => setOpen(false)}/>
                </div>
                <main id="main" tabIndex={-1} className="min-w-0 flex-1 px-4 pt-6 pb-20 sm:px-8">{children}</main>
            </div>
        </div>
    );
}
