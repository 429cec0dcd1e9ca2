// What holds for everybody who says nothing, and which pages elsewhere may read our answers.
import {type FormEvent, useState} from 'react';
import {Link} from 'wouter';
import {call, Problem} from '../lib/api';
import {useCan, useRefresh} from '../lib/client';
import {curlOf} from '../lib/commands';
import {useTitle} from '../lib/hooks';
import {t, tn} from '../lib/i18n';
import {type Tagged, useDraft, useTagged} from '../lib/tagged';
import {kindText} from '../lib/tokens';
import type {Settings, TokenKind} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Card, PageHead} from '../ui/bits';
import {Button} from '../ui/button';
import {ChangedElsewhere, Notice, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {Select, TextArea, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';

interface Fields {
    kind: TokenKind;
    life: string; // days; '' is none
    origins: string; // one a line
}

function fieldsOf(settings: Settings): Fields {
    return {
        kind: settings.defaultKind ?? 'jwt',
        life: settings.defaultLifeDays ? String(settings.defaultLifeDays) : '',
        origins: (settings.corsOrigins ?? []).join('\n'),
    };
}

function bodyOf({kind, life, origins}: Fields) {
    return {
        defaultKind: kind,
        defaultLifeDays: life === '' ? null : Number(life),
        corsOrigins: origins.split(/[\s,]+/).filter(Boolean),
    };
}

export function SettingsPage() {
    const settings = useTagged<Settings>('settings', '/v1/settings');
    const [saves, setSaves] = useState(0);
    const refresh = useRefresh();
    useTitle(t('Settings'));
    return (
        <>
            <PageHead title={t('Settings')}>{t('What holds for the whole installation.')}</PageHead>
            {settings.isError && <ProblemNotice problem={settings.error} title={t('The settings could not be read')}
                                                retry={() => void settings.refetch()}/>}
            {settings.isPending && <div className="card"><SkeletonRows rows={4}/></div>}
            {settings.data && <Form key={saves} stored={settings.data} onSaved={async () => {
                await refresh('settings');
                setSaves(saves + 1);
            }}/>}
        </>
    );
}

function Form({stored, onSaved}: {stored: Tagged<Settings>; onSaved: () => Promise<void>}) {
    const can = useCan();
    const refresh = useRefresh();
    const {fields, change, isChanged, isOld, etag, reset} = useDraft(stored, fieldsOf);
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [busy, setBusy] = useState(false);
    const mayWrite = can('settings:write');
    const most = stored.body.maxLifeDays;

    async function save(event: FormEvent) {
        event.preventDefault();
        if (busy || !mayWrite) return;
        setBusy(true);
        setTrouble(null);
        try {
            await call('PUT', '/v1/settings', bodyOf(fields), {ifMatch: etag});
            toast(t('Settings saved'));
            await onSaved();
        } catch (failure) {
            if (failure instanceof Problem && failure.status === 412) await refresh('settings');
            else {
                setTrouble(troubleOf(t('The settings were not saved'), failure, {
                    defaultKind: 'settings-kind', defaultLifeDays: 'settings-life', corsOrigins: 'settings-origins',
                }));
            }
        }
        setBusy(false);
    }

    return (
        <form onSubmit={(event) => void save(event)} noValidate className="flex max-w-3xl flex-col gap-5">
            <ErrorSummary trouble={trouble}/>
            {isOld && <ChangedElsewhere reset={reset}/>}
            {!mayWrite && <Notice title={t('You may look at these, and not change them.')}/>}
            <Card title={t('New tokens')}>
                <div className="grid gap-4 sm:grid-cols-2">
                    <Select id="settings-kind" label={t('Usual kind')} value={fields.kind} disabled={!mayWrite}
                            error={errorOf(trouble, 'settings-kind')}
                            hint={t('What a request gets that names no kind.')}
                            onChange={(event) => change({kind: event.target.value as TokenKind})}>
                        <option value="jwt">{kindText('jwt')}</option>
                        <option value="opaque">{kindText('opaque')}</option>
                    </Select>
                    <TextField id="settings-life" label={t('Usual life in days')} type="number" min={1} max={most ?? 36500}
                               value={fields.life} readOnly={!mayWrite} inputMode="numeric"
                               aside={most ? tn('at most {n} day', 'at most {n} days', most) : t('empty: never')}
                               error={errorOf(trouble, 'settings-life')}
                               hint={t('What a request gets that names no end.')}
                               onChange={(event) => change({life: event.target.value})}/>
                </div>
                <p className="mt-4 text-quiet">
                    {t('What every token must keep stands in the')}{' '}
                    <Link className="link" href="/system/token-rules">{t('token rules')}</Link>.
                </p>
            </Card>
            <Card title={t('Pages of other origins')}>
                <TextArea id="settings-origins" label={t('Allowed origins')} rows={4} spellCheck={false} readOnly={!mayWrite}
                          className="font-mono text-xs" placeholder="https://app.example.com" value={fields.origins}
                          error={errorOf(trouble, 'settings-origins')}
                          hint={t('One a line. Scripts of these pages may call the API with a token, never with somebody\'s session.')}
                          onChange={(event) => change({origins: event.target.value})}/>
            </Card>
            {mayWrite && (
                <>
                    <div className="flex flex-wrap justify-end gap-2">
                        {isChanged && <Button look="quiet" onClick={reset}>{t('Undo changes')}</Button>}
                        <Button type="submit" look="primary" busy={busy} disabled={!isChanged || isOld}>{t('Save settings')}</Button>
                    </div>
                    <ShowAs curl={curlOf('PUT', '/v1/settings', bodyOf(fields), etag)}/>
                </>
            )}
        </form>
    );
}
