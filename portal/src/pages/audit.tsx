// The event log: what happened, who did it, and proof that nothing was taken out.
import {useState} from 'react';
import {call} from '../lib/api';
import {useUsers, useCan} from '../lib/client';
import {base64url, bytesOf} from '../lib/bytes';
import {downloadText} from '../lib/copy';
import {useAddressState, useSettled, useTitle} from '../lib/hooks';
import {number, t} from '../lib/i18n';
import type {Checkpoint, LogEvent} from '../lib/types';
import {PageHead} from '../ui/bits';
import {Button} from '../ui/button';
import {Notice} from '../ui/feedback';
import {FilterSelect} from '../ui/field';
import {Events} from './event-list';

const kTypes = [
    'token.created', 'token.updated', 'token.rotated', 'token.secret_ended', 'token.key_added',
    'token.key_removed', 'token.suspended', 'token.resumed', 'token.revoked', 'token.deleted',
    'token.bulk_revoked', 'token.bulk_suspended', 'access.revoked', 'user.created', 'user.updated',
    'user.disabled', 'user.enabled', 'role.created', 'role.updated', 'role.deleted', 'api.created',
    'api.updated', 'api.scopes_replaced', 'project.created', 'project.updated', 'project.deleted',
    'member.added', 'member.updated', 'member.removed', 'grant.added', 'grant.removed', 'policy.updated',
    'key.rotated', 'key.retired', 'key.compromised', 'settings.updated', 'settings.token_rules_updated',
    'store.restored',
];

async function readLog(seen: (count: number) => void): Promise<LogEvent[]> {
    const all: LogEvent[] = [];
    let next = '/v1/events?limit=200';
    while (next !== '') {
        const page = await call<LogEvent[]>('GET', next);
        all.push(...page.body);
        seen(all.length);
        next = page.next;
    }
    return all;
}

// hash = SHA-256(previous hash ‖ the event's exact text), from the first event to the checkpoint.
async function verifyChain(events: LogEvent[], checkpoint: Checkpoint): Promise<string> {
    let previous: Uint8Array = new Uint8Array(32);
    let expected = 1;
    for (const event of events) {
        if (event.revision !== expected) return t('Revision {n} is missing.', {n: expected});
        const body = new TextEncoder().encode(event.body);
        const joined = new Uint8Array(previous.length + body.length);
        joined.set(previous);
        joined.set(body, previous.length);
        const hash = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', joined)));
        if (hash !== event.hash) return t('Revision {n} was changed: its hash does not fit.', {n: event.revision});
        previous = bytesOf(event.hash);
        expected += 1;
    }
    const at = events.find((event) => event.revision === checkpoint.revision);
    if (checkpoint.revision > 0 && at?.hash !== checkpoint.hash) return t('The log does not lead to the signed checkpoint.');
    return '';
}

interface Proof {
    busy: boolean;
    text: string;
    good: boolean;
}

function ChainCheck() {
    const [proof, setProof] = useState<Proof | null>(null);
    async function check() {
        setProof({busy: true, text: t('Reading the log…'), good: true});
        try {
            const {body: checkpoint} = await call<Checkpoint>('GET', '/v1/events/checkpoint');
            const events = await readLog((n) => setProof({busy: true, good: true, text: t('{n} events read…', {n: number(n)})}));
            const fault = await verifyChain(events, checkpoint);
            setProof(fault === ''
                ? {busy: false, good: true, text: t('The chain of {n} events is whole, up to the checkpoint of revision {r}.', {n: number(events.length), r: checkpoint.revision})}
                : {busy: false, good: false, text: fault});
        } catch (failure) {
            setProof({busy: false, good: false, text: (failure as Error).message});
        }
    }
    return (
        <>
            {globalThis.isSecureContext && (
                <Button icon="check" busy={proof?.busy ?? false} onClick={() => void check()}>{t('Check the chain')}</Button>
            )}
            {proof && (
                <div className="basis-full" role="status">
                    <Notice tone={proof.busy ? 'info' : proof.good ? 'good' : 'bad'} title={proof.text}>
                        {!proof.busy && proof.good && t('Everybody can repeat this with an export and our public keys: latchkey events verify.')}
                    </Notice>
                </div>
            )}
        </>
    );
}

function Export() {
    const [count, setCount] = useState(-1);
    async function run() {
        setCount(0);
        const events = await readLog(setCount);
        downloadText('latchkey-events.jsonl', events.map((event) => JSON.stringify(event)).join('\n') + '\n', 'application/x-ndjson');
        setCount(-1);
    }
    return (
        <Button icon="download" busy={count >= 0} onClick={() => void run()}>
            {count >= 0 ? t('{n} events read…', {n: number(count)}) : t('Export')}
        </Button>
    );
}

export function Audit() {
    const can = useCan();
    const users = useUsers(can('user:read'));
    const [search, change] = useAddressState();
    const [token, setToken] = useState(search.get('token') ?? '');
    const settled = useSettled(token.trim());
    useTitle(t('Event log'));
    const filter = {type: search.get('type') ?? '', owner: search.get('owner') ?? '', actor: search.get('actor') ?? '', token: settled};
    return (
        <>
            <PageHead title={t('Event log')} actions={<><Export/><ChainCheck/></>}>
                {t('Every change, in order, each chained to the one before it.')}
            </PageHead>
            <div role="search" className="mb-4 flex flex-wrap gap-2">
                <FilterSelect label={t('Kind of event')} value={filter.type} onChange={(event) => change({type: event.target.value})}>
                    <option value="">{t('All kinds')}</option>
                    {kTypes.map((type) => <option key={type}>{type}</option>)}
                </FilterSelect>
                {users.data && (
                    <FilterSelect label={t('Owner')} value={filter.owner} onChange={(event) => change({owner: event.target.value})}>
                        <option value="">{t('All owners')}</option>
                        {users.data.map((user) => <option key={user.id} value={user.id}>{user.name || user.email}</option>)}
                    </FilterSelect>
                )}
                <input className="control max-w-80 font-mono text-xs" aria-label={t('Id of a token')} placeholder={t('Id of a token')}
                       value={token} onChange={(event) => { setToken(event.target.value); }}/>
            </div>
            <Events fixed={filter} newestFirst/>
        </>
    );
}
