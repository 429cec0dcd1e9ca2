// Protected services and their catalogues of scopes.
import {type FormEvent, useState} from 'react';
import {call, randomKey} from '../lib/api';
import {useApis, useCan, useRefresh, useScopes} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {useTitle} from '../lib/hooks';
import {t, tn} from '../lib/i18n';
import {type Tagged, useDraft, useTagged} from '../lib/tagged';
import type {Api, Scope} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Badge, Card, Facts, PageHead, ScopeTag} from '../ui/bits';
import {Button} from '../ui/button';
import {Modal} from '../ui/dialog';
import {ChangedElsewhere, Empty, isChangedElsewhere, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {TextArea, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';

function ownFirst(one: Api, other: Api) {
    return Number(one.builtIn) - Number(other.builtIn) || one.slug.localeCompare(other.slug);
}

export function Apis() {
    const can = useCan();
    const apis = useApis();
    const [makes, setMakes] = useState(false);
    useTitle(t('APIs'));
    return (
        <>
            <PageHead title={t('APIs')} actions={can('api:write') && (
                <Button look="primary" icon="plus" onClick={() => setMakes(true)}>{t('New API')}</Button>
            )}>{t('The services that tokens are for, each with its catalogue of scopes.')}</PageHead>
            {apis.isError && <ProblemNotice problem={apis.error}/>}
            {apis.isPending && <div className="card"><SkeletonRows/></div>}
            <div className="flex flex-col gap-5">
                {[...apis.data ?? []].sort(ownFirst).map((api) => <ApiCard key={api.id} api={api}/>)}
            </div>
            {makes && <NewApi onClose={() => setMakes(false)}/>}
        </>
    );
}

function ApiCard({api}: {api: Api}) {
    const can = useCan();
    const scopes = useScopes(api.slug);
    const [edits, setEdits] = useState(false);
    const [isOpen, setOpen] = useState(false);
    const refresh = useRefresh();
    const count = scopes.data?.length ?? 0;
    const close = () => setEdits(false);
    async function makeDefault() {
        try {
            await call('PATCH', '/v1/apis/' + api.id, {default: true});
            await refresh('apis');
            toast(t('It is the default now'));
        } catch (failure) {
            toast((failure as Error).message);
        }
    }
    return (
        <Card title={<span className="flex flex-wrap items-center gap-2">
            <bdi>{api.name || api.slug}</bdi>
            {api.default && <Badge tone="accent">{t('default')}</Badge>}
            {api.builtIn && <Badge>{t('built in')}</Badge>}
        </span>} aside={can('api:write') && !api.builtIn && (
            <span className="flex gap-2">
                {!api.default && <Button size="small" onClick={() => void makeDefault()}>{t('Make default')}</Button>}
                <Button size="small" icon="edit" onClick={() => setEdits(true)}>{t('Edit catalogue')}</Button>
            </span>
        )}>
            <Facts items={[
                [t('Slug'), <code key="s" className="font-mono text-xs">{api.slug}</code>],
                [t('Audience'), <code key="a" className="font-mono text-xs">{api.audience}</code>],
                ...(api.baseUrl ? [[t('Address'), api.baseUrl] as [string, string]] : []),
                [t('Default scopes'), api.defaultScopes.length
                    ? <span key="d" className="flex flex-wrap gap-1">{api.defaultScopes.map((one) => <ScopeTag key={one}>{one}</ScopeTag>)}</span> : t('None')],
            ]}/>
            <Button look="quiet" size="small" className="mt-4 -ms-2" aria-expanded={isOpen} icon={isOpen ? 'up' : 'down'} onClick={() => setOpen(!isOpen)}>
                {tn('{n} scope', '{n} scopes', count)}
            </Button>
            {isOpen && (
                <ul className="mt-2 grid gap-x-6 gap-y-2 sm:grid-cols-2">
                    {scopes.data?.map((scope) => (
                        <li key={scope.name} className="min-w-0">
                            <ScopeTag>{scope.name}</ScopeTag>
                            <p className="text-xs text-quiet">{scope.description}</p>
                        </li>
                    ))}
                    {count === 0 && <Empty icon="apis" title={t('No scopes yet')}/>}
                </ul>
            )}
            {edits && (
                <Modal open onClose={close} width="max-w-3xl" title={<>{t('Catalogue of')} <bdi>{api.name || api.slug}</bdi></>}>
                    <EditCatalogue id={api.id} onClose={close}/>
                </Modal>
            )}
        </Card>
    );
}

function asText(scopes: Scope[]) {
    return scopes.map((scope) => [scope.name, scope.group ?? '', scope.description ?? ''].join(' | ')).join('\n');
}

function fromText(text: string, before: Scope[]): Scope[] {
    return text.split('\n').map((line) => line.split('|').map((part) => part.trim())).filter((parts) => parts[0]).map(([name = '', group, description]) => {
        const aliases = before.find((scope) => scope.name === name)?.aliases;
        return {name, ...(description ? {description} : {}), ...(group ? {group} : {}), ...(aliases?.length ? {aliases} : {})};
    });
}

interface Catalogue {
    scopes: Tagged<Scope[]>;
    api: Tagged<Api>;
}

// What is edited is read anew, with the tags that the changes will name.
function EditCatalogue({id, onClose}: {id: string; onClose: () => void}) {
    const scopes = useTagged<Scope[]>('scopes', `/v1/apis/${id}/scopes`);
    const api = useTagged<Api>('apis', '/v1/apis/' + id);
    const problem = scopes.error ?? api.error;
    if (scopes.data && api.data) {
        const stored = {body: {scopes: scopes.data, api: api.data}, etag: scopes.data.etag + ' ' + api.data.etag};
        return <CatalogueForm stored={stored} onClose={onClose}/>;
    }
    return problem ? <ProblemNotice problem={problem}/> : <SkeletonRows/>;
}

function CatalogueForm({stored, onClose}: {stored: Tagged<Catalogue>; onClose: () => void}) {
    const {base, fields, change, isOld, reset} = useDraft(stored, ({scopes, api}) =>
        ({text: asText(scopes.body), defaults: api.body.defaultScopes.join(' ')}));
    const [problem, setProblem] = useState<unknown>(null);
    const [busy, setBusy] = useState(false);
    const refresh = useRefresh();
    const {scopes, api} = base;
    const path = '/v1/apis/' + api.body.id;
    const wanted = fromText(fields.text, scopes.body);
    const defaults = fields.defaults.split(/[\s,]+/).filter(Boolean);
    const saveScopes = () => call('PUT', path + '/scopes', wanted, {ifMatch: scopes.etag});
    const saveDefaults = async () => {
        if (defaults.join(' ') === api.body.defaultScopes.join(' ')) return;
        await call('PATCH', path, {defaultScopes: defaults}, {ifMatch: api.etag});
    };
    async function save(event: FormEvent) {
        event.preventDefault();
        if (isOld || busy) return;
        setProblem(null);
        setBusy(true);
        // A default is a scope of the catalogue at every moment: one that goes is no default before.
        const isGoing = api.body.defaultScopes.some((one) => !wanted.some((scope) => scope.name === one));
        try {
            for (const step of isGoing ? [saveDefaults, saveScopes] : [saveScopes, saveDefaults]) await step();
            await refresh('scopes', 'apis');
            toast(t('Saved'));
            onClose();
        } catch (failure) {
            if (isChangedElsewhere(failure)) await refresh('scopes', 'apis');
            else setProblem(failure);
            setBusy(false);
        }
    }
    return (
        <form onSubmit={(event) => void save(event)} className="flex flex-col gap-4">
            {problem !== null && <ProblemNotice problem={problem} title={t('The catalogue was not saved')}/>}
            {isOld && !busy && <ChangedElsewhere reset={reset}/>}
            <TextArea label={t('Scopes')} rows={14} value={fields.text} spellCheck={false} className="font-mono text-xs whitespace-pre!"
                      hint={t('One a line: scope | group | description')} onChange={(event) => change({text: event.target.value})}/>
            <TextField label={t('Default scopes')} value={fields.defaults} spellCheck={false} className="font-mono text-xs"
                       hint={t('What a token gets when it asks for none.')} onChange={(event) => change({defaults: event.target.value})}/>
            <div className="flex justify-end gap-2">
                <Button onClick={onClose}>{t('Cancel')}</Button>
                <Button type="submit" look="primary" busy={busy} disabled={isOld}>{t('Save')}</Button>
            </div>
            <ShowAs curl={curlOf('PUT', path + '/scopes', wanted, scopes.etag)}/>
        </form>
    );
}

function NewApi({onClose}: {onClose: () => void}) {
    const [slug, setSlug] = useState('');
    const [name, setName] = useState('');
    const [audience, setAudience] = useState('');
    const [baseUrl, setBaseUrl] = useState('');
    const [text, setText] = useState('');
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [key] = useState(randomKey);
    const refresh = useRefresh();
    const body = {
        slug: slug.trim(), ...(name.trim() ? {name: name.trim()} : {}), ...(audience.trim() ? {audience: audience.trim()} : {}),
        ...(baseUrl.trim() ? {baseUrl: baseUrl.trim()} : {}), scopes: fromText(text, []),
    };
    async function create(event: FormEvent) {
        event.preventDefault();
        try {
            await call('POST', '/v1/apis', body, {idempotencyKey: key});
            await refresh('apis', 'scopes');
            toast(t('API created'));
            onClose();
        } catch (failure) {
            setTrouble(troubleOf(t('The API was not created'), failure,
                {slug: 'api-slug', name: 'api-name', audience: 'api-audience', baseUrl: 'api-address', scopes: 'api-scopes'}));
        }
    }
    return (
        <Modal open onClose={onClose} title={t('New API')} width="max-w-2xl">
            <form onSubmit={(event) => void create(event)} noValidate className="flex flex-col gap-4">
                <ErrorSummary trouble={trouble}/>
                <div className="grid gap-4 sm:grid-cols-2">
                    <TextField id="api-slug" label={t('Slug')} value={slug} maxLength={40} placeholder="orders" error={errorOf(trouble, 'api-slug')}
                               hint={t('Stands in tokens and never changes.')} onChange={(event) => setSlug(event.target.value)}/>
                    <TextField id="api-name" label={t('Name')} value={name} maxLength={100} error={errorOf(trouble, 'api-name')} onChange={(event) => setName(event.target.value)}/>
                    <TextField id="api-audience" label={t('Audience')} aside={t('optional')} value={audience} maxLength={200} placeholder="orders-api"
                               error={errorOf(trouble, 'api-audience')} onChange={(event) => setAudience(event.target.value)}/>
                    <TextField id="api-address" label={t('Address')} aside={t('optional')} value={baseUrl} placeholder="https://api.example.com"
                               error={errorOf(trouble, 'api-address')} onChange={(event) => setBaseUrl(event.target.value)}/>
                </div>
                <TextArea id="api-scopes" label={t('Scopes')} rows={6} value={text} spellCheck={false} className="font-mono text-xs"
                          placeholder={'order:read | Orders | See orders\norder:write | Orders | Create and change orders'}
                          hint={t('One a line: scope | group | description')} error={errorOf(trouble, 'api-scopes')} onChange={(event) => setText(event.target.value)}/>
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button type="submit" look="primary" disabled={slug.trim() === ''}>{t('Create API')}</Button>
                </div>
                <ShowAs curl={curlOf('POST', '/v1/apis', body)}
                        command={body.scopes.length > 0 ? undefined : cli('api create', body.slug || 'orders',
                            ['--audience', body.audience], ['--name', body.name], ['--base-url', body.baseUrl])}/>
            </form>
        </Modal>
    );
}
