// What changes who may do what needs the password once more after a while. The server says when;
// this asks for it, and the request that was refused is sent again by itself.
import {type FormEvent, useEffect, useId, useState, useSyncExternalStore} from 'react';
import {call, onStepUp, Problem, rememberCsrf} from '../lib/api';
import {client} from '../lib/client';
import {t} from '../lib/i18n';
import type {Me} from '../lib/types';
import {Button} from './button';
import {CodeField} from './code-field';
import {Modal} from './dialog';
import {PasswordField} from './field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from './form';

// The question stands inside the dialog that is open, if there is one: a dialog beside another
// would close it. The last slot that was made is the innermost.
let slots: string[] = [];
let answer: ((given: boolean) => void) | null = null;
let asking: Promise<boolean> | null = null;
const listeners = new Set<() => void>();
function changed() {
    for (const listener of listeners) listener();
}

onStepUp(() => {
    asking ??= new Promise<boolean>((resolve) => {
        answer = (given) => {
            answer = null;
            asking = null;
            changed();
            resolve(given);
        };
        changed();
    });
    return asking;
});

export function StepUpSlot() {
    const id = useId();
    useEffect(() => {
        slots = [...slots, id];
        changed();
        return () => {
            slots = slots.filter((one) => one !== id);
            changed();
        };
    }, [id]);
    const isMine = useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => {
            listeners.delete(listener);
        };
    }, () => answer !== null && slots.at(-1) === id);
    return isMine ? <StepUp/> : null;
}

function StepUp() {
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const [needsCode, setNeedsCode] = useState(client.getQueryData<Me>(['me'])?.secondFactor === true);
    const [busy, setBusy] = useState(false);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    async function send(event: FormEvent) {
        event.preventDefault();
        event.stopPropagation(); // a form around it hears it too
        if (busy) return;
        setBusy(true);
        try {
            const {body} = await call<{csrf?: string}>('POST', '/v1/session/proof',
                {password, ...(needsCode ? {code} : {})});
            if (body.csrf) rememberCsrf(body.csrf);
            answer?.(true);
        } catch (problem) {
            setBusy(false);
            if (problem instanceof Problem && problem.code === 'totp_needed' && !needsCode) return setNeedsCode(true);
            setCode('');
            setTrouble(explanation(problem));
        }
    }
    return (
        <Modal open isInnermost onClose={() => answer?.(false)} title={t('Your password once more')}
               description={t('This changes who may do what. It is asked for again after ten minutes.')} width="max-w-md">
            <form onSubmit={(event) => void send(event)} noValidate className="flex flex-col gap-4">
                <ErrorSummary trouble={trouble}/>
                <PasswordField id="proof-password" label={t('Password')} autoComplete="current-password" required autoFocus
                               value={password} error={errorOf(trouble, 'proof-password')}
                               onChange={(event) => setPassword(event.target.value)}/>
                {needsCode && <CodeField id="proof-code" value={code} error={errorOf(trouble, 'proof-code')} onChange={setCode}/>}
                <div className="flex justify-end gap-2">
                    <Button onClick={() => answer?.(false)}>{t('Cancel')}</Button>
                    <Button type="submit" look="primary" busy={busy} disabled={password === '' || (needsCode && code === '')}>
                        {t('Confirm')}
                    </Button>
                </div>
            </form>
        </Modal>
    );
}

// What went wrong with a password and a code, for every form that asks for them.
export function explanation(problem: unknown): FormTrouble {
    const title = t('That did not work');
    if (problem instanceof Problem && problem.code === 'wrong_password') {
        return {title, errors: [{field: 'proof-password', text: t('The password is wrong.')}]};
    }
    if (problem instanceof Problem && problem.code === 'totp_needed') {
        return {title, errors: [{field: 'proof-code', text: t('A code is needed as well.')}]};
    }
    if (problem instanceof Problem && problem.code === 'bad_code') {
        return {title, errors: [{field: 'proof-code', text: t('The code is wrong, or was used already. Wait for the next one.')}]};
    }
    return troubleOf(title, problem, {newPassword: 'new-password', password: 'new-password', code: 'proof-code'});
}
