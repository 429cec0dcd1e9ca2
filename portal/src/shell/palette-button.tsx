// Ctrl+K, or ⌘K, from every page. What it opens is loaded when it is wanted first.
import {lazy, Suspense, useEffect, useState} from 'react';
import {t} from '../lib/i18n';
import {Icon} from '../ui/icons';
import {isDialogOpen} from '../ui/overlay';

const Palette = lazy(() => import('./palette').then((module) => ({default: module.Palette})));
const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function PaletteButton() {
    const [isOpen, setOpen] = useState(false);
    useEffect(() => {
        const listener = (event: KeyboardEvent) => {
            if (event.key.toLowerCase() !== 'k' || event.altKey || event.shiftKey || !(isMac ? event.metaKey : event.ctrlKey)) return;
            event.preventDefault();
            // Over a question or a secret there is nowhere to go.
            if (!isDialogOpen()) setOpen(true);
        };
        addEventListener('keydown', listener);
        return () => removeEventListener('keydown', listener);
    }, []);
    return (
        <>
            <button type="button" title={t('Search and commands')} aria-haspopup="dialog"
                    aria-keyshortcuts={isMac ? 'Meta+K' : 'Control+K'} onClick={() => setOpen(true)}
                    className="inline-flex size-8 items-center justify-center gap-2 rounded-lg text-quiet hover:bg-hover
                               hover:text-ink md:w-auto md:border md:border-line md:px-2.5">
                <Icon name="search" className="size-[1.125rem]"/>
                <span className="sr-only text-[0.8125rem] md:not-sr-only">{t('Search')}</span>
                <span aria-hidden="true" data-keys={isMac ? '⌘K' : 'Ctrl K'}
                      className="hidden text-xs before:content-[attr(data-keys)] md:inline"/>
            </button>
            {isOpen && <Suspense fallback={null}><Palette onClose={() => setOpen(false)}/></Suspense>}
        </>
    );
}
