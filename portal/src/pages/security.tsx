// How one logs in: the password, and the second factor with its recovery codes.
import {useQuery} from '@tanstack/react-query';
import {type FormEvent, type ReactNode, useEffect, useState} from 'react';
import {call, get, rememberCsrf} from '../lib/api';
import {useMe, useRefresh} from '../lib/client';
import {t, tn} from '../lib/i18n';
import {toast} from '../ui/announce';
import {ShowAsBySession} from '../ui/as-command';
import {Badge, Card, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {CodeField} from '../ui/code-field';
import {CopyButton, Snippet} from '../ui/copy';
import {Modal} from '../ui/dialog';
import {Notice, ProblemNotice} from '../ui/feedback';
import {Checkbox, PasswordField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble} from '../ui/form';
import {NewPasswordField} from '../ui/new-password';
import {QrCode} from '../ui/qr';
import {explanation} from '../ui/step-up';

interface Factor {
    enabled: boolean;
    since: string | null;
    recoveryCodesLeft: number;
}

type Open = 'password' | 'enrol' | 'codes' | 'disable' | null;

export function Security() {
    const {data: me} = useMe();
    const [open, setOpen] = useState<Open>(null);
    const factor = useQuery({queryKey: ['me', 'factor'], queryFn: () => get<Factor>('/v1/account/factor')});
    const close = () => setOpen(null);
    const it = factor.data;
    return (
        <Card title={t('Logging in')} flush>
            <div className="divide-y divide-line">
                <Line title={t('Password')} text={t('Another one ends every session of yours but this one.')}>
                    <Button onClick={() => setOpen('password')}>{t('Change password…')}</Button>
                </Line>
                <Line title={<>{t('Second factor')} {it && (it.enabled ? <Badge tone="good" icon="check">{t('On')}</Badge> : <Badge>{t('Off')}</Badge>)}</>}
                      text={it?.enabled
                          ? <>{t('A login needs a code of your authenticator. Since')} <Time at={it.since}/>.</>
                          : t('A login needs a code of an app on your telephone as well. Who learns your password alone does not get in.')}>
                    {it && (it.enabled
                        ? <Button onClick={() => setOpen('disable')}>{t('Turn off…')}</Button>
                        : <Button look="primary" onClick={() => setOpen('enrol')}>{t('Turn on…')}</Button>)}
                </Line>
                {it?.enabled && (
                    <Line title={t('Recovery codes')}
                          text={tn('{n} is left. Each serves once, when the authenticator is lost.', '{n} are left. Each serves once, when the authenticator is lost.', it.recoveryCodesLeft)}>
                        <Button onClick={() => setOpen('codes')}>{t('New codes…')}</Button>
                    </Line>
                )}
            </div>
            {factor.isError && <div className="p-5"><ProblemNotice problem={factor.error}/></div>}
            {open === 'password' && <ChangePassword needsCode={me?.secondFactor === true} onClose={close}/>}
            {open === 'enrol' && <Enrol onClose={close}/>}
            {open === 'codes' && <NewCodes onClose={close}/>}
            {open === 'disable' && <Disable onClose={close}/>}
        </Card>
    );
}

function Line({title, text, children}: {title: ReactNode; text: ReactNode; children: ReactNode}) {
    return (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3">
            <div className="min-w-0 flex-1 basis-64">
                <p className="font-medium">{title}</p>
                <p className="text-[0.8125rem] text-quiet">{text}</p>
            </div>
            {children}
        </div>
    );
}

function Actions({onClose, busy, disabled, action, danger}:
        {onClose: () => void; busy: boolean; disabled?: boolean; action: string; danger?: boolean}) {
    return (
        <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{t('Cancel')}</Button>
            <Button type="submit" look={danger ? 'danger' : 'primary'} busy={busy} disabled={disabled}>{action}</Button>
        </div>
    );
}

// Sends a form; what went wrong is shown above it.
function useSending(): [boolean, FormTrouble | null, (work: () => Promise<void>) => (event: FormEvent) => void] {
    const [busy, setBusy] = useState(false);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const sends = (work: () => Promise<void>) => (event: FormEvent) => {
        event.preventDefault();
        if (busy) return;
        setBusy(true);
        work().catch((problem: unknown) => setTrouble(explanation(problem))).finally(() => setBusy(false));
    };
    return [busy, trouble, sends];
}

function ChangePassword({needsCode, onClose}: {needsCode: boolean; onClose: () => void}) {
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const [fresh, setFresh] = useState('');
    const [busy, trouble, sends] = useSending();
    const refresh = useRefresh();
    const send = sends(async () => {
        const {body} = await call<{csrf?: string}>('POST', '/v1/account/password',
            {password, newPassword: fresh, ...(needsCode ? {code} : {})});
        if (body.csrf) rememberCsrf(body.csrf);
        await refresh('sessions', 'me');
        toast(t('Password changed'));
        onClose();
    });
    return (
        <Modal open onClose={onClose} title={t('Change password')}
               description={t('Everywhere else you are logged out. Your tokens go on working.')}>
            <form onSubmit={send} noValidate className="flex flex-col gap-4">
                <ErrorSummary trouble={trouble}/>
                <PasswordField id="proof-password" label={t('Password until now')} autoComplete="current-password" required
                               value={password} error={errorOf(trouble, 'proof-password')}
                               onChange={(event) => setPassword(event.target.value)}/>
                {needsCode && <CodeField id="proof-code" value={code} error={errorOf(trouble, 'proof-code')} onChange={setCode}/>}
                <NewPasswordField id="new-password" label={t('New password')} value={fresh}
                                  error={errorOf(trouble, 'new-password')} onChange={setFresh}/>
                <Actions onClose={onClose} busy={busy} action={t('Change password')}
                         disabled={password === '' || fresh === '' || (needsCode && code === '')}/>
                <ShowAsBySession path="/v1/account/password" file="change.json"
                                 members={['password', 'newPassword', ...(needsCode ? ['code'] : [])]}/>
            </form>
        </Modal>
    );
}

interface Begun {
    secret: string;
    uri: string;
}

// The secret is asked for once the dialog is open, and is gone with it.
function Enrol({onClose}: {onClose: () => void}) {
    const [begun, setBegun] = useState<Begun | null>(null);
    const [problem, setProblem] = useState<unknown>(null);
    const [code, setCode] = useState('');
    const [codes, setCodes] = useState<string[] | null>(null);
    const [busy, trouble, sends] = useSending();
    const refresh = useRefresh();
    useEffect(() => {
        let isOver = false;
        call<Begun>('POST', '/v1/account/factor', {}).then(
            ({body}) => { if (!isOver) setBegun(body); },
            (failure: unknown) => { if (!isOver) setProblem(failure); });
        return () => {
            isOver = true;
        };
    }, []);
    const send = sends(async () => {
        const {body} = await call<{recoveryCodes: string[]}>('POST', '/v1/account/factor/confirm', {code});
        setBegun(null);
        setCodes(body.recoveryCodes);
        await refresh('me', 'users');
    });
    if (codes) return <ShowCodes codes={codes} title={t('The second factor is on')} onClose={onClose}/>;
    return (
        <Modal open onClose={onClose} title={t('Turn on the second factor')}
               description={t('Scan this with an authenticator app, then type the code that it shows.')}>
            {problem !== null && <ProblemNotice problem={problem}/>}
            {!begun && problem === null && <div className="skeleton mx-auto size-48"/>}
            {begun && (
                <form onSubmit={send} noValidate className="flex flex-col gap-4">
                    <ErrorSummary trouble={trouble}/>
                    <div className="flex justify-center"><QrCode text={begun.uri} label={t('QR code for your authenticator')}/></div>
                    <div>
                        <p className="mb-1.5 text-[0.8125rem] text-quiet">{t('Or type this secret into it. It is not shown again.')}</p>
                        <Snippet text={begun.secret} label={t('Secret for the authenticator')} wrap/>
                    </div>
                    <CodeField id="proof-code" value={code} error={errorOf(trouble, 'proof-code')} onChange={setCode} noRecovery/>
                    <Actions onClose={onClose} busy={busy} disabled={code === ''} action={t('Turn on')}/>
                    <ShowAsBySession path="/v1/account/factor/confirm" file="confirm.json" members={['code']}/>
                </form>
            )}
        </Modal>
    );
}

// Shown once: Esc and a click outside do not take them away before they are saved.
function ShowCodes({codes, title, onClose}: {codes: string[]; title: string; onClose: () => void}) {
    const [saved, setSaved] = useState(false);
    const [asks, setAsks] = useState(false);
    const text = codes.join('\n');
    return (
        <Modal open onClose={() => (saved ? onClose() : setAsks(true))} title={title}
               description={t('Write these recovery codes down. Each lets you in once when the authenticator is lost; they are not shown again.')}>
            <div className="flex flex-col gap-4">
                {asks && !saved && <Notice tone="warn" role="alert" title={t('Have you saved the codes?')}>{t('Without them, a lost telephone means asking an administrator.')}</Notice>}
                <ul aria-label={t('Recovery codes')} className="grid grid-cols-1 gap-x-6 gap-y-1.5 rounded-lg border border-line bg-sunken px-4 py-3 font-mono sm:grid-cols-2">
                    {codes.map((code) => <li key={code}>{code}</li>)}
                </ul>
                <CopyButton text={text} label={t('Copy the codes')} className="self-start" onCopied={() => setSaved(true)}/>
                <Checkbox label={t('I have saved the codes in a safe place')} checked={saved} onChange={(event) => setSaved(event.target.checked)}/>
                <div className="flex justify-end"><Button look="primary" disabled={!saved} onClick={onClose}>{t('Done')}</Button></div>
            </div>
        </Modal>
    );
}

function ProofForm({action, path, danger, work, onClose}:
        {action: string; path: string; danger?: boolean; work: (proof: {password: string; code: string}) => Promise<void>; onClose: () => void}) {
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const [busy, trouble, sends] = useSending();
    return (
        <form onSubmit={sends(() => work({password, code}))} noValidate className="flex flex-col gap-4">
            <ErrorSummary trouble={trouble}/>
            <PasswordField id="proof-password" label={t('Password')} autoComplete="current-password" required value={password}
                           error={errorOf(trouble, 'proof-password')} onChange={(event) => setPassword(event.target.value)}/>
            <CodeField id="proof-code" value={code} error={errorOf(trouble, 'proof-code')} onChange={setCode}/>
            <Actions onClose={onClose} busy={busy} danger={danger} action={action} disabled={password === '' || code === ''}/>
            <ShowAsBySession path={path} file="proof.json" members={['password', 'code']}/>
        </form>
    );
}

function NewCodes({onClose}: {onClose: () => void}) {
    const [codes, setCodes] = useState<string[] | null>(null);
    const refresh = useRefresh();
    if (codes) return <ShowCodes codes={codes} title={t('Your new recovery codes')} onClose={onClose}/>;
    return (
        <Modal open onClose={onClose} title={t('New recovery codes')} description={t('The ones before are void then.')}>
            <ProofForm path="/v1/account/recovery-codes" action={t('Make new codes')} onClose={onClose} work={async (proof) => {
                const {body} = await call<{recoveryCodes: string[]}>('POST', '/v1/account/recovery-codes', proof);
                setCodes(body.recoveryCodes);
                await refresh('me');
            }}/>
        </Modal>
    );
}

function Disable({onClose}: {onClose: () => void}) {
    const refresh = useRefresh();
    return (
        <Modal open onClose={onClose} title={t('Turn off the second factor')}
               description={t('A login needs your password alone then. The recovery codes are void.')}>
            <ProofForm danger path="/v1/account/factor/disable" action={t('Turn off')} onClose={onClose} work={async (proof) => {
                await call('POST', '/v1/account/factor/disable', proof);
                await refresh('me', 'users');
                toast(t('The second factor is off'));
                onClose();
            }}/>
        </Modal>
    );
}
