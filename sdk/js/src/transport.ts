// One request to the authority: credential, time, retries, errors. Every resource goes through it.
import { ConfigurationError, NetworkError } from './errors.js'
import { isCredential } from './hidden.js'
import { backoffMs, retryAfterSeconds, sleep } from './wire/backoff.js'
import { type Answer, boundedFetch, type Fetch } from './wire/bounded_fetch.js'
import { isBrowser } from './wire/browser.js'
import { randomId } from './wire/encoding.js'
import { errorOf } from './wire/problem.js'

const kAnswerBytesMax = 16 * 1024 * 1024
const kRetryAfterMax = 60

/** Gives the token to present; called for each request, so that it may change. */
export type TokenSource = () => string | Promise<string>

export interface RequestOptions {
  /** Milliseconds for each attempt; the client's when it is left out. */
  readonly timeout?: number | undefined
  readonly maxRetries?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Of a creation: the same key with the same request acts once. Made up when it is left out. */
  readonly idempotencyKey?: string | undefined
}

export interface Call extends RequestOptions {
  readonly method: string
  /** Begins with a slash. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** A creation: it is safe to send again, under one idempotency key. */
  readonly creates?: boolean
}

export interface TransportOptions {
  readonly server: string
  readonly token: TokenSource
  readonly fetch: Fetch
  readonly timeout: number
  readonly maxRetries: number
  readonly userAgent: string
}

export class Transport {
  readonly #options: TransportOptions

  constructor(options: TransportOptions) {
    this.#options = options
  }

  get server(): string {
    return this.#options.server
  }

  get fetch(): Fetch {
    return this.#options.fetch
  }

  /** The answer of a success; everything else is thrown. */
  async send(call: Call): Promise<Answer> {
    const retries = call.maxRetries ?? this.#options.maxRetries
    const headers: Record<string, string> = { accept: 'application/json', ...call.headers }
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    if (call.creates) headers['idempotency-key'] = call.idempotencyKey ?? randomId()
    for (let attempt = 0; ; ++attempt) {
      const isLast = attempt >= retries
      const token = await this.token()
      let answer: Answer
      try {
        answer = await this.#attempt(call, { ...headers, authorization: `Bearer ${token}` })
      } catch (error) {
        if (isLast || !isWorthRetrying(error, call)) throw error
        await sleep(backoffMs(attempt), call.signal)
        continue
      }
      if (answer.status < 300 || answer.status === 304) return answer
      const wait = isLast ? undefined : waitSeconds(answer, call)
      if (wait === undefined) throw errorOf(answer, token)
      await sleep(Math.max(wait * 1000, backoffMs(attempt)), call.signal)
    }
  }

  async json<T>(call: Call): Promise<T> {
    return parse<T>(await this.send(call))
  }

  async token(): Promise<string> {
    const token = await this.#options.token()
    if (!isCredential(token)) {
      throw new ConfigurationError('the token has characters that no token has', {
        code: 'bad_token',
        hint: 'is there a line break behind it?',
      })
    }
    return token
  }

  /** The URL of a path with its query. */
  url(call: Pick<Call, 'path' | 'query'>): string {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) query.set(name, String(value))
    }
    const text = query.toString()
    const mark = call.path.includes('?') ? '&' : '?'
    return this.#options.server + call.path + (text === '' ? '' : mark + text)
  }

  headers(more: Readonly<Record<string, string>>): Record<string, string> {
    // A browser does not let scripts name themselves, and says so on every request.
    return isBrowser() ? { ...more } : { 'user-agent': this.#options.userAgent, ...more }
  }

  #attempt(call: Call, headers: Record<string, string>): Promise<Answer> {
    const init: RequestInit = {
      method: call.method,
      headers: this.headers(headers),
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    }
    return boundedFetch(this.#options.fetch, this.url(call), init, {
      timeoutMs: call.timeout ?? this.#options.timeout,
      bytesMax: kAnswerBytesMax,
      signal: call.signal,
    })
  }
}

export function parse<T>(answer: Answer): T {
  if (answer.status === 204 || answer.text === '') return undefined as T
  try {
    return JSON.parse(answer.text) as T
  } catch {
    throw new NetworkError('the server answered what is no JSON', {
      code: 'bad_answer',
      status: answer.status,
      requestId: answer.headers.get('x-request-id') ?? undefined,
    })
  }
}

// Twice is as once: a read, a write of a whole, a removal, and a creation under one key.
function isRepeatable(call: Call): boolean {
  return call.creates === true || call.method !== 'POST'
}

function isWorthRetrying(error: unknown, call: Call): boolean {
  return (
    error instanceof NetworkError &&
    (error.code === 'unreachable' || error.code === 'timeout') &&
    isRepeatable(call)
  )
}

function waitSeconds(answer: Answer, call: Call): number | undefined {
  const isRefusedUndone = answer.status === 429
  const isTransient = [502, 503, 504].includes(answer.status) && isRepeatable(call)
  if (!isRefusedUndone && !isTransient) return undefined
  const wanted = retryAfterSeconds(answer.headers) ?? 0
  return wanted <= kRetryAfterMax ? wanted : undefined
}
