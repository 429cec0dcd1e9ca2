import {useEffect, useState} from 'react';

export function useTitle(title: string) {
    useEffect(() => {
        document.title = title + ' · Latchkey';
    }, [title]);
}

// The value, once it has not changed for a while.
export function useSettled<T>(value: T, milliseconds = 200): T {
    const [settled, setSettled] = useState(value);
    useEffect(() => {
        const timer = setTimeout(() => setSettled(value), milliseconds);
        return () => clearTimeout(timer);
    }, [value, milliseconds]);
    return settled;
}

// Filters live in the address, so that a view can be shared and comes back with "back".
export function useAddressState(): [URLSearchParams, (changes: Record<string, string>) => void] {
    const [, setCount] = useState(0);
    useEffect(() => {
        const listener = () => setCount((count) => count + 1);
        addEventListener('popstate', listener);
        return () => removeEventListener('popstate', listener);
    }, []);
    const change = (changes: Record<string, string>) => {
        const search = new URLSearchParams(location.search);
        for (const [name, value] of Object.entries(changes)) {
            if (value === '') search.delete(name);
            else search.set(name, value);
        }
        const text = search.toString();
        history.replaceState(history.state, '', location.pathname + (text ? '?' + text : ''));
        setCount((count) => count + 1);
    };
    return [new URLSearchParams(location.search), change];
}
