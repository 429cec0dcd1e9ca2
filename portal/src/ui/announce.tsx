// One polite region for the whole portal, and a short word at the edge of the screen.
import {useEffect, useState, useSyncExternalStore} from 'react';
import {Icon} from './icons';

interface Word {
    text: string;
    seen: boolean;
    id: number;
}
let word: Word = {text: '', seen: false, id: 0};
const listeners = new Set<() => void>();

function say(text: string, seen: boolean) {
    word = {text, seen, id: word.id + 1};
    for (const listener of listeners) listener();
}

// Heard only.
export function announce(text: string) {
    say(text, false);
}

// Heard and seen.
export function toast(text: string) {
    say(text, true);
}

export function Announcer() {
    const current = useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => {
            listeners.delete(listener);
        };
    }, () => word);
    const [gone, setGone] = useState(0);
    useEffect(() => {
        const timer = setTimeout(() => setGone(current.id), 5000);
        return () => clearTimeout(timer);
    }, [current.id]);
    const isShown = current.seen && gone !== current.id;
    return (
        <>
            <div role="status" aria-live="polite" className="sr-only">{current.text}</div>
            {isShown && (
                <div aria-hidden="true" className="pointer-events-none fixed inset-x-0 bottom-6 z-[60] flex
                                                   justify-center px-4">
                    <p className="flex items-center gap-2 rounded-full bg-ink px-4 py-2 text-[0.8125rem]
                                  font-medium text-ground shadow-lg">
                        <Icon name="check"/>{current.text}
                    </p>
                </div>
            )}
        </>
    );
}
