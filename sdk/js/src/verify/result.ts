// What a verifier answers. Not valid is an answer and no error; nothing here is ever thrown.

export type Verdict =
  | 'active'
  | 'malformed'
  | 'unknown'
  | 'revoked'
  | 'expired'
  | 'not_yet_valid'
  | 'suspended'
  | 'owner_disabled'
  | 'key_compromised'
  | 'wrong_audience'
  | 'address_not_allowed'
  | 'insufficient_scope'
  | 'rate_limited'
  | 'proof_needed'
  | 'proof_invalid'
  | 'not_current'

/** Who it is, as far as it is known. */
export interface Identity {
  readonly tokenId: string | undefined
  /** Undefined for what does not say it: access tokens that were checked here. */
  readonly owner: string | undefined
  readonly kind: 'jwt' | 'opaque' | 'key' | undefined
  /** The project that the token is for. */
  readonly project: string | undefined
  readonly expiresAt: Date | undefined
}

export interface Allowed extends Identity {
  readonly ok: true
  readonly verdict: 'active'
  readonly tokenId: string
  /** What it may do: its own scopes, as far as they are true now. */
  readonly scopes: readonly string[]
  readonly missingScopes: readonly never[]
  /** Older than the staleness bound, and let through by `onStale: 'allow'`. */
  readonly isStale: boolean
}

export interface Refused extends Identity {
  readonly ok: false
  readonly verdict: Exclude<Verdict, 'active'>
  /** One sentence for people. */
  readonly reason: string
  readonly scopes: readonly string[]
  readonly missingScopes: readonly string[]
  /** 401, 403, 429, or 503 when it could not be told. */
  readonly status: 401 | 403 | 429 | 503
  /** Seconds, with 429 and 503. */
  readonly retryAfter: number | undefined
}

export type Result = Allowed | Refused

const kReasons: Record<Exclude<Verdict, 'active'>, string> = {
  malformed: 'This is not a token: its form or checksum is wrong.',
  unknown: 'No such token is known here.',
  revoked: 'The token was revoked.',
  expired: 'The token has expired.',
  not_yet_valid: 'The token is not valid yet.',
  suspended: 'The token is suspended.',
  owner_disabled: "The token's owner is disabled.",
  key_compromised: 'The key that signed the token was withdrawn.',
  wrong_audience: 'The token is for another API.',
  address_not_allowed: 'The token may not be used from this address.',
  insufficient_scope: 'The token lacks a scope that this needs.',
  rate_limited: 'The token was used too often; wait a little.',
  proof_needed: "The token needs a proof of its holder's key.",
  proof_invalid: "The proof of the holder's key is not valid here.",
  not_current: 'It cannot be told now whether the token is valid.',
}

export const kNobody: Identity = Object.freeze({
  tokenId: undefined,
  owner: undefined,
  kind: undefined,
  project: undefined,
  expiresAt: undefined,
})
const kNothing: readonly never[] = Object.freeze([])

export function isRefusal(text: unknown): text is Exclude<Verdict, 'active'> {
  return typeof text === 'string' && Object.hasOwn(kReasons, text)
}

export function allowed(
  who: Identity & { readonly tokenId: string },
  scopes: readonly string[],
  isStale = false,
): Allowed {
  return {
    ok: true, verdict: 'active', tokenId: who.tokenId, owner: who.owner, kind: who.kind,
    project: who.project, scopes, missingScopes: kNothing, expiresAt: who.expiresAt, isStale,
  }
}

export function refused(
  verdict: Exclude<Verdict, 'active'>,
  who: Identity = kNobody,
  more: { scopes?: readonly string[]; missingScopes?: readonly string[]; retryAfter?: number } = {},
): Refused {
  const status = statusOf(verdict)
  return {
    ok: false, verdict, reason: kReasons[verdict], tokenId: who.tokenId, owner: who.owner,
    kind: who.kind, project: who.project, scopes: more.scopes ?? kNothing,
    missingScopes: more.missingScopes ?? kNothing, expiresAt: who.expiresAt, status,
    retryAfter: more.retryAfter ?? (status === 503 || status === 429 ? 1 : undefined),
  }
}

function statusOf(verdict: Verdict): Refused['status'] {
  if (verdict === 'not_current') return 503
  if (verdict === 'rate_limited') return 429
  return verdict === 'insufficient_scope' ? 403 : 401
}
