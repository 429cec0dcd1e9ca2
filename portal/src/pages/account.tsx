// The person: who one is here, where one is logged in, how the portal looks.
import {useQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {call, get} from '../lib/api';
import {isBroken, logOut, useMe, useRefresh} from '../lib/client';
import {useTitle} from '../lib/hooks';
import {type Language, setLanguage, t, useLanguage} from '../lib/i18n';
import {setTheme, useTheme} from '../lib/theme';
import type {Session} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAsBySession} from '../ui/as-command';
import {Badge, Card, Facts, Id, PageHead, ScopeTag, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {Confirm} from '../ui/dialog';
import {ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Checkbox, Segments} from '../ui/field';
import {Security} from './security';
import {shortcutsAreOn, switchShortcuts} from '../shell/shortcuts';
import {Kbd} from '../ui/bits';
import {Icon} from '../ui/icons';

export function Account() {
    const {data: me} = useMe();
    useTitle(t('Account'));
    if (!me) return null;
    return (
        <>
            <PageHead title={t('Account')}/>
            <div className="flex max-w-4xl flex-col gap-5">
                <Card title={t('You')}>
                    <Facts items={[
                        [t('Name'), <bdi key="n">{me.name || '–'}</bdi>],
                        [t('E-mail'), me.email ?? '–'],
                        [t('Roles'), <span key="r" className="flex flex-wrap gap-1">{me.roles.map((role) => <Badge key={role}>{role}</Badge>)}</span>],
                        [t('You may'), <span key="p" className="flex flex-wrap gap-1">{me.permissions.map((one) => <ScopeTag key={one}>{one}</ScopeTag>)}</span>],
                        [t('Id'), <Id key="i" value={me.id}/>],
                    ]}/>
                </Card>
                <Security/>
                <Sessions/>
                <Look/>
            </div>
        </>
    );
}

function Look() {
    const theme = useTheme();
    const language = useLanguage();
    return (
        <Card title={t('Appearance')}>
            <div className="flex flex-col gap-4">
                <div className="flex flex-wrap items-center justify-between gap-2">
                    <span className="font-medium">{t('Theme')}</span>
                    <Segments label={t('Theme')} value={theme} onChange={setTheme} options={[
                        {value: 'system', text: t('System')}, {value: 'light', text: t('Light')}, {value: 'dark', text: t('Dark')},
                    ]}/>
                </div>
                <div className="flex flex-wrap items-center justify-between gap-2">
                    <span className="font-medium">{t('Language')}</span>
                    <Segments<Language> label={t('Language')} value={language} onChange={(next) => void setLanguage(next, true)} options={[
                        {value: 'en', text: 'English'}, {value: 'de', text: 'Deutsch'},
                    ]}/>
                </div>
                <Shortcuts/>
            </div>
        </Card>
    );
}

function Shortcuts() {
    const [on, setOn] = useState(shortcutsAreOn());
    return (
        <div className="border-t border-line pt-4">
            <Checkbox label={t('Keyboard shortcuts')} checked={on} onChange={(event) => {
                switchShortcuts(event.target.checked);
                setOn(event.target.checked);
            }} hint={
                <span className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
                    <span><Kbd>/</Kbd> {t('search')}</span><span><Kbd>n</Kbd> {t('new token')}</span>
                    <span><Kbd>g</Kbd> <Kbd>t</Kbd> {t('tokens')}</span><span><Kbd>g</Kbd> <Kbd>p</Kbd> {t('projects')}</span>
                    <span><Kbd>g</Kbd> <Kbd>e</Kbd> {t('event log')}</span>
                </span>
            }/>
        </div>
    );
}

// "Chrome on Linux" out of what a browser says about itself.
function device(agent: string) {
    const browser = /Edg\//.test(agent) ? 'Edge' : /OPR\//.test(agent) ? 'Opera' : /Chrome\//.test(agent) ? 'Chrome'
        : /Firefox\//.test(agent) ? 'Firefox' : /Safari\//.test(agent) ? 'Safari' : '';
    const system = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Windows/.test(agent) ? 'Windows'
        : /Mac OS/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : '';
    if (browser && system) return t('{browser} on {system}', {browser, system});
    return agent || t('Unknown device');
}

function Sessions() {
    const [ending, setEnding] = useState<Session | null>(null);
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    const sessions = useQuery({queryKey: ['sessions'], queryFn: () => get<Session[]>('/v1/sessions')});
    async function end(session: Session) {
        try {
            if (session.current) await logOut();
            else {
                await call('DELETE', '/v1/sessions/' + session.id);
                await refresh('sessions');
                toast(t('Session ended'));
            }
            setEnding(null);
        } catch (failure) {
            setProblem(failure);
        }
    }
    if (isBroken(sessions)) return <ProblemNotice problem={sessions.error}/>;
    if (!sessions.data) return <div className="card"><SkeletonRows rows={2}/></div>;
    return (
        <Card title={t('Sessions')} flush>
            <ul className="divide-y divide-line">
                {sessions.data.map((session) => (
                    <li key={session.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3">
                        <Icon name={session.kind === 'cli' ? 'terminal' : 'display'} className="size-5 text-quiet"/>
                        <div className="min-w-0 flex-1 basis-52">
                            <p className="truncate font-medium" title={session.agent}>
                                {session.kind === 'cli' ? t('Command line') : device(session.agent)}
                                {session.current && <> <Badge tone="good">{t('this one')}</Badge></>}
                            </p>
                            <p className="text-xs text-quiet">
                                {session.address} · {t('seen')} <Time at={session.lastSeenAt}/> · {t('ends')} <Time at={session.expiresAt}/>
                            </p>
                        </div>
                        <Button size="small" onClick={() => setEnding(session)}>{session.current ? t('Log out') : t('End…')}</Button>
                    </li>
                ))}
            </ul>
            <Confirm open={ending !== null} onClose={() => { setEnding(null); setProblem(null); }}
                     title={ending?.current ? t('Log out here?') : t('End this session?')}
                     action={ending?.current ? t('Log out') : t('End session')} onConfirm={() => { if (ending) void end(ending); }}>
                {problem !== null && <ProblemNotice problem={problem}/>}
                <p>{ending && (ending.kind === 'cli' ? t('Command line') : device(ending.agent))}, {ending?.address}</p>
                {ending && <ShowAsBySession method="DELETE" path={'/v1/sessions/' + ending.id}/>}
            </Confirm>
        </Card>
    );
}
