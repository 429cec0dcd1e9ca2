// The wrong half of a pair, pasted by mistake, must not leave the page.
import {t} from './i18n';

function hasPrivateMember(value: unknown): boolean {
    if (Array.isArray(value)) return value.some(hasPrivateMember);
    if (typeof value !== 'object' || value === null) return false;
    const members = value as Record<string, unknown>;
    return ['d', 'p', 'q', 'k'].some((name) => typeof members[name] === 'string') || hasPrivateMember(members.keys);
}

export function isPrivateKey(text: string) {
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return true;
    if (!/^\s*[[{]/.test(text)) return false;
    try {
        return hasPrivateMember(JSON.parse(text));
    } catch {
        return /"d"\s*:/.test(text);
    }
}

export function privateKeyText() {
    return t('This is the private half. It is not sent: paste the public one, and keep this one where it is.');
}
