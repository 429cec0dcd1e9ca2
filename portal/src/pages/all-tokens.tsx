// Every token of the installation, for who looks after it.
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {PageHead} from '../ui/bits';
import {Empty} from '../ui/feedback';
import {TokenList} from './token-list';

export function AllTokens() {
    useTitle(t('All tokens'));
    return (
        <>
            <PageHead title={t('All tokens')}>{t('The tokens of every user of this installation.')}</PageHead>
            <TokenList owner="all" showOwner me="" empty={
                <Empty icon="tokens" title={t('Nobody has a token yet')}/>
            }/>
        </>
    );
}
