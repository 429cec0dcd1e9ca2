// The one time that a secret is shown. It stands above every page, so that neither Esc, nor a click
// outside, nor "back", nor the end of the session can lose it; a reload asks first. The value lives
// in this module alone: not in the address, not in storage, not in the cache of queries.
import {Dialog} from '@base-ui/react/dialog';
import {useEffect, useRef, useState, useSyncExternalStore} from 'react';
import {navigate} from 'wouter/use-browser-location';
import {holdPage} from '../lib/client';
import {downloadText} from '../lib/copy';
import {t} from '../lib/i18n';
import {exact} from '../lib/time';
import type {CreatedToken} from '../lib/types';
import {announce} from '../ui/announce';
import {Button} from '../ui/button';
import {CopyButton, Snippet} from '../ui/copy';
import {Notice} from '../ui/feedback';
import {Checkbox, Segments} from '../ui/field';
import {Icon} from '../ui/icons';

interface Shown {
    token: CreatedToken;
    secret: string;
    then: string; // where Done leads
    title: string;
}

let shown: Shown | null = null;
const listeners = new Set<() => void>();

function set(value: Shown | null) {
    shown = value;
    holdPage(value !== null);
    for (const listener of listeners) listener();
}

export function reveal(token: CreatedToken, then: string, title = t('Your new token')) {
    const {token: secret = '', ...rest} = token;
    set({token: rest, secret, then, title});
}

export function RevealHost() {
    const current = useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => {
            listeners.delete(listener);
        };
    }, () => shown);
    return current ? <Reveal key={current.token.id + current.token.generation} shown={current}/> : null;
}

function asEnv({token, secret}: Shown) {
    const name = token.name.replace(/[^\p{L}\p{N} ._-]/gu, '');
    return `# ${name}, ${token.expiresAt ? 'expires ' + token.expiresAt : 'never expires'}\nLATCHKEY_TOKEN=${secret}\n`;
}

function fileName(name: string, extension: string) {
    return (name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'token') + extension;
}

type Way = 'curl' | 'js' | 'python' | 'http' | 'actions';

function snippets(): Record<Way, string> {
    const address = location.origin + '/v1/tokens/self';
    return {
        curl: 'read -rs LATCHKEY_TOKEN   # paste it; nothing is shown or kept\n' +
            `printf 'Authorization: Bearer %s' "$LATCHKEY_TOKEN" |\n  curl -H @- ${address}`,
        js: `const answer = await fetch('${address}', {\n` +
            '    headers: {Authorization: `Bearer ${process.env.LATCHKEY_TOKEN}`},\n});\n' +
            'console.log(await answer.json());',
        python: 'import os, urllib.request\n\n' +
            `request = urllib.request.Request("${address}")\n` +
            'request.add_header("Authorization", "Bearer " + os.environ["LATCHKEY_TOKEN"])\n' +
            'print(urllib.request.urlopen(request).read().decode())',
        http: `GET /v1/tokens/self HTTP/1.1\nHost: ${location.host}\nAuthorization: Bearer <token>`,
        actions: 'env:\n  LATCHKEY_TOKEN: ${{ secrets.LATCHKEY_TOKEN }}',
    };
}

function TryIt({secret}: {secret: string}) {
    const [way, setWay] = useState<Way>('curl');
    const [answer, setAnswer] = useState('');
    async function test() {
        setAnswer(t('Asking…'));
        try {
            const response = await fetch('/v1/tokens/self', {
                headers: {Authorization: 'Bearer ' + secret}, credentials: 'omit', cache: 'no-store',
            });
            const body = JSON.stringify(await response.json(), null, 2);
            setAnswer(response.status + ' ' + response.statusText + '\n' + body);
        } catch {
            setAnswer(t('The server cannot be reached. Is it still running?'));
        }
    }
    return (
        <div className="flex flex-col gap-3">
            <div className="flex flex-wrap items-center justify-between gap-2">
                <Segments label={t('Language')} value={way} onChange={setWay} options={[
                    {value: 'curl', text: 'curl'}, {value: 'js', text: 'JavaScript'},
                    {value: 'python', text: 'Python'}, {value: 'http', text: 'HTTP'},
                    {value: 'actions', text: 'GitHub Actions'},
                ]}/>
                <Button size="small" icon="play" onClick={() => void test()}>{t('Test now')}</Button>
            </div>
            <Snippet text={snippets()[way]} label={t('Example')}/>
            {answer && (
                <pre tabIndex={0} aria-label={t('Answer')} aria-live="polite"
                     className="max-h-60 overflow-auto rounded-lg border border-line bg-sunken px-3 py-2.5 font-mono
                                text-xs whitespace-pre-wrap">{answer}</pre>
            )}
        </div>
    );
}

