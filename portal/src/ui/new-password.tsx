// A password to be chosen, with a hint how good it is.
import {t} from '../lib/i18n';
import {PasswordField} from './field';

// A hint and no rule: the server decides, and knows the passwords that everybody tries first.
function strengthOf(text: string): {level: number; words: string} {
    const length = [...text].length;
    if (length === 0) return {level: 0, words: t('At least 8 characters. A few unrelated words work well.')};
    if (length < 8) return {level: 1, words: t('Too short: {n} more to go.', {n: 8 - length})};
    const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(text)).length;
    if (new Set(text).size < 5) {
        return {level: 1, words: t('Weak: the same few characters again and again.')};
    }
    if (length >= 16 || (length >= 12 && kinds >= 3)) return {level: 4, words: t('Strong.')};
    if (length >= 12 || kinds >= 3) return {level: 3, words: t('Good. Longer is stronger.')};
    return {level: 2, words: t('Fair. Longer is stronger.')};
}

function Strength({password}: {password: string}) {
    const {level, words} = strengthOf(password);
    const colour = ['', 'bg-bad', 'bg-warn', 'bg-accent', 'bg-good'][level] ?? '';
    return (
        <>
            <span aria-hidden="true" className="mb-1 flex gap-1">
                {[1, 2, 3, 4].map((bar) => (
                    <span key={bar} className={'h-1 flex-1 rounded-full ' + (bar <= level ? colour : 'bg-line')}/>
                ))}
            </span>
            {words}
        </>
    );
}

export function isTooShort(password: string) {
    return [...password].length < 8;
}

export function NewPasswordField({id, label, value, error, onChange}:
        {id: string; label: string; value: string; error?: string; onChange: (value: string) => void}) {
    return (
        <PasswordField id={id} label={label} autoComplete="new-password" required maxLength={512} value={value}
                       error={error} hint={<Strength password={value}/>}
                       onChange={(event) => onChange(event.target.value)}/>
    );
}
