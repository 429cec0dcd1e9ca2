// What is said when there is nothing, not yet something, or something wrong.
import type {ReactNode} from 'react';
import {Problem} from '../lib/api';
import {isAway} from '../lib/client';
import {t} from '../lib/i18n';
import {PageHead} from './bits';
import {Button} from './button';
import {CopyIcon} from './copy';
import {Icon, type IconName} from './icons';

type Tone = 'info' | 'good' | 'warn' | 'bad';
const kTones: Record<Tone, [string, IconName, string]> = {
    info: ['border-line bg-sunken', 'info', 'text-accent'],
    good: ['border-line bg-good-wash', 'check', 'text-good'],
    warn: ['border-warn-line bg-warn-wash', 'warn', 'text-warn'],
    bad: ['border-bad-line bg-bad-wash', 'warn', 'text-bad'],
};

export function Notice({tone = 'info', title, children, role}:
        {tone?: Tone; title?: ReactNode; children?: ReactNode; role?: 'alert' | 'status'}) {
    const [box, icon, colour] = kTones[tone];
    return (
        <div role={role} className={'flex gap-2.5 rounded-xl border px-3.5 py-3 ' + box}>
            <span className={'mt-0.5 ' + colour}><Icon name={icon}/></span>
            <div className="min-w-0 flex-1">
                {title && <p className="font-medium text-ink">{title}</p>}
                {children && <div className={title ? 'mt-0.5 text-quiet' : 'text-ink'}>{children}</div>}
            </div>
        </div>
    );
}

// The server's texts are phrases, made to stand behind "error:".
export function sentence(text: string) {
    const whole = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(whole) || whole === '' ? whole : whole + '.';
}

export function ProblemNotice({problem, title, retry}:
        {problem: unknown; title?: string; retry?: () => void}) {
    const known = problem instanceof Problem ? problem : null;
    const message = problem instanceof Error ? problem.message : String(problem);
    return (
        <Notice tone="bad" role="alert" title={title ?? sentence(message)}>
            {title && <p>{sentence(message)}</p>}
            {known?.hint && <p>{sentence(known.hint)}</p>}
            {known && known.missingScopes.length > 0 && (
                <p>{t('Missing:')} <code className="font-mono text-xs">{known.missingScopes.join(' ')}</code></p>
            )}
            {known && known.requestId && (
                <p className="mt-1 flex flex-wrap items-center gap-1 text-xs">
                    {t('Request')} <code className="font-mono">{known.requestId}</code>
                    <CopyIcon text={known.requestId} label={t('Copy the request id')}/>
                </p>
            )}
            {retry && <Button size="small" className="mt-2" onClick={retry}>{t('Try again')}</Button>}
        </Notice>
    );
}

// A page whose one thing is not there, or not for this person.
export function NotShown({back, what, problem, title, retry}:
        {back: [string, string]; what: string; problem: unknown; title: string; retry: () => void}) {
    return (
        <>
            <PageHead back={back} title={what}/>
            <ProblemNotice problem={problem} title={title} retry={isAway(problem) ? retry : undefined}/>
        </>
    );
}

// What was to be changed is not what was read (If-Match).
export function isChangedElsewhere(failure: unknown) {
    return failure instanceof Problem && failure.status === 412;
}

// Says that what is edited is not what stands any more.
export function ChangedElsewhere({reset}: {reset: () => void}) {
    return (
        <Notice tone="warn" role="alert" title={t('Somebody else has changed this meanwhile')}>
            <p>{t('Nothing of yours was saved. Load what stands now, and make your change again.')}</p>
            <Button size="small" className="mt-2" onClick={reset}>{t('Load what stands now')}</Button>
        </Notice>
    );
}

export function Empty({icon, title, children, action}:
        {icon: IconName; title: string; children?: ReactNode; action?: ReactNode}) {
    return (
        <div className="flex flex-col items-center gap-3 px-6 py-14 text-center">
            <span className="flex size-12 items-center justify-center rounded-2xl bg-accent-wash text-accent">
                <Icon name={icon} className="size-6"/>
            </span>
            <h2 className="text-base font-semibold">{title}</h2>
            {children && <div className="w-full max-w-md min-w-0 text-quiet">{children}</div>}
            {action && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
        </div>
    );
}

export function SkeletonRows({rows = 5}: {rows?: number}) {
    return (
        <div role="status" aria-label={t('Loading')} className="flex flex-col gap-4 p-5">
            {Array.from({length: rows}, (_, row) => (
                <div key={row} className="flex items-center gap-6">
                    <div className="skeleton h-4 w-1/3"/>
                    <div className="skeleton h-4 w-1/5"/>
                    <div className="skeleton h-4 flex-1"/>
                </div>
            ))}
        </div>
    );
}
