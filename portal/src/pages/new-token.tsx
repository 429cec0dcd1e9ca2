// Making a token: a form with a live account of what the token will be able to do, a review for
// those who want one, and the one-time reveal.
import {useQuery} from '@tanstack/react-query';
import {type FormEvent, useRef, useState} from 'react';
import {navigate} from 'wouter/use-browser-location';
import {call, get, Problem, query, randomKey} from '../lib/api';
import {useApis, useCan, useMe, useRefresh, useScopes, useSettings, useUserNames} from '../lib/client';
import {curlOf} from '../lib/commands';
import {commandOf, type Draft, draftFromLink, draftLike, requestOf} from '../lib/draft';
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {kTokens} from '../lib/tokens';
import type {CreatedToken, Token} from '../lib/types';
import {toast} from '../ui/announce';
import {PageHead} from '../ui/bits';
import {Button} from '../ui/button';
import {Notice, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Select, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormError, type FormTrouble, troubleOf} from '../ui/form';
import {ScopePicker} from '../ui/scope-picker';
import {Expiration} from './new-token-expiry';
import {KeyField, Limits} from './new-token-limits';
import {isPrivateKey, privateKeyText} from '../lib/private-key';
import {Review, Summary} from './new-token-review';
import {reveal} from './reveal';

const kFields: Record<string, string> = {
    name: 'token-name', description: 'token-description', expiresAt: 'token-expires', scopes: 'token-scopes',
    api: 'token-api', allowedIps: 'token-addresses', keys: 'token-keys', projects: 'token-projects',
};

function complaints(draft: Draft): FormError[] {
    const errors: FormError[] = [];
    const length = [...draft.name.trim()].length;
    if (length === 0) {
        errors.push({field: 'token-name', text: t('Give it a name, so that you know it again.')});
    } else if (draft.kind === 'key' && length < 8) {
        errors.push({field: 'token-name', text: t('Names of key tokens have at least 8 characters.')});
    }
    if (draft.kind === 'key' && draft.keys.trim() === '') {
        errors.push({field: 'token-keys', text: t('Paste a public key.')});
    }
    if (draft.kind === 'key' && isPrivateKey(draft.keys)) errors.push({field: 'token-keys', text: privateKeyText()});
    return errors;
}

export function NewToken() {
    const search = new URLSearchParams(location.search);
    const like = search.get('like') ?? '';
    useTitle(t('New access token'));
    const original = useQuery({
        queryKey: ['token', like], queryFn: () => get<Token>('/v1/tokens/' + encodeURIComponent(like)),
        enabled: like !== '',
    });
    const {data: me} = useMe();
    return (
        <>
            <PageHead title={t('New access token')} back={[kTokens, t('Access tokens')]}>
                {original.data && <>{t('Like')} <bdi className="font-medium text-ink">{original.data.name}</bdi></>}
            </PageHead>
            {like !== '' && original.isPending && <div className="card"><SkeletonRows/></div>}
            {original.isError && <ProblemNotice problem={original.error}/>}
            {me && (like === '' || original.data) && (
                <Form start={original.data ? draftLike(original.data) : draftFromLink(search)}
                      isFromLink={like === '' && [...search.keys()].length > 0}/>
            )}
        </>
    );
}

// The API that is meant when none is chosen, and what may be chosen of its catalogue.
function useCatalogue(draft: Draft) {
    const can = useCan();
    const {data: me} = useMe();
    const {data: apis} = useApis();
    const api = apis?.find((one) => one.slug === draft.api || one.id === draft.api || one.audience === draft.api) ??
        (draft.api === '' ? apis?.find((one) => one.default) : undefined);
    const scopes = useScopes(api?.slug);
    const refused = (scope: string) => {
        if (api?.slug !== 'latchkey' || draft.owner !== '' || !me) return '';
        return can(scope) ? '' : t('Your own roles do not allow {scope}.', {scope});
    };
    return {apis, api, scopes, refused};
}

