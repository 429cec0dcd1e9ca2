// Seven days of use, as small as a word. The words beside it say the last use; this says how much.
import {t} from '../lib/i18n';

export function Sparkline({values}: {values: number[]}) {
    const most = Math.max(1, ...values);
    const total = values.reduce((sum, value) => sum + value, 0);
    return (
        <svg viewBox={`0 0 ${values.length * 6} 16`} width={values.length * 6} height="16" role="img"
             aria-label={t('{n} uses in 7 days', {n: total})} className="shrink-0">
            {values.map((value, index) => {
                const height = value === 0 ? 1 : Math.max(2, (value / most) * 15);
                return <rect key={index} x={index * 6} y={16 - height} width="4" height={height} rx="1"
                             className={value === 0 ? 'fill-line' : 'fill-accent'}/>;
            })}
        </svg>
    );
}
