// The claims of our tokens: every one in the form that the authority writes, or the token is none
// of ours.
import { fromBase64url, isUuid, uuidOf } from '../wire/encoding.js'
import { isObject, type JsonObject } from '../wire/json.js'
import { isScopePattern } from './scope.js'

const kEndOfTime = 253_402_300_799 // the year 9999
const kScopesMax = 256

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
  readonly project: string | undefined
  readonly status: { readonly index: number; readonly uri: string } | undefined
  /** Of an access token: the thumbprint of the holder's key. */
  readonly clientKey: string | undefined
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
    project: undefined, clientKey: undefined,
  }
}

export function accessClaims(claims: JsonObject): TokenClaims | undefined {
  const common = commonClaims(claims)
  const { client_id: client, client_key: clientKey, project_id: project, jti } = claims
  if (common === undefined || !isUuid(client) || claims.sub !== client) return undefined
  if (common.expiresAt === undefined || common.expiresAt <= common.issuedAt) return undefined
  if (typeof jti !== 'string' || jti === '') return undefined
  if (typeof clientKey !== 'string' || fromBase64url(clientKey)?.length !== 32) return undefined
  if (project !== undefined && !isUuid(project)) return undefined
  if (claims.requested_scope !== undefined && scopesOf(claims.requested_scope) === undefined) {
    return undefined
  }
  return {
    kind: 'access', ...common, tokenId: client, secretId: jti, owner: undefined, project,
    status: undefined, clientKey,
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
