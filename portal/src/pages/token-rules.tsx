// What every token must keep. Before new rules count, the page says what they would have refused.
import {type FormEvent, type ReactNode, useState} from 'react';
import {Link} from 'wouter';
import {call, Problem} from '../lib/api';
import {useCan, useRefresh, useUserNames} from '../lib/client';
import {curlOf} from '../lib/commands';
import {useTitle} from '../lib/hooks';
import {t, tn} from '../lib/i18n';
import {type Tagged, useDraft, useTagged} from '../lib/tagged';
import {kindText, kTokens} from '../lib/tokens';
import type {Token, TokenKind, TokenRules} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Card, PageHead, Time} from '../ui/bits';
import {Button} from '../ui/button';
import {ChangedElsewhere, Notice, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Checkbox, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';
import {Icon} from '../ui/icons';

const kKinds: TokenKind[] = ['jwt', 'opaque', 'key'];

interface Fields {
    most: string; // days; '' is no limit
    requireExpiry: boolean;
    requireAddresses: boolean;
    kinds: TokenKind[];
}

interface Trial {
    wouldRefuse: number;
    tokens: Token[];
}

function fieldsOf(rules: TokenRules): Fields {
    return {
        most: rules.maxLifeDays === null ? '' : String(rules.maxLifeDays),
        requireExpiry: rules.requireExpiry,
        requireAddresses: rules.requireAddresses,
        kinds: kKinds.filter((kind) => rules.kinds.includes(kind)),
    };
}

function rulesOf({most, ...rest}: Fields): TokenRules {
    return {maxLifeDays: most === '' ? null : Number(most), ...rest};
}

export function TokenRulesPage() {
    const rules = useTagged<TokenRules>('token-rules', '/v1/token-rules');
    const [saves, setSaves] = useState(0);
    const refresh = useRefresh();
    useTitle(t('Token rules'));
    return (
        <>
            <PageHead title={t('Token rules')}>
                {t('They count for every token that is made or rotated. Tokens that exist stay as they are.')}
            </PageHead>
            {rules.isError && <ProblemNotice problem={rules.error} title={t('The rules could not be read')}
                                             retry={() => void rules.refetch()}/>}
            {rules.isPending && <div className="card"><SkeletonRows rows={4}/></div>}
            {rules.data && <Form key={saves} stored={rules.data} onSaved={async () => {
                await refresh('token-rules', 'settings');
                setSaves(saves + 1);
            }}/>}
        </>
    );
}

// The rules in words, for the difference of before and after.
function wordsOf(rules: TokenRules): [string, string][] {
    return [
        [t('Longest life'), rules.maxLifeDays === null ? t('unlimited') : tn('{n} day', '{n} days', rules.maxLifeDays)],
        [t('Without an end'), rules.requireExpiry || rules.maxLifeDays !== null ? t('not allowed') : t('allowed')],
        [t('From every address'), rules.requireAddresses ? t('not allowed') : t('allowed')],
        [t('Kinds'), rules.kinds.length > 0 ? rules.kinds.map(kindText).join(', ') : t('None')],
    ];
}

function Difference({before, after}: {before: TokenRules; after: TokenRules}) {
    const old = wordsOf(before);
    const changed = wordsOf(after).map(([name, now], index) => ({name, was: old[index]?.[1] ?? '', now}))
        .filter((one) => one.was !== one.now);
    return (
        <dl className="flex flex-col gap-1.5">
            {changed.map((one) => (
                <div key={one.name} className="flex flex-wrap items-center gap-x-2">
                    <dt className="font-medium">{one.name}:</dt>
                    <dd className="flex flex-wrap items-center gap-x-2">
                        <s className="text-quiet">{one.was}</s>
                        <Icon name="chevron" className="size-3.5 text-quiet rtl:rotate-180"/>
                        <span className="font-medium">{one.now}</span>
                    </dd>
                </div>
            ))}
        </dl>
    );
}

const kShown = 20;

function Outcome({trial, before, after}: {trial: Trial; before: TokenRules; after: TokenRules}): ReactNode {
    const names = useUserNames();
    const rest = trial.wouldRefuse - Math.min(kShown, trial.tokens.length);
    return (
        <Card title={t('What would change')} flush>
            <div className="flex flex-col gap-4 p-5" role="status">
                <Difference before={before} after={after}/>
                {trial.wouldRefuse === 0
                    ? <Notice tone="good" title={t('Every live token keeps these rules already.')}/>
                    : (
                        <Notice tone="warn" title={tn('{n} live token could not be made today', '{n} live tokens could not be made today', trial.wouldRefuse)}>
                            {t('They go on working. The rules meet them when they are rotated, or when somebody changes what a rule speaks of.')}
                        </Notice>
                    )}
            </div>
            {trial.tokens.length > 0 && (
                <ul className="divide-y divide-line border-t border-line" aria-label={t('Tokens that could not be made today')}>
                    {trial.tokens.slice(0, kShown).map((token) => (
                        <li key={token.id} className="flex flex-wrap items-center gap-x-4 gap-y-0.5 px-5 py-2.5">
                            <Link href={kTokens + '/' + token.id} className="min-w-32 flex-1 rounded font-medium hover:text-accent">
                                <bdi>{token.name}</bdi>
                            </Link>
                            <span className="text-quiet"><bdi>{names(token.owner)}</bdi></span>
                            <span className="text-quiet">{kindText(token.kind)}</span>
                            <span className="text-quiet">{t('Expires')} <Time at={token.expiresAt} never={t('never')}/></span>
                        </li>
                    ))}
                    {rest > 0 && <li className="px-5 py-2.5 text-quiet">{tn('and {n} more', 'and {n} more', rest)}</li>}
                </ul>
            )}
        </Card>
    );
}

function Form({stored, onSaved}: {stored: Tagged<TokenRules>; onSaved: () => Promise<void>}) {
    const can = useCan();
    const refresh = useRefresh();
    const {fields, change, isChanged, isOld, etag, reset} = useDraft(stored, fieldsOf);
    const [trial, setTrial] = useState<Trial | null>(null);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [busy, setBusy] = useState(false);
    const mayWrite = can('settings:write');
    const mayTry = mayWrite && can('user:read'); // the trial looks at everybody's tokens
    const rules = rulesOf(fields);
    const edit = (changes: Partial<Fields>) => {
        change(changes);
        setTrial(null);
    };
    const undo = () => {
        reset();
        setTrial(null);
    };

    async function send() {
        if (mayTry && !trial) {
            setTrial((await call<Trial>('POST', '/v1/token-rules/dry-run', {rules})).body);
            return;
        }
        await call('PUT', '/v1/token-rules', rules, {ifMatch: etag});
        toast(t('Token rules saved'));
        await onSaved();
    }

    async function submit(event: FormEvent) {
        event.preventDefault();
        if (busy || !isChanged) return;
        if (fields.kinds.length === 0) {
            setTrouble({title: t('Please check these fields'), errors: [{field: 'rules-kinds', text: t('Allow one kind at least.')}]});
            return;
        }
        setBusy(true);
        setTrouble(null);
        try {
            await send();
        } catch (failure) {
            if (failure instanceof Problem && failure.status === 412) await refresh('token-rules');
            else {
                setTrouble(troubleOf(t('The rules were not saved'), failure,
                    {maxLifeDays: 'rules-most', kinds: 'rules-kinds', rules: 'rules-most'}));
            }
        }
        setBusy(false);
    }

    const toggle = (kind: TokenKind) => edit({
        kinds: kKinds.filter((one) => (one === kind) !== fields.kinds.includes(one)),
    });
    return (
        <form onSubmit={(event) => void submit(event)} noValidate className="flex max-w-3xl flex-col gap-5">
            <ErrorSummary trouble={trouble}/>
            {isOld && <ChangedElsewhere reset={undo}/>}
            {!mayWrite && <Notice title={t('You may look at these, and not change them.')}/>}
            <fieldset disabled={!mayWrite} className="card flex min-w-0 flex-col gap-5 p-5">
                <legend className="sr-only">{t('Token rules')}</legend>
                <TextField id="rules-most" label={t('Longest life in days')} type="number" min={1} max={36500} inputMode="numeric"
                           className="sm:max-w-56" aside={t('empty: unlimited')} value={fields.most} error={errorOf(trouble, 'rules-most')}
                           hint={t('Counted from the making of the secret, so that moving the end again and again does not get past it.')}
                           onChange={(event) => edit({most: event.target.value})}/>
                <Checkbox label={t('Every token has an end')} checked={fields.requireExpiry || fields.most !== ''} disabled={fields.most !== ''}
                          hint={fields.most !== '' ? t('A longest life asks for it already.') : t('Nobody may make a token that never expires.')}
                          onChange={(event) => edit({requireExpiry: event.target.checked})}/>
                <Checkbox label={t('Every token names the addresses it is used from')} checked={fields.requireAddresses}
                          hint={t('A stolen token is then worth nothing elsewhere.')}
                          onChange={(event) => edit({requireAddresses: event.target.checked})}/>
                <div role="group" aria-labelledby="rules-kinds" className="flex flex-col gap-2">
                    <p id="rules-kinds" tabIndex={-1} className="font-medium">{t('Kinds that may be made')}</p>
                    <div className="grid gap-2 sm:grid-cols-3">
                        {kKinds.map((kind) => (
                            <Checkbox key={kind} label={kindText(kind)} checked={fields.kinds.includes(kind)} onChange={() => toggle(kind)}/>
                        ))}
                    </div>
                    {errorOf(trouble, 'rules-kinds') && <p className="text-[0.8125rem] text-bad">{errorOf(trouble, 'rules-kinds')}</p>}
                </div>
            </fieldset>
            {trial && <Outcome trial={trial} before={stored.body} after={rules}/>}
            {mayWrite && (
                <>
                    <div className="flex flex-wrap items-center justify-end gap-2">
                        {trial && <p className="me-auto text-quiet">{t('Nothing is saved yet.')}</p>}
                        {isChanged && <Button look="quiet" onClick={undo}>{t('Undo changes')}</Button>}
                        <Button type="submit" look="primary" busy={busy} disabled={!isChanged || isOld}>
                            {trial || !mayTry ? t('Save rules') : t('Show what would change')}
                        </Button>
                    </div>
                    <ShowAs curl={curlOf('PUT', '/v1/token-rules', rules, etag)}/>
                </>
            )}
        </form>
    );
}
