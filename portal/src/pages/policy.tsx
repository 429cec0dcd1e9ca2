// The policy of a principal in a project: statements or JSON, and a simulator that tries the draft
// before it counts.
import {useQuery} from '@tanstack/react-query';
import {type ReactNode, useEffect, useId, useState} from 'react';
import {call, Problem} from '../lib/api';
import {isBroken, useCan, useRefresh, useScopes} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {t} from '../lib/i18n';
import type {Tagged} from '../lib/tagged';
import type {Policy, SimulateAnswer, Statement} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Button, IconButton} from '../ui/button';
import {ChangedElsewhere, Notice, ProblemNotice, sentence, SkeletonRows} from '../ui/feedback';
import {Segments, Select, TextField} from '../ui/field';
import {Icon} from '../ui/icons';

interface Props {
    project: string;
    type: 'token' | 'user';
    principal: string;
    api?: string | null;
}

const kVersion = '2022-12-15';
const kNew: Statement = {effect: 'Allow', action: [], resource: ['*']};

function words(text: string) {
    return text.split(/[\s,]+/).filter(Boolean);
}

function addressOf({project, type, principal}: Props) {
    return `/v1/projects/${project}/principals/${type}/${principal}/policy`;
}

export function PolicyEditor(props: Props) {
    const address = addressOf(props);
    const stored = useQuery({
        queryKey: ['policy', address],
        // A token that was only added has none yet.
        queryFn: (): Promise<Tagged<Policy>> => call<Policy>('GET', address).catch((failure: unknown) => {
            if (failure instanceof Problem && failure.status === 404) return {body: {version: kVersion, statement: []}, etag: ''};
            throw failure;
        }),
    });
    if (isBroken(stored)) return <ProblemNotice problem={stored.error} retry={() => void stored.refetch()}/>;
    if (!stored.data) return <SkeletonRows rows={2}/>;
    return <Editor key={address} {...props} stored={stored.data}/>;
}

