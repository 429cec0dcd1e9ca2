// A token, taken apart in the browser: nothing that is pasted here leaves this page, except to our
// own server, and only when one asks for it.
import {useEffect, useState, type ReactNode} from 'react';
import {get} from '../lib/api';
import {bytesOf} from '../lib/bytes';
import {curlOf} from '../lib/commands';
import {useTitle} from '../lib/hooks';
import {t} from '../lib/i18n';
import {exact, relative} from '../lib/time';
import type {Token} from '../lib/types';
import {ShowAs} from '../ui/as-command';
import {Card, Facts, PageHead, ScopeTag} from '../ui/bits';
import {Button, LinkButton} from '../ui/button';
import {Snippet} from '../ui/copy';
import {Notice} from '../ui/feedback';
import {TextArea} from '../ui/field';
import {kTokens} from '../lib/tokens';

type Json = Record<string, unknown>;

interface Decoded {
    header: Json;
    claims: Json;
    signed: string;
    signature: Uint8Array<ArrayBuffer>;
}

function decode(text: string): Decoded | null {
    const parts = text.trim().split('.');
    if (parts.length !== 3) return null;
    try {
        const read = (part: string) => {
            const value: unknown = JSON.parse(new TextDecoder().decode(bytesOf(part)));
            if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
            return value as Json;
        };
        return {
            header: read(parts[0] ?? ''), claims: read(parts[1] ?? ''),
            signed: parts[0] + '.' + parts[1], signature: bytesOf(parts[2] ?? ''),
        };
    } catch {
        return null;
    }
}

