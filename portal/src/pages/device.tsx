// A device without a browser asks to be logged in, under a code that it shows.
import {useState} from 'react';
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {Card, PageHead} from '../ui/bits';
import {Button} from '../ui/button';
import {TextField} from '../ui/field';
import {WaitingLogin} from './waiting-login';

function normal(code: string) {
    const letters = code.toUpperCase().replace(/[^A-Z0-9]/g, '');
    return letters.length > 4 ? letters.slice(0, 4) + '-' + letters.slice(4, 8) : letters;
}

export function Device() {
    const search = new URLSearchParams(location.search);
    const [code, setCode] = useState(normal(search.get('user_code') ?? search.get('code') ?? ''));
    const [asked, setAsked] = useState(code);
    useTitle(t('Log in a command line'));
    return (
        <div className="mx-auto max-w-lg">
            <PageHead title={t('Log in a command line')}>{t('Type the code that the command line shows.')}</PageHead>
            <Card>
                <form className="flex flex-wrap items-end gap-3" onSubmit={(event) => { event.preventDefault(); setAsked(code); }}>
                    <div className="flex-1 basis-48">
                        <TextField label={t('Code')} value={code} autoComplete="off" spellCheck={false} maxLength={9} placeholder="WDJB-MJHT"
                                   className="text-center font-mono text-lg tracking-[0.2em]" onChange={(event) => setCode(normal(event.target.value))}/>
                    </div>
                    <Button type="submit" look={asked.length === 9 ? 'plain' : 'primary'} disabled={code.length !== 9}>{t('Go on')}</Button>
                </form>
            </Card>
            {asked.length === 9 && <WaitingLogin key={asked} name={asked} none={t('No command line asks with this code')}/>}
        </div>
    );
}
