// One field for everything: type, choose with the arrows, Enter. The focus stays in the field; the
// chosen line is told to assistive technology by aria-activedescendant.
import {Dialog} from '@base-ui/react/dialog';
import {type KeyboardEvent, useEffect, useId, useRef, useState} from 'react';
import {t, tn} from '../lib/i18n';
import {Kbd} from '../ui/bits';
import {Icon} from '../ui/icons';
import {type Find, useFinds} from './palette-finds';

export function Palette({onClose}: {onClose: () => void}) {
    const [words, setWords] = useState('');
    const [at, setAt] = useState(0);
    const {finds, busy} = useFinds(words);
    const list = useId();
    const field = useRef<HTMLInputElement>(null);
    const chosen = Math.min(at, finds.length - 1);
    const optionId = (index: number) => list + '-' + index;

    useEffect(() => {
        document.getElementById(optionId(chosen))?.scrollIntoView({block: 'nearest'});
    }, [chosen, words]);

    function run(find: Find | undefined) {
        if (!find) return;
        onClose();
        find.go();
    }

    function onKey(event: KeyboardEvent) {
        if (event.nativeEvent.isComposing) return;
        const last = finds.length - 1;
        const moves: Record<string, number> = {
            ArrowDown: chosen >= last ? 0 : chosen + 1, ArrowUp: chosen <= 0 ? last : chosen - 1,
            PageDown: Math.min(last, chosen + 8), PageUp: Math.max(0, chosen - 8),
        };
        if (event.key === 'Enter') run(finds[chosen]);
        else if (event.key in moves) setAt(moves[event.key] ?? 0);
        else return;
        event.preventDefault();
    }

    return (
        <Dialog.Root open onOpenChange={(open) => { if (!open) onClose(); }}>
            <Dialog.Portal>
                <Dialog.Backdrop className="fade fixed inset-0 z-40 bg-black/40 backdrop-blur-[2px]"/>
                <Dialog.Viewport className="fixed inset-0 z-50 flex items-start justify-center p-3 pt-[10vh]">
                    <Dialog.Popup initialFocus={field}
                                  className="fade rise flex max-h-[min(32rem,75vh)] w-full max-w-xl flex-col overflow-hidden
                                             rounded-2xl border border-line bg-raised shadow-2xl shadow-(color:--shadow) outline-none">
                        <Dialog.Title className="sr-only">{t('Search and commands')}</Dialog.Title>
                        <div className="relative shrink-0 border-b border-line p-2.5">
                            <Icon name="search" className="pointer-events-none absolute inset-s-5 top-5 size-4 text-quiet"/>
                            <input ref={field} type="text" role="combobox" aria-expanded={finds.length > 0} aria-controls={list}
                                   aria-autocomplete="list" aria-label={t('Search and commands')} autoComplete="off"
                                   aria-activedescendant={finds.length > 0 ? optionId(chosen) : undefined} spellCheck={false}
                                   placeholder={t('A page, a token, a project, or “revoke …”')} maxLength={100}
                                   value={words} onKeyDown={onKey} onChange={(event) => { setWords(event.target.value); setAt(0); }}
                                   className="control ps-8.5"/>
                        </div>
                        <Options id={list} finds={finds} chosen={chosen} optionId={optionId} onPoint={setAt} onRun={run}/>
                        <p role="status" className={finds.length > 0 ? 'sr-only' : 'px-4 py-8 text-center text-quiet'}>
                            {finds.length > 0 ? tn('{n} hit', '{n} hits', finds.length) : busy ? t('Searching…') : t('Nothing is called so.')}
                        </p>
                        <p aria-hidden="true" className="hidden shrink-0 gap-4 border-t border-line bg-sunken px-4 py-2 text-xs text-quiet sm:flex">
                            <span><Kbd>↑</Kbd> <Kbd>↓</Kbd> {t('choose')}</span>
                            <span><Kbd>Enter</Kbd> {t('go')}</span><span><Kbd>Esc</Kbd> {t('close')}</span>
                        </p>
                    </Dialog.Popup>
                </Dialog.Viewport>
            </Dialog.Portal>
        </Dialog.Root>
    );
}

function Options({id, finds, chosen, optionId, onPoint, onRun}:
        {id: string; finds: Find[]; chosen: number; optionId: (index: number) => string;
         onPoint: (index: number) => void; onRun: (find: Find) => void}) {
    if (finds.length === 0) return null;
    return (
        <div id={id} role="listbox" aria-label={t('Hits')} className="min-h-0 overflow-y-auto p-1.5">
            {finds.map((find, index) => (
                <div key={find.id} role="presentation">
                    {find.group !== finds[index - 1]?.group && (
                        <p role="presentation" className="px-2.5 pt-2 pb-1 text-xs font-medium text-quiet">{find.group}</p>
                    )}
                    <div id={optionId(index)} role="option" aria-selected={index === chosen} onClick={() => onRun(find)}
                         onPointerMove={() => { if (index !== chosen) onPoint(index); }}
                         className="flex min-h-9 cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-1
                                    aria-selected:bg-accent-wash aria-selected:text-accent">
                        <Icon name={find.icon} className="size-[1.125rem]"/>
                        <bdi className="min-w-0 truncate font-medium">{find.text}</bdi>
                        {find.about && <bdi className="ms-auto max-w-[45%] min-w-0 truncate text-xs text-quiet">{find.about}</bdi>}
                    </div>
                </div>
            ))}
        </div>
    );
}