function Editor({stored: latest, ...props}: Props & {stored: Tagged<Policy>}) {
    const can = useCan();
    const [base, setBase] = useState(latest);
    const stored = base.body;
    const [draft, setDraft] = useState<Policy>(stored);
    const [json, setJson] = useState('');
    const [way, setWay] = useState<'form' | 'json'>('form');
    const [problem, setProblem] = useState<unknown>(null);
    const [busy, setBusy] = useState(false);
    const refresh = useRefresh();
    const mayWrite = can('policy:write');
    const scopes = useScopes(props.api ?? undefined);
    const list = useId();
    const isChanged = way === 'json' ? json.trim() !== JSON.stringify(stored, null, 2) : JSON.stringify(draft) !== JSON.stringify(stored);

    const isOld = base.etag !== latest.etag;
    const adopt = () => {
        setBase(latest);
        setDraft(latest.body);
        setJson(JSON.stringify(latest.body, null, 2));
        setProblem(null);
    };
    // While nobody has typed, the editor follows the server.
    if (isOld && !isChanged) adopt();

    function parsed(): Policy | null {
        if (way === 'form') return draft;
        try {
            return JSON.parse(json) as Policy;
        } catch (failure) {
            setProblem(new Problem(0, {detail: t('This is no JSON: {why}', {why: (failure as Error).message})}));
            return null;
        }
    }

    function show(next: 'form' | 'json') {
        if (next === 'json') setJson(JSON.stringify(draft, null, 2));
        else {
            const policy = parsed();
            if (!policy) return;
            setDraft(policy);
        }
        setProblem(null);
        setWay(next);
    }

    async function save() {
        const policy = parsed();
        if (!policy) return;
        setBusy(true);
        try {
            await call('PUT', addressOf(props), policy, {ifMatch: base.etag});
            toast(t('Policy saved'));
            setBase({...base, body: policy});
            setDraft(policy);
            setJson(JSON.stringify(policy, null, 2));
            await refresh('policy', 'token', 'principals');
        } catch (failure) {
            if (failure instanceof Problem && failure.status === 412) await refresh('policy');
            else setProblem(failure);
        }
        setBusy(false);
    }

    const change = (index: number, changes: Partial<Statement>) => setDraft({
        ...draft, statement: draft.statement.map((one, at) => at === index ? {...one, ...changes} : one),
    });
    return (
        <div className="flex flex-col gap-4">
            <div className="flex flex-wrap items-center justify-between gap-2">
                <p className="text-quiet">
                    {props.type === 'token' ? t('What no statement allows is denied; Deny wins.')
                        : t('Limits what the roles of this person allow here; Deny wins.')}
                </p>
                <Segments label={t('Editor')} value={way} onChange={show}
                          options={[{value: 'form', text: t('Statements')}, {value: 'json', text: 'JSON'}]}/>
            </div>
            {isOld && isChanged && !busy && <ChangedElsewhere reset={adopt}/>}
            {problem !== null && <PolicyProblem problem={problem} hasLines={way === 'json'}/>}
            {way === 'json'
                ? <textarea aria-label={t('Policy as JSON')} rows={12} spellCheck={false} value={json} readOnly={!mayWrite}
                            onChange={(event) => setJson(event.target.value)} className="control font-mono text-xs leading-5"/>
                : draft.statement.map((statement, index) => (
                    <StatementRow key={index} statement={statement} index={index} list={list} readOnly={!mayWrite}
                                  problem={problem} change={(changes) => change(index, changes)}
                                  remove={() => {
                                      setProblem(null); // it names statements by their number
                                      setDraft({...draft, statement: draft.statement.filter((_, at) => at !== index)});
                                  }}/>
                ))}
            {way === 'form' && draft.statement.length === 0 && (
                <Notice>{props.type === 'token' ? t('No policy: it may do nothing here.') : t('No policy: roles alone count.')}</Notice>
            )}
            <datalist id={list}>
                {scopes.data?.map((scope) => <option key={scope.name} value={scope.name}/>)}
            </datalist>
            {mayWrite && (
                <div className="flex flex-wrap gap-2">
                    {way === 'form' && (
                        <Button icon="plus" onClick={() => setDraft({...draft, statement: [...draft.statement, kNew]})}>
                            {t('Add statement')}
                        </Button>
                    )}
                    <Button look="primary" busy={busy} disabled={!isChanged || isOld} onClick={() => void save()}>{t('Save policy')}</Button>
                    {isChanged && <Button look="quiet" onClick={adopt}>
                        {t('Undo changes')}
                    </Button>}
                </div>
            )}
            {mayWrite && isChanged && way === 'form' && (
                <ShowAs curl={curlOf('PUT', addressOf(props), draft)}
                        command={cli('iam update-policies', ['--project', props.project], ['-i', props.principal],
                            ['-t', props.type === 'user' ? 'user' : ''], ['--file', 'policy.json'])}/>
            )}
            <Simulator {...props} list={list} draft={isChanged ? (way === 'form' ? draft : undefined) : undefined}/>
        </div>
    );
}

// What the server says of one field of the form.
function wrongWith(problem: unknown, pointer: string) {
    const field = problem instanceof Problem && problem.fields.find((one) =>
        one.pointer === pointer || one.pointer?.startsWith(pointer + '/'));
    return field ? sentence(field.detail ?? '') : undefined;
}

function PolicyProblem({problem, hasLines}: {problem: unknown; hasLines: boolean}) {
    if (!(problem instanceof Problem) || problem.fields.length === 0) return <ProblemNotice problem={problem}/>;
    return (
        <Notice tone="bad" role="alert" title={t('The policy was not saved')}>
            <ul>
                {problem.fields.map((field, index) => (
                    <li key={index}>
                        {sentence(field.detail ?? '')}{' '}
                        <code className="font-mono text-xs">{field.pointer}</code>
                        {hasLines && field.line ? ' ' + t('(line {line}, column {column})', {line: field.line, column: field.column ?? 1}) : ''}
                    </li>
                ))}
            </ul>
        </Notice>
    );
}

function Words({label, value, onChange, list, readOnly, error}:
        {label: string; value: string[]; onChange: (value: string[]) => void; list?: string; readOnly: boolean;
         error?: string}) {
    const [text, setText] = useState(value.join(', '));
    useEffect(() => {
        if (words(text).join() !== value.join()) setText(value.join(', '));
    }, [value]);
    return <TextField label={label} value={text} error={error} spellCheck={false} autoComplete="off" list={list} readOnly={readOnly}
                      className="font-mono text-xs" onChange={(event) => {
                          setText(event.target.value);
                          onChange(words(event.target.value));
                      }}/>;
}

