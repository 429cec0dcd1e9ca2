// What needs attention, at a glance.
import {useQuery} from '@tanstack/react-query';
import {Link} from 'wouter';
import {getAll} from '../lib/api';
import {isBroken, useCan, useMe} from '../lib/client';
import {useTitle} from '../lib/hooks';
import {number, t} from '../lib/i18n';
import {kDay} from '../lib/time';
import {expiresSoon, kTokens, stateWords} from '../lib/tokens';
import type {Token} from '../lib/types';
import {Badge, Card, PageHead, Time} from '../ui/bits';
import {LinkButton} from '../ui/button';
import {Snippet} from '../ui/copy';
import {Empty, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Icon} from '../ui/icons';

const kMost = 1000;

interface Concern {
    token: Token;
    text: string;
    tone: 'warn' | 'bad' | 'plain';
}

function concerns(tokens: Token[], now = Date.now()): Concern[] {
    const list: Concern[] = [];
    for (const token of tokens) {
        if (token.state !== 'active') continue;
        const last = new Date(token.lastUsedAt ?? token.createdAt).getTime();
        if (expiresSoon(token, now)) list.push({token, text: t('expires soon'), tone: 'warn'});
        else if (now - last > 90 * kDay) list.push({token, text: t('unused for 90 days'), tone: 'plain'});
        else if (!token.expiresAt) list.push({token, text: t('never expires'), tone: 'plain'});
    }
    return list.sort((a, b) => Number(b.tone === 'warn') - Number(a.tone === 'warn')).slice(0, 8);
}

function Figure({value, isLeast, text, href, icon}:
        {value: number; isLeast: boolean; text: string; href: string; icon: 'check' | 'clock' | 'play' | 'pause'}) {
    return (
        <Link href={href} className="card flex flex-col gap-1 px-5 py-4 transition-shadow hover:border-field-line hover:shadow-md hover:shadow-(color:--shadow)">
            <span className="flex items-center gap-2 text-quiet"><Icon name={icon}/>{text}</span>
            <span className="text-2xl font-semibold tracking-tight">{number(value) + (isLeast ? '+' : '')}</span>
        </Link>
    );
}

export function Overview() {
    const {data: me} = useMe();
    const can = useCan();
    useTitle(t('Overview'));
    const seesTokens = can('token:read');
    const tokens = useQuery({
        queryKey: ['tokens', 'overview'], queryFn: () => getAll<Token>('/v1/tokens?limit=200', kMost), enabled: seesTokens,
    });
    const name = me?.name || me?.email || '';
    if (isBroken(tokens)) return <ProblemNotice problem={tokens.error} retry={() => void tokens.refetch()}/>;
    if (!me || (seesTokens && !tokens.data)) return <div className="card"><SkeletonRows/></div>;
    const all = tokens.data ?? [];
    const active = all.filter((token) => token.state === 'active');
    const used = active.filter((token) => token.lastUsedAt && Date.now() - new Date(token.lastUsedAt).getTime() < kDay);
    const attention = concerns(all);
    const isLeast = all.length >= kMost; // there are more than were read
    return (
        <>
            <PageHead title={<>{t('Hello,')} <bdi>{name}</bdi></>}
                      actions={can('token:write') && <LinkButton look="primary" icon="plus" href={kTokens + '/new'}>{t('New access token')}</LinkButton>}>
                {seesTokens && t('Your tokens at a glance.')}
            </PageHead>
            {seesTokens && <div className="mb-5 grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
                <Figure isLeast={isLeast} icon="check" value={active.length} text={t('Active')} href={kTokens + '?state=active'}/>
                <Figure isLeast={isLeast} icon="clock" value={active.filter((token) => expiresSoon(token)).length} text={t('Expire within 14 days')} href={kTokens + '?state=expiring'}/>
                <Figure isLeast={isLeast} icon="play" value={used.length} text={t('Used in 24 hours')} href={kTokens + '?sort=-lastUsedAt'}/>
                <Figure isLeast={isLeast} icon="pause" value={all.filter((token) => token.state === 'suspended').length} text={t('Suspended')} href={kTokens + '?state=suspended'}/>
            </div>}
            <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]">
                {seesTokens && <Card title={t('Needs attention')} flush>
                    {attention.length === 0 && <Empty icon="check" title={t('All is well')}>{t('No token expires soon, lies unused, or lives for ever.')}</Empty>}
                    <ul className="divide-y divide-line">
                        {attention.map(({token, text, tone}) => (
                            <li key={token.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-5 py-3 hover:bg-sunken/60">
                                <Link href={kTokens + '/' + token.id} className="min-w-32 flex-1 rounded font-medium hover:text-accent"><bdi>{token.name}</bdi></Link>
                                <Badge tone={tone} icon={tone === 'warn' ? 'clock' : undefined} title={stateWords(token).remedy}>{text}</Badge>
                                {token.expiresAt && <span className="text-quiet"><Time at={token.expiresAt}/></span>}
                            </li>
                        ))}
                    </ul>
                </Card>}
                <Card title={t('On the command line')}>
                    <p className="mb-3 text-quiet">{t('Everything here can be done in a terminal, too.')}</p>
                    <div className="flex flex-col gap-2">
                        <Snippet text={'latchkey login --server ' + location.origin} label={t('Log in')}/>
                        <Snippet text="latchkey token create -n my-token -e 30d" label={t('Make a token')}/>
                        <Snippet text="latchkey token list" label={t('List tokens')}/>
                    </div>
                </Card>
            </div>
        </>
    );
}
