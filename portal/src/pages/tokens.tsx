// Developer → Access tokens: the person's own tokens.
import {useCan} from '../lib/client';
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {kTokens} from '../lib/tokens';
import {navigate} from 'wouter/use-browser-location';
import {PageHead} from '../ui/bits';
import {Button, LinkButton} from '../ui/button';
import {Snippet} from '../ui/copy';
import {Empty} from '../ui/feedback';
import {TokenList} from './token-list';

export function Tokens() {
    const can = useCan();
    useTitle(t('Access tokens'));
    return (
        <>
            <PageHead title={t('Access tokens')} actions={can('token:write') && (
                <Button look="primary" icon="plus" onClick={() => navigate(kTokens + '/new')}>{t('New token')}</Button>
            )}>
                {t('Programs present these to act for you. Each has a name, its own rights, and an end.')}
            </PageHead>
            <TokenList owner="" empty={
                <Empty icon="tokens" title={t('You have no tokens yet')} action={
                    <LinkButton look="primary" href={kTokens + '/new'}>{t('Make your first token')}</LinkButton>
                }>
                    <p>{t('A token lets a script, a pipeline or a service use the API with only the rights that you choose.')}</p>
                    <div className="mx-auto mt-4 max-w-sm min-w-0 text-start">
                        <Snippet text={`latchkey login --server ${location.origin}\nlatchkey token create -n my-token -e 30d`}
                                 label={t('The same on the command line')}/>
                    </div>
                </Empty>
            }/>
        </>
    );
}
