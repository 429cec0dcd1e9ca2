// What happens elsewhere appears here: the server's stream of events says which lists are old. A
// gap or a reset makes everything be read anew.
import {useEffect, useSyncExternalStore} from 'react';
import {client} from './client';
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
            else void client.invalidateQueries({queryKey: [key]});
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
    event?: {type: string; token?: string};
}

function listen(): () => void {
    let expected = 0;
    const source = new EventSource('/v1/events/stream');
    const follow = (frame: Frame) => {
        const isGap = expected !== 0 && frame.from !== expected;
        expected = frame.to + 1;
        if (isGap) void client.invalidateQueries();
    };
    source.addEventListener('open', () => set('live'));
    source.addEventListener('head', (message) => {
        set('live');
        follow(JSON.parse(message.data as string) as Frame);
    });
    source.addEventListener('change', (message) => {
        const frame = JSON.parse(message.data as string) as Frame;
        follow(frame);
        if (frame.event) invalidate(staleBy(frame.event.type), frame.event.token);
    });
    source.addEventListener('reset', () => {
        expected = 0;
        void client.invalidateQueries();
    });
    source.addEventListener('error', () => {
        set('connecting');
        // The server has no stream, or has ended this one for good: reading on focus remains.
        if (source.readyState === EventSource.CLOSED) set('off');
    });
    return () => source.close();
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
