// Who signs: a private key in PEM or as JWK, or something outside that keeps one.
import { openPem } from '#platform'
import { ConfigurationError } from '../errors.js'
import { fromBase64 } from '../wire/encoding.js'
import { derOid, derSequence, derValues } from './der.js'
import { decryptPbes2 } from './pbes2.js'

export type SigningAlgorithm = 'RS256' | 'RS512' | 'ES256' | 'ES512' | 'Ed25519'

/** Signs with a key that is somewhere else, such as in a cloud's key service. ECDSA signatures are
 * r and s one behind the other, 32 bytes each for ES256 and 66 for ES512, not DER. */
export type ExternalSigner = (
  input: Uint8Array<ArrayBuffer>,
  key: { readonly algorithm: SigningAlgorithm; readonly keyId: string | undefined },
) => Promise<Uint8Array> | Uint8Array

export interface Signer {
  readonly algorithm: SigningAlgorithm
  sign(input: Uint8Array<ArrayBuffer>): Promise<Uint8Array>
}

interface Parameters {
  readonly name: string
  readonly hash?: string
  readonly namedCurve?: string
}

const kParameters: Record<SigningAlgorithm, Parameters> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  Ed25519: { name: 'Ed25519' },
}
// What the key is, by its object identifiers, and what it may sign.
const kByOid: Record<string, readonly SigningAlgorithm[]> = {
  '2a864886f70d010101': ['RS256', 'RS512'],
  '2a8648ce3d0201 2a8648ce3d030107': ['ES256'],
  '2a8648ce3d0201 2b81040023': ['ES512'],
  '2b6570': ['Ed25519'],
}
const kByCurve: Record<string, readonly SigningAlgorithm[]> = {
  'P-256': ['ES256'], 'P-521': ['ES512'], Ed25519: ['Ed25519'],
}

export function isSigningAlgorithm(value: unknown): value is SigningAlgorithm {
  return typeof value === 'string' && Object.hasOwn(kParameters, value)
}

export async function signerOfPem(
  pem: string,
  passphrase: string | undefined,
  wanted: SigningAlgorithm | undefined,
): Promise<Signer> {
  const opened = openPem(pem, passphrase)
  const pkcs8 = opened === undefined ? await openPemHere(pem, passphrase) : new Uint8Array(opened)
  const algorithm = chosen(algorithmsOf(pkcs8), wanted)
  try {
    const key = await crypto.subtle.importKey(
      'pkcs8', pkcs8, kParameters[algorithm] as RsaHashedImportParams, false, ['sign'],
    )
    return signerOf(key, algorithm)
  } catch {
    throw badKey()
  } finally {
    pkcs8.fill(0)
  }
}

export async function signerOfJwk(
  jwk: JsonWebKey,
  wanted: SigningAlgorithm | undefined,
): Promise<Signer> {
  const named = isSigningAlgorithm(jwk.alg) ? jwk.alg : undefined
  const possible = jwk.kty === 'RSA' ? kByOid['2a864886f70d010101'] : kByCurve[jwk.crv ?? '']
  const algorithm = chosen(possible, wanted ?? named)
  const { alg: _, use: _use, key_ops: _ops, ...plain } = jwk
  try {
    const key = await crypto.subtle.importKey(
      'jwk', plain, kParameters[algorithm] as RsaHashedImportParams, false, ['sign'],
    )
    return signerOf(key, algorithm)
  } catch {
    throw badKey()
  }
}

export function signerOutside(
  sign: ExternalSigner,
  algorithm: SigningAlgorithm | undefined,
  keyId: string | undefined,
): Signer {
  if (algorithm === undefined) {
    throw new ConfigurationError('algorithm is missing: which one does the signer use?', {
      code: 'no_algorithm',
    })
  }
  return { algorithm, sign: async (input) => sign(input, { algorithm, keyId }) }
}

function signerOf(key: CryptoKey, algorithm: SigningAlgorithm): Signer {
  const parameters = kParameters[algorithm]
  return {
    algorithm,
    sign: async (input) =>
      new Uint8Array(await crypto.subtle.sign(parameters as EcdsaParams, key, input)),
  }
}

async function openPemHere(
  pem: string,
  passphrase: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = /-----BEGIN ((?:ENCRYPTED )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----/
    .exec(pem)
  const der = parts === null ? undefined : fromBase64(parts[2]!)
  if (der === undefined) throw badKey()
  if (parts![1] === 'PRIVATE KEY') return der
  if (passphrase !== undefined) return decryptPbes2(der, passphrase)
  throw new ConfigurationError('the private key is encrypted: a passphrase is needed', {
    code: 'passphrase_needed',
  })
}

function algorithmsOf(pkcs8: Uint8Array<ArrayBuffer>): readonly SigningAlgorithm[] | undefined {
  try {
    const [, identifier] = derSequence(derValues(pkcs8)[0])
    const [kind, curve] = derSequence(identifier)
    const oid = derOid(kind)
    return kByOid[oid] ?? kByOid[`${oid} ${derOid(curve)}`]
  } catch {
    return undefined
  }
}

function chosen(
  possible: readonly SigningAlgorithm[] | undefined,
  wanted: SigningAlgorithm | undefined,
): SigningAlgorithm {
  if (possible === undefined) throw badKey()
  if (wanted === undefined) return possible[0]!
  if (possible.includes(wanted)) return wanted
  const others = possible.join(', ')
  throw new ConfigurationError(`the private key cannot sign ${wanted}, but ${others}`, {
    code: 'wrong_algorithm',
  })
}

function badKey(): ConfigurationError {
  return new ConfigurationError('the private key cannot be read', {
    code: 'bad_key',
    hint: 'PKCS#8 PEM or a JWK: RSA, P-256, P-521 or Ed25519',
  })
}
