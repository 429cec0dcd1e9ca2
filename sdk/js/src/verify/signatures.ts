// Public keys and what they signed, by WebCrypto. A key has one algorithm, for ever.
import { fromBase64url } from '../wire/encoding.js'
import { isObject } from '../wire/json.js'
import { type Algorithm, type Jws, kAlgorithms } from './jws.js'

type Parameters = RsaHashedImportParams & EcKeyImportParams & EcdsaParams

const kParameters: Record<Algorithm, Partial<Parameters> & { name: string }> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  Ed25519: { name: 'Ed25519' },
}
const kShapes: Record<Algorithm, { kty: string; crv?: string; members: readonly string[] }> = {
  RS256: { kty: 'RSA', members: ['n', 'e'] },
  RS512: { kty: 'RSA', members: ['n', 'e'] },
  ES256: { kty: 'EC', crv: 'P-256', members: ['x', 'y'] },
  ES512: { kty: 'EC', crv: 'P-521', members: ['x', 'y'] },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', members: ['x'] },
}
const kRsaBytes = { min: 256, max: 512 }

export interface VerifyingKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly key: CryptoKey
}

/** Undefined for a key that we cannot use: then a set may still hold others. */
export async function importKey(jwk: unknown): Promise<VerifyingKey | undefined> {
  if (!isObject(jwk)) return undefined
  const { kid, alg, kty, crv, use } = jwk
  const algorithm = kAlgorithms.find((one) => one === alg)
  if (algorithm === undefined || typeof kid !== 'string' || kid === '') return undefined
  const shape = kShapes[algorithm]
  if (kty !== shape.kty || crv !== shape.crv || (use !== undefined && use !== 'sig')) {
    return undefined
  }
  // Only what the key is: members such as key_ops say what somebody wants of it.
  const plain: Record<string, string> = { kty: shape.kty }
  if (shape.crv !== undefined) plain.crv = shape.crv
  for (const name of shape.members) {
    const value = jwk[name]
    if (typeof value !== 'string') return undefined
    plain[name] = value
  }
  if (kty === 'RSA') {
    const length = fromBase64url(plain.n!)?.length ?? 0
    if (length < kRsaBytes.min || length > kRsaBytes.max) return undefined
  }
  try {
    const parameters = kParameters[algorithm]
    const key = await crypto.subtle.importKey('jwk', plain, parameters, false, ['verify'])
    return { kid, algorithm, key }
  } catch {
    return undefined
  }
}

export async function isSigned(jws: Jws, key: VerifyingKey): Promise<boolean> {
  if (jws.algorithm !== key.algorithm) return false
  try {
    const parameters = kParameters[key.algorithm]
    return await crypto.subtle.verify(parameters, key.key, jws.signature, jws.signed)
  } catch {
    return false
  }
}
