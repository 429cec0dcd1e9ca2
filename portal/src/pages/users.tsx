// People and machines: made, given roles, and stopped, with what stops said before.
import {useQuery} from '@tanstack/react-query';
import {type FormEvent, useState} from 'react';
import {Link} from 'wouter';
import {navigate} from 'wouter/use-browser-location';
import {call, get, randomKey} from '../lib/api';
import {isBroken, useApis, useCan, useRefresh, useRoles, useUsers} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {kTokens} from '../lib/tokens';
import type {Token, User} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Badge, Card, Facts, Id, PageHead, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {Confirm, Modal} from '../ui/dialog';
import {Empty, NotShown, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Checkbox, PasswordField, Segments, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';
import {TokenList} from './token-list';
import {InviteLink, type MadeUser, PersonAccess} from './user-access';

function UserState({user}: {user: User}) {
    if (user.state === 'active' && user.invitedUntil) return <Badge tone="accent" icon="clock">{t('Invited')}</Badge>;
    return user.state === 'active' ? <Badge tone="good" icon="check">{t('Active')}</Badge>
        : <Badge tone="bad" icon="stop">{t('Disabled')}</Badge>;
}

export function Users() {
    const can = useCan();
    const users = useUsers();
    const [makes, setMakes] = useState(false);
    const [made, setMade] = useState<MadeUser | null>(null);
    const [words, setWords] = useState('');
    useTitle(t('Users'));
    const shown = users.data?.filter((user) =>
        (user.name + ' ' + (user.email ?? '')).toLowerCase().includes(words.toLowerCase().trim()));
    return (
        <>
            <PageHead title={t('Users')} actions={can('user:write') && (
                <Button look="primary" icon="plus" onClick={() => setMakes(true)}>{t('New user')}</Button>
            )}>{t('People log in and own tokens. Machines only own tokens; verifiers are machines.')}</PageHead>
            {users.isError && <ProblemNotice problem={users.error} retry={() => void users.refetch()}/>}
            {users.isPending && <div className="card"><SkeletonRows/></div>}
            {shown && (
                <div className="card">
                    <div className="border-b border-line p-3">
                        <input type="search" className="control max-w-96" aria-label={t('Search users')} value={words}
                               placeholder={t('Search by name or e-mail')} onChange={(event) => setWords(event.target.value)}/>
                    </div>
                    {shown.length === 0 && <Empty icon="users" title={t('Nobody fits')}/>}
                    <ul className="divide-y divide-line">
                        {shown.map((user) => (
                            <li key={user.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3 hover:bg-sunken/60">
                                <div className="min-w-0 flex-1 basis-48">
                                    <Link href={'/access/users/' + user.id} className="rounded font-medium hover:text-accent">
                                        <bdi>{user.name || user.email}</bdi>
                                    </Link>
                                    <p className="truncate text-xs text-quiet">{user.email ?? t('Machine')}</p>
                                </div>
                                <span className="flex flex-wrap gap-1">{user.roles.map((role) => <Badge key={role}>{role}</Badge>)}</span>
                                <UserState user={user}/>
                                <span className="text-xs text-quiet"><Time at={user.createdAt}/></span>
                            </li>
                        ))}
                    </ul>
                </div>
            )}
            {makes && <NewUser onClose={() => setMakes(false)} onMade={(user) => {
                if (user.inviteLink) setMade(user);
                else navigate('/access/users/' + user.id);
            }}/>}
            {made && <InviteLink user={made} onClose={() => {
                setMade(null);
                navigate('/access/users/' + made.id);
            }}/>}
        </>
    );
}

function Choices({title, all, chosen, onChange}:
        {title: string; all: string[]; chosen: string[]; onChange: (chosen: string[]) => void}) {
    return (
        <fieldset>
            <legend className="mb-1.5 font-medium">{title}</legend>
            <div className="grid gap-1.5 sm:grid-cols-2">
                {all.map((one) => (
                    <Checkbox key={one} label={one} checked={chosen.includes(one)}
                              onChange={() => onChange(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one])}/>
                ))}
            </div>
        </fieldset>
    );
}

function NewUser({onClose, onMade}: {onClose: () => void; onMade: (made: MadeUser) => void}) {
    const [start, setStart] = useState<'link' | 'password'>('link');
    const [kind, setKind] = useState<'human' | 'machine'>('human');
    const [name, setName] = useState('');
    const [email, setEmail] = useState('');
    const [password, setPassword] = useState('');
    const [roles, setRoles] = useState<string[]>([]);
    const [verifies, setVerifies] = useState<string[]>([]);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [key] = useState(randomKey);
    const can = useCan();
    const allRoles = useRoles(can('role:read'));
    const apis = useApis();
    const refresh = useRefresh();
    const hasPassword = kind === 'human' && start === 'password';
    const body = kind === 'human'
        ? {kind, email: email.trim(), ...(hasPassword ? {password} : {}), ...(name.trim() ? {name: name.trim()} : {}), ...(roles.length ? {roles} : {})}
        : {kind, name: name.trim(), ...(verifies.length ? {verifies} : {}), ...(roles.length ? {roles} : {})};
    async function create(event: FormEvent) {
        event.preventDefault();
        try {
            const made = await call<MadeUser>('POST', '/v1/users', body, kind === 'machine' ? {idempotencyKey: key} : {});
            await refresh('users');
            toast(t('User created'));
            onClose();
            onMade(made.body);
        } catch (failure) {
            setTrouble(troubleOf(t('The user was not created'), failure, {email: 'user-email', password: 'user-password', name: 'user-name'}));
        }
    }
    return (
        <Modal open onClose={onClose} title={t('New user')}>
            <form onSubmit={(event) => void create(event)} noValidate className="flex flex-col gap-4">
                <ErrorSummary trouble={trouble}/>
                <Segments label={t('Kind')} value={kind} onChange={setKind}
                          options={[{value: 'human', text: t('Person')}, {value: 'machine', text: t('Machine')}]}/>
                {kind === 'human' && (
                    <TextField id="user-email" label={t('E-mail')} type="email" value={email} autoComplete="off" error={errorOf(trouble, 'user-email')}
                               onChange={(event) => setEmail(event.target.value)}/>
                )}
                <TextField id="user-name" label={t('Name')} value={name} maxLength={100} aside={kind === 'human' ? t('optional') : undefined}
                           error={errorOf(trouble, 'user-name')} onChange={(event) => setName(event.target.value)}/>
                {kind === 'human' && (
                    <div className="flex flex-wrap items-center justify-between gap-2">
                        <span className="font-medium">{t('First login')}</span>
                        <Segments label={t('First login')} value={start} onChange={setStart}
                                  options={[{value: 'link', text: t('By a link')}, {value: 'password', text: t('With a password')}]}/>
                    </div>
                )}
                {kind === 'human' && start === 'link' && (
                    <p className="text-quiet">{t('You get a link, good for a week. The person opens it and chooses a password that nobody else knows.')}</p>
                )}
                {kind === 'human' && start === 'password' && (
                    <PasswordField id="user-password" label={t('First password')} value={password} autoComplete="new-password"
                                   hint={t('At least 8 characters. Hand it over in a safe way.')} error={errorOf(trouble, 'user-password')}
                                   onChange={(event) => setPassword(event.target.value)}/>
                )}
                {allRoles.data && <Choices title={t('Roles')} all={allRoles.data.map((role) => role.name)} chosen={roles} onChange={setRoles}/>}
                {kind === 'machine' && apis.data && (
                    <Choices title={t('May verify tokens of')} all={apis.data.map((api) => api.slug)} chosen={verifies} onChange={setVerifies}/>
                )}
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button type="submit" look="primary">{t('Create user')}</Button>
                </div>
                <ShowAs curl={curlOf('POST', '/v1/users', hasPassword ? {...body, password: '…'} : body)}
                        command={cli('user create', kind === 'machine' && '--machine', ['--email', kind === 'human' ? email.trim() : ''],
                            ['-n', name.trim()], kind === 'human' && (hasPassword ? '--password-stdin' : '--invite'), ['--role', roles.join(',')],
                            ['--verifies', kind === 'machine' ? verifies.join(',') : ''])}/>
            </form>
        </Modal>
    );
}

export function UserPage({params}: {params: Record<string, string | undefined>}) {
    const id = params.id ?? '';
    const can = useCan();
    const [asks, setAsks] = useState(false);
    const [edits, setEdits] = useState(false);
    const user = useQuery({queryKey: ['users', id], queryFn: () => get<User>('/v1/users/' + encodeURIComponent(id))});
    useTitle(user.data?.name || user.data?.email || t('User'));
    if (isBroken(user)) {
        return <NotShown back={['/access/users', t('Users')]} what={t('User')} problem={user.error}
                         title={t('This user cannot be shown')} retry={() => void user.refetch()}/>;
    }
    if (!user.data) return <div className="card"><SkeletonRows/></div>;
    const it = user.data;
    return (
        <>
            <PageHead back={['/access/users', t('Users')]}
                      title={<span className="inline-flex flex-wrap items-center gap-3"><bdi>{it.name || it.email}</bdi><UserState user={it}/></span>}
                      actions={can('user:write') && (
                          <>
                              <Button icon="edit" onClick={() => setEdits(true)}>{t('Edit')}</Button>
                              <Button icon="plus" onClick={() => navigate(`${kTokens}/new?owner=${it.id}`)}>{t('New token for this user')}</Button>
                              {it.state === 'active'
                                  ? <Button icon="stop" onClick={() => setAsks(true)}>{t('Disable…')}</Button>
                                  : <Button look="primary" icon="play" onClick={() => setAsks(true)}>{t('Enable…')}</Button>}
                          </>
                      )}/>
            <div className="mb-5"><Card>
                <Facts items={[
                    [t('E-mail'), it.email ?? '–'],
                    [t('Kind'), it.kind === 'human' ? t('Person') : t('Machine')],
                    [t('Roles'), it.roles.length ? <span key="r" className="flex flex-wrap gap-1">{it.roles.map((role) => <Badge key={role}>{role}</Badge>)}</span> : t('None')],
                    ...(it.verifies.length ? [[t('May verify tokens of'), it.verifies.join(', ')] as [string, string]] : []),
                    [t('Id'), <Id key="i" value={it.id}/>],
                    [t('Created'), <Time key="c" at={it.createdAt}/>],
                ]}/>
            </Card></div>
            {it.kind === 'human' && can('user:write') && <PersonAccess user={it}/>}
            <h2 className="mb-3 font-semibold">{t('Tokens of this user')}</h2>
            <TokenList owner={it.id} empty={<Empty icon="tokens" title={t('No tokens')}/>}/>
            <Switch user={it} open={asks} onClose={() => setAsks(false)}/>
            {edits && <EditUser user={it} onClose={() => setEdits(false)}/>}
        </>
    );
}

// Says what stops before it stops.
function Switch({user, open, onClose}: {user: User; open: boolean; onClose: () => void}) {
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    const isOn = user.state === 'active';
    const tokens = useQuery({
        queryKey: ['tokens', 'active-of', user.id], enabled: open && isOn,
        queryFn: () => get<Token[]>(`/v1/tokens?owner=${user.id}&state=active&limit=200`),
    });
    async function act() {
        try {
            await call('PATCH', '/v1/users/' + user.id, {state: isOn ? 'disabled' : 'active'});
            await refresh('users', 'tokens');
            toast(isOn ? t('User disabled') : t('User enabled'));
            onClose();
        } catch (failure) {
            setProblem(failure);
        }
    }
    const count = tokens.data ? (tokens.data.length >= 200 ? '200+' : String(tokens.data.length)) : '…';
    return (
        <Confirm open={open} onClose={onClose} action={isOn ? t('Disable user') : t('Enable user')} onConfirm={() => void act()}
                 title={<>{isOn ? t('Disable') : t('Enable')} <bdi>{user.name || user.email}</bdi>?</>}>
            {problem !== null && <ProblemNotice problem={problem}/>}
            {isOn ? (
                <>
                    <p>{t('At once:')}</p>
                    <ul className="list-disc ps-5">
                        <li>{t('{n} active tokens stop working', {n: count})}</li>
                        <li>{t('every session in the portal and on the command line ends')}</li>
                        <li>{t('access tokens that were got with keys die')}</li>
                    </ul>
                    <p>{t('Nothing is deleted. When you enable the user again, the tokens work again.')}</p>
                </>
            ) : <p>{t('The tokens of this user work again at once.')}</p>}
            <ShowAs command={cli('user ' + (isOn ? 'disable' : 'enable'), user.email ?? user.id)}
                    curl={curlOf('PATCH', '/v1/users/' + user.id, {state: isOn ? 'disabled' : 'active'})}/>
        </Confirm>
    );
}

function EditUser({user, onClose}: {user: User; onClose: () => void}) {
    const can = useCan();
    const [name, setName] = useState(user.name);
    const [roles, setRoles] = useState(user.roles);
    const [verifies, setVerifies] = useState(user.verifies);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const allRoles = useRoles(can('role:read'));
    const apis = useApis();
    const refresh = useRefresh();
    const body: Record<string, unknown> = {};
    if (name.trim() !== user.name) body.name = name.trim();
    if (roles.join() !== user.roles.join()) body.roles = roles;
    if (verifies.join() !== user.verifies.join()) body.verifies = verifies;
    async function save(event: FormEvent) {
        event.preventDefault();
        try {
            await call('PATCH', '/v1/users/' + user.id, body);
            await refresh('users', 'me');
            toast(t('Saved'));
            onClose();
        } catch (failure) {
            setTrouble(troubleOf(t('The change was not saved'), failure, {name: 'user-name'}));
        }
    }
    return (
        <Modal open onClose={onClose} title={t('Edit user')}>
            <form onSubmit={(event) => void save(event)} noValidate className="flex flex-col gap-4">
                <ErrorSummary trouble={trouble}/>
                <TextField id="user-name" label={t('Name')} value={name} maxLength={100} onChange={(event) => setName(event.target.value)}/>
                {allRoles.data && <Choices title={t('Roles')} all={allRoles.data.map((role) => role.name)} chosen={roles} onChange={setRoles}/>}
                {user.kind === 'machine' && apis.data && (
                    <Choices title={t('May verify tokens of')} all={apis.data.map((api) => api.slug)} chosen={verifies} onChange={setVerifies}/>
                )}
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button type="submit" look="primary">{t('Save')}</Button>
                </div>
                <ShowAs curl={curlOf('PATCH', '/v1/users/' + user.id, body)}
                        command={body.roles && !body.name && !body.verifies ? cli('user set-roles', user.email ?? user.id, ...roles) : undefined}/>
            </form>
        </Modal>
    );
}
