// Times as people say them, in the language and the zone of the browser.
import {locale, t} from './i18n';

// Making a format costs much more than using it, and a list uses a few a row.
const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(options: Intl.DateTimeFormatOptions) {
    const key = locale() + JSON.stringify(options);
    const format = formats.get(key) ?? new Intl.DateTimeFormat(locale(), options);
    formats.set(key, format);
    return format;
}

const relatives = new Map<string, Intl.RelativeTimeFormat>();
function relativeFormat() {
    const format = relatives.get(locale()) ?? new Intl.RelativeTimeFormat(locale(), {numeric: 'auto'});
    relatives.set(locale(), format);
    return format;
}

const kSteps: [Intl.RelativeTimeFormatUnit, number][] = [
    ['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60],
];

// "in 3 days", "2 hours ago"; "just now" within a minute.
export function relative(when: string | number | Date, now = Date.now()) {
    const seconds = (new Date(when).getTime() - now) / 1000;
    const format = relativeFormat();
    for (const [unit, length] of kSteps) {
        if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
    }
    return seconds > 0 ? t('in a moment') : t('just now');
}

export function dateTime(when: string | number | Date) {
    return formatOf({dateStyle: 'medium', timeStyle: 'short'}).format(new Date(when));
}

export function exact(when: string | number | Date) {
    return formatOf({dateStyle: 'medium', timeStyle: 'long'}).format(new Date(when));
}

export function date(when: string | number | Date) {
    return formatOf({dateStyle: 'medium'}).format(new Date(when));
}

export function utc(when: string | number | Date) {
    const text = new Date(when).toISOString();
    return text.slice(0, 10) + ' ' + text.slice(11, 16) + ' UTC';
}

// What an <input type=date> holds, in the zone of the browser.
export function dateValue(when: Date) {
    const pad = (n: number) => String(n).padStart(2, '0');
    return `${when.getFullYear()}-${pad(when.getMonth() + 1)}-${pad(when.getDate())}`;
}

// The last moment of that day here: "until 31 January" includes the 31st.
export function endOfDay(value: string): Date | null {
    const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
    if (!parts) return null;
    const end = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]), 23, 59, 59, 999);
    return Number.isNaN(end.getTime()) ? null : end;
}

export const kDay = 86400_000;
