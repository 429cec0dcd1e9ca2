// What happens elsewhere appears here: the server's stream of events says which lists are old. It
// begins where the first of them was read; a gap or a reset makes everything be read anew.
import type {Query} from '@tanstack/react-query';
import {useEffect, useSyncExternalStore} from 'react';
import {client, isAway, readAnew} from './client';
import {noteHeard, positionToGoOnFrom} from './position';
import {refreshTokens} from './token-cache';
import type {Me} from './types';

export type Liveness = 'off' | 'connecting' | 'live';
let liveness: Liveness = 'off';
const listeners = new Set<() => void>();

function set(next: Liveness) {
    if (next === liveness) return;
    liveness = next;
    for (const listener of listeners) listener();
}

export function useLiveness() {
    return useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => {
            listeners.delete(listener);
        };
    }, () => liveness);
}

const kStale: [RegExp, string[]][] = [
    [/^(token|access)/, ['tokens', 'token', 'principals']],
    [/^user/, ['users', 'tokens', 'me']],
    [/^role/, ['roles', 'me']],
    [/^(project|policy|grant|member|principal)/, ['projects', 'principals', 'policy', 'token']],
    [/^(api|scope|catalogue)/, ['apis', 'scopes']],
    [/^key/, ['signing-keys', 'tokens', 'token']],
    [/setting|rules/, ['settings', 'token-rules']],
];

let waiting = new Set<string>();
let tokens = new Set<string>();
let isVague = false; // some event was about tokens, and did not say which
let timer: ReturnType<typeof setTimeout> | undefined;

// Many events in a moment are one reading.
function invalidate(keys: string[], token: string | undefined) {
    for (const key of keys) waiting.add(key);
    if (token) tokens.add(token);
    else isVague ||= keys.includes('tokens');
    timer ??= setTimeout(() => {
        const due = [...waiting];
        const changed = isVague ? new Set<string>() : tokens;
        waiting = new Set();
        tokens = new Set();
        isVague = false;
        timer = undefined;
        for (const key of due) {
            if (key === 'tokens') void refreshTokens(changed, client.getQueryData<Me>(['me'])?.id ?? '');
            else void readAnew({queryKey: [key]});
        }
    }, 150);
}

function staleBy(type: string) {
    const keys = new Set(['events']);
    for (const [pattern, stale] of kStale) if (pattern.test(type)) for (const key of stale) keys.add(key);
    return [...keys];
}

interface Frame {
    from: number;
    to: number;
    epoch?: number;
    event?: {type: string; token?: string};
}

const kFirstWait = 3000;
const kLongestWait = 60_000;
let failedWait = kFirstWait;
let failedUntil = 0;

// What could not be read, the server being away or not able: whether there is any. Until there is
// none, what is on the screen may be old.
function readWhatFailed() {
    const hasFailed = ({state}: Query) => isAway(state.error);
    if (client.getQueryCache().findAll({predicate: hasFailed}).length === 0) {
        failedWait = kFirstWait;
        return false;
    }
    if (performance.now() >= failedUntil) {
        failedUntil = performance.now() + failedWait;
        failedWait = Math.min(failedWait * 2, kLongestWait);
        void readAnew({predicate: hasFailed});
    }
    return true;
}

// A change says what is old. Who was not heard from the first reading on, or not without a gap, reads
// everything once more.
function follow(source: EventSource, start: number | undefined) {
    let epoch = start; // of what is followed; none: not yet
    let expected = 0;
    const take = (frame: Frame) => {
        const isGap = expected !== 0 && frame.from !== expected;
        const isOther = frame.epoch !== undefined && frame.epoch !== epoch;
        epoch = frame.epoch ?? epoch;
        expected = frame.to + 1;
        if (epoch !== undefined) noteHeard(epoch, frame.to);
        if (isGap || isOther) void readAnew();
        if (frame.event) invalidate(staleBy(frame.event.type), frame.event.token);
    };
    for (const kind of ['head', 'change']) {
        source.addEventListener(kind, (message: MessageEvent<string>) => {
            set(readWhatFailed() ? 'connecting' : 'live');
            take(JSON.parse(message.data) as Frame);
        });
    }
    source.addEventListener('reset', () => {
        expected = 0;
        epoch = undefined;
    });
}

function listen(): () => void {
    let source: EventSource;
    let again: ReturnType<typeof setTimeout> | undefined;
    let wait = kFirstWait;
    const open = () => {
        const start = positionToGoOnFrom();
        source = new EventSource('/v1/events/stream' + (start ? '?after=' + start.revision : ''));
        follow(source, start?.epoch);
        source.addEventListener('head', () => wait = kFirstWait);
        source.addEventListener('error', () => {
            set('connecting');
            if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
            // An answer that is no stream: a server that is about to begin, or to end; or the session
            // is over, and this says so.
            void readAnew({queryKey: ['me'], exact: true});
            again = setTimeout(open, wait * (1 + Math.random() / 4)); // not all portals at once
            wait = Math.min(wait * 2, kLongestWait);
        });
    };
    open();
    return () => {
        clearTimeout(again);
        source.close();
    };
}

// One stream a tab, and none while nobody looks.
export function useLive() {
    useEffect(() => {
        let stop: (() => void) | null = null;
        const update = () => {
            if (document.visibilityState === 'visible' && !stop) {
                set('connecting');
                stop = listen();
            } else if (document.visibilityState === 'hidden' && stop) {
                stop();
                stop = null;
                set('off');
            }
        };
        update();
        document.addEventListener('visibilitychange', update);
        return () => {
            document.removeEventListener('visibilitychange', update);
            stop?.();
            set('off');
        };
    }, []);
}
