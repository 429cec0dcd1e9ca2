// Many tokens stopped by one rule: first it says which, then it stops them, however many they are.
import {type FormEvent, useState} from 'react';
import {call} from '../lib/api';
import {useApis, useCan, useRefresh, useUsers} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {number, t, tn} from '../lib/i18n';
import type {Token} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Button} from '../ui/button';
import {Modal} from '../ui/dialog';
import {Notice, ProblemNotice} from '../ui/feedback';
import {Segments, Select, TextField} from '../ui/field';

interface Preview {
    count: number;
    tokens: Token[];
    more: boolean;
}

const kEmpty = {owner: '', api: '', unusedFor: '', mintedBefore: '', scope: ''};

function filterOf(fields: typeof kEmpty) {
    const filter: Record<string, string> = {};
    for (const [name, value] of Object.entries(fields)) {
        if (value.trim() !== '') filter[name] = name === 'mintedBefore' ? new Date(value + 'T00:00:00').toISOString() : value.trim();
    }
    return filter;
}

export function BulkRule({onClose}: {onClose: () => void}) {
    const can = useCan();
    const users = useUsers(can('user:read'));
    const apis = useApis();
    const [action, setAction] = useState<'revoke' | 'suspend'>('revoke');
    const [fields, setFields] = useState(kEmpty);
    const [reason, setReason] = useState('');
    const [typed, setTyped] = useState('');
    const [preview, setPreview] = useState<Preview | null>(null);
    const [problem, setProblem] = useState<unknown>(null);
    const [busy, setBusy] = useState(false);
    const refresh = useRefresh();
    const change = (changes: Partial<typeof kEmpty>) => {
        setFields({...fields, ...changes});
        setPreview(null);
    };

    const body = {action, filter: filterOf(fields), ...(reason.trim() ? {reason: reason.trim()} : {})};
    async function send(dryRun: boolean) {
        setBusy(true);
        setProblem(null);
        try {
            const answer = await call<Preview>('POST', '/v1/tokens/bulk', {...body, dryRun});
            if (dryRun) setPreview(answer.body);
            else {
                await refresh('tokens', 'token', 'events');
                toast(action === 'revoke' ? tn('{n} token revoked', '{n} tokens revoked', answer.body.count)
                    : tn('{n} token suspended', '{n} tokens suspended', answer.body.count));
                onClose();
            }
        } catch (failure) {
            setProblem(failure);
        }
        setBusy(false);
    }

    const submit = (event: FormEvent) => {
        event.preventDefault();
        void send(preview === null);
    };
    const isReady = preview === null || (preview.count > 0 && typed.trim() === String(preview.count));
    return (
        <Modal open onClose={onClose} width="max-w-2xl" title={t('Stop many tokens')}
               description={t('All conditions that you give must hold. Tokens that are made later are not meant.')}>
            <form onSubmit={submit} className="flex flex-col gap-4">
                {problem !== null && <ProblemNotice problem={problem}/>}
                <Segments label={t('Action')} value={action} onChange={(next) => { setAction(next); setPreview(null); }}
                          options={[{value: 'revoke', text: t('Revoke')}, {value: 'suspend', text: t('Suspend')}]}/>
                <div className="grid gap-4 sm:grid-cols-2">
                    <Select label={t('Owner')} value={fields.owner} onChange={(event) => change({owner: event.target.value})}>
                        <option value="">{t('All owners')}</option>
                        {users.data?.map((user) => <option key={user.id} value={user.id}>{user.name || user.email}</option>)}
                    </Select>
                    <Select label={t('API')} value={fields.api} onChange={(event) => change({api: event.target.value})}>
                        <option value="">{t('All APIs')}</option>
                        {apis.data?.map((api) => <option key={api.id} value={api.slug}>{api.name || api.slug}</option>)}
                    </Select>
                    <Select label={t('Use')} value={fields.unusedFor} onChange={(event) => change({unusedFor: event.target.value})}>
                        <option value="">{t('Used or not')}</option>
                        <option value="30d">{t('Unused for 30 days')}</option>
                        <option value="90d">{t('Unused for 90 days')}</option>
                    </Select>
                    <TextField label={t('Made before')} type="date" value={fields.mintedBefore}
                               onChange={(event) => change({mintedBefore: event.target.value})}/>
                    <TextField label={t('Has the scope')} value={fields.scope} spellCheck={false} className="font-mono text-xs"
                               placeholder="license:write" onChange={(event) => change({scope: event.target.value})}/>
                    <TextField label={t('Reason')} aside={t('optional')} value={reason} maxLength={200}
                               onChange={(event) => setReason(event.target.value)}/>
                </div>
                {preview && (
                    <div role="status" className="flex flex-col gap-3">
                        <Notice tone={preview.count > 0 ? 'warn' : 'info'} title={tn('{n} token fits', '{n} tokens fit', preview.count)}>
                            {preview.count > 0 && preview.tokens.slice(0, 8).map((token) => token.name).join(', ') +
                                (preview.count > 8 ? ' …' : '')}
                        </Notice>
                        {preview.count > 0 && (
                            <TextField label={t('Type {n} to confirm', {n: number(preview.count)})} inputMode="numeric" autoComplete="off"
                                       value={typed} onChange={(event) => setTyped(event.target.value)}/>
                        )}
                    </div>
                )}
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button type="submit" look={preview ? 'danger' : 'primary'} busy={busy}
                            disabled={Object.keys(filterOf(fields)).length === 0 || !isReady}>
                        {preview === null ? t('Show which') : action === 'revoke' ? t('Revoke all of them') : t('Suspend all of them')}
                    </Button>
                </div>
                <ShowAs curl={curlOf('POST', '/v1/tokens/bulk', body)}
                        command={cli('token bulk ' + action, ['--owner', fields.owner], ['--api', fields.api],
                            ['--unused-for', fields.unusedFor], ['--minted-before', fields.mintedBefore],
                            ['--scope', fields.scope.trim()], ['--reason', reason.trim()])}/>
            </form>
        </Modal>
    );
}
