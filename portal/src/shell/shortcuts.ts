// `/` searches, `n` makes a token, `g` and a letter goes somewhere. Not while one types, and not
// when a dialog is open; they can be switched off (WCAG 2.1.4).
import {useEffect} from 'react';
import {navigate} from 'wouter/use-browser-location';
import {kTokens} from '../lib/tokens';
import {isOverlaid} from '../ui/overlay';

const kPlaces: Record<string, string> = {
    o: '/', t: kTokens, p: '/projects', u: '/access/users', e: '/audit', i: '/developer/inspector',
};

export function shortcutsAreOn() {
    try {
        return localStorage.getItem('shortcuts') !== 'off';
    } catch {
        return true;
    }
}

export function switchShortcuts(on: boolean) {
    try {
        if (on) localStorage.removeItem('shortcuts');
        else localStorage.setItem('shortcuts', 'off');
    } catch {
        // Storage may be switched off; then they stay on.
    }
}

function isTyping(target: EventTarget | null) {
    return target instanceof HTMLElement &&
        (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function useShortcuts() {
    useEffect(() => {
        let wasG = false;
        const listener = (event: KeyboardEvent) => {
            if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !shortcutsAreOn() || isOverlaid()) return;
            const isSecond = wasG;
            wasG = event.key === 'g';
            const place = isSecond ? kPlaces[event.key] : undefined;
            if (place) navigate(place);
            else if (event.key === 'n') navigate(kTokens + '/new');
            else if (event.key === '/') document.querySelector<HTMLElement>('main input[type=search]')?.focus();
            else return;
            event.preventDefault();
        };
        addEventListener('keydown', listener);
        return () => removeEventListener('keydown', listener);
    }, []);
}
