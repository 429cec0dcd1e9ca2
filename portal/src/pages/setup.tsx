// The first administrator. The code stands in the fragment, which browsers do not send, and is
// taken out of the address bar at once: it must not stay in the history or in a screenshot.
import {type FormEvent, useEffect, useState} from 'react';
import {call, Problem, rememberCsrf} from '../lib/api';
import {client} from '../lib/client';
import {shellWord} from '../lib/copy';
import {t} from '../lib/i18n';
import {Plain} from '../shell/plain';
import {Button, LinkButton} from '../ui/button';
import {Snippet} from '../ui/copy';
import {Notice} from '../ui/feedback';
import {PasswordField, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormError, type FormTrouble, troubleOf} from '../ui/form';

function takeCode() {
    let code = '';
    try {
        code = decodeURIComponent(location.hash.slice(1));
    } catch {
        // Not even text: no code.
    }
    history.replaceState(null, '', location.pathname);
    return code;
}
let code = location.pathname === '/setup' ? takeCode() : '';

// A hint and no rule: the server decides, and knows the passwords that everybody tries first.
function strengthOf(text: string): {level: number; words: string} {
    const length = [...text].length;
    if (length === 0) return {level: 0, words: t('At least 8 characters. A few unrelated words work well.')};
    if (length < 8) return {level: 1, words: t('Too short: {n} more to go.', {n: 8 - length})};
    const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(text)).length;
    if (new Set(text).size < 5) {
        return {level: 1, words: t('Weak: the same few characters again and again.')};
    }
    if (length >= 16 || (length >= 12 && kinds >= 3)) return {level: 4, words: t('Strong.')};
    if (length >= 12 || kinds >= 3) return {level: 3, words: t('Good. Longer is stronger.')};
    return {level: 2, words: t('Fair. Longer is stronger.')};
}

function Strength({password}: {password: string}) {
    const {level, words} = strengthOf(password);
    const colour = ['', 'bg-bad', 'bg-warn', 'bg-accent', 'bg-good'][level] ?? '';
    return (
        <>
            <span aria-hidden="true" className="mb-1 flex gap-1">
                {[1, 2, 3, 4].map((bar) => (
                    <span key={bar} className={'h-1 flex-1 rounded-full ' + (bar <= level ? colour : 'bg-line')}/>
                ))}
            </span>
            {words}
        </>
    );
}

function complaints(email: string, password: string): FormError[] {
    const errors: FormError[] = [];
    if (!/^[^\s@]+@[^\s@]+$/.test(email.trim())) {
        errors.push({field: 'email', text: t('Enter an e-mail address, like name@example.com.')});
    }
    if ([...password].length < 8) {
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
                    <PasswordField id="password" label={t('Password')} autoComplete="new-password" required
                                   maxLength={512} value={password} error={errorOf(trouble, 'password')}
                                   hint={<Strength password={password}/>}
                                   onChange={(event) => setPassword(event.target.value)}/>
                    <Button type="submit" look="primary" busy={busy} className="mt-2 w-full">
                        {busy ? t('Creating…') : t('Create administrator')}
                    </Button>
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
