import {
  AuthenticationError,
  ConfigurationError,
  NotFoundError,
  PermissionError,
} from './errors.js'
import { Hidden, isCredential } from './hidden.js'
import { Events } from './resources/events.js'
import { Policies } from './resources/policies.js'
import { Projects } from './resources/projects.js'
import { Tokens } from './resources/tokens.js'
import { runFunction, type RunOptions } from './run.js'
import { type TokenSource, Transport } from './transport.js'
import { requireSafe, serverAddress } from './wire/address.js'
import type { Fetch } from './wire/bounded_fetch.js'
import { carefulFetch } from './wire/careful_fetch.js'

/** Something that has an access token when one is needed, such as an AuthProvider. */
export interface TokenHolder {
  getToken(): Promise<string>
}

export interface LatchkeyOptions {
  /** The token. */
  readonly authToken?: string
  /** The same, as it is called elsewhere. */
  readonly accessToken?: string
  /** In the place of a token: who has one. */
  readonly auth?: TokenHolder
  /** Where Latchkey is. */
  readonly server?: string
  /** Where the protected API is, for run() and for relative addresses of fetch(). */
  readonly baseUrl?: string
  readonly fetch?: Fetch
  /** Milliseconds for each attempt; 30,000 when it is left out. */
  readonly timeout?: number
  /** After the first attempt; 2 when it is left out. */
  readonly maxRetries?: number
}

/** Calls Latchkey, and the APIs that it protects, with a token. */
export class Latchkey {
  readonly tokens: Tokens
  readonly projects: Projects
  readonly policies: Policies
  readonly events: Events
  readonly #transport: Transport
  readonly #hasServer: boolean
  readonly #timeout: number
  #baseUrl: string | undefined

  constructor(options: LatchkeyOptions) {
    this.#hasServer = options.server !== undefined
    this.#timeout = options.timeout ?? 30_000
    this.#transport = new Transport({
      server: this.#hasServer ? serverAddress(options.server, 'server') : 'https://server.invalid',
      token: tokenSource(options),
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      timeout: this.#timeout,
      maxRetries: options.maxRetries ?? 2,
      userAgent: 'latchkey-sdk-js/0.1.0',
    })
    if (options.baseUrl !== undefined) this.#baseUrl = serverAddress(options.baseUrl, 'baseUrl')
    if (!this.#hasServer && this.#baseUrl === undefined) {
      throw new ConfigurationError('server is missing', {
        code: 'no_server',
        hint: 'new Latchkey({ authToken, server: "https://latchkey.example" })',
      })
    }
    this.tokens = new Tokens(this.#transport)
    this.projects = new Projects(this.#transport)
    this.policies = new Policies(this.#transport)
    this.events = new Events(this.#transport)
  }

  /** Calls a function of the protected API: `POST <base URL>/functions/<id>`. JSON comes back as
   * what it says, everything else as text. */
  async run(options: RunOptions): Promise<unknown> {
    const id = options.id ?? options.functionID
    if (id === undefined || id === '') {
      throw new ConfigurationError('id is missing', { code: 'no_function' })
    }
    const timeout = options.timeout ?? this.#timeout
    return runFunction(this.#transport, await this.#base(), id, { ...options, timeout })
  }

  /** fetch() with the token, at the protected API or at Latchkey and nowhere else: a redirect to
   * another origin goes on without it. */
  async fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const base = this.#baseUrl ?? this.#transport.server
    const url = new URL(String(input), `${base}/`)
    requireSafe(url, 'the address')
    const known = [this.#baseUrl, this.#hasServer ? this.#transport.server : undefined]
    if (!known.some((one) => one !== undefined && new URL(one).origin === url.origin)) {
      throw new ConfigurationError('the address is neither at baseUrl nor at server', {
        code: 'foreign_address',
        hint: 'the token is for one API; give its address as baseUrl',
      })
    }
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${await this.#transport.token()}`)
    return carefulFetch(this.#transport.fetch, url, { ...init, headers })
  }

  // The API's own metadata say where it is (RFC 9728); nobody need be allowed to read them.
  async #base(): Promise<string> {
    if (this.#baseUrl !== undefined) return this.#baseUrl
    const { api } = await this.tokens.self()
    let resource: unknown
    try {
      const path = `/.well-known/oauth-protected-resource/${encodeURIComponent(api)}`
      const found = await this.#transport.json<{ resource?: unknown }>({ method: 'GET', path })
      resource = found.resource
    } catch (error) {
      const isAnswer = [NotFoundError, PermissionError, AuthenticationError].some(
        (one) => error instanceof one,
      )
      if (!isAnswer) throw error
    }
    if (typeof resource !== 'string' || !/^https?:/.test(resource)) {
      throw new ConfigurationError(`it is not known where the API ${api} is`, {
        code: 'no_base_url',
        hint: 'give baseUrl, or let its owner register one',
      })
    }
    this.#baseUrl = serverAddress(resource, 'the address of the API')
    return this.#baseUrl
  }
}

function tokenSource(options: LatchkeyOptions): TokenSource {
  const holder = options.auth
  if (holder !== undefined) return () => holder.getToken()
  const text = options.authToken ?? options.accessToken
  if (text === undefined || text === '') {
    throw new ConfigurationError('authToken is missing', { code: 'no_token' })
  }
  if (!isCredential(text)) {
    throw new ConfigurationError('authToken has characters that no token has', {
      code: 'bad_token',
      hint: 'is there a line break behind it?',
    })
  }
  const token = new Hidden(text)
  return () => token.expose()
}
