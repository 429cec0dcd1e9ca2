// The installation: what it is called, what signs its tokens.
import {useQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {call, get} from '../lib/api';
import {isBroken, useCan, useRefresh, useSettings} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {useTitle} from '../lib/hooks';
import {number, t, tn} from '../lib/i18n';
import type {SigningKey} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Badge, Card, Facts, Id, PageHead, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {Confirm} from '../ui/dialog';
import {ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Checkbox} from '../ui/field';

export function System() {
    const can = useCan();
    useTitle(t('System'));
    return (
        <>
            <PageHead title={t('System')}>{t('This installation, and the keys that sign its tokens.')}</PageHead>
            <div className="flex flex-col gap-5">
                {(can('settings:read') || !can('key:read')) && <Installation/>}
                {can('key:read') && <Keys/>}
            </div>
        </>
    );
}

function Installation() {
    const settings = useSettings();
    if (isBroken(settings)) return <ProblemNotice problem={settings.error}/>;
    if (!settings.data) return <div className="card"><SkeletonRows rows={3}/></div>;
    const it = settings.data;
    return (
        <Card title={t('Installation')}>
            <Facts items={[
                [t('Issuer'), <Id key="i" value={it.issuer} label={t('Copy the issuer')}/>],
                [t('Version'), it.version],
                [t('Prefix of tokens'), <code key="p" className="font-mono text-xs">{it.tokenPrefix}_</code>],
                [t('Default API'), it.defaultApi],
                ...(it.maxLifeDays !== undefined ? [[t('Longest life'), it.maxLifeDays === null ? t('unlimited') : t('{n} days', {n: it.maxLifeDays})] as [string, string]] : []),
                [t('Installation'), <Id key="n" value={it.installationId}/>],
                [t('Public keys'), <Id key="k" value={location.origin + '/.well-known/jwks.json'} label={t('Copy the address of the keys')}/>],
                [t('API description'), <a key="o" className="link" href="/openapi.json">openapi.json</a>],
            ]}/>
        </Card>
    );
}

function KeyState({item}: {item: SigningKey}) {
    if (item.compromised) return <Badge tone="bad" icon="stop">{t('Withdrawn')}</Badge>;
    switch (item.state) {
        case 'active': return <Badge tone="good" icon="check">{t('Signs')}</Badge>;
        case 'pending': return <Badge tone="accent" icon="clock">{t('Published, waits')}</Badge>;
        case 'verify_only': return <Badge tone="plain" icon="eye">{t('Verifies only')}</Badge>;
        case 'retired': return <Badge>{t('Retired')}</Badge>;
    }
}

function Keys() {
    const can = useCan();
    const [asks, setAsks] = useState(false);
    const keys = useQuery({queryKey: ['signing-keys'], queryFn: () => get<SigningKey[]>('/v1/signing-keys')});
    if (isBroken(keys)) return <ProblemNotice problem={keys.error}/>;
    if (!keys.data) return <div className="card"><SkeletonRows rows={2}/></div>;
    return (
        <Card title={t('Signing keys')} flush aside={can('key:write') && (
            <Button size="small" icon="rotate" onClick={() => setAsks(true)}>{t('Rotate…')}</Button>
        )}>
            <ul className="divide-y divide-line">
                {keys.data.map((key) => (
                    <li key={key.kid} className="grid items-center gap-x-5 gap-y-1 px-5 py-3 lg:grid-cols-[minmax(0,1fr)_4rem_9rem_8rem_7rem]">
                        <div className="min-w-0"><Id value={key.kid} label={t('Copy the kid')}/></div>
                        <span>{key.algorithm}</span>
                        <span><KeyState item={key}/></span>
                        <span className="text-quiet">{tn('{n} live secret', '{n} live secrets', key.liveSecrets)}</span>
                        <span className="text-quiet"><Time at={key.createdAt}/></span>
                    </li>
                ))}
            </ul>
            <RotateKeys open={asks} onClose={() => setAsks(false)} live={keys.data.find((key) => key.state === 'active')?.liveSecrets ?? 0}/>
        </Card>
    );
}

function RotateKeys({open, onClose, live}: {open: boolean; onClose: () => void; live: number}) {
    const [emergency, setEmergency] = useState(false);
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    async function rotate() {
        try {
            await call('POST', '/v1/signing-keys/rotate', {emergency});
            await refresh('signing-keys', 'tokens');
            toast(t('A new key signs now'));
            onClose();
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <Confirm open={open} onClose={onClose} title={t('Rotate the signing key?')} onConfirm={() => void rotate()}
                 action={emergency ? t('Withdraw the key and rotate') : t('Rotate key')}>
            {problem !== null && <ProblemNotice problem={problem}/>}
            <p>{emergency
                ? t('The present key is withdrawn: {n} live tokens stop working at once, here and at every verifier.', {n: number(live)})
                : t('A new key signs from now on. Tokens that were signed before stay good.')}</p>
            <Checkbox label={t('Emergency: the present key may be stolen')} checked={emergency}
                      onChange={(event) => setEmergency(event.target.checked)}/>
            <ShowAs command={cli('admin rotate-keys', emergency && '--emergency')}
                    curl={curlOf('POST', '/v1/signing-keys/rotate', {emergency})}/>
        </Confirm>
    );
}
