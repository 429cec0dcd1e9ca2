// What every form does alike: errors beside their fields and in a summary that takes the focus.
import {type ReactNode, useEffect, useRef} from 'react';
import {Problem} from '../lib/api';
import {t} from '../lib/i18n';
import {sentence} from './feedback';
import {Icon} from './icons';

export interface FormError {
    field?: string; // the id of the field
    text: string;
}

export interface FormTrouble {
    title: string;
    errors: FormError[];
    footnote?: string;
    count?: number; // so that the same trouble takes the focus again
}

// A refused request, as errors of fields: "/name" is the field that `fieldOf` knows as name.
export function troubleOf(title: string, failure: unknown, fieldOf: Record<string, string> = {}): FormTrouble {
    if (!(failure instanceof Problem)) {
        return {title, errors: [{text: failure instanceof Error ? failure.message : String(failure)}]};
    }
    const errors: FormError[] = failure.fields.map((entry) => ({
        field: fieldOf[(entry.pointer ?? '').replace(/^\//, '').split('/')[0] ?? ''],
        text: sentence(entry.detail ?? failure.message),
    }));
    if (errors.length === 0) errors.push({text: sentence(failure.message)});
    if (failure.missingScopes.length > 0) {
        errors.push({text: t('Missing: {scopes}', {scopes: failure.missingScopes.join(', ')})});
    }
    if (failure.hint) errors.push({text: sentence(failure.hint)});
    return {
        title, errors,
        footnote: failure.requestId ? t('Request {id}', {id: failure.requestId}) : undefined,
    };
}

export function errorOf(trouble: FormTrouble | null, field: string) {
    return trouble?.errors.find((one) => one.field === field)?.text;
}

export function ErrorSummary({trouble, children}: {trouble: FormTrouble | null; children?: ReactNode}) {
    const place = useRef<HTMLDivElement>(null);
    useEffect(() => {
        if (trouble) place.current?.focus();
    }, [trouble]);
    if (!trouble) return null;
    const goTo = (field: string) => document.getElementById(field)?.focus();
    return (
        <div ref={place} role="alert" tabIndex={-1}
             className="mb-5 flex gap-2.5 rounded-xl border border-bad-line bg-bad-wash px-3.5 py-3">
            <span className="mt-0.5 text-bad"><Icon name="warn"/></span>
            <div className="min-w-0">
                <h2 className="font-semibold">{trouble.title}</h2>
                <ul className="mt-0.5">
                    {trouble.errors.map(({field, text}, index) => (
                        <li key={index}>
                            {field
                                ? <button type="button" className="link text-start" onClick={() => goTo(field)}>{text}</button>
                                : text}
                        </li>
                    ))}
                </ul>
                {trouble.footnote && <p className="mt-1 text-xs text-quiet">{trouble.footnote}</p>}
                {children}
            </div>
        </div>
    );
}
