import type { TokenHolder } from '../client.js'
import { AuthenticationError, ConfigurationError, type LatchkeyError } from '../errors.js'
import { Hidden } from '../hidden.js'
import { requireSafe, serverAddress } from '../wire/address.js'
import type { Fetch } from '../wire/bounded_fetch.js'
import { carefulFetch } from '../wire/careful_fetch.js'
import { SingleFlight } from '../wire/single_flight.js'
import {
  addressesOf,
  type Holder,
  hideSecrets,
  type KeyCredentials,
  openCredentials,
  type Passphrase,
  readCredentialsFile,
} from './credentials.js'
import { Exchanger } from './exchange.js'

export interface ProviderOptions {
  /** What is asked for; all that the token may do when it is left out. */
  readonly scopes?: readonly string[]
  /** Where the protected API is: fetch() then sends the token there only. */
  readonly baseUrl?: string
  readonly fetch?: Fetch
  /** Milliseconds for each attempt; 10,000. */
  readonly timeout?: number
  readonly maxRetries?: number
  readonly onRefresh?: (event: { readonly expiresAt: Date }) => void
  /** Of a refresh in the background; the old token is still good. */
  readonly onError?: (error: unknown) => void
  /** Milliseconds since 1970. For tests. */
  readonly now?: () => number
}

export type AuthProviderOptions = KeyCredentials & ProviderOptions

export interface TokenRequest {
  readonly projectId?: string
  readonly scopes?: readonly string[]
  readonly forceRefresh?: boolean
}

interface Cached {
  readonly token: Hidden
  readonly refreshAt: number
  readonly expiresAt: number
}

/** Seconds before its end from which on a token is not handed out any more: it must still be good
 * when it arrives. */
const kMarginSeconds = 10

/** Holds a key token: signs, exchanges, and has a fresh access token whenever one is asked for. */
export class AuthProvider implements TokenHolder {
  readonly #load: () => Promise<KeyCredentials>
  readonly #options: ProviderOptions
  readonly #fetch: Fetch
  readonly #now: () => number
  readonly #steady: () => number
  readonly #exchanger: Exchanger
  readonly #tokens = new Map<string, Cached>()
  readonly #flights = new Map<string, SingleFlight<string>>()
  readonly #isFile: boolean
  readonly #base: string | undefined
  #holder: Promise<Holder> | undefined

