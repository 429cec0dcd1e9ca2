import { ConfigurationError, type LatchkeyError } from '../errors.js'
import { Hidden, isCredential } from '../hidden.js'
import { serverAddress } from '../wire/address.js'
import type { Fetch } from '../wire/bounded_fetch.js'
import { steadyClock } from './steady.js'

/** What a route does with a token about which nothing was heard within the bound. */
export type OnStale = 'deny' | 'allow'

/** Something that went wrong in the background; the verifier goes on and says what it can. */
export interface VerifierEvent {
  readonly type: 'keys' | 'status_list' | 'stream' | 'authority' | 'connected' | 'reset'
  readonly error?: LatchkeyError
}

export interface VerifierOptions {
  /** Where Latchkey is, byte by byte as in its settings. */
  readonly issuer: string
  /** The audience of the API that verifies. */
  readonly audience: string
  /** A machine user's token with `token:verify` for this API: for the event stream, and to ask
   * about what cannot be told here. Without it opaque tokens cannot be verified. */
  readonly token?: string
  /** `stream` with a token, else `poll`. `ask` asks the authority about every token. */
  readonly revocation?: 'stream' | 'poll' | 'ask'
  /** Nothing is believed that was not confirmed for so long; 30 when it is left out. */
  readonly maxStalenessSeconds?: number
  /** Past the bound: deny, unless a route or this says otherwise. */
  readonly onStale?: OnStale
  /** For `iat` and `nbf` of clocks that are ahead of ours; 5. An end has no tolerance. */
  readonly clockToleranceSeconds?: number
  /** How long an answer of the authority is used without asking again; 5. */
  readonly cacheSeconds?: number
  /** Milliseconds for a request; 5,000. */
  readonly timeout?: number
  /** How many tokens are remembered; 10,000. */
  readonly cacheSize?: number
  readonly fetch?: Fetch
  readonly onEvent?: (event: VerifierEvent) => void
  /** Milliseconds since 1970. For tests. */
  readonly now?: () => number
}

/** What a route needs. */
export interface Requirement {
  readonly scopes?: readonly string[]
  readonly project?: string
  readonly resource?: string
  /** The client's address, for tokens that are bound to some. */
  readonly ip?: string
  readonly onStale?: OnStale
}

const kWanted = new Set(['scopes', 'project', 'resource', 'ip', 'onStale'])

/** Throws for what is no requirement: `{ scope: 'a:b' }` must not pass for one that asks nothing. */
export function requireRequirement(wanted: Requirement): void {
  for (const name in wanted) {
    if (!kWanted.has(name)) throw badRequirement(`there is no ${name} in a requirement`)
  }
  if (wanted.scopes !== undefined && !Array.isArray(wanted.scopes)) {
    throw badRequirement('scopes is an array of scopes')
  }
}

function badRequirement(why: string): ConfigurationError {
  return new ConfigurationError(why, {
    code: 'bad_requirement',
    hint: "{ scopes: ['license:read'], project, resource, ip, onStale }",
  })
}

export interface Config {
  readonly issuer: string
  readonly audience: string
  readonly token: Hidden | undefined
  readonly revocation: 'stream' | 'poll' | 'ask'
  readonly boundMs: number
  readonly onStale: OnStale
  readonly toleranceSeconds: number
  readonly cacheMs: number
  readonly timeoutMs: number
  readonly cacheSize: number
  readonly fetch: Fetch
  readonly report: (event: VerifierEvent) => void
  /** Wall clock. */
  readonly now: () => number
  /** A clock that nobody sets, for ages. */
  readonly steady: () => number
}

export function configOf(options: VerifierOptions): Config {
  const issuer = serverAddress(options.issuer, 'issuer')
  if (issuer !== options.issuer) {
    throw new ConfigurationError('issuer must be written as the server writes it', {
      code: 'bad_address',
      hint: `${issuer}?`,
    })
  }
  if (typeof options.audience !== 'string' || options.audience === '') {
    throw new ConfigurationError('audience is missing', { code: 'no_audience' })
  }
  if (options.token !== undefined && !isCredential(options.token)) {
    throw new ConfigurationError('token has characters that no token has', { code: 'bad_token' })
  }
  const hasToken = options.token !== undefined
  const revocation = options.revocation ?? (hasToken ? 'stream' : 'poll')
  if (!hasToken && revocation !== 'poll') {
    throw new ConfigurationError(`revocation: '${revocation}' needs a token`, { code: 'no_token' })
  }
  const { now, onEvent } = options
  const request = options.fetch ?? ((input, init) => fetch(input, init))
  return {
    issuer,
    audience: options.audience,
    token: options.token === undefined ? undefined : new Hidden(options.token),
    revocation,
    boundMs: seconds(options.maxStalenessSeconds, 30, 'maxStalenessSeconds') * 1000,
    onStale: options.onStale ?? 'deny',
    toleranceSeconds: seconds(options.clockToleranceSeconds, 5, 'clockToleranceSeconds'),
    cacheMs: seconds(options.cacheSeconds, 5, 'cacheSeconds') * 1000,
    timeoutMs: options.timeout ?? 5_000,
    cacheSize: options.cacheSize ?? 10_000,
    fetch: request,
    report: (event) => {
      try {
        onEvent?.(event)
      } catch {
        // What a listener does wrong changes no verdict.
      }
    },
    now: now ?? Date.now,
    steady: now ?? steadyClock(),
  }
}

function seconds(value: number | undefined, otherwise: number, name: string): number {
  const chosen = value ?? otherwise
  if (Number.isFinite(chosen) && chosen >= 0 && chosen <= 3600) return chosen
  throw new ConfigurationError(`${name} is a number of seconds, at most an hour`, {
    code: 'bad_option',
  })
}
