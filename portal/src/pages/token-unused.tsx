// Scopes that nobody asks for: a token that loses them loses nothing, and a thief gains less.
import {useQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {call, get} from '../lib/api';
import {useRefresh} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {t, tn} from '../lib/i18n';
import {date} from '../lib/time';
import type {Shrink, Token, UnusedScopes} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Card, ScopeTag} from '../ui/bits';
import {Button} from '../ui/button';
import {Confirm} from '../ui/dialog';
import {Notice, ProblemNotice} from '../ui/feedback';

// What the figures do not say.
function Unnamed({uses}: {uses: number | undefined}) {
    if (!uses) return null;
    return <Notice tone="warn">{tn('{n} use named no scope: nobody can say which it needed.',
        '{n} uses named no scope: nobody can say which they needed.', uses)}</Notice>;
}

function ScopesOf({title, scopes}: {title: string; scopes: string[]}) {
    return (
        <div role="group" aria-label={title}>
            <p className="mb-1.5">{title}</p>
            <div className="flex flex-wrap gap-1.5">
                {scopes.map((scope) => <ScopeTag key={scope}>{scope}</ScopeTag>)}
                {scopes.length === 0 && t('None')}
            </div>
        </div>
    );
}

export function Unused({token, mayChange}: {token: Token; mayChange: boolean}) {
    const [preview, setPreview] = useState<Shrink | null>(null);
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState<unknown>(null);
    const refresh = useRefresh();
    const unused = useQuery({
        queryKey: ['token', token.id, 'unused'],
        queryFn: () => get<UnusedScopes>(`/v1/tokens/${token.id}/unused?days=90`),
        enabled: token.state === 'active' && (token.scopes?.length ?? 0) > 1,
        retry: false,
    });
    // A server that does not record this yet has nothing to say.
    if (!unused.data || unused.data.scopes.length === 0) return null;

    async function shrink(apply: boolean) {
        setBusy(true);
        setProblem(null);
        try {
            const answer = await call<Shrink>('POST', `/v1/tokens/${token.id}/shrink`, {days: 90, apply});
            if (apply) {
                setPreview(null);
                toast(t('The token has fewer scopes now'));
                await refresh('tokens', 'token');
            } else {
                setPreview(answer.body);
            }
        } catch (failure) {
            setProblem(failure);
        }
        setBusy(false);
    }

    return (
        <Card title={tn('{n} scope is not used', '{n} scopes are not used', unused.data.scopes.length)}>
            <div className="flex flex-col gap-3">
                <div className="flex flex-wrap gap-1.5">
                    {unused.data.scopes.map((scope) => <ScopeTag key={scope}>{scope}</ScopeTag>)}
                </div>
                <p className="text-quiet">
                    {unused.data.enough
                        ? t('Nobody asked for them in 90 days.')
                        : t('Nobody asked for them since {date}, when counting began.', {date: date(unused.data.since)})}
                </p>
                <Unnamed uses={unused.data.usesWithoutScope}/>
                {problem !== null && <ProblemNotice problem={problem}/>}
                {mayChange && (
                    <Button icon="shrink" busy={busy} className="self-start" onClick={() => void shrink(false)}>
                        {t('Shrink to what is used…')}
                    </Button>
                )}
            </div>
            <Confirm open={preview !== null} onClose={() => setPreview(null)} action={t('Shrink token')} busy={busy}
                     title={t('Shrink to what is used?')} onConfirm={() => void shrink(true)}>
                <ScopesOf title={t('It loses these scopes, at once and in every place where it is used:')}
                          scopes={preview?.from.filter((scope) => !preview.to.includes(scope)) ?? []}/>
                <ScopesOf title={t('It keeps these scopes:')} scopes={preview?.to ?? []}/>
                <p>{preview && preview.wouldHaveBeenDenied.length > 0
                    ? t('Some requests of that time would have been refused: {scopes}.', {
                        scopes: preview.wouldHaveBeenDenied.map((one) => `${one.scope} (${one.uses})`).join(', '),
                    })
                    : t('No request of that time would have been refused.')}</p>
                <Unnamed uses={unused.data.usesWithoutScope}/>
                <ShowAs command={cli('token shrink', token.id, ['--days', 90], '--apply')}
                        curl={curlOf('POST', `/v1/tokens/${token.id}/shrink`, {days: 90, apply: true})}/>
            </Confirm>
        </Card>
    );
}
