// Every form says how a terminal does the same.
import {type ReactNode, useState} from 'react';
import {curlBySession} from '../lib/commands';
import {t} from '../lib/i18n';
import {Snippet} from './copy';
import {Segments} from './field';

interface Twins {
    command?: string; // not every change has a command of its own
    curl?: string; // nor is every one a single request
    note?: ReactNode;
}

export function AsCommand({command, curl, note}: Twins) {
    const [way, setWay] = useState<'cli' | 'curl'>(command ? 'cli' : 'curl');
    const isCli = way === 'cli' && command !== undefined;
    return (
        <div className="flex flex-col items-start gap-2">
            {command && curl && (
                <Segments label={t('Show as')} value={way} onChange={setWay}
                          options={[{value: 'cli', text: 'CLI'}, {value: 'curl', text: 'curl'}]}/>
            )}
            <div className="w-full"><Snippet wrap text={(isCli ? command : curl) ?? ''} label={isCli ? t('Command') : 'curl'}/></div>
            {note && !isCli && <p className="text-xs text-quiet">{note}</p>}
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

interface Way {
    method?: string;
    path: string;
    file?: string;
    members?: string[]; // of the file
    isOutside?: boolean;
    command?: string;
}

// For forms that no token reaches. No password and no code stands in a command: the command line
// asks for them, and curl reads a file.
export function ShowAsBySession({method = 'POST', path, file, members = [], isOutside, command}: Way) {
    return (
        <ShowAs command={command} curl={curlBySession(method, path, file, isOutside)} note={
            <>
                {file && <>{t('{file} holds an object:', {file})} <code className="font-mono">{members.join(', ')}</code>. </>}
                {!isOutside && t('~/.latchkey-session holds the session that POST /v1/session answers; a token does not reach this.')}
            </>
        }/>
    );
}
