// A command line on this machine opened this browser and waits for its answer (latchkey login
// --web). What it asks for it told the server before; the address only names it.
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {PageHead} from '../ui/bits';
import {Notice} from '../ui/feedback';
import {WaitingLogin} from './waiting-login';

const kPrefix = 'urn:ietf:params:oauth:request_uri:';

export function Authorize() {
    const asked = new URLSearchParams(location.search).get('request_uri') ?? '';
    const name = asked.startsWith(kPrefix) ? asked.slice(kPrefix.length) : '';
    useTitle(t('Log in a command line'));
    return (
        <div className="mx-auto max-w-lg">
            <PageHead title={t('Log in a command line')}>{t('It opened this page and waits for your answer.')}</PageHead>
            {name === ''
                ? <Notice tone="warn" title={t('No command line opened this page')}>{t('Run latchkey login --web, and it does.')}</Notice>
                : <WaitingLogin name={name} none={t('No command line waits for this page')}/>}
        </div>
    );
}
