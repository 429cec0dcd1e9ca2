// What people may do: patterns of scopes for each API.
import {type FormEvent, useState} from 'react';
import {call, randomKey} from '../lib/api';
import {useCan, useRefresh, useRoles} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {type Tagged, useDraft, useTagged} from '../lib/tagged';
import type {Role} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Badge, PageHead, ScopeTag} from '../ui/bits';
import {Button} from '../ui/button';
import {Confirm, Modal} from '../ui/dialog';
import {ChangedElsewhere, isChangedElsewhere, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {TextArea, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';

export function Roles() {
    const can = useCan();
    const roles = useRoles();
    const [edits, setEdits] = useState<Role | 'new' | null>(null);
    const [leaving, setLeaving] = useState<Role | null>(null);
    const close = () => setEdits(null);
    useTitle(t('Roles'));
    return (
        <>
            <PageHead title={t('Roles')} actions={can('role:write') && (
                <Button look="primary" icon="plus" onClick={() => setEdits('new')}>{t('New role')}</Button>
            )}>{t('A token never does more than the roles of its owner allow at that moment.')}</PageHead>
            {roles.isError && <ProblemNotice problem={roles.error}/>}
            {roles.isPending && <div className="card"><SkeletonRows/></div>}
            <ul className="grid grid-cols-1 gap-4 lg:grid-cols-2">
                {roles.data?.map((role) => (
                    <li key={role.id} className="card flex flex-col gap-3 p-5">
                        <div className="flex flex-wrap items-center gap-2">
                            <h2 className="font-semibold">{role.name}</h2>
                            {role.builtIn && <Badge>{t('built in')}</Badge>}
                            {!role.builtIn && can('role:write') && (
                                <span className="ms-auto flex gap-1">
                                    <Button size="small" onClick={() => setEdits(role)}>{t('Edit')}</Button>
                                    <Button size="small" look="quiet" onClick={() => setLeaving(role)}>{t('Delete…')}</Button>
                                </span>
                            )}
                        </div>
                        <dl className="flex flex-col gap-2">
                            {Object.entries(role.patterns).map(([api, patterns]) => (
                                <div key={api} className="grid gap-1.5 sm:grid-cols-[7rem_1fr]">
                                    <dt className="text-quiet">{api === '*' ? t('every API') : api}</dt>
                                    <dd className="flex flex-wrap gap-1">{patterns.map((one) => <ScopeTag key={one}>{one}</ScopeTag>)}</dd>
                                </div>
                            ))}
                        </dl>
                    </li>
                ))}
            </ul>
            {edits && (
                <Modal open onClose={close} title={edits === 'new' ? t('New role') : t('Edit role')}>
                    {edits === 'new' ? <RoleForm stored={kNew} onClose={close}/> : <EditRole id={edits.id} onClose={close}/>}
                </Modal>
            )}
            <DeleteRole role={leaving} onClose={() => setLeaving(null)}/>
        </>
    );
}

function asText(patterns: Role['patterns']) {
    return Object.entries(patterns).map(([api, list]) => `${api}: ${list.join(' ')}`).join('\n');
}

function fromText(text: string): Role['patterns'] {
    const patterns: Role['patterns'] = {};
    for (const line of text.split('\n')) {
        const colon = line.search(/:\s/);
        if (colon < 0) continue;
        patterns[line.slice(0, colon).trim()] = line.slice(colon + 1).split(/[\s,]+/).filter(Boolean);
    }
    return patterns;
}

const kNew: Tagged<Omit<Role, 'id'>> = {
    body: {name: '', builtIn: false, patterns: {latchkey: ['account:read', 'token:read'], '*': []}}, etag: '',
};

// What is edited is read anew, with the tag that the change will name.
function EditRole({id, onClose}: {id: string; onClose: () => void}) {
    const stored = useTagged<Role>('roles', '/v1/roles/' + id);
    if (stored.data) return <RoleForm id={id} stored={stored.data} onClose={onClose}/>;
    return stored.isError ? <ProblemNotice problem={stored.error} retry={() => void stored.refetch()}/> : <SkeletonRows rows={3}/>;
}

function RoleForm({id, stored, onClose}: {id?: string; stored: Tagged<Omit<Role, 'id'>>; onClose: () => void}) {
    const {base, fields, change, isOld, etag, reset} =
        useDraft(stored, (role) => ({name: role.name, text: asText(role.patterns)}));
    const [busy, setBusy] = useState(false);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [key] = useState(randomKey);
    const refresh = useRefresh();
    const {name} = fields;
    const patterns = Object.fromEntries(Object.entries(fromText(fields.text)).filter(([, list]) => list.length > 0));
    const allows = Object.entries(patterns).map(([api, list]): [string, string] => ['--allow', api + '=' + list.join(',')]);
    async function save(event: FormEvent) {
        event.preventDefault();
        if (isOld || busy) return;
        setTrouble(null);
        setBusy(true);
        try {
            if (id) await call('PATCH', '/v1/roles/' + id, {name, patterns}, {ifMatch: etag});
            else await call('POST', '/v1/roles', {name, patterns}, {idempotencyKey: key});
            await refresh('roles', 'me');
            toast(t('Saved'));
            onClose();
        } catch (failure) {
            if (isChangedElsewhere(failure)) await refresh('roles');
            else setTrouble(troubleOf(t('The role was not saved'), failure, {name: 'role-name', patterns: 'role-patterns'}));
            setBusy(false);
        }
    }
    return (
        <form onSubmit={(event) => void save(event)} noValidate className="flex flex-col gap-4">
            <ErrorSummary trouble={trouble}/>
            {isOld && !busy && <ChangedElsewhere reset={reset}/>}
            <TextField id="role-name" label={t('Name')} value={name} maxLength={32} placeholder="auditor" error={errorOf(trouble, 'role-name')}
                       onChange={(event) => change({name: event.target.value})}/>
            <TextArea id="role-patterns" label={t('Scopes')} rows={6} value={fields.text} className="font-mono text-xs" spellCheck={false}
                      error={errorOf(trouble, 'role-patterns')} onChange={(event) => change({text: event.target.value})}
                      hint={t('One API a line: its slug, a colon, its scopes or patterns. * stands for every API but latchkey.')}/>
            <div className="flex justify-end gap-2">
                <Button onClick={onClose}>{t('Cancel')}</Button>
                <Button type="submit" look="primary" busy={busy} disabled={isOld}>{t('Save')}</Button>
            </div>
            {id
                ? <ShowAs command={cli('role update', base.name, ['-n', name === base.name ? '' : name], ...allows)}
                          curl={curlOf('PATCH', '/v1/roles/' + id, {name, patterns}, etag)}/>
                : <ShowAs command={cli('role create', name || 'auditor', ...allows)}
                          curl={curlOf('POST', '/v1/roles', {name, patterns})}/>}
        </form>
    );
}

function DeleteRole({role, onClose}: {role: Role | null; onClose: () => void}) {
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    async function remove(it: Role) {
        try {
            await call('DELETE', '/v1/roles/' + it.id);
            await refresh('roles');
            onClose();
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <Confirm open={role !== null} onClose={() => { setProblem(null); onClose(); }} action={t('Delete role')}
                 title={<>{t('Delete role')} {role?.name}?</>} onConfirm={() => { if (role) void remove(role); }}>
            {problem !== null && <ProblemNotice problem={problem}/>}
            <p>{t('Only a role that nobody has can be deleted.')}</p>
            {role && <ShowAs command={cli('role delete', role.name)} curl={curlOf('DELETE', '/v1/roles/' + role.id)}/>}
        </Confirm>
    );
}
