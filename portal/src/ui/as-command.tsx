// Every form says how a terminal does the same.
import {useState} from 'react';
import {t} from '../lib/i18n';
import {Snippet} from './copy';
import {Segments} from './field';

interface Twins {
    command?: string; // not every change has a command of its own
    curl?: string; // nor is every one a single request
}

export function AsCommand({command, curl}: Twins) {
    const [way, setWay] = useState<'cli' | 'curl'>(command ? 'cli' : 'curl');
    const isCli = way === 'cli' && command !== undefined;
    return (
        <div className="flex flex-col items-start gap-2">
            {command && curl && (
                <Segments label={t('Show as')} value={way} onChange={setWay}
                          options={[{value: 'cli', text: 'CLI'}, {value: 'curl', text: 'curl'}]}/>
            )}
            <div className="w-full"><Snippet wrap text={(isCli ? command : curl) ?? ''} label={isCli ? t('Command') : 'curl'}/></div>
        </div>
    );
}

// The same, folded: it is looked for, not read each time.
export function ShowAs(twins: Twins) {
    return (
        <details className="border-t border-line pt-3 text-start">
            <summary className="min-h-6 cursor-pointer rounded font-medium text-quiet hover:text-ink">
                {t('Show as command')}
            </summary>
            <div className="mt-3"><AsCommand {...twins}/></div>
        </details>
    );
}
