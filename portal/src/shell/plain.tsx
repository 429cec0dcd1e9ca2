// The frame of the pages before the login: one card in the middle.
import {type ReactNode, useEffect} from 'react';
import {t} from '../lib/i18n';
import {Brand, InsecureBanner, SkipLink} from './brand';
import {Preferences} from './preferences';

export function Plain({title, lead, children}: {title: string; lead?: ReactNode; children: ReactNode}) {
    useEffect(() => {
        document.title = title + ' · Latchkey';
    }, [title]);
    return (
        <div className="flex min-h-dvh flex-col">
            <SkipLink/>
            <InsecureBanner/>
            <header className="flex items-center justify-between gap-4 px-4 py-4 sm:px-6"><Brand/><Preferences/></header>
            <main id="main" tabIndex={-1} className="mx-auto flex w-full max-w-md flex-1 flex-col px-4 pt-[6vh] pb-16">
                <div className="card p-6 shadow-xl shadow-(color:--shadow)/30 sm:p-8">
                    <h1 tabIndex={-1} className="text-xl font-semibold tracking-[-0.015em]">{title}</h1>
                    {lead && <p className="mt-1 text-quiet">{lead}</p>}
                    <div className="mt-6">{children}</div>
                </div>
            </main>
            <footer className="px-4 pb-6 text-center text-xs text-quiet">
                {t('Latchkey keeps personal access tokens for your API.')}
            </footer>
        </div>
    );
}
