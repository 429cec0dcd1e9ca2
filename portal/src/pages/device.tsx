// A command line asks to be logged in: who asks, from where, and the password once more.
import {useQuery} from '@tanstack/react-query';
import {type FormEvent, useState} from 'react';
import {call, get} from '../lib/api';
import {useMe} from '../lib/client';
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import type {DeviceRequest} from '../lib/types';
import {Card, Facts, PageHead, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {CodeField} from '../ui/code-field';
import {Notice, ProblemNotice} from '../ui/feedback';
import {PasswordField, TextField} from '../ui/field';

function normal(code: string) {
    const letters = code.toUpperCase().replace(/[^A-Z0-9]/g, '');
    return letters.length > 4 ? letters.slice(0, 4) + '-' + letters.slice(4, 8) : letters;
}

export function Device() {
    const search = new URLSearchParams(location.search);
    const [code, setCode] = useState(normal(search.get('user_code') ?? search.get('code') ?? ''));
    const [asked, setAsked] = useState(code);
    useTitle(t('Log in a command line'));
    return (
        <div className="mx-auto max-w-lg">
            <PageHead title={t('Log in a command line')}>{t('Type the code that the command line shows.')}</PageHead>
            <Card>
                <form className="flex flex-wrap items-end gap-3" onSubmit={(event) => { event.preventDefault(); setAsked(code); }}>
                    <div className="flex-1 basis-48">
                        <TextField label={t('Code')} value={code} autoComplete="off" spellCheck={false} maxLength={9} placeholder="WDJB-MJHT"
                                   className="text-center font-mono text-lg tracking-[0.2em]" onChange={(event) => setCode(normal(event.target.value))}/>
                    </div>
                    <Button type="submit" look={asked.length === 9 ? 'plain' : 'primary'} disabled={code.length !== 9}>{t('Go on')}</Button>
                </form>
            </Card>
            {asked.length === 9 && <Request key={asked} code={asked}/>}
        </div>
    );
}

// A client that waits for the browser itself, on this machine; the server says where, never the
// address bar. What it reads of a refusal is how the clients of our dialects have it.
function goBack(returnUrl: string | undefined, approved: boolean) {
    if (!returnUrl?.startsWith('http://127.0.0.1:')) return;
    location.assign(approved ? returnUrl : returnUrl + '?state=error&type=access_denied&description=request_declined');
}

function Request({code: userCode}: {code: string}) {
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const {data: me} = useMe();
    const needsCode = me?.secondFactor === true;
    const [problem, setProblem] = useState<unknown>(null);
    const [done, setDone] = useState<'approved' | 'denied' | null>(null);
    const [busy, setBusy] = useState(false);
    const request = useQuery({
        queryKey: ['device', userCode], retry: false, queryFn: () => get<DeviceRequest>('/v1/device/' + encodeURIComponent(userCode)),
    });
    async function answer(approve: boolean) {
        setBusy(true);
        setProblem(null);
        try {
            await call('POST', '/v1/device/' + encodeURIComponent(userCode),
                approve ? {approve, password, ...(needsCode ? {code} : {})} : {approve});
            setDone(approve ? 'approved' : 'denied');
            goBack(request.data?.returnUrl, approve);
        } catch (failure) {
            setProblem(failure);
        }
        setBusy(false);
        setPassword('');
        setCode('');
    }
    if (request.isError) return <div className="mt-4"><ProblemNotice problem={request.error} title={t('No command line asks with this code')}/></div>;
    if (!request.data) return null;
    if (done) {
        return (
            <div className="mt-4"><Notice tone={done === 'approved' ? 'good' : 'info'} role="status"
                title={done === 'approved' ? t('The command line is logged in.') : t('It was refused.')}>{t('You can close this tab.')}</Notice></div>
        );
    }
    const it = request.data;
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void answer(true);
    };
    return (
        <Card title={t('Who asks')} className="mt-4">
            <form onSubmit={submit} className="flex flex-col gap-5">
                <Facts items={[
                    [t('Program'), it.client], [t('Address'), it.address], [t('Says it is'), <bdi key="a">{it.agent}</bdi>],
                    [t('Asked'), <Time key="t" at={it.requestedAt}/>],
                ]}/>
                <Notice tone="warn" title={t('Is this you, right now?')}>
                    {t('Whoever holds that command line will act for you. Never approve a code that somebody sent you.')}
                </Notice>
                {problem !== null && <ProblemNotice problem={problem} title={t('That did not work')}/>}
                <PasswordField label={t('Password')} autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)}/>
                {needsCode && <CodeField id="device-second" value={code} onChange={setCode}/>}
                <div className="flex justify-end gap-2">
                    <Button busy={busy} onClick={() => void answer(false)}>{t('Deny')}</Button>
                    <Button type="submit" look="primary" busy={busy} disabled={password === '' || (needsCode && code === '')}>{t('Approve')}</Button>
                </div>
            </form>
        </Card>
    );
}
