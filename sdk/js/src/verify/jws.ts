// JWS in its compact form, and nothing else. The key has its one algorithm; the header's is only
// compared. Refused before any cryptography: base64url with two spellings, headers that carry or
// point to keys, names that stand twice.
import { fromBase64url, fromUtf8, utf8 } from '../wire/encoding.js'
import { type JsonObject, parseStrictObject } from '../wire/json.js'

export const kTokenBytesMax = 16_384
const kHeaderBytesMax = 2_048
const kDepthMax = 8
const kRefused = ['crit', 'b64', 'zip', 'jwk', 'jku', 'x5u', 'x5c', 'enc']

export const kAlgorithms = ['RS256', 'RS512', 'ES256', 'ES512', 'Ed25519'] as const
export type Algorithm = (typeof kAlgorithms)[number]

export interface Jws {
  readonly algorithm: Algorithm
  readonly kid: string | undefined
  /** In small letters, without "application/". */
  readonly type: string | undefined
  readonly claims: JsonObject
  readonly signed: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
}

/** Undefined when the text is no JWS of ours. Nothing in it is to be believed yet. */
export function parseJws(text: string, bytesMax = kTokenBytesMax): Jws | undefined {
  if (text.length > bytesMax) return undefined
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (first < 1 || second < 0 || text.indexOf('.', second + 1) >= 0) return undefined
  const header = objectOf(text.slice(0, first), kHeaderBytesMax)
  if (header === undefined || kRefused.some((name) => Object.hasOwn(header, name))) return undefined
  const claims = objectOf(text.slice(first + 1, second), bytesMax)
  const signature = fromBase64url(text.slice(second + 1))
  if (claims === undefined || signature === undefined || signature.length === 0) return undefined
  const { alg, kid, typ } = header
  if (!isAlgorithm(alg) || !isShortText(kid, 128) || !isShortText(typ, 64)) return undefined
  return {
    algorithm: alg,
    kid,
    type: typ?.toLowerCase().replace(/^application\/(?=[^/]*$)/, ''),
    claims,
    signed: utf8(text.slice(0, second)),
    signature,
  }
}

function isAlgorithm(value: unknown): value is Algorithm {
  return (kAlgorithms as readonly unknown[]).includes(value)
}

function isShortText(value: unknown, most: number): value is string | undefined {
  if (value === undefined) return true
  return typeof value === 'string' && value !== '' && value.length <= most
}

function objectOf(encoded: string, bytesMax: number): JsonObject | undefined {
  if (encoded.length > (bytesMax * 4) / 3 + 3) return undefined
  const bytes = fromBase64url(encoded)
  const text = bytes && fromUtf8(bytes)
  if (text === undefined || text.startsWith('\ufeff')) return undefined
  return parseStrictObject(text, kDepthMax)
}
