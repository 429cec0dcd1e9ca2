// The public keys of a key token: two may count while a program changes over.
import {useState} from 'react';
import {call} from '../lib/api';
import {useRefresh} from '../lib/client';
import {curlOf} from '../lib/commands';
import {kEmpty, requestOf} from '../lib/draft';
import {t} from '../lib/i18n';
import {isPrivateKey} from '../lib/private-key';
import type {Token, TokenKey} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Card, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {CopyIcon} from '../ui/copy';
import {Confirm, Modal} from '../ui/dialog';
import {ProblemNotice} from '../ui/feedback';
import {KeyField} from './new-token-limits';

export function TokenKeys({token, mayChange}: {token: Token; mayChange: boolean}) {
    const [adds, setAdds] = useState(false);
    const [leaving, setLeaving] = useState<TokenKey | null>(null);
    const keys = token.keys ?? [];
    return (
        <Card title={t('Keys')} flush aside={mayChange && (
            <Button size="small" icon="plus" onClick={() => setAdds(true)}>{t('Add key')}</Button>
        )}>
            <ul className="divide-y divide-line">
                {keys.map((key) => (
                    <li key={key.kid} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3">
                        <div className="min-w-0 flex-1 basis-60">
                            <p className="flex items-center gap-1 font-mono text-xs"><span className="truncate">{key.kid}</span>
                                <CopyIcon text={key.kid} label={t('Copy the kid')}/></p>
                            <p className="truncate text-xs text-quiet">SHA-256 {key.thumbprint}</p>
                        </div>
                        <span>{key.algorithm}</span>
                        <span className="text-quiet"><Time at={key.createdAt}/></span>
                        {mayChange && keys.length > 1 && (
                            <Button size="small" onClick={() => setLeaving(key)}>{t('Remove…')}</Button>
                        )}
                    </li>
                ))}
            </ul>
            {adds && <AddKey token={token} onClose={() => setAdds(false)}/>}
            <RemoveKey token={token} leaving={leaving} onClose={() => setLeaving(null)}/>
        </Card>
    );
}

function AddKey({token, onClose}: {token: Token; onClose: () => void}) {
    const [draft, setDraft] = useState({...kEmpty, kind: 'key' as const, name: token.name});
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    async function add() {
        try {
            await call('POST', `/v1/tokens/${token.id}/keys`, {keys: requestOf(draft).keys});
            await refresh('token');
            toast(t('Key added'));
            onClose();
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <Modal open onClose={onClose} title={t('Add key')}
               description={t('Both keys count until you remove the old one.')}>
            <div className="flex flex-col gap-4">
                {problem !== null && <ProblemNotice problem={problem} title={t('The key was not added')}/>}
                <KeyField draft={draft} change={(changes) => setDraft({...draft, keys: changes.keys ?? draft.keys})}/>
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button look="primary" disabled={isPrivateKey(draft.keys)} onClick={() => void add()}>{t('Add key')}</Button>
                </div>
                {!isPrivateKey(draft.keys) && (
                    <ShowAs curl={curlOf('POST', `/v1/tokens/${token.id}/keys`, {keys: requestOf(draft).keys})}/>
                )}
            </div>
        </Modal>
    );
}

function RemoveKey({token, leaving, onClose}: {token: Token; leaving: TokenKey | null; onClose: () => void}) {
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    async function remove(key: TokenKey) {
        try {
            await call('DELETE', `/v1/tokens/${token.id}/keys/${encodeURIComponent(key.kid)}`);
            await refresh('token');
            toast(t('Key removed'));
            onClose();
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <Confirm open={leaving !== null} onClose={onClose} title={t('Remove this key?')} action={t('Remove key')}
                 onConfirm={() => { if (leaving) void remove(leaving); }}>
            {problem !== null && <ProblemNotice problem={problem}/>}
            <p className="font-mono text-xs break-all">{leaving?.kid}</p>
            <p>{t('What was got with it stops working at once, and it never comes back.')}</p>
            {leaving && <ShowAs curl={curlOf('DELETE', `/v1/tokens/${token.id}/keys/${encodeURIComponent(leaving.kid)}`)}/>}
        </Confirm>
    );
}
