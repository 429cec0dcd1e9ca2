// What the token will be able to do, in words: beside the form all the time, and as a step.
import {type ReactNode, useEffect, useRef} from 'react';
import {useProjects, useUserNames} from '../lib/client';
import {addressesOf, type Draft, expiryTime, risksOf} from '../lib/draft';
import {t, tn} from '../lib/i18n';
import {isWrite, splitScope, titleOf} from '../lib/scopes';
import {dateTime, utc} from '../lib/time';
import {kindText} from '../lib/tokens';
import type {Api} from '../lib/types';
import {AsCommand, ShowAs} from '../ui/as-command';
import {Facts, ScopeTag} from '../ui/bits';
import {Button} from '../ui/button';
import {Icon} from '../ui/icons';

function listed(words: string[]) {
    return new Intl.ListFormat(document.documentElement.lang || 'en', {type: 'conjunction'}).format(words);
}

// "read licences, products; change webhooks".
function Ability({draft, api}: {draft: Draft; api: Api | undefined}) {
    const name = api?.name || api?.slug || draft.api;
    if (draft.everything) return <p>{t('Everything that its owner may do with {api}.', {api: name})}</p>;
    if (draft.scopes.length === 0) {
        if (draft.kind === 'key') return <p>{t('What the policies of its projects allow.')}</p>;
        return <p className="text-quiet">{t('Nothing yet: choose scopes.')}</p>;
    }
    const titles = (scopes: string[]) =>
        listed([...new Set(scopes.map((scope) => titleOf(splitScope(scope).resource)))].slice(0, 8));
    const reads = draft.scopes.filter((scope) => !isWrite(scope));
    const writes = draft.scopes.filter(isWrite);
    return (
        <ul className="flex flex-col gap-1.5">
            {reads.length > 0 && (
                <li className="flex gap-2"><Icon name="eye" className="mt-0.5 size-4 text-quiet"/>
                    <span>{t('Read:')} {titles(reads)}</span></li>
            )}
            {writes.length > 0 && (
                <li className="flex gap-2"><Icon name="edit" className="mt-0.5 size-4 text-warn"/>
                    <span>{t('Change:')} {titles(writes)}</span></li>
            )}
        </ul>
    );
}

function Risks({draft}: {draft: Draft}) {
    return (
        <ul className="flex flex-col gap-1.5">
            {risksOf(draft).map((risk) => (
                <li key={risk.text} className={'flex gap-2 ' + (risk.level === 'bad' ? 'text-bad' : 'text-warn')}>
                    <Icon name="warn" className="mt-0.5 size-4"/>{risk.text}
                </li>
            ))}
        </ul>
    );
}

export function Summary({draft, api, command, curl}:
        {draft: Draft; api: Api | undefined; command: string; curl: string}) {
    const end = expiryTime(draft);
    return (
        <aside aria-label={t('What this token can do')}
               className="card flex flex-col gap-4 p-5 xl:sticky xl:top-20">
            <h2 className="font-semibold">{t('What this token can do')}</h2>
            <Ability draft={draft} api={api}/>
            <p className="flex gap-2 text-quiet"><Icon name="clock" className="mt-0.5 size-4"/>
                {end ? t('Until {when}', {when: dateTime(end)}) : t('For ever')}</p>
            <Risks draft={draft}/>
            <ShowAs command={command} curl={curl}/>
        </aside>
    );
}

function Scopes({draft}: {draft: Draft}): ReactNode {
    if (draft.everything) return <ScopeTag>*</ScopeTag>;
    if (draft.scopes.length === 0) return t('None');
    return (
        <span className="flex flex-wrap gap-1">
            {draft.scopes.map((scope) => <ScopeTag key={scope}>{scope}</ScopeTag>)}
        </span>
    );
}

export function Review({draft, api, busy, command, curl, onBack, onCreate}:
        {draft: Draft; api: Api | undefined; busy: boolean; command: string; curl: string; onBack: () => void;
         onCreate: () => void}) {
    const heading = useRef<HTMLHeadingElement>(null);
    const names = useUserNames();
    const projects = useProjects();
    const end = expiryTime(draft);
    useEffect(() => heading.current?.focus(), []);
    const items: [string, ReactNode][] = [
        [t('Name'), <bdi key="name" className="font-medium">{draft.name}</bdi>],
        [t('Description'), draft.description ? <bdi key="about">{draft.description}</bdi> : '–'],
        [t('API'), api?.name || api?.slug || draft.api],
        [t('Kind'), kindText(draft.kind)],
        [t('Scopes'), <Scopes key="scopes" draft={draft}/>],
        [t('Expiration date'), end ? `${dateTime(end)} (${utc(end)})` : t('Never')],
        [t('Allowed addresses'), addressesOf(draft).join(', ') || t('All')],
    ];
    if (draft.owner) items.push([t('Owner'), <bdi key="owner">{names(draft.owner)}</bdi>]);
    if (draft.projects.length > 0) {
        items.push([t('Projects'), projects.data?.filter((one) => draft.projects.includes(one.id))
            .map((one) => one.name).join(', ') || tn('{n} project', '{n} projects', draft.projects.length)]);
    }
    return (
        <div className="card mx-auto max-w-3xl">
            <div className="border-b border-line px-6 py-4">
                <h2 ref={heading} tabIndex={-1} className="text-base font-semibold">{t('Review')}</h2>
                <p className="text-quiet">{t('Nothing is made yet. Is this what you want?')}</p>
            </div>
            <div className="flex flex-col gap-5 p-6">
                <Facts items={items}/>
                {risksOf(draft).length > 0 && (
                    <div className="rounded-xl border border-warn-line bg-warn-wash px-4 py-3"><Risks draft={draft}/></div>
                )}
                <AsCommand command={command} curl={curl}/>
            </div>
            <div className="flex flex-wrap justify-end gap-2 rounded-b-xl border-t border-line bg-sunken px-6 py-4">
                <Button onClick={onBack}>{t('Back')}</Button>
                <Button look="primary" busy={busy} onClick={onCreate}>
                    {busy ? t('Creating…') : t('Create token')}
                </Button>
            </div>
        </div>
    );
}
