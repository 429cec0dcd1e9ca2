// Every token of the installation, for who looks after it.
import {useState} from 'react';
import {useCan} from '../lib/client';
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {PageHead} from '../ui/bits';
import {Button} from '../ui/button';
import {Empty} from '../ui/feedback';
import {BulkRule} from './bulk-rule';
import {TokenList} from './token-list';

export function AllTokens() {
    const can = useCan();
    const [stops, setStops] = useState(false);
    useTitle(t('All tokens'));
    return (
        <>
            <PageHead title={t('All tokens')} actions={can('token:write') && can('user:write') && (
                <Button icon="stop" onClick={() => setStops(true)}>{t('Stop many…')}</Button>
            )}>{t('The tokens of every user of this installation.')}</PageHead>
            <TokenList owner="all" showOwner empty={
                <Empty icon="tokens" title={t('Nobody has a token yet')}/>
            }/>
            {stops && <BulkRule onClose={() => setStops(false)}/>}
        </>
    );
}
