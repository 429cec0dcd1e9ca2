import {useEffect, useState} from 'react';
import {useSearch} from 'wouter';

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
    const search = useSearch();
    const change = (changes: Record<string, string>) => {
        const next = new URLSearchParams(location.search);
        for (const [name, value] of Object.entries(changes)) {
            if (value === '') next.delete(name);
            else next.set(name, value);
        }
        const text = next.toString();
        history.replaceState(history.state, '', location.pathname + (text ? '?' + text : ''));
    };
    return [new URLSearchParams(search), change];
}
