// A command line that waits to be logged in: who asks, from where, and the password once more. What
// a device shows a code of (device.tsx), and what opened this browser itself (authorize.tsx).
import {useQuery} from '@tanstack/react-query';
import {type FormEvent, type ReactNode, useState} from 'react';
import {call, get} from '../lib/api';
import {useMe} from '../lib/client';
import {t} from '../lib/i18n';
import type {DeviceRequest} from '../lib/types';
import {Card, Facts, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {CodeField} from '../ui/code-field';
import {Notice, ProblemNotice} from '../ui/feedback';
import {PasswordField} from '../ui/field';

type Answer = 'approved' | 'denied';

// Where the browser goes with the answer. The server fixed it before it asked anybody; this is the
// second look at it: a program on the person's own machine, and nothing else.
export function isLoopback(address: string | undefined): address is string {
    return /^http:\/\/(127\.0\.0\.1|\[::1\]):[1-9]\d{0,4}\/callback(\?|$)/.test(address ?? '');
}

// A client of a dialect waits for the browser itself. What it reads of a refusal is how the clients
// of our dialects have it.
function goBack(returnUrl: string | undefined, answer: Answer) {
    if (!returnUrl?.startsWith('http://127.0.0.1:')) return;
    location.assign(answer === 'approved' ? returnUrl : returnUrl + '?state=error&type=access_denied&description=request_declined');
}

function factsOf(it: DeviceRequest): [string, ReactNode][] {
    const facts: [string, ReactNode][] = [[t('Program'), it.client]];
    if (it.host) facts.push([t('Computer'), <bdi key="h">{it.host}</bdi>]);
    facts.push([t('Address'), it.address]);
    if (it.redirectUri) facts.push([t('Waits at'), <span key="w" className="font-mono break-all">{it.redirectUri.slice('http://'.length).replace('/callback', '')}</span>]);
    facts.push([t('Says it is'), <bdi key="a">{it.agent}</bdi>], [t('Asked'), <Time key="t" at={it.requestedAt}/>]);
    return facts;
}

function Decided({answer, isAway}: {answer: Answer; isAway: boolean}) {
    const title = isAway ? t('The answer goes back to the command line…')
        : answer === 'approved' ? t('The command line is logged in.') : t('It was refused.');
    return (
        <div className="mt-4"><Notice tone={answer === 'approved' ? 'good' : 'info'} role="status" title={title}>
            {isAway ? t('When nothing happens, it does not wait any more: close this tab and begin again.') : t('You can close this tab.')}
        </Notice></div>
    );
}

function Warning({it}: {it: DeviceRequest}) {
    return (
        <>
            <Notice tone="warn" title={t('Is this you, right now?')}>
                {it.redirectUri
                    ? t('Whoever holds that command line will act for you. Never approve a login that you did not begin yourself.')
                    : t('Whoever holds that command line will act for you. Never approve a code that somebody sent you.')}
            </Notice>
            {it.sameAddress === false && (
                <Notice tone="warn" title={t('It asks from another address than this browser.')}>
                    {t('Both should be on one machine. Deny it, unless you know why they are not.')}
                </Notice>
            )}
        </>
    );
}

export function WaitingLogin({name, none}: {name: string; none: string}) {
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const {data: me} = useMe();
    const needsCode = me?.secondFactor === true;
    const [problem, setProblem] = useState<unknown>(null);
    const [done, setDone] = useState<{answer: Answer; isAway: boolean} | null>(null);
    const [busy, setBusy] = useState(false);
    const path = '/v1/device/' + encodeURIComponent(name);
    // Once it is decided the server knows it no more, and the answer stays on the page.
    const request = useQuery({queryKey: ['device', name], retry: false, enabled: done === null, queryFn: () => get<DeviceRequest>(path)});
    async function decide(approve: boolean) {
        const answer = approve ? 'approved' : 'denied';
        setBusy(true);
        setProblem(null);
        try {
            const {body} = await call<{redirectUrl?: string}>('POST', path,
                approve ? {approve, password, ...(needsCode ? {code} : {})} : {approve});
            const isAway = isLoopback(body.redirectUrl);
            setDone({answer, isAway});
            if (isLoopback(body.redirectUrl)) location.replace(body.redirectUrl);
            else goBack(request.data?.returnUrl, answer);
        } catch (failure) {
            setProblem(failure);
        }
        setBusy(false);
        setPassword('');
        setCode('');
    }
    if (done) return <Decided {...done}/>;
    if (request.isError) return <div className="mt-4"><ProblemNotice problem={request.error} title={none}/></div>;
    if (!request.data) return null;
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void decide(true);
    };
    return (
        <Card title={t('Who asks')} className="mt-4">
            <form onSubmit={submit} className="flex flex-col gap-5">
                <Facts items={factsOf(request.data)}/>
                <Warning it={request.data}/>
                {problem !== null && <ProblemNotice problem={problem} title={t('That did not work')}/>}
                <PasswordField label={t('Password')} autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)}/>
                {needsCode && <CodeField id="device-second" value={code} onChange={setCode}/>}
                <div className="flex justify-end gap-2">
                    <Button busy={busy} onClick={() => void decide(false)}>{t('Deny')}</Button>
                    <Button type="submit" look="primary" busy={busy} disabled={password === '' || (needsCode && code === '')}>{t('Approve')}</Button>
                </div>
            </form>
        </Card>
    );
}
