// Whoever was invited chooses a password. The code stands in the fragment, which browsers do not
// send, and is taken out of the address bar at once.
import {type FormEvent, useEffect, useState} from 'react';
import {navigate} from 'wouter/use-browser-location';
import {call, Problem, rememberCsrf} from '../lib/api';
import {client} from '../lib/client';
import {t} from '../lib/i18n';
import {takeCode} from '../lib/link';
import {exact} from '../lib/time';
import {Plain} from '../shell/plain';
import {ShowAsBySession} from '../ui/as-command';
import {Button} from '../ui/button';
import {Notice, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';
import {isTooShort, NewPasswordField} from '../ui/new-password';

interface Invitation {
    email: string;
    name: string;
    expiresAt: string;
}

let code = location.pathname === '/invite' ? takeCode() : '';

export function Invite() {
    const [invitation, setInvitation] = useState<Invitation | null>(null);
    const [problem, setProblem] = useState<unknown>(null);
    const [used, setUsed] = useState(code);
    useEffect(() => {
        const listener = () => {
            const fragment = location.hash.slice(1);
            if (fragment === '' || document.getElementById(fragment)) return;
            code = takeCode();
            setUsed(code);
        };
        if (location.hash !== '') listener();
        addEventListener('hashchange', listener);
        return () => removeEventListener('hashchange', listener);
    }, []);
    useEffect(() => {
        if (used === '') return;
        setProblem(null);
        setInvitation(null);
        call<Invitation>('POST', '/v1/invites/read', {code: used})
            .then(({body}) => setInvitation(body), (failure: unknown) => setProblem(failure));
    }, [used]);
    const isBad = problem instanceof Problem && problem.code === 'bad_invite';
    return (
        <Plain title={t('Welcome to Latchkey')}
               lead={invitation ? t('Choose a password for {email}.', {email: invitation.email}) : undefined}>
            {(used === '' || isBad) && (
                <Notice tone="bad" role="alert" title={t('This invitation does not work')}>
                    <p>{used === '' ? t('Open the whole link that you were given. It ends in /invite# and a code.')
                        : t('It was used, withdrawn, or is older than a week. Ask an administrator for a new link.')}</p>
                    <p className="mt-2"><a className="link" href="/login">{t('You have a password? Log in')}</a></p>
                </Notice>
            )}
            {problem !== null && !isBad && <ProblemNotice problem={problem}/>}
            {used !== '' && !invitation && problem === null && <SkeletonRows rows={2}/>}
            {invitation && <Form invitation={invitation} onBad={setProblem}/>}
        </Plain>
    );
}

function Form({invitation, onBad}: {invitation: Invitation; onBad: (problem: unknown) => void}) {
    const [name, setName] = useState(invitation.name === invitation.email ? '' : invitation.name);
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);

    async function send(event: FormEvent) {
        event.preventDefault();
        if (busy) return;
        if (isTooShort(password)) {
            setTrouble({
                title: t('Please check these fields'),
                errors: [{field: 'password', text: t('Enter a password of at least 8 characters.')}],
            });
            return;
        }
        setBusy(true);
        try {
            await call('POST', '/v1/invites/accept', {code, password, ...(name.trim() ? {name: name.trim()} : {})});
        } catch (problem) {
            setBusy(false);
            if (problem instanceof Problem && problem.code === 'bad_invite') return onBad(problem);
            return setTrouble(troubleOf(t('The password was not set'), problem, {password: 'password', name: 'name'}));
        }
        code = '';
        try {
            const {body} = await call<{csrf: string}>('POST', '/v1/session',
                {email: invitation.email, password, kind: 'portal'});
            rememberCsrf(body.csrf);
            client.clear();
            navigate('/', {replace: true});
        } catch {
            // A second factor, or too many logins: the login page knows what to do.
            navigate('/login', {replace: true});
        }
    }

    return (
        <>
            <ErrorSummary trouble={trouble}/>
            <form onSubmit={(event) => void send(event)} noValidate className="flex flex-col gap-4">
                <input type="email" autoComplete="username" readOnly hidden value={invitation.email}/>
                <TextField id="name" label={t('Name (optional)')} autoComplete="name" maxLength={100} value={name}
                           error={errorOf(trouble, 'name')} onChange={(event) => setName(event.target.value)}/>
                <NewPasswordField id="password" label={t('Password')} value={password}
                                  error={errorOf(trouble, 'password')} onChange={setPassword}/>
                <Button type="submit" look="primary" busy={busy} className="mt-2 w-full">
                    {busy ? t('Saving…') : t('Set password and log in')}
                </Button>
                <p className="text-xs text-quiet">{t('The link works until {time}, and once.', {time: exact(invitation.expiresAt)})}</p>
                <ShowAsBySession path="/v1/invites/accept" file="invite.json" isOutside members={['code', 'password', 'name']}/>
            </form>
        </>
    );
}