function Secret({value, isHidden}: {value: string; isHidden: boolean}) {
    return (
        <textarea readOnly dir="ltr" aria-label={t('Secret')} spellCheck={false} autoComplete="off"
                  value={isHidden ? '•'.repeat(Math.min(value.length, 64)) : value}
                  rows={value.length > 400 ? 8 : value.length > 120 ? 5 : 2}
                  onFocus={(event) => event.currentTarget.select()}
                  className="control bg-sunken! font-mono text-xs leading-5 break-all resize-none"/>
    );
}

function Reveal({shown: it}: {shown: Shown}) {
    const [isSafe, setSafe] = useState(false);
    const [isTicked, setTicked] = useState(false);
    const [isWarned, setWarned] = useState(false);
    const [isHidden, setHidden] = useState(false);
    const [tries, setTries] = useState(false);
    const copy = useRef<HTMLButtonElement>(null);
    const isKept = isSafe || isTicked;

    useEffect(() => {
        const ask = (event: BeforeUnloadEvent) => event.preventDefault();
        addEventListener('beforeunload', ask);
        return () => removeEventListener('beforeunload', ask);
    }, []);

    function close() {
        const then = it.then;
        set(null);
        navigate(then, {replace: location.pathname.endsWith('/new')});
    }

    // Esc and a click outside: say what is at stake, and stay.
    function refuse() {
        setWarned(true);
        announce(t('Nothing is lost. Copy or download the secret, then press Done.'));
    }

    return (
        <Dialog.Root open onOpenChange={(open) => { if (!open) refuse(); }}>
            <Dialog.Portal>
                <Dialog.Backdrop className="fixed inset-0 z-40 bg-ground"/>
                <Dialog.Viewport className="fixed inset-0 z-50 overflow-y-auto px-4 py-[5vh]">
                    <Dialog.Popup initialFocus={copy}
                                  className="mx-auto w-full max-w-2xl rounded-2xl border border-line bg-raised
                                             shadow-2xl shadow-(color:--shadow) outline-none">
                        <div className="flex items-start gap-3 px-6 pt-6">
                            <span className="flex size-10 shrink-0 items-center justify-center rounded-xl bg-good-wash
                                             text-good"><Icon name="check" className="size-5"/></span>
                            <div className="min-w-0">
                                <Dialog.Title className="text-lg font-semibold">{it.title}</Dialog.Title>
                                <Dialog.Description className="text-quiet">
                                    <bdi className="font-medium text-ink">{it.token.name}</bdi>
                                    {' · '}{it.token.expiresAt ? t('expires {when}', {when: exact(it.token.expiresAt)})
                                        : t('never expires')}
                                </Dialog.Description>
                            </div>
                        </div>
                        <div className="flex flex-col gap-4 px-6 py-5">
                            <Notice tone="warn" title={t('This is the only time that you see it.')}>
                                {t('We keep no copy. Put it where you keep passwords.')}
                            </Notice>
                            <Secret value={it.secret} isHidden={isHidden}/>
                            <div className="flex flex-wrap gap-2">
                                <CopyButton ref={copy} look="primary" text={it.secret}
                                            onCopied={() => setSafe(true)}/>
                                <Button icon="download" onClick={() => {
                                    downloadText(fileName(it.token.name, '.env'), asEnv(it));
                                    setSafe(true);
                                }}>{t('Download .env')}</Button>
                                <Button icon="eye" look="quiet" aria-pressed={isHidden}
                                        onClick={() => setHidden(!isHidden)}>
                                    {isHidden ? t('Show') : t('Hide')}
                                </Button>
                                <Button icon="terminal" look="quiet" aria-expanded={tries} className="ms-auto"
                                        onClick={() => setTries(!tries)}>{t('Try it')}</Button>
                            </div>
                            {tries && <TryIt secret={it.secret}/>}
                            {isWarned && !isKept && (
                                <Notice tone="bad" role="alert" title={t('You have not saved the secret yet')}>
                                    {t('Nothing is lost. Copy or download the secret, then press Done.')}
                                </Notice>
                            )}
                        </div>
                        <div className="flex flex-wrap items-center justify-between gap-3 rounded-b-2xl border-t
                                        border-line bg-sunken px-6 py-4">
                            <Checkbox label={t('I have saved it in a safe place')} checked={isKept}
                                      disabled={isSafe} onChange={(event) => setTicked(event.target.checked)}/>
                            <Button look={isKept ? 'primary' : 'plain'} disabled={!isKept} onClick={close}>
                                {t('Done')}
                            </Button>
                        </div>
                    </Dialog.Popup>
                </Dialog.Viewport>
            </Dialog.Portal>
        </Dialog.Root>
    );
}
