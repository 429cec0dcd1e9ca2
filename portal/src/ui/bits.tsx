// Small pieces that many pages share.
import type {ReactNode} from 'react';
import {Link} from 'wouter';
import {t} from '../lib/i18n';
import {exact, relative} from '../lib/time';
import {CopyIcon} from './copy';
import {Icon, type IconName} from './icons';

type Tone = 'good' | 'warn' | 'bad' | 'plain' | 'accent';
const kTones: Record<Tone, string> = {
    good: 'bg-good-wash text-good',
    warn: 'bg-warn-wash text-warn',
    bad: 'bg-bad-wash text-bad',
    plain: 'bg-sunken text-quiet',
    accent: 'bg-accent-wash text-accent',
};

export function Badge({tone = 'plain', icon, children, title}:
        {tone?: Tone; icon?: IconName; children: ReactNode; title?: string}) {
    return (
        <span title={title} className={'inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs ' +
            'font-medium whitespace-nowrap ' + kTones[tone]}>
            {icon && <Icon name={icon} className="size-3.5"/>}{children}
        </span>
    );
}

export function ScopeTag({children, short}: {children: string; short?: boolean}) {
    return (
        <code dir="ltr" title={short ? children : undefined}
              className={'inline-block rounded-md bg-sunken px-1.5 py-0.5 font-mono text-[0.6875rem]/4 text-quiet ring-1 ' +
                  'ring-line ring-inset' + (short ? ' max-w-48 truncate' : '')}>{children}</code>
    );
}

// "in 3 days", with the exact time on hover and for assistive technology.
export function Time({at, never}: {at: string | null | undefined; never?: string}) {
    if (!at) return <span className="whitespace-nowrap text-quiet">{never ?? '–'}</span>;
    return <time dateTime={at} title={exact(at)} className="whitespace-nowrap">{relative(at)}</time>;
}

export function Id({value, label}: {value: string; label?: string}) {
    return (
        <span className="-my-1.5 inline-flex max-w-full items-center gap-0.5">
            <code dir="ltr" className="truncate font-mono text-xs">{value}</code>
            <CopyIcon text={value} label={label ?? t('Copy the id')}/>
        </span>
    );
}

export function PageHead({title, children, actions, back}:
        {title: ReactNode; children?: ReactNode; actions?: ReactNode; back?: [string, string]}) {
    return (
        <header className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
            <div className="min-w-0 flex-1 basis-64">
                {back && (
                    <nav aria-label={t('Breadcrumb')} className="mb-1.5 text-[0.8125rem] text-quiet">
                        <Link href={back[0]} className="inline-flex items-center gap-1 rounded hover:text-ink">
                            <Icon name="chevron" className="size-3.5 rotate-180 rtl:rotate-0"/>{back[1]}
                        </Link>
                    </nav>
                )}
                <h1 tabIndex={-1} className="text-[1.375rem]/8 font-semibold tracking-[-0.015em]">{title}</h1>
                {children && <div className="mt-0.5 max-w-2xl text-quiet">{children}</div>}
            </div>
            {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
    );
}

export function Card({title, aside, children, className = '', flush}:
        {title?: ReactNode; aside?: ReactNode; children: ReactNode; className?: string; flush?: boolean}) {
    return (
        <section className={'card min-w-0 ' + className}>
            {title && (
                <div className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-5 py-3">
                    <h2 className="font-semibold">{title}</h2>
                    {aside}
                </div>
            )}
            <div className={flush ? '' : 'p-5'}>{children}</div>
        </section>
    );
}

export function Facts({items}: {items: [string, ReactNode][]}) {
    return (
        <dl className="grid grid-cols-1 gap-x-6 gap-y-3 sm:grid-cols-[minmax(8rem,auto)_1fr]">
            {items.map(([name, value]) => (
                <div key={name} className="grid gap-0.5 sm:col-span-2 sm:grid-cols-subgrid sm:gap-x-6 sm:items-baseline">
                    <dt className="text-quiet">{name}</dt>
                    <dd className="min-w-0">{value}</dd>
                </div>
            ))}
        </dl>
    );
}

export function Kbd({children}: {children: ReactNode}) {
    return <kbd className="rounded border border-line bg-sunken px-1.5 font-mono text-xs">{children}</kbd>;
}
