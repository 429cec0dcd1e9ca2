// The first administrator. The code stands in the fragment, which browsers do not send, and is
// taken out of the address bar at once: it must not stay in the history or in a screenshot.
import {type FormEvent, useEffect, useState} from 'react';
import {call, Problem, rememberCsrf} from '../lib/api';
import {client} from '../lib/client';
import {cli} from '../lib/commands';
import {shellWord} from '../lib/copy';
import {t} from '../lib/i18n';
import {takeCode} from '../lib/link';
import {Plain} from '../shell/plain';
import {ShowAsBySession} from '../ui/as-command';
import {Button, LinkButton} from '../ui/button';
import {Snippet} from '../ui/copy';
import {Notice} from '../ui/feedback';
import {TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormError, type FormTrouble, troubleOf} from '../ui/form';
import {isTooShort, NewPasswordField} from '../ui/new-password';

let code = location.pathname === '/setup' ? takeCode() : '';

function complaints(email: string, password: string): FormError[] {
    const errors: FormError[] = [];
    if (!/^[^\s@]+@[^\s@]+$/.test(email.trim())) {
        errors.push({field: 'email', text: t('Enter an e-mail address, like name@example.com.')});
    }
    if (isTooShort(password)) {
        errors.push({field: 'password', text: t('Enter a password of at least 8 characters.')});
    }
    return errors;
}

function explanation(problem: unknown): FormTrouble {
    if (problem instanceof Problem && problem.code === 'already_set_up') {
        return {
            title: t('Latchkey is set up already'),
            errors: [{text: t('The first administrator exists. Log in instead.')}],
        };
    }
    if (problem instanceof Problem && problem.code === 'bad_setup_code') {
        return {
            title: t('This setup link does not work'),
            errors: [
                {text: t('It was used, is older than 30 minutes, or belongs to an earlier start.')},
                {text: t('Restart the server: it prints a new link.')},
            ],
            footnote: problem.requestId ? t('Request {id}', {id: problem.requestId}) : undefined,
        };
    }
    return troubleOf(t('The administrator was not created'), problem,
        {email: 'email', password: 'password', name: 'name'});
}

export function Setup() {
    const [hasCode, setHasCode] = useState(code !== '');
    const [done, setDone] = useState('');
    useEffect(() => {
        // The whole link, pasted over a page that lacks the code, is the same document to the
        // browser. The skip link changes the fragment too, and is no code.
        const listener = () => {
            const fragment = location.hash.slice(1);
            if (fragment === '' || document.getElementById(fragment)) return;
            code = takeCode();
            setHasCode(true);
        };
        if (location.hash !== '') listener();
        addEventListener('hashchange', listener);
        return () => removeEventListener('hashchange', listener);
    }, []);
    if (done !== '') return <Done email={done}/>;
    return (
        <Plain title={t('Set up Latchkey')}
               lead={t('Create the first administrator. The link that brought you here works once.')}>
            {hasCode ? <Form onDone={setDone}/> : <NoCode/>}
        </Plain>
    );
}

function NoCode() {
    return (
        <Notice tone="bad" role="alert" title={t('The setup code is missing')}>
            <p>{t('Open the whole link that the server printed at its first start. It ends in /setup# and a code. A restart prints a new one while nobody is set up.')}</p>
            <p className="mt-2"><a className="link" href="/login">{t('Already set up? Log in')}</a></p>
        </Notice>
    );
}

function Form({onDone}: {onDone: (email: string) => void}) {
    const [email, setEmail] = useState('');
    const [name, setName] = useState('');
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const [isOver, setOver] = useState(false);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);

    async function send(event: FormEvent) {
        event.preventDefault();
        if (busy) return;
        const errors = complaints(email, password);
        if (errors.length > 0) {
            setTrouble({title: t('Please check these fields'), errors});
            return;
        }
        setBusy(true);
        try {
            const wanted = {code, email: email.trim(), password, ...(name.trim() ? {name: name.trim()} : {})};
            const {body} = await call<{csrf: string}>('POST', '/v1/setup', wanted);
            code = '';
            rememberCsrf(body.csrf);
            client.clear();
            onDone(wanted.email);
        } catch (problem) {
            setBusy(false);
            setTrouble(explanation(problem));
            setOver(problem instanceof Problem && problem.code === 'already_set_up');
        }
    }

    return (
        <>
            <ErrorSummary trouble={trouble}>
                {isOver && <p className="mt-2"><a className="link" href="/login">{t('Go to the login')}</a></p>}
            </ErrorSummary>
            {!isOver && (
                <form onSubmit={(event) => void send(event)} noValidate className="flex flex-col gap-4">
                    <TextField id="email" label={t('E-mail')} type="email" autoComplete="username" inputMode="email"
                               required maxLength={254} spellCheck={false} autoCapitalize="none" value={email}
                               error={errorOf(trouble, 'email')} onChange={(event) => setEmail(event.target.value)}/>
                    <TextField id="name" label={t('Name (optional)')} autoComplete="name" maxLength={100} value={name}
                               error={errorOf(trouble, 'name')} onChange={(event) => setName(event.target.value)}/>
                    <NewPasswordField id="password" label={t('Password')} value={password}
                                      error={errorOf(trouble, 'password')} onChange={setPassword}/>
                    <Button type="submit" look="primary" busy={busy} className="mt-2 w-full">
                        {busy ? t('Creating…') : t('Create administrator')}
                    </Button>
                    <ShowAsBySession path="/v1/setup" file="setup.json" isOutside members={['code', 'email', 'password', 'name']}
                                     command={cli('admin create-user', ['--email', email.trim() || 'admin@example.com'],
                                         ['-n', name.trim()], '--role', 'administrator')}/>
                </form>
            )}
        </>
    );
}

function Done({email}: {email: string}) {
    useEffect(() => {
        document.querySelector<HTMLElement>('main h1')?.focus();
    }, []);
    const commands = [
        `latchkey login --server ${location.origin} --email ${shellWord(email)}`,
        'latchkey token create -n my-first-token -e 30d',
        'latchkey token list',
    ];
    return (
        <Plain title={t('You are set up')}
               lead={t('You are logged in here. Make your first token in the portal, or on the command line:')}>
            <div className="flex flex-col gap-2">
                {commands.map((command) => <Snippet key={command} text={command} label={command}/>)}
            </div>
            <LinkButton href="/" look="primary" className="mt-6 w-full">{t('Go to your tokens')}</LinkButton>
        </Plain>
    );
}