  constructor(options: AuthProviderOptions)
  /** Use AuthProvider.fromFile(). */
  constructor(options: ProviderOptions, load: () => Promise<KeyCredentials>)
  constructor(
    options: AuthProviderOptions | ProviderOptions,
    load?: () => Promise<KeyCredentials>,
  ) {
    const { scopes, baseUrl, fetch: given, timeout, maxRetries, onRefresh, onError, now } = options
    this.#options = {
      ...(scopes && { scopes }), ...(onRefresh && { onRefresh }), ...(onError && { onError }),
    }
    this.#fetch = given ?? ((input, init) => fetch(input, init))
    this.#now = now ?? Date.now
    this.#steady = now ?? (() => performance.now())
    this.#isFile = load !== undefined
    const credentials = options as KeyCredentials
    if (load === undefined) addressesOf(credentials)
    const hidden = hideSecrets(credentials)
    this.#load = load ?? (() => Promise.resolve(hidden()))
    const base = baseUrl ?? credentials.apiGatewayUrl
    this.#base = base === undefined ? undefined : serverAddress(base, 'baseUrl')
    this.#exchanger = new Exchanger({
      fetch: this.#fetch, timeout: timeout ?? 10_000, maxRetries: maxRetries ?? 3, now: this.#now,
    })
  }

  /** From the file that `latchkey token create-token --out` wrote. It is read again when its key
   * is refused: then somebody may have put a new one there. */
  static fromFile(
    path: string,
    options: ProviderOptions & { passphrase?: Passphrase; projectId?: string } = {},
  ): AuthProvider {
    const { passphrase, projectId } = options
    return new AuthProvider(options, async () => {
      const file = await readCredentialsFile(path)
      return { ...file, passphrase, projectId: projectId ?? file.projectId }
    })
  }

  /** A good access token. Many callers at once cause one exchange. */
  async getToken(wanted: TokenRequest = {}): Promise<string> {
    const name = JSON.stringify([wanted.projectId, wanted.scopes])
    const cached = this.#tokens.get(name)
    const now = this.#steady()
    if (cached === undefined || wanted.forceRefresh || now >= cached.expiresAt) {
      return this.#refresh(name, wanted)
    }
    if (now >= cached.refreshAt) {
      // Nobody waits: the old one is good for a while.
      this.#refresh(name, wanted).catch((error: unknown) => this.#options.onError?.(error))
    }
    return cached.token.expose()
  }

  /** Affinidi's name for getToken(). */
  fetchProjectScopedToken(): Promise<string> {
    return this.getToken()
  }

  async headers(): Promise<{ authorization: string }> {
    return { authorization: `Bearer ${await this.getToken()}` }
  }

  /** fetch() with an access token. A 401 makes it get a new one, once, and send again what can be
   * sent again. A redirect to another origin goes on without the token. */
  async fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = this.#allowedUrl(input)
    const response = await this.#send(url, init, await this.getToken())
    const isRepeatable = !(init.body instanceof ReadableStream)
    if (response.status !== 401 || !isRepeatable) return response
    void response.body?.cancel().catch(() => {})
    return this.#send(url, init, await this.getToken({ forceRefresh: true }))
  }

  /** Forgets the tokens that it has. */
  [Symbol.dispose](): void {
    this.#tokens.clear()
    this.#holder = undefined
  }

  #allowedUrl(input: string | URL): URL {
    let url: URL
    try {
      url = new URL(String(input), this.#base === undefined ? undefined : `${this.#base}/`)
    } catch {
      throw new ConfigurationError('the address is no URL', { code: 'bad_address' })
    }
    requireSafe(url, 'the address')
    if (this.#base === undefined || new URL(this.#base).origin === url.origin) return url
    throw new ConfigurationError('the address is not at baseUrl', { code: 'foreign_address' })
  }

  #send(url: URL, init: RequestInit, token: string): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    return carefulFetch(this.#fetch, url, { ...init, headers })
  }

  #refresh(name: string, wanted: TokenRequest): Promise<string> {
    let flight = this.#flights.get(name)
    if (flight === undefined) {
      flight = new SingleFlight()
      this.#flights.set(name, flight)
    }
    return flight.run(() => this.#exchange(name, wanted))
  }

  async #exchange(name: string, wanted: TokenRequest): Promise<string> {
    const begun = this.#steady()
    const holder = await this.#opened()
    const project = wanted.projectId ?? holder.projectId
    const scope = (wanted.scopes ?? this.#options.scopes ?? []).join(' ')
    let answer
    try {
      answer = await this.#exchanger.exchange(holder, project, scope)
    } catch (error) {
      if (!this.#isFile || !(error instanceof AuthenticationError)) throw error
      answer = await this.#exchanger.exchange(await this.#reopened(error), project, scope)
    }
    const { token, lifeSeconds } = answer
    const expiresAt = begun + Math.max(0, lifeSeconds - kMarginSeconds) * 1000
    // Not all at the same moment, where many programs began together.
    const share = 0.7 + Math.random() * 0.1
    this.#tokens.set(name, {
      token: new Hidden(token), expiresAt, refreshAt: begun + lifeSeconds * share * 1000,
    })
    this.#options.onRefresh?.({ expiresAt: new Date(this.#now() + lifeSeconds * 1000) })
    return token
  }

  #opened(): Promise<Holder> {
    this.#holder ??= this.#load().then(openCredentials).catch((error: unknown) => {
      this.#holder = undefined
      throw error
    })
    return this.#holder
  }

  async #reopened(refusal: LatchkeyError): Promise<Holder> {
    const before = await this.#opened()
    this.#holder = undefined
    const now = await this.#opened()
    // Another server would be another origin: what was for the first goes to no second.
    if (now.issuer !== before.issuer) throw refusal
    return now
  }
}
