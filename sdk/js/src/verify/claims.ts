// The claims of our tokens: every one in the form that the authority writes, or the token is none
// of ours.
import { fromBase64url, isUuid, uuidOf } from '../wire/encoding.js'
import { isObject, type JsonObject } from '../wire/json.js'
import { isScopePattern } from './scope.js'

const kEndOfTime = 253_402_300_799 // the year 9999
const kScopesMax = 256
const kAncestorsMax = 64

export interface TokenClaims {
  readonly kind: 'jwt' | 'access'
  readonly audience: string
  readonly tokenId: string
  /** The secret's id: a jwt's `jti`. */
  readonly secretId: string
  /** Undefined for access tokens, which do not say it. */
  readonly owner: string | undefined
  readonly issuedAt: number
  readonly expiresAt: number | undefined
  readonly scopes: readonly string[]
  /** Of an access token: what was asked for, and it may do no more than that. */
  readonly requested: readonly string[] | undefined
  readonly project: string | undefined
  readonly status: { readonly index: number; readonly uri: string } | undefined
  /** Of an access token: the thumbprint of the key that it was got with. */
  readonly clientKey: string | undefined
  /** Of an access token that was got with a secret: the digest of it. */
  readonly clientSecret: string | undefined
  /** Of an access token: those that it was got from. It dies with them. */
  readonly ancestors: readonly string[]
  /** It is worth nothing without a proof of its holder's key (DPoP). */
  readonly needsProof: boolean
}

/** Undefined when a claim is missing or has another form. */
export function jwtClaims(claims: JsonObject, issuer: string): TokenClaims | undefined {
  const common = commonClaims(claims)
  const secretId = uuidOf(claims.jti)
  const owner = uuidOf(claims.sub)
  const tokenId = claims.token_id === undefined ? secretId : uuidOf(claims.token_id)
  if (common === undefined || secretId === undefined || owner === undefined) return undefined
  if (tokenId === undefined || claims.nbf !== claims.iat) return undefined
  if (claims.scope !== undefined && common.scopes.length === 0) return undefined
  const status = statusOf(claims.status, issuer)
  if (status === null) return undefined
  return {
    kind: 'jwt', ...common, tokenId, secretId, owner, status,
    requested: undefined, project: undefined, clientKey: undefined, clientSecret: undefined, ancestors: [],
    needsProof: claims.cnf !== undefined,
  }
}

export function accessClaims(claims: JsonObject): TokenClaims | undefined {
  const common = commonClaims(claims)
  const { client_id: client, project_id: project, jti, cnf } = claims
  if (common === undefined || !isUuid(client) || claims.sub !== client) return undefined
  // As facts of the stream are written: nothing of them may be missed for its letters.
  if (client !== client.toLowerCase()) return undefined
  if (common.expiresAt === undefined || common.expiresAt <= common.issuedAt) return undefined
  if (typeof jti !== 'string' || jti === '') return undefined
  const { client_key: clientKey, client_secret_hash: clientSecret } = claims
  // Exactly one says what it was got with.
  if (clientKey === undefined ? !isDigest(clientSecret) : clientSecret !== undefined) {
    return undefined
  }
  if (clientKey !== undefined && !isDigest(clientKey)) return undefined
  const ancestors = claims.derived_from ?? []
  if (!Array.isArray(ancestors) || ancestors.length > kAncestorsMax) return undefined
  if (!ancestors.every((one) => typeof one === 'string' && one !== '')) return undefined
  // What cannot be read must not pass for nothing.
  if (cnf !== undefined && !(isObject(cnf) && isDigest(cnf.jkt))) return undefined
  if (project !== undefined && !isUuid(project)) return undefined
  const asked = claims.requested_scope
  const requested = asked === undefined ? undefined : scopesOf(asked)
  if (asked !== undefined && requested === undefined) return undefined
  return {
    kind: 'access', ...common, requested, tokenId: client, secretId: jti, owner: undefined,
    project: project?.toLowerCase(), status: undefined, clientKey: clientKey as string | undefined,
    clientSecret: clientSecret as string | undefined, ancestors: ancestors as string[],
    needsProof: cnf !== undefined,
  }
}

function commonClaims(
  claims: JsonObject,
): Pick<TokenClaims, 'audience' | 'issuedAt' | 'expiresAt' | 'scopes'> | undefined {
  const { aud, iat, exp, scope } = claims
  if (!Array.isArray(aud) || aud.length !== 1) return undefined
  const audience: unknown = aud[0]
  if (typeof audience !== 'string' || audience === '') return undefined
  if (!isTime(iat) || (exp !== undefined && !isTime(exp))) return undefined
  const scopes = scope === undefined ? [] : scopesOf(scope)
  if (scopes === undefined) return undefined
  return { audience, issuedAt: iat, expiresAt: exp, scopes }
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && fromBase64url(value)?.length === 32
}

function isTime(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= kEndOfTime
}

function scopesOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'string' || value.length > kScopesMax * 65) return undefined
  const items = value.split(/[ ,]+/).filter((item) => item !== '')
  const isGood = items.length <= kScopesMax && items.every(isScopePattern)
  return isGood ? Object.freeze(items) : undefined
}

// null: there is one, and it is none of ours. A list elsewhere is never read: who can make us read
// addresses can look around in our network.
function statusOf(
  value: unknown,
  issuer: string,
): { index: number; uri: string } | undefined | null {
  if (value === undefined) return undefined
  const reference = isObject(value) ? value.status_list : undefined
  if (!isObject(reference)) return null
  const { idx, uri } = reference
  if (!Number.isSafeInteger(idx) || (idx as number) < 0 || typeof uri !== 'string') return null
  const begin = `${issuer}/status/`
  if (!uri.startsWith(begin) || !/^(0|[1-9]\d{0,3})$/.test(uri.slice(begin.length))) return null
  return { index: idx as number, uri }
}
