// System, light or dark. early.js has set it before the first paint.
import {useSyncExternalStore} from 'react';

export type Theme = 'system' | 'light' | 'dark';
const listeners = new Set<() => void>();

function current(): Theme {
    const theme = document.documentElement.dataset.theme;
    return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export function setTheme(theme: Theme) {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
        if (theme === 'system') localStorage.removeItem('theme');
        else localStorage.setItem('theme', theme);
    } catch {
        // It counts for this page then.
    }
    for (const listener of listeners) listener();
}

export function useTheme(): Theme {
    return useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => {
            listeners.delete(listener);
        };
    }, current);
}