function Form({start, isFromLink}: {start: Draft; isFromLink: boolean}) {
    const [draft, setDraft] = useState(start);
    const [step, setStep] = useState<'form' | 'review'>('form');
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [busy, setBusy] = useState(false);
    const attempt = useRef({key: '', draft: '', body: {}});
    const {apis, api, scopes, refused} = useCatalogue(draft);
    const can = useCan();
    const {data: settings} = useSettings(can('settings:read'));
    const refresh = useRefresh();
    const change = (changes: Partial<Draft>) => setDraft((before) => ({...before, ...changes}));
    const whole: Draft = {...draft, api: draft.api || (api && !api.default ? api.slug : '')};

    function check() {
        const errors = complaints(draft);
        setTrouble(errors.length > 0 ? {title: t('Please check these fields'), errors} : null);
        return errors.length === 0;
    }

    // The same attempt has the same key and the same body: an answer that got lost on the way is
    // asked for again, and no second token is made.
    function attemptOf() {
        const text = JSON.stringify(whole);
        if (attempt.current.draft !== text) attempt.current = {key: randomKey(), draft: text, body: requestOf(whole)};
        return attempt.current;
    }

    async function create() {
        if (busy || !check()) {
            setStep('form');
            return;
        }
        setBusy(true);
        setTrouble(null);
        const {key, body} = attemptOf();
        try {
            const made = await call<CreatedToken>('POST', '/v1/tokens' + query({owner: draft.owner}),
                body, {idempotencyKey: key});
            if (made.body.token) reveal(made.body, kTokens);
            else {
                toast(t('Token created'));
                navigate(kTokens + '/' + made.body.id, {replace: true});
            }
            void refresh('tokens', 'token', 'overview');
        } catch (failure) {
            // Nobody knows whether a request without an answer was carried out: the next one asks again.
            const isUnknown = failure instanceof Problem && (failure.status === 0 || failure.status >= 500);
            if (!isUnknown) attempt.current = {key: '', draft: '', body: {}};
            setTrouble(troubleOf(t('The token was not created'), failure, kFields));
            setStep('form');
        } finally {
            setBusy(false);
        }
    }

    const command = commandOf(whole, settings?.defaultKind);
    const curl = curlOf('POST', '/v1/tokens' + query({owner: draft.owner}), requestOf(whole));
    if (step === 'review') {
        return <Review draft={whole} api={api} busy={busy} command={command} curl={curl} onBack={() => setStep('form')}
                       onCreate={() => void create()}/>;
    }
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void create();
    };
    return (
        <form onSubmit={submit} noValidate
              className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
            <div className="flex min-w-0 flex-col gap-5">
                <ErrorSummary trouble={trouble}/>
                {isFromLink && (
                    <Notice title={t('A link filled in this form.')}>
                        {t('Look at every field before you create the token: the link says what somebody else wants it to do.')}
                    </Notice>
                )}
                <OwnerNotice owner={draft.owner}/>
                <section className="card flex flex-col gap-4 p-5">
                    <TextField id="token-name" label={t('Name')} required maxLength={100} autoFocus
                               autoComplete="off" placeholder="ci-deploy" value={draft.name}
                               error={errorOf(trouble, 'token-name')}
                               onChange={(event) => change({name: event.target.value})}/>
                    <TextField id="token-description" label={t('Description')} aside={t('optional')} maxLength={500}
                               autoComplete="off" placeholder={t('What it is for, and who looks after it')}
                               value={draft.description} error={errorOf(trouble, 'token-description')}
                               onChange={(event) => change({description: event.target.value})}/>
                    <Expiration draft={draft} change={change} error={errorOf(trouble, 'token-expires')}/>
                </section>
                <section className="card flex flex-col gap-4 p-5">
                    <div className="grid gap-4 sm:grid-cols-2">
                        <Select id="token-api" label={t('API')} value={api?.slug ?? draft.api}
                                error={errorOf(trouble, 'token-api')}
                                onChange={(event) => change({api: event.target.value, scopes: [], everything: false})}>
                            {apis?.map((one) => (
                                <option key={one.id} value={one.slug}>
                                    {(one.name || one.slug) + (one.default ? ' · ' + t('default') : '')}
                                </option>
                            ))}
                        </Select>
                        <Select label={t('Kind')} value={draft.kind}
                                onChange={(event) => change({kind: event.target.value as Draft['kind']})}>
                            <option value="jwt">{t('Signed token (JWT)')}</option>
                            <option value="opaque">{t('Opaque token')}</option>
                            <option value="key">{t('Key pair: you sign')}</option>
                        </Select>
                    </div>
                    {draft.kind === 'key' && <KeyField draft={draft} change={change} error={errorOf(trouble, 'token-keys')}/>}
                    <div id="token-scopes" tabIndex={-1} className="flex flex-col gap-2">
                        <h2 className="font-medium">{t('Scopes')}</h2>
                        <ScopeChoice draft={draft} change={change}/>
                        {!draft.everything && (scopes.isError
                            ? <ProblemNotice problem={scopes.error} retry={() => void scopes.refetch()}/>
                            : scopes.data
                                ? <ScopePicker scopes={scopes.data} chosen={draft.scopes} refused={refused}
                                               error={errorOf(trouble, 'token-scopes')}
                                               onChange={(chosen) => change({scopes: chosen})}/>
                                : <div className="rounded-xl border border-line"><SkeletonRows rows={3}/></div>)}
                        {errorOf(trouble, 'token-scopes') && (
                            <p className="text-[0.8125rem] text-bad">{errorOf(trouble, 'token-scopes')}</p>
                        )}
                    </div>
                </section>
                <Limits draft={draft} change={change} trouble={trouble}/>
                <div className="flex flex-wrap items-center justify-end gap-2">
                    <Button onClick={() => navigate(kTokens)} look="quiet">{t('Cancel')}</Button>
                    <Button onClick={() => { if (check()) setStep('review'); }}>{t('Review')}</Button>
                    <Button type="submit" look="primary" busy={busy}>
                        {busy ? t('Creating…') : t('Create token')}
                    </Button>
                </div>
            </div>
            <Summary draft={whole} api={api} command={command} curl={curl}/>
        </form>
    );
}

function ScopeChoice({draft, change}: {draft: Draft; change: (changes: Partial<Draft>) => void}) {
    return (
        <label className="flex items-start gap-2.5 rounded-lg px-1 py-0.5">
            <input type="checkbox" className="mt-0.5 size-4" checked={draft.everything}
                   onChange={(event) => change({everything: event.target.checked})}/>
            <span>
                {t('Everything that I may do')}
                <span className="block text-xs text-quiet">
                    {t('Follows your roles. Choose single scopes where you can.')}
                </span>
            </span>
        </label>
    );
}

function OwnerNotice({owner}: {owner: string}) {
    const names = useUserNames();
    if (owner === '') return null;
    return (
        <Notice title={<>{t('This token will belong to')} <bdi>{names(owner)}</bdi></>}>
            {t('It acts for that user, with that user\'s roles.')}
        </Notice>
    );
}
