// Labelled fields. The accessible name is the label alone; hints and errors describe it.
import {type ComponentProps, type ReactNode, useId, useState} from 'react';
import {t} from '../lib/i18n';
import {Icon} from './icons';

interface Around {
    label: string;
    hint?: ReactNode;
    error?: string;
    aside?: ReactNode; // beside the label, and no part of the name
}

function Frame({id, label, hint, error, aside, children}: Around & {id: string; children: ReactNode}) {
    return (
        <div className="flex flex-col gap-1.5">
            <div className="flex items-baseline justify-between gap-3">
                <label htmlFor={id} className="font-medium">{label}</label>
                {aside && <span className="text-xs text-quiet">{aside}</span>}
            </div>
            {children}
            {hint && <div id={id + '-hint'} className="text-xs text-quiet">{hint}</div>}
            {error && (
                <p id={id + '-error'} className="flex items-center gap-1 text-[0.8125rem] text-bad">
                    <Icon name="warn" className="size-3.5"/>{error}
                </p>
            )}
        </div>
    );
}

function describedBy(id: string, {hint, error}: Around) {
    const ids = [hint ? id + '-hint' : '', error ? id + '-error' : ''].filter(Boolean);
    return ids.length > 0 ? ids.join(' ') : undefined;
}

function split<T extends Around>(props: T) {
    const {label, hint, error, aside, ...rest} = props;
    return {around: {label, hint, error, aside}, rest};
}

export function TextField(props: Around & ComponentProps<'input'>) {
    const made = useId();
    const {around, rest} = split(props);
    const id = rest.id ?? made;
    return (
        <Frame id={id} {...around}>
            <input {...rest} id={id} aria-invalid={around.error ? true : undefined}
                   aria-describedby={describedBy(id, around)}
                   className={'control ' + (rest.className ?? '')}/>
        </Frame>
    );
}

export function TextArea(props: Around & ComponentProps<'textarea'>) {
    const made = useId();
    const {around, rest} = split(props);
    const id = rest.id ?? made;
    return (
        <Frame id={id} {...around}>
            <textarea {...rest} id={id} aria-invalid={around.error ? true : undefined}
                      aria-describedby={describedBy(id, around)}
                      className={'control ' + (rest.className ?? '')}/>
        </Frame>
    );
}

export function Select(props: Around & ComponentProps<'select'>) {
    const made = useId();
    const {around, rest} = split(props);
    const id = rest.id ?? made;
    return (
        <Frame id={id} {...around}>
            <select {...rest} id={id} aria-invalid={around.error ? true : undefined}
                    aria-describedby={describedBy(id, around)}
                    className={'control ' + (rest.className ?? '')}/>
        </Frame>
    );
}

// A select in a toolbar: the label is for assistive technology, the first option says the rest.
export function FilterSelect({label, ...rest}: {label: string} & ComponentProps<'select'>) {
    return <select {...rest} aria-label={label}
                   className={'control w-auto! max-w-[min(100%,18rem)] ' + (rest.className ?? '')}/>;
}

export function Checkbox({label, hint, className = '', ...rest}:
        {label: ReactNode; hint?: ReactNode} & Omit<ComponentProps<'input'>, 'type'>) {
    const id = useId();
    return (
        <div className={'flex items-start gap-2.5 ' + className}>
            <input {...rest} type="checkbox" id={id} className="mt-0.5 size-4 shrink-0"
                   aria-describedby={hint ? id + '-hint' : undefined}/>
            <div className="min-w-0">
                <label htmlFor={id} className="block">{label}</label>
                {hint && <div id={id + '-hint'} className="text-xs text-quiet">{hint}</div>}
            </div>
        </div>
    );
}

export function PasswordField(props: Around & ComponentProps<'input'>) {
    const made = useId();
    const [shown, setShown] = useState(false);
    const {around, rest} = split(props);
    const id = rest.id ?? made;
    return (
        <Frame id={id} {...around}>
            <div className="relative">
                <input {...rest} id={id} type={shown ? 'text' : 'password'} spellCheck={false} autoCapitalize="none"
                       aria-invalid={around.error ? true : undefined}
                       aria-describedby={describedBy(id, around)} className="control pe-16"/>
                <button type="button" onClick={() => setShown(!shown)}
                        aria-label={shown ? t('Hide password') : t('Show password')}
                        className="absolute inset-e-1 top-1 min-h-7 rounded-md px-2 text-xs
                                   font-medium text-quiet hover:bg-hover hover:text-ink">
                    {shown ? t('Hide') : t('Show')}
                </button>
            </div>
        </Frame>
    );
}

// A group of exclusive choices that look like one control.
export function Segments<T extends string>({label, value, options, onChange}:
        {label: string; value: T; options: {value: T; text: ReactNode; label?: string}[];
         onChange: (value: T) => void}) {
    const name = useId();
    return (
        <fieldset className="inline-flex max-w-full flex-wrap rounded-lg border border-line bg-sunken p-0.5">
            <legend className="sr-only">{label}</legend>
            {options.map((option) => (
                <label key={option.value}
                       className="relative flex min-h-7 items-center gap-1.5 rounded-md px-3
                                  text-[0.8125rem] font-medium text-quiet hover:text-ink
                                  has-checked:bg-raised has-checked:text-ink has-checked:shadow-sm
                                  has-focus-visible:outline-2 has-focus-visible:outline-accent">
                    <input type="radio" name={name} className="sr-only" checked={option.value === value}
                           aria-label={option.label} onChange={() => onChange(option.value)}/>
                    {option.text}
                </label>
            ))}
        </fieldset>
    );
}
