import {Link} from 'wouter';
import {t} from '../lib/i18n';
import {isPlainHttp} from '../lib/link';

export function Brand() {
    return (
        <Link href="/" className="inline-flex items-center gap-2.5 rounded-lg font-semibold tracking-[-0.01em]">
            <img src="/assets/logo.svg" alt="" width="28" height="28"/>Latchkey
        </Link>
    );
}

export function InsecureBanner() {
    if (!isPlainHttp()) return null;
    return (
        <aside aria-label={t('Warning')}
               className="border-b border-warn-line bg-warn-wash px-4 py-2 text-center text-[0.8125rem] text-warn">
            <strong>{t('This connection is not encrypted.')}</strong>{' '}
            {t('Anyone on the way can read your password and your tokens. Use HTTPS.')}
        </aside>
    );
}

export function SkipLink() {
    return (
        <a href="#main" className="sr-only rounded-lg bg-ink px-4 py-2 font-medium text-ground
                                   focus:not-sr-only focus:fixed focus:start-3 focus:top-3 focus:z-[70]">
            {t('Skip to the content')}
        </a>
    );
}
