// The log of events: newest at the top, in words, with the whole record behind each.
import {useInfiniteQuery} from '@tanstack/react-query';
import {type ReactNode, useState} from 'react';
import {Link} from 'wouter';
import {call, query} from '../lib/api';
import {isBroken, useUserNames} from '../lib/client';
import {t} from '../lib/i18n';
import {exact, relative} from '../lib/time';
import {kTokens} from '../lib/tokens';
import type {LogEvent} from '../lib/types';
import {Badge} from '../ui/bits';
import {Button} from '../ui/button';
import {Snippet} from '../ui/copy';
import {Empty, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Icon} from '../ui/icons';

export interface EventFilter {
    type?: string;
    token?: string;
    owner?: string;
    actor?: string;
}

const kPage = 100;

function toneOf(type: string): 'good' | 'warn' | 'bad' | 'plain' | 'accent' {
    if (/revoked|deleted|disabled|removed|compromised|bulk/.test(type)) return 'bad';
    if (/suspended|rotated|ended/.test(type)) return 'warn';
    if (/created|added|resumed|enabled/.test(type)) return 'good';
    return 'plain';
}

// "system", "user:<id>", "token:<id>" or an id, as the log has it.
export function Actor({actor}: {actor: string}): ReactNode {
    const names = useUserNames();
    const id = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(actor)?.[0];
    if (!id) return actor;
    const name = names(id);
    return <bdi title={actor}>{name === id ? actor : name}</bdi>;
}

function nameIn(event: LogEvent): string {
    const find = (value: unknown, depth: number): string => {
        if (depth > 3 || value === null || typeof value !== 'object') return '';
        const own = (value as Record<string, unknown>).name;
        if (typeof own === 'string' && own !== '') return own;
        for (const inner of Object.values(value)) {
            const found = find(inner, depth + 1);
            if (found !== '') return found;
        }
        return '';
    };
    return event.type.startsWith('api.') ? String(event.data.api ?? '') : find(event.data, 0);
}

function Row({event}: {event: LogEvent}) {
    const [isOpen, setOpen] = useState(false);
    const name = nameIn(event);
    return (
        <li>
            <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}
                    className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 px-5 py-2.5 text-start hover:bg-sunken
                               focus-visible:-outline-offset-2">
                <Icon name="chevron" className={'size-3.5 text-quiet transition-transform ' + (isOpen ? 'rotate-90' : 'rtl:rotate-180')}/>
                <Badge tone={toneOf(event.type)}>{event.type}</Badge>
                {name && <bdi className="max-w-64 truncate font-medium">{name}</bdi>}
                <span className="text-quiet">{t('by')} <Actor actor={event.actor}/></span>
                <span className="ms-auto text-quiet" title={exact(event.at)}>{relative(event.at)}</span>
                <span className="w-14 text-end font-mono text-xs text-quiet max-sm:hidden" aria-label={t('Revision')}>{event.epoch}.{event.revision}</span>
            </button>
            {isOpen && (
                <div className="flex flex-col gap-2 px-5 pb-4">
                    {event.token && (
                        <p><Link className="link" href={kTokens + '/' + event.token}>{t('Open the token')}</Link></p>
                    )}
                    <Snippet wrap label={t('Record')} text={JSON.stringify(
                        {...event, body: undefined}, null, 2)}/>
                </div>
            )}
        </li>
    );
}

// The API gives the oldest first; the newest are found from the head.
function useEvents(filter: EventFilter) {
    return useInfiniteQuery({
        queryKey: ['events', filter],
        queryFn: async ({pageParam}) => {
            const page = await call<LogEvent[]>('GET', pageParam || '/v1/events' + query({limit: kPage, ...filter}));
            return {events: page.body, next: page.next};
        },
        initialPageParam: '',
        getNextPageParam: (last) => last.next || undefined,
    });
}

// A checkpoint may be a little old: what came after it is read as well.
async function newest(): Promise<{events: LogEvent[]; next: number}> {
    const {revision} = (await call<{revision: number}>('GET', '/v1/events/checkpoint')).body;
    const start = Math.max(0, revision - kPage);
    const events: LogEvent[] = [];
    let address = '/v1/events' + query({after: start, limit: 200});
    for (let pages = 0; address !== '' && pages < 10; ++pages) {
        const page = await call<LogEvent[]>('GET', address);
        events.push(...page.body);
        address = page.next;
    }
    return {events: events.reverse(), next: start};
}

async function before(end: number) {
    const start = Math.max(0, end - kPage);
    const page = await call<LogEvent[]>('GET', '/v1/events' + query({after: start, limit: kPage}));
    return {events: page.body.filter((event) => event.revision <= end).reverse(), next: start};
}

function useNewest() {
    return useInfiniteQuery({
        queryKey: ['events', 'newest'],
        queryFn: ({pageParam}) => pageParam === 0 ? newest() : before(pageParam),
        initialPageParam: 0,
        getNextPageParam: (last) => last.next > 0 ? last.next : undefined,
    });
}

export function Events({fixed = {}, newestFirst}: {fixed?: EventFilter; newestFirst?: boolean}) {
    const hasFilter = Object.values(fixed).some(Boolean);
    return newestFirst && !hasFilter ? <Newest/> : <Filtered filter={fixed}/>;
}

function Newest() {
    const events = useNewest();
    return <List events={events.data?.pages.flatMap((page) => page.events)} error={events.error}
                 retry={() => void events.refetch()} more={events.hasNextPage} busy={events.isFetchingNextPage}
                 onMore={() => void events.fetchNextPage()}/>;
}

function Filtered({filter}: {filter: EventFilter}) {
    const events = useEvents(filter);
    const all = events.data?.pages.flatMap((page) => page.events);
    return <List events={all ? [...all].reverse() : undefined} error={events.error} retry={() => void events.refetch()}
                 more={events.hasNextPage} busy={events.isFetchingNextPage} onMore={() => void events.fetchNextPage()}/>;
}

function List({events, error, retry, more, busy, onMore}:
        {events: LogEvent[] | undefined; error: unknown; retry: () => void; more: boolean; busy: boolean; onMore: () => void}) {
    if (isBroken({error, data: events})) return <ProblemNotice problem={error} title={t('The log could not be read')} retry={retry}/>;
    if (!events) return <div className="card"><SkeletonRows/></div>;
    if (events.length === 0) {
        return <div className="card"><Empty icon="audit" title={t('No events')}>{t('Nothing of this kind has happened yet.')}</Empty></div>;
    }
    return (
        <div className="card overflow-hidden">
            <ul className="divide-y divide-line">
                {events.map((event) => <Row key={event.epoch + '.' + event.revision} event={event}/>)}
            </ul>
            {error !== null && <div className="p-3"><ProblemNotice problem={error} retry={retry}/></div>}
            {more && (
                <div className="flex justify-center border-t border-line p-3">
                    <Button look="quiet" busy={busy} onClick={onMore}>{busy ? t('Loading…') : t('Show more')}</Button>
                </div>
            )}
        </div>
    );
}