// GitHub's rule: six characters of base62 CRC-32 over the random part.
function crc32(text: string) {
    let crc = 0xffffffff;
    for (const letter of text) {
        crc ^= letter.charCodeAt(0);
        for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return (crc ^ 0xffffffff) >>> 0;
}

function base62(value: number) {
    const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    let text = '';
    let rest = value;
    for (let i = 0; i < 6; ++i) {
        text = letters.charAt(rest % 62) + text;
        rest = Math.floor(rest / 62);
    }
    return text;
}

function opaqueCheck(text: string): 'right' | 'wrong' | null {
    const parts = /^([a-z0-9]+)_([0-9A-Za-z]{34})([0-9A-Za-z]{6})$/.exec(text.trim());
    if (!parts) return null;
    return base62(crc32(parts[2] ?? '')) === parts[3] ? 'right' : 'wrong';
}

async function checkSignature(it: Decoded): Promise<boolean | null> {
    if (!globalThis.isSecureContext || it.header.alg !== 'ES256') return null;
    const {keys} = await get<{keys: (JsonWebKey & {kid: string})[]}>('/.well-known/jwks.json');
    const jwk = keys.find((key) => key.kid === it.header.kid);
    if (!jwk) return false;
    const {kty, crv, x, y} = jwk;
    const key = await crypto.subtle.importKey('jwk', {kty, crv, x, y}, {name: 'ECDSA', namedCurve: 'P-256'}, false, ['verify']);
    return crypto.subtle.verify({name: 'ECDSA', hash: 'SHA-256'}, key, it.signature, new TextEncoder().encode(it.signed));
}

function when(value: unknown): ReactNode {
    // Anybody may have written this token: its times need not be times.
    if (typeof value !== 'number') return value === undefined ? '–' : JSON.stringify(value);
    if (Math.abs(value) > 8.64e12) return String(value);
    return `${exact(value * 1000)} (${relative(value * 1000)})`;
}

function claimsOf(claims: Json): [string, ReactNode][] {
    const text = (value: unknown) => Array.isArray(value) ? value.join(', ') : String(value);
    const items: [string, ReactNode][] = [];
    if (claims.iss) items.push([t('Issuer'), text(claims.iss)]);
    if (claims.aud) items.push([t('For the API'), text(claims.aud)]);
    if (claims.sub) items.push([t('Acts for'), text(claims.sub)]);
    if (claims.jti) items.push([t('Id of the secret'), <code key="j" className="font-mono text-xs">{text(claims.jti)}</code>]);
    if (claims.project_id) items.push([t('Project'), text(claims.project_id)]);
    items.push([t('Scopes'), typeof claims.scope === 'string' && claims.scope !== ''
        ? <span key="s" className="flex flex-wrap gap-1">{claims.scope.split(' ').map((one) => <ScopeTag key={one}>{one}</ScopeTag>)}</span>
        : t('None in the token')]);
    items.push([t('Issued'), when(claims.iat)], [t('Expires'), claims.exp ? when(claims.exp) : t('Never')]);
    return items;
}

function Signature({it}: {it: Decoded}) {
    const [result, setResult] = useState<boolean | null | undefined>(undefined);
    useEffect(() => {
        let isGone = false;
        setResult(undefined);
        checkSignature(it).then((good) => { if (!isGone) setResult(good); }, () => { if (!isGone) setResult(null); });
        return () => { isGone = true; };
    }, [it]);
    if (result === undefined) return null;
    if (result === null) return <Notice title={t('The signature was not checked here.')}/>;
    return result
        ? <Notice tone="good" title={t('The signature is ours.')}>{t('That says who made it, not that it still counts: ask below.')}</Notice>
        : <Notice tone="bad" title={t('This server did not sign it.')}/>;
}

function Ask({secret}: {secret: string}) {
    const [answer, setAnswer] = useState<{token?: Token; text?: string} | null>(null);
    useEffect(() => setAnswer(null), [secret]);
    async function ask() {
        const response = await fetch('/v1/tokens/self', {headers: {Authorization: 'Bearer ' + secret.trim()}, credentials: 'omit', cache: 'no-store'});
        const body = await response.json() as Token & {detail?: string};
        setAnswer(response.ok ? {token: body} : {text: body.detail ?? String(response.status)});
    }
    return (
        <div className="flex flex-col gap-3" aria-live="polite">
            <div className="flex flex-wrap items-center gap-3">
                <Button icon="play" onClick={() => void ask().catch((failure: Error) => setAnswer({text: failure.message}))}>{t('Ask this server')}</Button>
                <span className="text-xs text-quiet">{t('Sends the token to {host}, and counts as a use.', {host: location.host})}</span>
            </div>
            {answer?.token && (
                <Notice tone="good" title={<>{t('It works:')} <bdi>{answer.token.name}</bdi></>}>
                    <LinkButton size="small" href={kTokens + '/' + answer.token.id} className="mt-1">{t('Open the token')}</LinkButton>
                </Notice>
            )}
            {answer?.text && <Notice tone="bad" title={t('It does not work.')}>{answer.text}</Notice>}
        </div>
    );
}

export function Inspector() {
    const [text, setText] = useState('');
    useTitle(t('Inspector'));
    const decoded = decode(text);
    const opaque = opaqueCheck(text);
    const trimmed = text.trim();
    return (
        <>
            <PageHead title={t('Inspector')}>{t('Paste a token to see what it says. It is decoded in this page and sent nowhere.')}</PageHead>
            <div className="flex max-w-4xl flex-col gap-5">
                <TextArea label={t('Token')} rows={5} value={text} spellCheck={false} autoComplete="off" className="font-mono text-xs leading-5"
                          placeholder="eyJ… / lkp_…" onChange={(event) => setText(event.target.value)}/>
                {trimmed !== '' && !decoded && opaque === null && (
                    <Notice tone="warn" title={t('This has the form of no token that we know.')}>{t('Was it copied whole?')}</Notice>
                )}
                {opaque === 'right' && <Notice tone="good" title={t('An opaque token, copied right.')}>{t('It says nothing by itself; the server knows it. Its checksum fits.')}</Notice>}
                {opaque === 'wrong' && <Notice tone="bad" title={t('The checksum does not fit.')}>{t('It was cut off or mistyped: no server knows it.')}</Notice>}
                {decoded && (
                    <>
                        <Card title={t('What it says')}><Facts items={claimsOf(decoded.claims)}/></Card>
                        <Signature it={decoded}/>
                        <div className="grid gap-4 md:grid-cols-2">
                            <Snippet wrap label={t('Header')} text={JSON.stringify(decoded.header, null, 2)}/>
                            <Snippet wrap label={t('Claims')} text={JSON.stringify(decoded.claims, null, 2)}/>
                        </div>
                    </>
                )}
                {(decoded || opaque === 'right') && <Ask secret={text}/>}
                <ShowAs command="latchkey token inspect -" curl={curlOf('GET', '/v1/tokens/self')}/>
            </div>
        </>
    );
}

