// How often a token was used and refused, day by day; the same as a table for who cannot see a chart.
import {useEffect, useMemo, useRef, useState} from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import {isBroken} from '../lib/client';
import {locale, number, t} from '../lib/i18n';
import {date} from '../lib/time';
import type {Token, TokenUsage} from '../lib/types';
import {Card, ScopeTag, Time} from '../ui/bits';
import {Empty, ProblemNotice, SkeletonRows} from '../ui/feedback';
import {useTheme} from '../lib/theme';
import {useUsage} from './token';

type Days = NonNullable<TokenUsage['days']>;

function colour(name: string) {
    return getComputedStyle(document.body).getPropertyValue(name).trim();
}

// light-dark() is resolved by asking an element for its colour.
function resolved(name: string) {
    const probe = document.createElement('span');
    probe.className = 'sr-only forced-color-adjust-none';
    document.body.append(probe);
    probe.style.color = `var(${name})`;
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value || colour(name);
}

function shortDay(when: number) {
    return new Intl.DateTimeFormat(locale(), {day: 'numeric', month: 'short'}).format(new Date(when));
}

// A canvas does not follow the sheet when the system turns dark; it is drawn anew.
function useSystemDark() {
    const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
    useEffect(() => {
        const query = matchMedia('(prefers-color-scheme: dark)');
        const listener = () => setDark(query.matches);
        query.addEventListener('change', listener);
        return () => query.removeEventListener('change', listener);
    }, []);
    return isDark;
}

function Chart({days}: {days: Days}) {
    const place = useRef<HTMLDivElement>(null);
    const theme = useTheme();
    const isDark = useSystemDark();
    const data = useMemo<uPlot.AlignedData>(() => [
        days.map((day) => Date.parse(day.date) / 1000),
        days.map((day) => day.uses || null),
        days.map((day) => day.denials || null),
    ], [days]);
    useEffect(() => {
        const host = place.current;
        if (!host) return;
        const axis = {stroke: resolved('--quiet'), grid: {stroke: resolved('--line'), width: 1}, ticks: {show: false},
            font: '12px "Inter Variable", system-ui, sans-serif'};
        const bars = uPlot.paths.bars?.({size: [0.6, 28], radius: 0.2});
        const chart = new uPlot({
            width: host.clientWidth, height: 220, cursor: {y: false}, legend: {show: false},
            scales: {x: {time: true, range: (_, least, most) => [least - 43200, most + 43200]}, y: {range: (_, __, most) => [0, Math.max(4, most * 1.1)]}},
            axes: [{...axis, space: 64, values: (_, ticks) => ticks.map((tick) => shortDay(tick * 1000))}, {...axis, size: 48}],
            series: [
                {},
                {label: t('Uses'), fill: resolved('--accent-fill'), stroke: resolved('--accent-fill'), paths: bars, points: {show: false}},
                {label: t('Refused'), fill: resolved('--bad-fill'), stroke: resolved('--bad-fill'), paths: bars, points: {show: false}},
            ],
        }, data, host);
        const watcher = new ResizeObserver(() => chart.setSize({width: host.clientWidth, height: 220}));
        watcher.observe(host);
        return () => {
            watcher.disconnect();
            chart.destroy();
        };
    }, [data, theme, isDark]);
    const uses = days.reduce((sum, day) => sum + day.uses, 0);
    const denials = days.reduce((sum, day) => sum + day.denials, 0);
    return (
        <div>
            <div ref={place} role="img" className="min-h-[220px] min-w-0 overflow-hidden"
                 aria-label={t('{uses} uses and {denials} refusals in {days} days',
                     {uses: number(uses), denials: number(denials), days: days.length})}/>
            <p className="mt-1 flex gap-4 text-xs text-quiet" aria-hidden="true">
                <span className="inline-flex items-center gap-1.5"><i className="size-2 rounded-sm forced-color-adjust-none bg-accent-fill"/>{t('Uses')}</span>
                <span className="inline-flex items-center gap-1.5"><i className="size-2 rounded-sm forced-color-adjust-none bg-bad-fill"/>{t('Refused')}</span>
            </p>
            <details className="mt-3 text-[0.8125rem]">
                <summary className="min-h-6 cursor-pointer rounded text-quiet">{t('Show as table')}</summary>
                <table className="mt-2">
                    <thead><tr>
                        <th scope="col" className="th">{t('Day')}</th><th scope="col" className="th">{t('Uses')}</th>
                        <th scope="col" className="th">{t('Refused')}</th>
                    </tr></thead>
                    <tbody>
                        {days.filter((day) => day.uses + day.denials > 0).map((day) => (
                            <tr key={day.date}><td className="td py-1">{date(day.date + 'T12:00:00')}</td>
                                <td className="td py-1">{number(day.uses)}</td><td className="td py-1">{number(day.denials)}</td></tr>
                        ))}
                    </tbody>
                </table>
            </details>
        </div>
    );
}

