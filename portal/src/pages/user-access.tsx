// How a person gets in: the link to choose a password, and the second factor when it is lost.
import {useState} from 'react';
import {call} from '../lib/api';
import {useRefresh} from '../lib/client';
import {cli} from '../lib/commands';
import {t} from '../lib/i18n';
import {exact} from '../lib/time';
import type {User} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAsBySession} from '../ui/as-command';
import {Badge, Card, Facts, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {CopyButton} from '../ui/copy';
import {Confirm, Modal} from '../ui/dialog';
import {Notice, ProblemNotice} from '../ui/feedback';
import {TextField} from '../ui/field';

export interface MadeUser extends User {
    inviteLink?: string;
}

// The link is known to this dialog alone; who closes it makes another.
export function InviteLink({user, onClose}: {user: MadeUser; onClose: () => void}) {
    const link = user.inviteLink ?? '';
    return (
        <Modal open onClose={onClose} title={t('Invitation of {name}', {name: user.name || user.email || ''})}
               description={t('Hand this link over in a safe way. Whoever opens it first chooses the password.')}>
            <div className="flex flex-col gap-4">
                <TextField label={t('Link')} readOnly value={link} className="font-mono text-xs" spellCheck={false}
                           onFocus={(event) => event.target.select()}/>
                <CopyButton text={link} label={t('Copy the link')} className="self-start"/>
                {user.invitedUntil && (
                    <p className="text-quiet">{t('It works once, until {time}. It is not shown again; you can make another.', {time: exact(user.invitedUntil)})}</p>
                )}
                <div className="flex justify-end"><Button look="primary" onClick={onClose}>{t('Done')}</Button></div>
            </div>
        </Modal>
    );
}

type Asks = 'link' | 'withdraw' | 'factor' | null;

export function PersonAccess({user}: {user: User}) {
    const [asks, setAsks] = useState<Asks>(null);
    const [made, setMade] = useState<MadeUser | null>(null);
    const isActive = user.state === 'active';
    return (
        <Card title={t('Logging in')} className="mb-5" aside={(
            <span className="flex flex-wrap gap-2">
                {isActive && <Button size="small" onClick={() => setAsks('link')}>{t('New link…')}</Button>}
                {user.invitedUntil && <Button size="small" onClick={() => setAsks('withdraw')}>{t('Withdraw link…')}</Button>}
                {user.secondFactor && <Button size="small" onClick={() => setAsks('factor')}>{t('Reset second factor…')}</Button>}
            </span>
        )}>
            <Facts items={[
                [t('Invitation'), user.invitedUntil
                    ? <span key="i">{t('A link waits to be used. It ends')} <Time at={user.invitedUntil}/>.</span> : t('No link waits')],
                [t('Second factor'), user.secondFactor ? <Badge key="f" tone="good" icon="check">{t('On')}</Badge> : t('Off')],
            ]}/>
            {asks === 'link' && <AskLink user={user} onClose={() => setAsks(null)} onMade={setMade}/>}
            {asks === 'withdraw' && (
                <Ask user={user} onClose={() => setAsks(null)} title={t('Withdraw the link?')} action={t('Withdraw link')}
                     text={t('It does not work any more. A password that was chosen already stays.')} path="/invite" done={t('Link withdrawn')}/>
            )}
            {asks === 'factor' && (
                <Ask user={user} onClose={() => setAsks(null)} title={t('Reset the second factor?')} action={t('Reset second factor')}
                     text={t('The password alone lets this person in then. Make sure that it is really this person who asks: by voice or face, not by mail.')}
                     path="/factor" done={t('Second factor reset')} command={cli('user reset-factor', user.email ?? user.id)}/>
            )}
            {made && <InviteLink user={made} onClose={() => setMade(null)}/>}
        </Card>
    );
}

function AskLink({user, onClose, onMade}: {user: User; onClose: () => void; onMade: (made: MadeUser) => void}) {
    const [problem, setProblem] = useState<unknown>(null);
    const [busy, setBusy] = useState(false);
    const refresh = useRefresh();
    async function make() {
        setBusy(true);
        try {
            const {body} = await call<MadeUser>('POST', `/v1/users/${user.id}/invite`, {});
            await refresh('users');
            onMade(body);
            onClose();
        } catch (failure) {
            setBusy(false);
            setProblem(failure);
        }
    }
    return (
        <Modal open onClose={onClose} title={t('New link to choose a password')}
               description={t('A link from before is void then. When the new one is used, the old password and every session of this person end.')}>
            {problem !== null && <div className="mb-4"><ProblemNotice problem={problem}/></div>}
            <Notice tone="warn">{t('Whoever has the link can be this person.')}</Notice>
            <div className="mt-4 flex justify-end gap-2">
                <Button onClick={onClose}>{t('Cancel')}</Button>
                <Button look="primary" busy={busy} onClick={() => void make()}>{t('Make link')}</Button>
            </div>
            <div className="mt-4">
                <ShowAsBySession path={`/v1/users/${user.id}/invite`} command={cli('user invite', user.email ?? user.id)}/>
            </div>
        </Modal>
    );
}

interface Question {
    user: User;
    onClose: () => void;
    title: string;
    text: string;
    action: string;
    path: string;
    done: string;
    command?: string;
}

function Ask({user, onClose, title, text, action, path, done, command}: Question) {
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    async function act() {
        try {
            await call('DELETE', '/v1/users/' + user.id + path);
            await refresh('users');
            toast(done);
            onClose();
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <Confirm open onClose={onClose} title={title} action={action} onConfirm={() => void act()}>
            {problem !== null && <ProblemNotice problem={problem}/>}
            <p>{text}</p>
            <ShowAsBySession method="DELETE" path={`/v1/users/${user.id}${path}`} command={command}/>
        </Confirm>
    );
}
