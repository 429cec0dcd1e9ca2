// One token: what it is, who uses it, where it may do what, its keys and what happened to it.
import {useQuery} from '@tanstack/react-query';
import {lazy, type ReactNode, Suspense, useEffect, useState} from 'react';
import {navigate} from 'wouter/use-browser-location';
import {get} from '../lib/api';
import {isBroken, useCan, useMe, useUserNames} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {useAddressState, useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {exact} from '../lib/time';
import {kindText, kTokens, likeAddress, stateWords} from '../lib/tokens';
import type {Token, TokenUsage} from '../lib/types';
import {AsCommand} from '../ui/as-command';
import {Card, Facts, Id, PageHead, ScopeTag, Time} from '../ui/bits';
import {Button, IconButton, LinkButton} from '../ui/button';
import {NotShown, Notice, SkeletonRows} from '../ui/feedback';
import {Menu} from '../ui/menu';
import {Tabs, type Tab} from '../ui/tabs';
import {EditToken} from './token-edit';
import {Events} from './event-list';
import {Rotate, Secrets} from './token-rotate';
import {StateBadge} from './token-table';
import {actionsOf, type Wish, WishDialog} from './token-actions';
import {TokenKeys} from './token-keys';
import {TokenProjects} from './token-projects';
import {Unused} from './token-unused';

const Usage = lazy(() => import('./token-usage').then((module) => ({default: module.Usage})));

export function useToken(id: string) {
    return useQuery({queryKey: ['token', id], queryFn: () => get<Token>('/v1/tokens/' + encodeURIComponent(id))});
}

export function useUsage(id: string) {
    return useQuery({
        queryKey: ['token', id, 'usage'],
        queryFn: () => get<TokenUsage>(`/v1/tokens/${encodeURIComponent(id)}/usage`),
    });
}

function StateNotice({token, onWish}: {token: Token; onWish: (wish: Wish) => void}) {
    const words = stateWords(token);
    if (words.tone === 'good') return null;
    return (
        <div className="mb-5">
            <Notice tone={words.tone === 'plain' ? 'info' : words.tone} title={<bdi>{words.why}</bdi>}>
                <p>{words.remedy}</p>
                <div className="mt-2 flex flex-wrap gap-2">
                    {token.state === 'suspended'
                        ? <Button size="small" icon="play" onClick={() => onWish({what: 'resume', tokens: [token]})}>
                            {t('Resume…')}
                        </Button>
                        : <LinkButton size="small" icon="like" href={likeAddress(token)}>{t('New token like this')}</LinkButton>}
                </div>
            </Notice>
        </div>
    );
}

function Overview({token, mayChange}: {token: Token; mayChange: boolean}) {
    const names = useUserNames();
    const usage = useUsage(token.id);
    const [edits, setEdits] = useState(false);
    const lastFrom = usage.data?.lastAddress
        ? `${usage.data.lastAddress}${usage.data.lastAgent ? ' · ' + usage.data.lastAgent : ''}` : '–';
    return (
        <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]">
            <div className="flex min-w-0 flex-col gap-5">
                <Card title={t('Facts')} aside={mayChange && token.state !== 'revoked' && (
                    <Button size="small" icon="edit" onClick={() => setEdits(true)}>{t('Edit')}</Button>
                )}>
                    <Facts items={[
                        [t('Description'), token.description ? <bdi key="d">{token.description}</bdi> : '–'],
                        [t('Owner'), <bdi key="o">{names(token.owner)}</bdi>],
                        [t('Kind'), kindText(token.kind)],
                        [t('API'), <span key="a">{token.api} <span className="text-quiet">({token.audience})</span></span>],
                        [t('Id'), <Id key="i" value={token.id}/>],
                        ...(token.source ? [[t('Imported from'), <code key="s" className="font-mono text-xs">{token.source}</code>] as [string, ReactNode]] : []),
                        [t('Created'), <span key="c">{exact(token.createdAt)}</span>],
                        [t('Expires'), token.expiresAt
                            ? <span key="e">{exact(token.expiresAt)} (<Time at={token.expiresAt}/>)</span> : t('Never')],
                        [t('Last used'), <Time key="l" at={token.lastUsedAt} never={t('Never used')}/>],
                        [t('Last used from'), <span key="f" className="break-words">{lastFrom}</span>],
                        [t('Allowed addresses'), token.allowedIps.length > 0
                            ? <code key="n" className="font-mono text-xs">{token.allowedIps.join(', ')}</code> : t('All')],
                        ...(token.rateLimit ? [[t('Rate'), t('{n} requests in {s} seconds',
                            {n: token.rateLimit.requests, s: token.rateLimit.seconds})] as [string, string]] : []),
                    ]}/>
                </Card>
                <Secrets token={token}/>
            </div>
            <div className="flex min-w-0 flex-col gap-5">
                <Card title={t('Scopes')}>
                    {token.scopes === null
                        ? <p className="text-quiet">{t('It declares none: what it may do stands in the policies of its projects.')}</p>
                        : token.scopes.length === 0
                            ? <p className="text-quiet">{t('None: it can only say who it is.')}</p>
                            : (
                                <div className="flex flex-wrap gap-1.5">
                                    {token.scopes.map((scope) => <ScopeTag key={scope}>{scope}</ScopeTag>)}
                                </div>
                            )}
                </Card>
                <Unused token={token} mayChange={mayChange}/>
                <Card title={t('Show as command')}>
                    <AsCommand command={cli('token get', token.id)}
                               curl={curlOf('GET', '/v1/tokens/' + token.id)}/>
                </Card>
            </div>
            {edits && <EditToken token={token} onClose={() => setEdits(false)}/>}
        </div>
    );
}

