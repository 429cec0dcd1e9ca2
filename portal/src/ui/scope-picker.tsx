// Scopes as independent checkboxes: one row a resource, Read and Write first, searched and grouped.
// The accessible name of a checkbox is the scope itself.
import {useMemo, useState} from 'react';
import {t, tn} from '../lib/i18n';
import {grouped, isPowerful, isWrite, type ScopeRow} from '../lib/scopes';
import type {Scope} from '../lib/types';
import {Button} from './button';
import {Icon} from './icons';

interface Props {
    scopes: Scope[];
    chosen: string[];
    onChange: (chosen: string[]) => void;
    refused: (scope: string) => string; // why it cannot be chosen, or ''
    error?: string;
}

function fits(scope: Scope, words: string) {
    const text = [scope.name, scope.description, scope.group, ...(scope.aliases ?? [])].join(' ').toLowerCase();
    return words.split(/\s+/).every((word) => text.includes(word));
}

function Row({row, chosen, toggle, refused}:
        {row: ScopeRow; chosen: Set<string>; toggle: (scope: string) => void;
         refused: (scope: string) => string}) {
    const about = row.cells.map((cell) => cell.scope.description).filter(Boolean);
    return (
        <div role="group" aria-label={row.title}
             className="grid gap-x-4 gap-y-1.5 px-4 py-2.5 sm:grid-cols-[minmax(9rem,1fr)_minmax(0,1.4fr)]
                        sm:items-center hover:bg-sunken/60">
            <div className="min-w-0">
                <p className="font-medium">{row.title}</p>
                {about.length > 0 && <p className="text-xs text-quiet">{about.join(' · ')}</p>}
            </div>
            <div className="flex flex-wrap gap-x-5 gap-y-1">
                {row.cells.map(({scope, verb}) => {
                    const why = refused(scope.name);
                    return (
                        <label key={scope.name} title={why || scope.description || scope.name}
                               className={'inline-flex min-h-6 min-w-20 items-center gap-2 ' +
                                   (why ? 'text-quiet' : '')}>
                            <input type="checkbox" className="size-4" aria-label={scope.name} disabled={why !== ''}
                                   checked={chosen.has(scope.name)} onChange={() => toggle(scope.name)}/>
                            <span aria-hidden="true">{verb}</span>
                            {isPowerful(scope.name) && chosen.has(scope.name) && (
                                <Icon name="warn" className="size-3.5 text-warn"/>
                            )}
                        </label>
                    );
                })}
            </div>
        </div>
    );
}

export function ScopePicker({scopes, chosen, onChange, refused, error}: Props) {
    const [words, setWords] = useState('');
    const [onlyChosen, setOnlyChosen] = useState(false);
    const held = useMemo(() => new Set(chosen), [chosen]);
    const shown = scopes.filter((scope) => fits(scope, words.toLowerCase().trim()) &&
        (!onlyChosen || held.has(scope.name)));
    const toggle = (scope: string) => onChange(held.has(scope)
        ? chosen.filter((one) => one !== scope) : [...chosen, scope]);
    const free = scopes.filter((scope) => refused(scope.name) === '').map((scope) => scope.name);
    const groups = grouped(shown);
    return (
        <div className={'overflow-hidden rounded-xl border ' + (error ? 'border-bad' : 'border-line')}>
            <div className="flex flex-wrap items-center gap-2 border-b border-line bg-sunken p-2.5">
                <div className="relative min-w-40 flex-1">
                    <Icon name="search" className="pointer-events-none absolute inset-s-2.5 top-2.5 size-4 text-quiet"/>
                    <input type="search" aria-label={t('Search scopes')} placeholder={t('Search scopes…')}
                           value={words} onChange={(event) => setWords(event.target.value)}
                           onKeyDown={(event) => { if (event.key === 'Enter') event.preventDefault(); }}
                           className="control ps-8.5"/>
                </div>
                <Button size="small" onClick={() => onChange(free.filter((scope) => !isWrite(scope)))}>
                    {t('Read only')}
                </Button>
                <Button size="small" onClick={() => onChange([])} disabled={chosen.length === 0}>{t('None')}</Button>
                <label className="flex min-h-7 items-center gap-1.5 px-1 text-[0.8125rem]">
                    <input type="checkbox" checked={onlyChosen} className="size-4"
                           onChange={(event) => setOnlyChosen(event.target.checked)}/>
                    {t('Chosen only')}
                </label>
                <p className="ms-auto px-1 text-xs text-quiet" role="status">
                    {t('{n} of {all} chosen', {n: chosen.length, all: scopes.length})}
                </p>
            </div>
            <div className="max-h-[26rem] divide-y divide-line overflow-y-auto" tabIndex={-1}>
                {groups.map((group, index) => (
                    <section key={index} className="divide-y divide-line">
                        {group.title && (
                            <h3 className="bg-sunken px-4 py-1.5 text-xs font-medium text-quiet">{group.title}</h3>
                        )}
                        {group.rows.map((row) => (
                            <Row key={row.resource} row={row} chosen={held} toggle={toggle} refused={refused}/>
                        ))}
                    </section>
                ))}
                {shown.length === 0 && (
                    <p className="px-4 py-8 text-center text-quiet">
                        {scopes.length === 0 ? t('This API declares no scopes.')
                            : tn('The one scope does not fit.', 'None of {n} scopes fits.', scopes.length)}
                    </p>
                )}
            </div>
        </div>
    );
}
