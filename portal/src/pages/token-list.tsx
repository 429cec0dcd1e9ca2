// A list of tokens with search, filters, order and bulk actions. The filters stand in the address.
import {useInfiniteQuery} from '@tanstack/react-query';
import {useEffect, useMemo, useRef, useState, type ReactNode} from 'react';
import {client, useApis, useCan} from '../lib/client';
import {useColumns} from '../lib/columns';
import {useAddressState, useSettled} from '../lib/hooks';
import {t, tn} from '../lib/i18n';
import {fetchTokens, filteredHere, type TokenFilter, type TokenPage} from '../lib/tokens';
import type {Token} from '../lib/types';
import {Button} from '../ui/button';
import {Empty, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {FilterSelect} from '../ui/field';
import {Icon} from '../ui/icons';
import {type Wish, WishDialog} from './token-actions';
import {TokenTable} from './token-table';
import {ColumnChooser, ExportCsv} from './token-tools';

function filterFrom(search: URLSearchParams, owner: string): TokenFilter {
    return {
        q: search.get('q') ?? '',
        state: search.get('state') ?? '',
        sort: search.get('sort') ?? '',
        api: search.get('api') ?? '',
        unusedFor: search.get('unusedFor') ?? '',
        owner,
    };
}

function isFiltered(filter: TokenFilter) {
    return filter.q !== '' || filter.state !== '' || filter.api !== '' || filter.unusedFor !== '';
}

function pagesOf(filter: TokenFilter) {
    return {
        queryKey: ['tokens', filter],
        queryFn: ({pageParam}: {pageParam: string}) => fetchTokens(filter, pageParam),
        initialPageParam: '',
        getNextPageParam: (last: TokenPage) => last.next || undefined,
    };
}

// Before anything is drawn.
export function prefetchTokens(owner: string) {
    return client.prefetchInfiniteQuery(pagesOf(filterFrom(new URLSearchParams(location.search), owner)));
}

function useTokens(filter: TokenFilter) {
    return useInfiniteQuery({...pagesOf(filter), placeholderData: (before) => before});
}

// Asks for the next page when its end comes near the screen.
function More({onSeen, busy}: {onSeen: () => void; busy: boolean}) {
    const place = useRef<HTMLDivElement>(null);
    useEffect(() => {
        const watcher = new IntersectionObserver((seen) => {
            if (seen.some((one) => one.isIntersecting)) onSeen();
        }, {rootMargin: '600px'});
        if (place.current) watcher.observe(place.current);
        return () => watcher.disconnect();
    }, [onSeen]);
    return (
        <div ref={place} className="flex justify-center border-t border-line p-3">
            <Button look="quiet" busy={busy} onClick={onSeen}>{busy ? t('Loading…') : t('Show more')}</Button>
        </div>
    );
}

function Filters({filter, change, children}:
        {filter: TokenFilter; change: (changes: Record<string, string>) => void; children: ReactNode}) {
    const [text, setText] = useState(filter.q);
    const settled = useSettled(text, 250);
    const can = useCan();
    const {data: apis} = useApis();
    useEffect(() => {
        if (settled !== filter.q) change({q: settled});
        // Only what was typed changes the address, never the other way round.
    }, [settled]);
    return (
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line p-3">
            <div className="relative min-w-44 flex-1 basis-52">
                <Icon name="search" className="pointer-events-none absolute inset-s-2.5 top-2.5 size-4 text-quiet"/>
                <input type="search" aria-label={t('Search tokens')} placeholder={t('Search by name or description')}
                       maxLength={100} value={text} onChange={(event) => setText(event.target.value)}
                       className="control ps-8.5" data-shortcut="search"/>
            </div>
            <FilterSelect label={t('State')} value={filter.state} onChange={(event) => change({state: event.target.value})}>
                <option value="">{t('All states')}</option>
                <option value="active">{t('Active')}</option>
                <option value="expiring">{t('Expires soon')}</option>
                <option value="expired">{t('Expired')}</option>
                <option value="suspended">{t('Suspended')}</option>
                <option value="revoked">{t('Revoked')}</option>
            </FilterSelect>
            {can('api:read') && (apis?.length ?? 0) > 1 && (
                <FilterSelect label={t('API')} value={filter.api} onChange={(event) => change({api: event.target.value})}>
                    <option value="">{t('All APIs')}</option>
                    {apis?.map((api) => <option key={api.id} value={api.slug}>{api.name || api.slug}</option>)}
                </FilterSelect>
            )}
            <FilterSelect label={t('Use')} value={filter.unusedFor}
                          onChange={(event) => change({unusedFor: event.target.value})}>
                <option value="">{t('Used or not')}</option>
                <option value="30d">{t('Unused for 30 days')}</option>
                <option value="90d">{t('Unused for 90 days')}</option>
            </FilterSelect>
            <FilterSelect label={t('Order')} value={filter.sort} onChange={(event) => change({sort: event.target.value})}>
                <option value="">{t('Newest first')}</option>
                <option value="createdAt">{t('Oldest first')}</option>
                <option value="name">{t('By name')}</option>
                <option value="expiresAt">{t('Next to expire')}</option>
                <option value="-lastUsedAt">{t('Last used')}</option>
            </FilterSelect>
            <div className="flex items-center gap-1">{children}</div>
        </div>
    );
}

function BulkBar({chosen, clear, onWish}: {chosen: Token[]; clear: () => void; onWish: (wish: Wish) => void}) {
    return (
        <div className="sticky bottom-4 z-10 mx-3 my-3 flex flex-wrap items-center gap-2 rounded-xl border border-line
                        bg-raised px-4 py-2.5 shadow-lg shadow-(color:--shadow)">
            <p className="me-auto font-medium" role="status">
                {tn('{n} token chosen', '{n} tokens chosen', chosen.length)}
            </p>
            <Button size="small" look="quiet" onClick={clear}>{t('Choose none')}</Button>
            <Button size="small" icon="pause" onClick={() => onWish({what: 'suspend', tokens: chosen})}>
                {t('Suspend chosen…')}
            </Button>
            <Button size="small" look="danger" icon="stop" onClick={() => onWish({what: 'revoke', tokens: chosen})}>
                {t('Revoke chosen…')}
            </Button>
        </div>
    );
}

const kNone: ReadonlySet<string> = new Set();

export function TokenList({owner, empty, showOwner = false}: {owner: string; empty: ReactNode; showOwner?: boolean}) {
    const [search, change] = useAddressState();
    const filter = filterFrom(search, owner);
    const tokens = useTokens(filter);
    const [columns, toggleColumn] = useColumns();
    const [chosen, setChosen] = useState(kNone);
    const [wish, setWish] = useState<Wish | null>(null);
    const rows = useMemo(
        () => filteredHere(tokens.data?.pages.flatMap((page) => page.tokens) ?? [], filter),
        [tokens.data, filter.q, filter.api, filter.state]);
    const shown = useMemo(() => columns.filter((column) => showOwner || column !== 'owner'), [columns, showOwner]);
    const all = useMemo(() => chosen.size === 0 ? [] : rows.filter((token) => chosen.has(token.id)), [rows, chosen]);
    if (tokens.isPending) return <div className="card"><SkeletonRows rows={6}/></div>;
    if (tokens.isError && rows.length === 0) {
        return <ProblemNotice problem={tokens.error} title={t('The tokens could not be read')}
                              retry={() => void tokens.refetch()}/>;
    }
    if (rows.length === 0 && !isFiltered(filter)) return <div className="card">{empty}</div>;
    return (
        <div className="card" aria-busy={tokens.isPlaceholderData}>
            <Filters filter={filter} change={change}>
                <ColumnChooser columns={columns} toggle={toggleColumn} withOwner={showOwner}/>
                <ExportCsv filter={filter}/>
            </Filters>
            {rows.length === 0
                ? (
                    <Empty icon="search" title={t('No token fits')}
                           action={<Button onClick={() => change({q: '', state: '', api: '', unusedFor: ''})}>
                               {t('Clear the filters')}
                           </Button>}>
                        {t('Nothing matches this search and these filters.')}
                    </Empty>
                )
                : <TokenTable tokens={rows} columns={shown} chosen={chosen} onChoose={setChosen} onWish={setWish}/>}
            {tokens.isFetchNextPageError && (
                <div className="border-t border-line p-3">
                    <ProblemNotice problem={tokens.error} title={t('The tokens could not be read')} retry={() => void tokens.fetchNextPage()}/>
                </div>
            )}
            {tokens.hasNextPage && !tokens.isFetchNextPageError && (
                <More busy={tokens.isFetchingNextPage} onSeen={() => {
                    if (!tokens.isFetchingNextPage) void tokens.fetchNextPage();
                }}/>
            )}
            {all.length > 0 && <BulkBar chosen={all} clear={() => setChosen(kNone)} onWish={setWish}/>}
            <WishDialog wish={wish} onClose={() => setWish(null)} onDone={() => setChosen(kNone)}/>
        </div>
    );
}
