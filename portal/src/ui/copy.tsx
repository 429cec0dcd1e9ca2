import {type ComponentProps, useEffect, useState} from 'react';
import {copyText} from '../lib/copy';
import {t} from '../lib/i18n';
import {announce} from './announce';
import {Button, IconButton} from './button';

type Outcome = 'idle' | 'copied' | 'failed';

function useCopy(text: string, onCopied?: () => void): [Outcome, () => void] {
    const [outcome, setOutcome] = useState<Outcome>('idle');
    useEffect(() => {
        if (outcome === 'idle') return;
        const timer = setTimeout(() => setOutcome('idle'), 2000);
        return () => clearTimeout(timer);
    }, [outcome]);
    return [outcome, () => {
        void copyText(text).then((copied) => {
            setOutcome(copied ? 'copied' : 'failed');
            announce(copied ? t('Copied') : t('Could not copy; select the text and press Ctrl+C'));
            if (copied) onCopied?.();
        });
    }];
}

export function CopyButton({text, label, onCopied, ...rest}:
        {text: string; label?: string; onCopied?: () => void} & ComponentProps<typeof Button>) {
    const [outcome, copy] = useCopy(text, onCopied);
    const word = label ?? t('Copy');
    return (
        <Button icon={outcome === 'copied' ? 'check' : 'copy'} {...rest} onClick={copy}>
            {outcome === 'copied' ? t('Copied') : outcome === 'failed' ? t('Press Ctrl+C') : word}
        </Button>
    );
}

export function CopyIcon({text, label}: {text: string; label: string}) {
    const [outcome, copy] = useCopy(text);
    return <IconButton label={label} icon={outcome === 'copied' ? 'check' : 'copy'} onClick={copy}/>;
}

// A piece of text for a terminal or a file, and a button that copies exactly it.
export function Snippet({text, label, wrap}: {text: string; label: string; wrap?: boolean}) {
    return (
        <div className="flex items-start gap-1 rounded-lg border border-line bg-sunken">
            <pre tabIndex={0} aria-label={label} dir="ltr"
                 className={'min-w-0 flex-1 overflow-x-auto rounded-lg px-3 py-2.5 font-mono text-xs ' +
                     'leading-5 ' + (wrap ? 'whitespace-pre-wrap break-all' : 'whitespace-pre')}>{text}</pre>
            <div className="p-1"><CopyIcon text={text} label={t('Copy: {what}', {what: label})}/></div>
        </div>
    );
}
