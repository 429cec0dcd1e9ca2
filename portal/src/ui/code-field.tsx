// The code of the second factor: six digits, or a recovery code when the authenticator is lost.
import {useState} from 'react';
import {t} from '../lib/i18n';
import {TextField} from './field';

export function CodeField({id, value, error, autoFocus, onChange, noRecovery}:
        {id: string; value: string; error?: string; autoFocus?: boolean; onChange: (value: string) => void;
         noRecovery?: boolean}) {
    const [recovery, setRecovery] = useState(false);
    return (
        <div className="flex flex-col items-start gap-1.5">
            <div className="w-full">
                <TextField id={id} label={recovery ? t('Recovery code') : t('Code')} autoComplete="one-time-code"
                           inputMode={recovery ? 'text' : 'numeric'} spellCheck={false} autoCapitalize="none"
                           maxLength={24} required autoFocus={autoFocus} value={value} error={error}
                           className="font-mono text-lg tracking-[0.2em]"
                           hint={recovery ? t('One of the ten that you wrote down. It serves once.')
                               : t('Six digits, as your authenticator shows them now.')}
                           onChange={(event) => onChange(event.target.value)}/>
            </div>
            {!noRecovery && (
                <button type="button" className="link text-[0.8125rem]" onClick={() => { setRecovery(!recovery); onChange(''); }}>
                    {recovery ? t('Use the authenticator') : t('Use a recovery code')}
                </button>
            )}
        </div>
    );
}
