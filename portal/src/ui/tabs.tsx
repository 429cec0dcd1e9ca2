import {Tabs as Base} from '@base-ui/react/tabs';
import type {ReactNode} from 'react';

export interface Tab {
    id: string;
    text: string;
    count?: number;
    body: ReactNode;
}

// Panels are made when they are looked at, so that a tab costs nothing before.
export function Tabs({tabs, value, onChange, label}:
        {tabs: Tab[]; value: string; onChange: (id: string) => void; label: string}) {
    return (
        <Base.Root value={value} onValueChange={(next) => onChange(String(next))}>
            <Base.List aria-label={label}
                       className="mb-5 flex gap-1 overflow-x-auto border-b border-line pb-px">
                {tabs.map((tab) => (
                    <Base.Tab key={tab.id} value={tab.id}
                              className="-mb-px min-h-9 border-b-2 border-transparent px-3 font-medium
                                         whitespace-nowrap text-quiet hover:text-ink data-active:border-accent
                                         data-active:text-ink focus-visible:-outline-offset-2 rounded-t-md">
                        {tab.text}
                        {tab.count !== undefined && <span className="ms-1.5 text-xs">{tab.count}</span>}
                    </Base.Tab>
                ))}
            </Base.List>
            {tabs.map((tab) => (
                <Base.Panel key={tab.id} value={tab.id} className="outline-offset-4 rounded-lg">
                    {tab.body}
                </Base.Panel>
            ))}
        </Base.Root>
    );
}
