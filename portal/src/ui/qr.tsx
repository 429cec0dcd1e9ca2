// A QR code, drawn here: what it says goes to no other host.
import {encode} from 'uqr';

export function QrCode({text, label}: {text: string; label: string}) {
    const {data, size} = encode(text, {ecc: 'M', border: 3});
    const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
    return (
        <svg role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges"
             className="size-48 rounded-lg border border-line">
            <rect width={size} height={size} fill="#fff"/>
            <path d={path} fill="#000"/>
        </svg>
    );
}
