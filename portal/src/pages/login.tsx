// Wrong e-mail and wrong password answer alike; a rate limit counts down.
import {type FormEvent, useEffect, useState} from 'react';
import {useHistoryState} from 'wouter/use-browser-location';
import {navigate} from 'wouter/use-browser-location';
import {call, Problem, rememberCsrf} from '../lib/api';
import {client, tellOtherTabs} from '../lib/client';
import {cli} from '../lib/commands';
import {t} from '../lib/i18n';
import {isForeignPage, returnTarget} from '../lib/link';
import {Plain} from '../shell/plain';
import {announce} from '../ui/announce';
import {ShowAsBySession} from '../ui/as-command';
import {Button} from '../ui/button';
import {CodeField} from '../ui/code-field';
import {Notice} from '../ui/feedback';
import {PasswordField, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormError, type FormTrouble, troubleOf} from '../ui/form';

function waitText(seconds: number) {
    const minutes = Math.floor(seconds / 60);
    const rest = seconds % 60;
    return minutes === 0 ? rest + ' s' : minutes + ' min ' + String(rest).padStart(2, '0') + ' s';
}

// Seconds until one may try again. Only the start and the end are announced.
function useCountdown(): [number, (seconds: number) => void] {
    const [end, setEnd] = useState(0);
    const [left, setLeft] = useState(0);
    useEffect(() => {
        if (end === 0) return;
        const tick = () => {
            const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
            setLeft(seconds);
            if (seconds === 0) {
                setEnd(0);
                announce(t('You can try again now.'));
            }
        };
        tick();
        const timer = setInterval(tick, 1000);
        return () => clearInterval(timer);
    }, [end]);
    return [left, (seconds) => setEnd(Date.now() + seconds * 1000)];
}

function complaints(email: string, password: string): FormError[] {
    const errors: FormError[] = [];
    if (email.trim() === '') errors.push({field: 'email', text: t('Enter your e-mail address.')});
    if (password === '') errors.push({field: 'password', text: t('Enter your password.')});
    return errors;
}

function explanation(problem: unknown): FormTrouble {
    if (problem instanceof Problem && problem.code === 'bad_code') {
        return {
            title: t('The login did not work'),
            errors: [{field: 'code', text: t('The code is wrong, or was used already. Wait for the next one.')}],
        };
    }
    if (problem instanceof Problem && problem.status === 429) {
        const time = waitText(Math.max(1, problem.retryAfterSeconds));
        return {
            title: t('Too many attempts'),
            errors: [{text: t('Please wait {time} and try again.', {time})}],
        };
    }
    if (problem instanceof Problem && (problem.status === 401 || problem.status === 403)) {
        return {
            title: t('The login did not work'),
            errors: [{text: t('E-mail and password do not match an active account.')}],
        };
    }
    return troubleOf(t('The login did not work'), problem, {email: 'email', password: 'password'});
}

export function Login() {
    const [email, setEmail] = useState('');
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const [needsCode, setNeedsCode] = useState(false);
    const [busy, setBusy] = useState(false);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [left, countDown] = useCountdown();
    const state = useHistoryState<{reason?: string}>();

    async function send(event: FormEvent) {
        event.preventDefault();
        if (busy || left > 0) return;
        const errors = complaints(email, password);
        if (errors.length > 0) {
            setTrouble({title: t('Please check these fields'), errors});
            return;
        }
        setBusy(true);
        try {
            const {body} = await call<{csrf: string}>('POST', '/v1/session',
                {email: email.trim(), password, kind: 'portal', ...(needsCode ? {code} : {})});
            rememberCsrf(body.csrf);
            client.clear();
            tellOtherTabs('began');
            const target = returnTarget(location.search);
            if (isForeignPage(target)) location.replace(location.origin + target);
            else navigate(target, {replace: true});
        } catch (problem) {
            setBusy(false);
            setCode('');
            const asksForCode = problem instanceof Problem && problem.code === 'totp_needed';
            if (asksForCode && !needsCode) {
                setTrouble(null);
                setNeedsCode(true);
                return;
            }
            // Another password than the one that led to the second step.
            if (problem instanceof Problem && problem.code === 'bad_credentials') setNeedsCode(false);
            setTrouble(explanation(problem));
            if (problem instanceof Problem && problem.status === 429) {
                countDown(Math.max(1, problem.retryAfterSeconds));
            }
        }
    }

    return (
        <Plain title={needsCode ? t('One more step') : t('Log in')}
               lead={needsCode ? t('Your account has a second factor.') : t('To see your access tokens.')}>
            {state?.reason === 'ended' && !trouble && (
                <div className="mb-5">
                    <Notice title={t('Your session has ended')}>{t('Log in again to go on where you were.')}</Notice>
                </div>
            )}
            <ErrorSummary trouble={trouble}/>
            <form onSubmit={(event) => void send(event)} noValidate className="flex flex-col gap-4">
                {needsCode ? (
                    <CodeField id="code" value={code} autoFocus error={errorOf(trouble, 'code')} onChange={setCode}/>
                ) : (
                    <>
                        <TextField id="email" label={t('E-mail')} type="email" autoComplete="username" inputMode="email"
                                   required maxLength={254} spellCheck={false} autoCapitalize="none" autoFocus value={email}
                                   error={errorOf(trouble, 'email')} onChange={(event) => setEmail(event.target.value)}/>
                        <PasswordField id="password" label={t('Password')} autoComplete="current-password" required
                                       maxLength={512} value={password} error={errorOf(trouble, 'password')}
                                       onChange={(event) => setPassword(event.target.value)}/>
                    </>
                )}
                <Button type="submit" look="primary" busy={busy || left > 0} className="mt-2 w-full">
                    {left > 0 ? t('Try again in {time}', {time: waitText(left)})
                        : busy ? t('Logging in…') : t('Log in')}
                </Button>
                {needsCode && (
                    <button type="button" className="link self-start" onClick={() => { setNeedsCode(false); setTrouble(null); setPassword(''); }}>
                        {t('Log in as somebody else')}
                    </button>
                )}
                <ShowAsBySession path="/v1/session" file="login.json" isOutside members={['email', 'password', ...(needsCode ? ['code'] : [])]}
                                 command={cli('login', ['--server', location.origin], ['--email', email.trim()])}/>
            </form>
        </Plain>
    );
}
