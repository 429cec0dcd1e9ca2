// The expiration date: empty at first, which is never; buttons for the usual spans.
import {useCan, useSettings} from '../lib/client';
import {type Draft, expiryOf, expiryTime} from '../lib/draft';
import {t, tn} from '../lib/i18n';
import {dateTime, dateValue, kDay, relative, utc} from '../lib/time';
import {TextField} from '../ui/field';

const kSpans = [7, 30, 60, 90, 180, 365];

export function Expiration({draft, change, error}:
        {draft: Draft; change: (changes: Partial<Draft>) => void; error?: string}) {
    const can = useCan();
    const {data: settings} = useSettings(can('settings:read'));
    const most = settings?.maxLifeDays ?? null;
    const end = expiryTime(draft);
    return (
        <div className="flex flex-col gap-2">
            <TextField id="token-expires" label={t('Expiration date')} type="date" value={draft.expires}
                       aside={most ? tn('at most {n} day', 'at most {n} days', most) : t('empty: never')}
                       min={dateValue(new Date())}
                       max={most ? dateValue(new Date(Date.now() + most * kDay)) : '9999-12-31'}
                       error={error} className="sm:max-w-56"
                       onChange={(event) => change({expires: event.target.value, preset: 0})}
                       hint={end
                           ? <>{t('Expires {when}', {when: dateTime(end)})} ({relative(end)}; {utc(end)})</>
                           : t('It never expires. Prefer a date; you can always make a new one.')}/>
            <div role="group" aria-label={t('Usual spans')} className="flex flex-wrap gap-1.5">
                {kSpans.filter((days) => most === null || days <= most).map((days) => (
                    <button key={days} type="button" aria-pressed={draft.preset === days}
                            onClick={() => change(expiryOf(String(days)))}
                            className="min-h-7 rounded-full border border-line px-3 text-[0.8125rem] hover:bg-hover
                                       aria-pressed:border-accent aria-pressed:bg-accent-wash
                                       aria-pressed:text-accent">
                        {tn('{n} day', '{n} days', days)}
                    </button>
                ))}
                {draft.expires !== '' && (
                    <button type="button" onClick={() => change({expires: '', preset: 0})}
                            className="min-h-7 rounded-full px-3 text-[0.8125rem] text-quiet hover:bg-hover">
                        {t('Clear')}
                    </button>
                )}
            </div>
        </div>
    );
}
