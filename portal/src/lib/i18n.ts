// Words of the portal. The English text is the key, so English costs nothing and a missing
// translation reads as English. A test compares every literal of t() and tn() with de.ts.
// Two pseudo-locales are for tests: en-XA lengthens and accents, ar-XB also runs right to left.
import {useSyncExternalStore} from 'react';

export type Language = 'en' | 'de' | 'en-XA' | 'ar-XB';
type Values = Record<string, string | number>;

let language: Language = 'en';
let words: Record<string, string> = {};
const listeners = new Set<() => void>();

const kAccents: Record<string, string> = {
    a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', y: 'ý', n: 'ñ', c: 'ç', A: 'Á', E: 'É', O: 'Ó', U: 'Ú',
};

function pseudo(text: string) {
    const parts = text.split(/(\{\w+\})/);
    const changed = parts.map((part) => part.startsWith('{')
        ? part
        : [...part].map((letter) => kAccents[letter] ?? letter).join(''));
    return '[' + changed.join('') + '~'.repeat(Math.ceil(text.length / 4)) + ']';
}

function filled(text: string, values?: Values) {
    if (!values) return text;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function translated(text: string) {
    if (language === 'en-XA' || language === 'ar-XB') return pseudo(text);
    return words[text] ?? text;
}

export function t(text: string, values?: Values) {
    return filled(translated(text), values);
}

// `{n}` stands for the number, in the manner of the language.
export function tn(one: string, many: string, n: number, values?: Values) {
    const category = new Intl.PluralRules(locale()).select(n);
    return filled(translated(category === 'one' ? one : many), {...values, n: number(n)});
}

export function locale(): string {
    if (language === 'de') return navigator.language.startsWith('de') ? navigator.language : 'de';
    if (language === 'ar-XB') return 'ar-u-nu-latn';
    return navigator.language.startsWith('en') ? navigator.language : 'en-GB';
}

const numbers = new Map<string, Intl.NumberFormat>();
export function number(value: number) {
    const format = numbers.get(locale()) ?? new Intl.NumberFormat(locale());
    numbers.set(locale(), format);
    return format.format(value);
}

function isLanguage(text: string | null): text is Language {
    return text === 'en' || text === 'de' || text === 'en-XA' || text === 'ar-XB';
}

export function preferredLanguage(): Language {
    let stored: string | null = null;
    try {
        stored = localStorage.getItem('language');
    } catch {
        // Storage may be switched off.
    }
    if (isLanguage(stored)) return stored;
    return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
}

export async function setLanguage(wanted: Language, keep = false) {
    words = wanted === 'de' ? (await import('./de')).words : {};
    language = wanted;
    document.documentElement.lang = wanted === 'ar-XB' ? 'ar' : wanted.slice(0, 2);
    document.documentElement.dir = wanted === 'ar-XB' ? 'rtl' : 'ltr';
    if (keep) {
        try {
            localStorage.setItem('language', wanted);
        } catch {
            // It counts for this page then.
        }
    }
    for (const listener of listeners) listener();
}

export function useLanguage(): Language {
    return useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => {
            listeners.delete(listener);
        };
    }, () => language);
}