function Figure({name, children}: {name: string; children: React.ReactNode}) {
    return (
        <div className="card px-5 py-4">
            <p className="text-quiet">{name}</p>
            <p className="mt-0.5 text-lg font-semibold tracking-tight">{children}</p>
        </div>
    );
}

const kVerdicts = (): Record<string, string> => ({
    revoked: t('It was revoked'), expired: t('It had expired'), suspended: t('It was suspended'),
    wrong_audience: t('It is for another API'), address_not_allowed: t('From an address that is not allowed'),
    insufficient_scope: t('A scope was missing'), rate_limited: t('Too often'), not_yet_valid: t('Too early'),
    owner_disabled: t('Its owner is disabled'),
});

export function Usage({token}: {token: Token}) {
    const usage = useUsage(token.id);
    if (isBroken(usage)) return <ProblemNotice problem={usage.error} retry={() => void usage.refetch()}/>;
    if (!usage.data) return <div className="card"><SkeletonRows rows={3}/></div>;
    const {uses, denials, lastUsedAt, lastAddress, lastAgent, days, denied, scopes} = usage.data;
    if (uses + denials === 0) {
        return (
            <div className="card"><Empty icon="clock" title={t('Never used')}>
                {t('The first use shows up here within a minute.')}
            </Empty></div>
        );
    }
    return (
        <div className="flex flex-col gap-5">
            <div className="grid gap-3 sm:grid-cols-3">
                <Figure name={t('Uses')}>{number(uses)}</Figure>
                <Figure name={t('Refused')}>{number(denials)}</Figure>
                <Figure name={t('Last used')}><Time at={lastUsedAt} never={t('Never used')}/></Figure>
            </div>
            {lastAddress && (
                <p className="text-quiet">{t('Last from {address} with {agent}', {address: lastAddress, agent: lastAgent || '–'})}</p>
            )}
            {days && days.length > 0 && <Card title={t('Day by day')}><Chart days={days}/></Card>}
            <div className="grid gap-5 lg:grid-cols-2">
                {denied && denied.length > 0 && (
                    <Card title={t('Why it was refused')} flush>
                        <ul className="divide-y divide-line">
                            {denied.map((one) => (
                                <li key={one.verdict} className="flex gap-3 px-5 py-2.5">
                                    <span className="flex-1">{kVerdicts()[one.verdict] ?? one.verdict}</span>
                                    <span>{number(one.count)}</span>
                                    <span className="text-quiet"><Time at={one.lastAt}/></span>
                                </li>
                            ))}
                        </ul>
                    </Card>
                )}
                {scopes && scopes.length > 0 && (
                    <Card title={t('What was asked for')} flush>
                        <ul className="divide-y divide-line">
                            {scopes.map((one) => (
                                <li key={one.scope} className="flex gap-3 px-5 py-2.5">
                                    <span className="flex-1"><ScopeTag>{one.scope}</ScopeTag></span>
                                    <span>{number(one.uses)}</span>
                                    <span className="text-quiet"><Time at={one.lastUsedAt}/></span>
                                </li>
                            ))}
                        </ul>
                    </Card>
                )}
            </div>
        </div>
    );
}