function tabsOf(token: Token, mayChange: boolean, mayLog: boolean): Tab[] {
    const tabs: Tab[] = [
        {id: 'overview', text: t('Overview'), body: <Overview token={token} mayChange={mayChange}/>},
        {id: 'usage', text: t('Usage'), body: (
            <Suspense fallback={<div className="card"><SkeletonRows/></div>}><Usage token={token}/></Suspense>
        )},
        {id: 'projects', text: t('Projects and policies'), body: <TokenProjects token={token}/>},
    ];
    if (token.kind === 'key') {
        tabs.push({id: 'keys', text: t('Keys'), count: token.keys?.length,
            body: <TokenKeys token={token} mayChange={mayChange}/>});
    }
    if (mayLog) tabs.push({id: 'activity', text: t('Activity'), body: <Events fixed={{token: token.id}}/>});
    return tabs;
}

export function TokenPage({params}: {params: Record<string, string | undefined>}) {
    const id = params.id ?? '';
    const {data: token, error, refetch} = useToken(id);
    const {data: me} = useMe();
    const can = useCan();
    const [wish, setWish] = useState<Wish | null>(null);
    const [search, change] = useAddressState();
    const ask = search.get('ask') ?? '';
    const mayChange = can('token:write') && token !== undefined && (token.owner === me?.id || can('user:write'));
    // A link or the palette leads to the question; only the answer does anything.
    useEffect(() => {
        if (!token || !mayChange || token.state === 'revoked' || (ask !== 'revoke' && ask !== 'suspend')) return;
        setWish({what: ask, tokens: [token]});
        change({ask: ''});
    }, [ask, token?.id, mayChange]);
    useTitle(token?.name ?? t('Access token'));
    if (isBroken({error, data: token})) {
        return <NotShown back={[kTokens, t('Access tokens')]} what={t('Access token')} problem={error}
                         title={t('This token cannot be shown')} retry={() => void refetch()}/>;
    }
    if (!token) return <div className="card"><SkeletonRows rows={6}/></div>;
    const tabs = tabsOf(token, mayChange, can('event:read'));
    const wanted = search.get('tab') ?? 'overview';
    return (
        <>
            <PageHead back={[kTokens, t('Access tokens')]}
                      title={<span className="inline-flex flex-wrap items-center gap-3">
                          <bdi>{token.name}</bdi><StateBadge token={token}/>
                      </span>}
                      actions={mayChange && token.state !== 'revoked' && (
                          <>
                              {token.kind !== 'key' && token.state === 'active' && (
                                  <Button icon="rotate" onClick={() => change({ask: 'rotate'})}>{t('Rotate…')}</Button>
                              )}
                              <Button icon="stop" onClick={() => setWish({what: 'revoke', tokens: [token]})}>
                                  {t('Revoke…')}
                              </Button>
                              <Menu trigger={<IconButton label={t('More actions')} icon="more"/>}
                                    entries={actionsOf(token, setWish).filter((entry) =>
                                        entry !== null && !entry.danger && entry.icon !== 'inspect' && entry.icon !== 'rotate')}/>
                          </>
                      )}/>
            <StateNotice token={token} onWish={setWish}/>
            <Tabs label={t('About this token')} tabs={tabs}
                  value={tabs.some((tab) => tab.id === wanted) ? wanted : 'overview'}
                  onChange={(tab) => change({tab: tab === 'overview' ? '' : tab})}/>
            <WishDialog wish={wish} onClose={() => setWish(null)}/>
            {ask === 'rotate' && mayChange && (
                <Rotate token={token} onClose={() => change({ask: ''})} onDone={() => navigate(kTokens + '/' + token.id)}/>
            )}
        </>
    );
}
