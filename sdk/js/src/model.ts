// What the REST API answers. Unions are open: a newer server may say words that we do not know.

type Open<T extends string> = T | (string & Record<never, never>)

export type TokenKind = 'jwt' | 'opaque' | 'key'
export type TokenState = 'active' | 'expired' | 'revoked' | 'suspended'

export interface TokenKey {
  readonly kid: string
  readonly algorithm: string
  readonly thumbprint: string
  readonly createdAt: string
}

export interface TokenSecret {
  readonly id: string
  readonly generation: number
  readonly state: Open<'live' | 'ended' | 'revoked'>
  readonly createdAt: string
  readonly endsAt: string | null
  readonly lastUsedAt: string | null
  readonly uses: number
}

export interface Token {
  readonly id: string
  readonly jti?: string
  readonly name: string
  readonly description: string
  readonly kind: Open<TokenKind>
  /** The API's slug. */
  readonly api: string
  readonly audience: string
  readonly owner: string
  /** `null`: it declares none, and only policies count. */
  readonly scopes: readonly string[] | null
  readonly allowedIps: readonly string[]
  readonly state: Open<TokenState>
  readonly reason?: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly expiresAt: string | null
  readonly notBefore?: string | null
  readonly revokedAt?: string
  readonly lastUsedAt: string | null
  readonly generation: number
  readonly rateLimit?: RateLimit | null
  readonly keys?: readonly TokenKey[]
  readonly secrets?: readonly TokenSecret[]
}

export interface RateLimit {
  readonly requests: number
  readonly seconds: number
}

export interface CreatedToken extends Token {
  /** The secret. It is shown once. A key token has none. */
  readonly token?: string
}

export interface OwnToken extends Token {
  readonly effectiveScopes: readonly string[]
  /** Where the API that it is for was registered to be. */
  readonly apiBaseUrl: string | null
}

export interface CreateToken {
  readonly name: string
  readonly description?: string
  readonly kind?: TokenKind
  /** A slug, an audience or an id; the default API when it is left out. */
  readonly api?: string
  readonly scopes?: readonly string[]
  /** A time. */
  readonly expiresAt?: string | Date | null
  readonly notBefore?: string | Date
  readonly allowedIps?: readonly string[]
  readonly rateLimit?: RateLimit
  readonly projects?: readonly string[]
  /** Public keys of a key token: PEM, JWK, JWKS or an array of them. */
  readonly keys?: unknown
  readonly algorithm?: string
}

export interface UpdateToken {
  readonly name?: string
  readonly description?: string
  readonly scopes?: readonly string[]
  readonly expiresAt?: string | Date | null
  readonly notBefore?: string | Date | null
  readonly allowedIps?: readonly string[]
  readonly rateLimit?: RateLimit | null
  readonly keys?: unknown
  readonly algorithm?: string
}

export interface RotateToken {
  /** How long the old secret still works; a day when it is left out. */
  readonly graceSeconds?: number
  readonly untilSilentSeconds?: number
  readonly scopes?: readonly string[]
  readonly expiresAt?: string | Date | null
}

export interface TokenUsage {
  readonly tokenId: string
  readonly lastUsedAt: string | null
  readonly lastAddress: string
  readonly lastAgent: string
  readonly uses: number
  readonly denials: number
}

export interface VerifyQuestion {
  readonly token: string
  readonly api?: string
  readonly scopes?: readonly string[]
  readonly project?: string
  readonly resource?: string
  readonly ip?: string
}

export interface VerifyAnswer {
  readonly valid: boolean
  readonly verdict: string
  readonly reason?: string
  readonly tokenId?: string | null
  readonly owner?: string | null
  readonly kind?: Open<TokenKind> | null
  readonly api?: string | null
  readonly scopes?: readonly string[]
  readonly projects?: readonly string[]
  readonly expiresAt?: string | null
  readonly missingScopes?: readonly string[]
  readonly retryAfter?: number
  readonly epoch: number
  readonly revision: number
}

export interface Project {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly api: string | null
  readonly role: string | null
  readonly createdAt: string
  readonly updatedAt: string
}

export interface ProjectToken {
  readonly id: string
  /** The secret in the answer to its creation, `redacted` ever after. */
  readonly token: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly createdAt: string
}

export type PrincipalType = 'token' | 'user'

export interface Principal {
  readonly principalId: string
  readonly principalType: PrincipalType
  readonly name: string
  readonly owner: string | null
  readonly role?: string
  readonly hasPolicy: boolean
  readonly addedAt: string
}

export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny'
  readonly action: readonly string[]
  readonly resource: readonly string[]
  readonly principal?: readonly string[]
}

export interface Policy {
  readonly version: '2022-12-15'
  readonly statement: readonly PolicyStatement[]
}

export interface TokenProject {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly policy: Policy | null
  readonly addedAt: string
}

export interface Simulation {
  readonly allowed: boolean
  readonly decision: string
  readonly statement: { readonly index: number } | null
  readonly limits: readonly { readonly limit: string; readonly allowed: boolean }[]
  readonly reason: string
}

export interface LogEvent {
  readonly epoch: number
  readonly revision: number
  readonly at: string
  readonly type: string
  readonly actor?: string
  readonly data: Readonly<Record<string, unknown>>
  readonly hash?: string
  readonly body?: string
}

export interface Checkpoint {
  readonly epoch: number
  readonly revision: number
  readonly hash: string
  readonly at: string
  readonly checkpoint: string
}