function StatementRow({statement, index, change, remove, list, readOnly, problem}:
        {statement: Statement; index: number; change: (changes: Partial<Statement>) => void; remove: () => void;
         list: string; readOnly: boolean; problem: unknown}): ReactNode {
    const errorOf = (member: string) => wrongWith(problem, `/statement/${index}/${member}`);
    return (
        <fieldset className="grid gap-3 rounded-xl border border-line bg-sunken p-3.5 sm:grid-cols-[7rem_1fr_1fr_auto] sm:items-start">
            <legend className="sr-only">{t('Statement {n}', {n: index + 1})}</legend>
            <Select label={t('Effect')} value={statement.effect} disabled={readOnly}
                    onChange={(event) => change({effect: event.target.value as Statement['effect']})}>
                <option value="Allow">{t('Allow')}</option>
                <option value="Deny">{t('Deny')}</option>
            </Select>
            <Words label={t('Actions')} value={statement.action} list={list} readOnly={readOnly} error={errorOf('action')}
                   onChange={(action) => change({action})}/>
            <Words label={t('Resources')} value={statement.resource} readOnly={readOnly} error={errorOf('resource')}
                   onChange={(resource) => change({resource})}/>
            {!readOnly && <IconButton label={t('Remove statement {n}', {n: index + 1})} icon="trash" className="sm:mt-7" onClick={remove}/>}
        </fieldset>
    );
}

const kLimits = (): Record<string, string> => ({
    token_scopes: t('the scopes of the token'), owner_roles: t('the roles of its owner'),
    member_role: t('the role in the project'), owner_policy: t('the policy of its owner here'), token_state: t('the state of the token'),
});

function Simulator({project, type, principal, draft, list}: Props & {draft?: Policy; list: string}) {
    const can = useCan();
    const [action, setAction] = useState('');
    const [resource, setResource] = useState('');
    const [answer, setAnswer] = useState<SimulateAnswer | null>(null);
    const [problem, setProblem] = useState<unknown>(null);
    if (!can('policy:read')) return null;
    async function ask() {
        setProblem(null);
        setAnswer(null);
        try {
            const reply = await call<SimulateAnswer>('POST', `/v1/projects/${project}/simulate`, {
                principalType: type, principalId: principal, action: action.trim(),
                ...(resource.trim() ? {resource: resource.trim()} : {}), ...(draft ? {policy: draft} : {}),
            });
            setAnswer(reply.body);
        } catch (failure) {
            setProblem(failure);
        }
    }
    return (
        <form className="rounded-xl border border-dashed border-field-line p-4" onSubmit={(event) => { event.preventDefault(); void ask(); }}>
            <p className="mb-3 font-medium">{t('Try it: may it do this?')}</p>
            <div className="grid gap-3 sm:grid-cols-[1fr_1fr_auto] sm:items-end">
                <TextField label={t('Action')} value={action} list={list} required placeholder="license:read" spellCheck={false}
                           className="font-mono text-xs" onChange={(event) => setAction(event.target.value)}/>
                <TextField label={t('Resource')} value={resource} placeholder="*" spellCheck={false} className="font-mono text-xs"
                           onChange={(event) => setResource(event.target.value)}/>
                <Button type="submit" icon="play" disabled={action.trim() === ''}>{t('Simulate')}</Button>
            </div>
            {draft && <p className="mt-2 text-xs text-quiet">{t('With the changes that are not saved yet.')}</p>}
            <div aria-live="polite" className="mt-3 empty:mt-0">
                {problem !== null && <ProblemNotice problem={problem}/>}
                {answer && (
                    <div className={'flex gap-2.5 rounded-lg px-3 py-2.5 ' + (answer.allowed ? 'bg-good-wash' : 'bg-bad-wash')}>
                        <span className={'mt-0.5 ' + (answer.allowed ? 'text-good' : 'text-bad')}>
                            <Icon name={answer.allowed ? 'check' : 'stop'}/>
                        </span>
                        <div>
                            <p className="font-medium">{answer.allowed ? t('Allowed') : t('Denied')}</p>
                            <p>{answer.reason}</p>
                            {answer.limits.filter((limit) => !limit.allowed).map((limit) => (
                                <p key={limit.limit}>{t('Also against it: {what}.', {what: kLimits()[limit.limit] ?? limit.limit})}</p>
                            ))}
                        </div>
                    </div>
                )}
            </div>
        </form>
    );
}
