// A new secret while the old one goes on for a while; and who still uses the old one.
import {useState} from 'react';
import {call} from '../lib/api';
import {useRefresh} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {t, number} from '../lib/i18n';
import {kTokens} from '../lib/tokens';
import type {CreatedToken, Token} from '../lib/types';
import {ShowAs} from '../ui/as-command';
import {Badge, Card, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {Modal} from '../ui/dialog';
import {ProblemNotice} from '../ui/feedback';
import {Checkbox, Segments} from '../ui/field';
import {reveal} from './reveal';
import {useUsage} from './token';

const kGraces: Record<string, string> = {0: '0', 900: '15m', 3600: '1h', 86400: '24h', 604800: '7d'};

export function Rotate({token, onClose, onDone}: {token: Token; onClose: () => void; onDone: () => void}) {
    const [grace, setGrace] = useState('86400');
    const [untilSilent, setUntilSilent] = useState(false);
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    const endsSooner = untilSilent && grace !== '0';
    const body = {graceSeconds: Number(grace), ...(endsSooner ? {untilSilentSeconds: 3600} : {})};

    async function rotate() {
        setBusy(true);
        setProblem(null);
        try {
            const made = await call<CreatedToken>('POST', `/v1/tokens/${token.id}/rotate`, body);
            onDone();
            reveal({...made.body, name: token.name}, kTokens + '/' + token.id, t('Your new secret'));
            void refresh('tokens', 'token');
        } catch (failure) {
            setProblem(failure);
            setBusy(false);
        }
    }

    return (
        <Modal open onClose={onClose} title={<>{t('Rotate')} <bdi>{token.name}</bdi></>}
               description={t('You get a new secret for the same token. The old one goes on for a while, so that you can change over without a gap.')}>
            <div className="flex flex-col gap-4">
                {problem !== null && <ProblemNotice problem={problem} title={t('The token was not rotated')}/>}
                <div className="flex flex-col gap-1.5">
                    <p className="font-medium">{t('The old secret ends')}</p>
                    <Segments label={t('The old secret ends')} value={grace} onChange={setGrace} options={[
                        {value: '0', text: t('now')},
                        {value: '900', text: t('in 15 minutes')},
                        {value: '3600', text: t('in 1 hour')},
                        {value: '86400', text: t('in 24 hours')},
                        {value: '604800', text: t('in 7 days')},
                    ]}/>
                </div>
                {grace !== '0' && (
                    <Checkbox label={t('Sooner, once nobody has used it for an hour')} checked={untilSilent}
                              onChange={(event) => setUntilSilent(event.target.checked)}/>
                )}
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button look="primary" icon="rotate" busy={busy} onClick={() => void rotate()}>
                        {busy ? t('Rotating…') : t('Rotate token')}
                    </Button>
                </div>
                <ShowAs command={cli('token rotate', token.id, ['--grace', kGraces[grace]],
                            ['--until-silent', endsSooner ? '1h' : ''])}
                        curl={curlOf('POST', `/v1/tokens/${token.id}/rotate`, body)}/>
            </div>
        </Modal>
    );
}

// Only worth a place when there is more than one.
export function Secrets({token}: {token: Token}) {
    const usage = useUsage(token.id);
    if (!token.secrets || token.secrets.length < 2) return null;
    const callers = (generation: number) =>
        usage.data?.generations?.find((one) => one.generation === generation)?.callers ?? [];
    return (
        <Card title={t('Secrets')} flush>
            <ul className="divide-y divide-line">
                {token.secrets.map((secret) => (
                    <li key={secret.id} className="flex flex-col gap-2 px-5 py-3">
                        <div className="flex flex-wrap items-center gap-3">
                            <span className="font-medium">{t('Secret {n}', {n: secret.generation})}</span>
                            {secret.state === 'live'
                                ? secret.endsAt
                                    ? <Badge tone="warn" icon="clock">{t('Ends')}&nbsp;<Time at={secret.endsAt}/></Badge>
                                    : <Badge tone="good" icon="check">{t('In use')}</Badge>
                                : <Badge>{t('Ended')}</Badge>}
                            <span className="ms-auto text-quiet">
                                {t('{n} uses', {n: number(secret.uses)})} · <Time at={secret.lastUsedAt} never={t('Never used')}/>
                            </span>
                        </div>
                        {callers(secret.generation).length > 0 && secret.state === 'live' && (
                            <ul className="flex flex-col gap-1 text-xs text-quiet">
                                {callers(secret.generation).map((caller) => (
                                    <li key={caller.address + caller.agent}>
                                        <code className="font-mono">{caller.address}</code> · {caller.agent || '–'} ·{' '}
                                        <Time at={caller.lastUsedAt}/>
                                    </li>
                                ))}
                            </ul>
                        )}
                    </li>
                ))}
            </ul>
        </Card>
    );
}
