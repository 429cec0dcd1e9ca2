// One project: who and what has rights in it, its own tokens, its settings.
import {useInfiniteQuery, useQuery} from '@tanstack/react-query';
import {type FormEvent, useState} from 'react';
import {Link} from 'wouter';
import {navigate} from 'wouter/use-browser-location';
import {call, get, getAll, randomKey} from '../lib/api';
import {isBroken, useCan, useMe, useRefresh, useScopes, useUserNames, useUsers} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {useAddressState, useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {kTokens} from '../lib/tokens';
import type {CreatedToken, Principal, Project, Token} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Badge, Card, PageHead, ScopeTag, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {Confirm, Modal} from '../ui/dialog';
import {Empty, NotShown, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Select, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';
import {ScopePicker} from '../ui/scope-picker';
import {Tabs} from '../ui/tabs';
import {PolicyEditor} from './policy';
import {ProjectForm} from './projects';
import {reveal} from './reveal';

interface ProjectToken {
    id: string;
    token: string;
    name: string;
    permissions: string[];
    createdAt: string;
}

export function ProjectPage({params}: {params: Record<string, string | undefined>}) {
    const id = params.id ?? '';
    const can = useCan();
    const [search, change] = useAddressState();
    const [edits, setEdits] = useState(false);
    const project = useQuery({queryKey: ['projects', id], queryFn: () => get<Project>('/v1/projects/' + encodeURIComponent(id))});
    useTitle(project.data?.name ?? t('Project'));
    if (isBroken(project)) {
        return <NotShown back={['/projects', t('Projects')]} what={t('Project')} problem={project.error}
                         title={t('This project cannot be shown')} retry={() => void project.refetch()}/>;
    }
    if (!project.data) return <div className="card"><SkeletonRows/></div>;
    const it = project.data;
    return (
        <>
            <PageHead back={['/projects', t('Projects')]} title={<bdi>{it.name}</bdi>}
                      actions={can('project:write') && <Button icon="edit" onClick={() => setEdits(true)}>{t('Edit')}</Button>}>
                <bdi>{it.description}</bdi>
            </PageHead>
            <Tabs label={t('About this project')} value={search.get('tab') ?? 'members'}
                  onChange={(tab) => change({tab: tab === 'members' ? '' : tab})} tabs={[
                {id: 'members', text: t('Members and tokens'), body: <Principals project={it}/>},
                {id: 'own', text: t('Project tokens'), body: <OwnTokens project={it}/>},
                {id: 'settings', text: t('Settings'), body: <Settings project={it}/>},
            ]}/>
            {edits && <ProjectForm project={it} onClose={() => setEdits(false)}/>}
        </>
    );
}

function Principals({project}: {project: Project}) {
    const can = useCan();
    const [open, setOpen] = useState('');
    const [adds, setAdds] = useState<'user' | 'token' | null>(null);
    const [leaving, setLeaving] = useState<Principal | null>(null);
    const names = useUserNames();
    const principals = useQuery({
        queryKey: ['principals', project.id],
        queryFn: () => getAll<Principal>(`/v1/projects/${project.id}/principals?limit=200`),
    });
    if (isBroken(principals)) return <ProblemNotice problem={principals.error}/>;
    if (!principals.data) return <div className="card"><SkeletonRows/></div>;
    return (
        <Card title={t('Members and tokens')} flush aside={
            <span className="flex flex-wrap gap-2">
                {can('project:write') && <Button size="small" icon="plus" onClick={() => setAdds('user')}>{t('Add member')}</Button>}
                {can('policy:write') && <Button size="small" icon="plus" onClick={() => setAdds('token')}>{t('Add token')}</Button>}
            </span>
        }>
            <ul className="divide-y divide-line">
                {principals.data.map((one) => (
                    <li key={one.principalType + one.principalId}>
                        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3">
                            <div className="min-w-0 flex-1 basis-48">
                                {one.principalType === 'token'
                                    ? <Link href={kTokens + '/' + one.principalId} className="font-medium hover:text-accent"><bdi>{one.name}</bdi></Link>
                                    : <bdi className="font-medium">{one.name || names(one.principalId)}</bdi>}
                                {one.owner && <p className="text-xs text-quiet">{t('of')} <bdi>{names(one.owner)}</bdi></p>}
                            </div>
                            <Badge tone={one.principalType === 'user' ? 'accent' : 'plain'} icon={one.principalType === 'user' ? 'account' : 'key'}>
                                {one.principalType === 'user' ? one.role ?? t('member') : t('token')}
                            </Badge>
                            <span className="text-xs text-quiet"><Time at={one.addedAt}/></span>
                            {can('policy:read') && (
                                <Button size="small" aria-expanded={open === one.principalId}
                                        onClick={() => setOpen(open === one.principalId ? '' : one.principalId)}>
                                    {one.hasPolicy ? t('Policy') : one.principalType === 'token' ? t('No policy') : t('Limit…')}
                                </Button>
                            )}
                            {can('policy:write') && (
                                <Button size="small" look="quiet" onClick={() => setLeaving(one)}
                                        aria-label={t('Remove {name}', {name: one.name})}>{t('Remove…')}</Button>
                            )}
                        </div>
                        {open === one.principalId && (
                            <div className="border-t border-line bg-sunken/50 px-5 py-4">
                                <PolicyEditor project={project.id} type={one.principalType} principal={one.principalId} api={project.api}/>
                            </div>
                        )}
                    </li>
                ))}
            </ul>
            {adds && <AddPrincipal project={project} type={adds} there={principals.data} onClose={() => setAdds(null)}/>}
            <RemovePrincipal project={project} leaving={leaving} onClose={() => setLeaving(null)}/>
        </Card>
    );
}

function AddPrincipal({project, type, there, onClose}:
        {project: Project; type: 'user' | 'token'; there: Principal[]; onClose: () => void}) {
    const can = useCan();
    const [id, setId] = useState('');
    const [role, setRole] = useState('member');
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    const users = useUsers(type === 'user' && can('user:read'));
    const tokens = useInfiniteQuery({
        queryKey: ['tokens', 'to-add'], enabled: type === 'token',
        queryFn: () => getAll<Token>('/v1/tokens?state=active&limit=200', 400),
        initialPageParam: 0, getNextPageParam: () => undefined,
    });
    const isThere = (one: string) => there.some((principal) => principal.principalId === one);
    const choices = type === 'user'
        ? (users.data ?? []).map((user) => ({id: user.id, name: user.name || user.email || user.id}))
        : (tokens.data?.pages.flat() ?? []).map((token) => ({id: token.id, name: token.name}));
    const path = `/v1/projects/${project.id}/principals/${type}/${encodeURIComponent(id.trim())}`;
    const body = type === 'user' ? {role} : {};
    async function add(event: FormEvent) {
        event.preventDefault();
        try {
            await call('PUT', path, body);
            await refresh('principals', 'projects', 'token');
            toast(t('Added'));
            onClose();
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <Modal open onClose={onClose} title={type === 'user' ? t('Add member') : t('Add token')}
               description={type === 'token' ? t('It has no right here before it has a policy.') : undefined}>
            <form onSubmit={(event) => void add(event)} className="flex flex-col gap-4">
                {problem !== null && <ProblemNotice problem={problem}/>}
                {choices.length > 0
                    ? (
                        <Select label={type === 'user' ? t('Person or machine') : t('Token')} value={id} onChange={(event) => setId(event.target.value)}>
                            <option value="">{t('Choose…')}</option>
                            {choices.filter((one) => !isThere(one.id)).map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
                        </Select>
                    )
                    : <TextField label={t('Id')} value={id} onChange={(event) => setId(event.target.value)}/>}
                {type === 'user' && (
                    <Select label={t('Role')} value={role} onChange={(event) => setRole(event.target.value)}>
                        {['owner', 'admin', 'member', 'viewer'].map((one) => <option key={one}>{one}</option>)}
                    </Select>
                )}
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button type="submit" look="primary" disabled={id.trim() === ''}>{t('Add')}</Button>
                </div>
                <ShowAs curl={curlOf('PUT', path, body)}
                        command={cli('iam add-principal', ['--project', project.id], ['-i', id.trim()],
                            ['-t', type === 'user' ? type : ''], ['--role', type === 'user' ? role : ''])}/>
            </form>
        </Modal>
    );
}

function RemovePrincipal({project, leaving, onClose}: {project: Project; leaving: Principal | null; onClose: () => void}) {
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    async function remove(one: Principal) {
        try {
            await call('DELETE', `/v1/projects/${project.id}/principals/${one.principalType}/${one.principalId}`);
            await refresh('principals', 'projects', 'token');
            toast(t('Removed'));
            onClose();
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <Confirm open={leaving !== null} onClose={() => { setProblem(null); onClose(); }} action={t('Remove')}
                 title={<>{t('Remove from the project?')}</>} onConfirm={() => { if (leaving) void remove(leaving); }}>
            {problem !== null && <ProblemNotice problem={problem}/>}
            <p className="font-medium text-ink"><bdi>{leaving?.name}</bdi></p>
            <p>{leaving?.principalType === 'token' ? t('Its rights here end at once.')
                : t('The rights here, and those of the person\'s tokens here, end at once.')}</p>
            {leaving && <ShowAs curl={curlOf('DELETE', `/v1/projects/${project.id}/principals/${leaving.principalType}/${leaving.principalId}`)}
                                command={cli('iam remove-principal', ['--project', project.id], ['-i', leaving.principalId],
                                    ['-t', leaving.principalType === 'user' ? 'user' : ''])}/>}
        </Confirm>
    );
}

function OwnTokens({project}: {project: Project}) {
    const can = useCan();
    const [makes, setMakes] = useState(false);
    const tokens = useQuery({
        queryKey: ['tokens', 'of-project', project.id],
        queryFn: () => getAll<ProjectToken>(`/v1/projects/${project.id}/tokens?limit=200`),
    });
    const add = can('token:write') && <Button size="small" icon="plus" onClick={() => setMakes(true)}>{t('New project token')}</Button>;
    if (isBroken(tokens)) return <ProblemNotice problem={tokens.error}/>;
    if (!tokens.data) return <div className="card"><SkeletonRows rows={2}/></div>;
    return (
        <Card title={t('Project tokens')} aside={add} flush>
            {tokens.data.length === 0 && (
                <Empty icon="key" title={t('The project owns no tokens')}>
                    {t('A project token outlives people, and ends with the project.')}
                </Empty>
            )}
            <ul className="divide-y divide-line">
                {tokens.data.map((token) => (
                    <li key={token.id} className="flex flex-wrap items-center gap-3 px-5 py-3">
                        <Link href={kTokens + '/' + token.id} className="min-w-40 flex-1 font-medium hover:text-accent"><bdi>{token.name}</bdi></Link>
                        <span className="flex flex-wrap gap-1">{token.permissions.slice(0, 4).map((one) => <ScopeTag key={one}>{one}</ScopeTag>)}</span>
                        <span className="text-quiet"><Time at={token.createdAt}/></span>
                    </li>
                ))}
            </ul>
            {makes && <NewProjectToken project={project} onClose={() => setMakes(false)}/>}
        </Card>
    );
}

function NewProjectToken({project, onClose}: {project: Project; onClose: () => void}) {
    const [name, setName] = useState('');
    const [chosen, setChosen] = useState<string[]>([]);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [key] = useState(randomKey);
    const scopes = useScopes(project.api ?? 'pipelines');
    const refresh = useRefresh();
    async function create(event: FormEvent) {
        event.preventDefault();
        try {
            const made = await call<ProjectToken>('POST', `/v1/projects/${project.id}/tokens`, {name: name.trim(), permissions: chosen}, {idempotencyKey: key});
            onClose();
            reveal({...made.body, expiresAt: null, generation: 1} as unknown as CreatedToken, `/projects/${project.id}?tab=own`);
            void refresh('tokens');
        } catch (failure) {
            setTrouble(troubleOf(t('The token was not created'), failure, {name: 'own-name', permissions: 'own-scopes'}));
        }
    }
    return (
        <Modal open onClose={onClose} title={t('New project token')} width="max-w-2xl">
            <form onSubmit={(event) => void create(event)} noValidate className="flex flex-col gap-4">
                <ErrorSummary trouble={trouble}/>
                <TextField id="own-name" label={t('Name')} value={name} maxLength={100} required error={errorOf(trouble, 'own-name')}
                           onChange={(event) => setName(event.target.value)}/>
                {scopes.data && <ScopePicker scopes={scopes.data} chosen={chosen} onChange={setChosen} refused={() => ''}/>}
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button type="submit" look="primary" disabled={name.trim() === '' || chosen.length === 0}>{t('Create token')}</Button>
                </div>
                <ShowAs curl={curlOf('POST', `/v1/projects/${project.id}/tokens`, {name: name.trim(), permissions: chosen})}/>
            </form>
        </Modal>
    );
}

function Settings({project}: {project: Project}) {
    const {data: me} = useMe();
    const [asks, setAsks] = useState(false);
    const [typed, setTyped] = useState('');
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    const mayDelete = project.role === 'owner' || me?.permissions.includes('user:write');
    async function remove() {
        try {
            await call('DELETE', '/v1/projects/' + project.id);
            await refresh('projects', 'tokens');
            toast(t('Project deleted'));
            navigate('/projects');
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <Card title={t('Delete this project')}>
            <p className="mb-4 max-w-xl text-quiet">{t('All rights in it end at once, its own tokens with them, and it never comes back.')}</p>
            <Button look="danger" icon="trash" disabled={!mayDelete} onClick={() => setAsks(true)}>{t('Delete project…')}</Button>
            <Confirm open={asks} onClose={() => setAsks(false)} title={<>{t('Delete project')} <bdi>{project.name}</bdi></>}
                     action={t('Delete project')} disabled={typed !== project.name} onConfirm={() => void remove()}>
                {problem !== null && <ProblemNotice problem={problem}/>}
                <p>{t('All rights in it end at once, its own tokens with them, and it never comes back.')}</p>
                <TextField label={t('Type the name of the project')} value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)}/>
                <ShowAs command={cli('project delete', project.id)} curl={curlOf('DELETE', '/v1/projects/' + project.id)}/>
            </Confirm>
        </Card>
    );
}
