import {Menu as Base} from '@base-ui/react/menu';
import type {ReactElement, ReactNode} from 'react';
import {navigate} from 'wouter/use-browser-location';
import {Icon, type IconName} from './icons';
import {isOverlaid} from './overlay';

export interface MenuEntry {
    text: string;
    icon?: IconName;
    href?: string;
    act?: () => void;
    danger?: boolean;
    disabled?: boolean;
}

const kPopup = 'fade min-w-44 rounded-xl border border-line bg-raised p-1 shadow-lg shadow-(color:--shadow) outline-none';

function Frame({trigger, children}: {trigger: ReactElement; children: ReactNode}) {
    return (
        <Base.Root>
            <Base.Trigger render={trigger}/>
            <Base.Portal>
                <Base.Positioner sideOffset={4} align="end" className="z-50 outline-none">
                    <Base.Popup className={kPopup}>{children}</Base.Popup>
                </Base.Positioner>
            </Base.Portal>
        </Base.Root>
    );
}

function entriesOf(entries: (MenuEntry | null)[]) {
    return entries.map((entry, index) => entry === null
        ? <Base.Separator key={index} className="mx-1 my-1 h-px bg-line"/>
        : <Entry key={entry.text} entry={entry}/>);
}

export function Menu({trigger, entries}: {trigger: ReactElement; entries: (MenuEntry | null)[]}) {
    return <Frame trigger={trigger}>{entriesOf(entries)}</Frame>;
}

// A menu that many buttons share: it opens at the one that was pressed, and gives the focus back,
// but not from a question that one of its entries has opened.
export function MenuAt({anchor, label, entries, onClose}:
        {anchor: HTMLElement | null; label: string; entries: (MenuEntry | null)[]; onClose: () => void}) {
    return (
        <Base.Root open={anchor !== null} onOpenChange={(open) => { if (!open) onClose(); }}>
            <Base.Portal>
                <Base.Positioner anchor={anchor} sideOffset={4} align="end" className="z-50 outline-none">
                    <Base.Popup aria-label={label} finalFocus={() => !isOverlaid() && anchor} className={kPopup}>{entriesOf(entries)}</Base.Popup>
                </Base.Positioner>
            </Base.Portal>
        </Base.Root>
    );
}

// Stays open while several are ticked.
export function CheckMenu({trigger, entries}:
        {trigger: ReactElement; entries: {text: string; isChecked: boolean; toggle: () => void}[]}) {
    return (
        <Frame trigger={trigger}>
            {entries.map((entry) => (
                <Base.CheckboxItem key={entry.text} checked={entry.isChecked} onCheckedChange={entry.toggle} closeOnClick={false}
                                   className="flex min-h-8 items-center gap-2.5 rounded-lg px-2.5 py-1 outline-none data-highlighted:bg-hover">
                    <span className="size-4"><Base.CheckboxItemIndicator><Icon name="check"/></Base.CheckboxItemIndicator></span>
                    {entry.text}
                </Base.CheckboxItem>
            ))}
        </Frame>
    );
}

function Entry({entry}: {entry: MenuEntry}) {
    const act = entry.act ?? (() => navigate(entry.href ?? '/'));
    return (
        <Base.Item onClick={act} disabled={entry.disabled ?? false}
                   className={'flex min-h-8 items-center gap-2.5 rounded-lg px-2.5 py-1 outline-none ' +
                       'data-disabled:opacity-50 data-highlighted:bg-hover ' +
                       (entry.danger ? 'text-bad data-highlighted:bg-bad-wash' : '')}>
            {entry.icon && <Icon name={entry.icon}/>}
            {entry.text}
        </Base.Item>
    );
}
