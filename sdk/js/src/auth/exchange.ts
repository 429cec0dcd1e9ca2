// A signed assertion (RFC 7523) for an access token. Every attempt signs a new one, since an
// assertion counts once; a clock that is wrong is found out by the Date of the refusal.
import { AuthenticationError, NetworkError, ServerError } from '../errors.js'
import { isCredential } from '../hidden.js'
import { backoffMs, retryAfterSeconds, sleep } from '../wire/backoff.js'
import { type Answer, boundedFetch, type Fetch } from '../wire/bounded_fetch.js'
import { randomId, toBase64url, utf8 } from '../wire/encoding.js'
import { parseObject } from '../wire/json.js'
import { errorOf } from '../wire/problem.js'
import type { Holder } from './credentials.js'

const kLifeSeconds = 60
const kAnswerBytesMax = 64 * 1024
const kSkewMs = 5_000
const kRetryAfterMax = 30

export interface ExchangeOptions {
  readonly fetch: Fetch
  readonly timeout: number
  readonly maxRetries: number
  readonly now: () => number
}

export interface AccessToken {
  readonly token: string
  readonly lifeSeconds: number
  readonly scope: string | undefined
}

export class Exchanger {
  readonly #options: ExchangeOptions
  /** What our clock lacks, in milliseconds. */
  #skewMs = 0

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  async exchange(holder: Holder, project: string | undefined, scope: string): Promise<AccessToken> {
    let hasSetClock = false
    for (let attempt = 0; ; ++attempt) {
      let answer: Answer
      let assertion: string
      try {
        assertion = await this.#assertion(holder)
        answer = await this.#send(holder, assertion, project, scope)
      } catch (error) {
        if (!(error instanceof NetworkError) || !this.#mayRetry(attempt, error)) throw error
        await sleep(backoffMs(attempt))
        continue
      }
      if (answer.status === 200) return readAnswer(answer)
      const error = errorOf(answer, assertion)
      if (error instanceof AuthenticationError && !hasSetClock && this.#setClock(answer)) {
        hasSetClock = true
        continue
      }
      const wait = this.#waitSeconds(answer, attempt)
      if (wait === undefined) throw explained(answer, assertion)
      await sleep(Math.max(wait * 1000, backoffMs(attempt)))
    }
  }

  #mayRetry(attempt: number, error: NetworkError): boolean {
    return attempt < this.#options.maxRetries && ['unreachable', 'timeout'].includes(error.code)
  }

  #waitSeconds(answer: Answer, attempt: number): number | undefined {
    const isPassing = answer.status === 429 || answer.status >= 500
    if (!isPassing || attempt >= this.#options.maxRetries) return undefined
    const wanted = retryAfterSeconds(answer.headers) ?? 0
    return wanted <= kRetryAfterMax ? wanted : undefined
  }

  // True: the clock was wrong, and now is not.
  #setClock(answer: Answer): boolean {
    const theirs = Date.parse(answer.headers.get('date') ?? '')
    if (Number.isNaN(theirs)) return false
    const skew = theirs - this.#options.now()
    const isNews = Math.abs(skew - this.#skewMs) > kSkewMs
    if (isNews) this.#skewMs = skew
    return isNews
  }

  #send(
    holder: Holder,
    assertion: string,
    project: string | undefined,
    scope: string,
  ): Promise<Answer> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    })
    if (project !== undefined) form.set('resource', `urn:latchkey:project:${project}`)
    if (scope !== '') form.set('scope', scope)
    return boundedFetch(
      this.#options.fetch,
      holder.tokenEndpoint,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded', accept: 'application/json',
        },
        body: form.toString(),
        cache: 'no-store',
      },
      { timeoutMs: this.#options.timeout, bytesMax: kAnswerBytesMax },
    )
  }

  async #assertion(holder: Holder): Promise<string> {
    const now = Math.floor((this.#options.now() + this.#skewMs) / 1000)
    const header = {
      alg: holder.signer.algorithm,
      typ: 'client-authentication+jwt',
      ...(holder.keyId === undefined ? {} : { kid: holder.keyId }),
    }
    const claims = {
      iss: holder.tokenId, sub: holder.tokenId, aud: holder.issuer, jti: randomId(), iat: now,
      exp: now + kLifeSeconds,
    }
    const text = [header, claims].map((part) => toBase64url(utf8(JSON.stringify(part)))).join('.')
    return `${text}.${toBase64url(await holder.signer.sign(utf8(text)))}`
  }
}

function readAnswer(answer: Answer): AccessToken {
  const { access_token: token, expires_in: life, scope } = parseObject(answer.text) ?? {}
  if (!isCredential(token) || typeof life !== 'number' || !(life > 0)) {
    throw new NetworkError('the token endpoint answered no access token', { code: 'bad_answer' })
  }
  return { token, lifeSeconds: life, scope: typeof scope === 'string' ? scope : undefined }
}

const kHints: Record<string, string> = {
  invalid_client: "is this the token's key, and is the token still active?",
  invalid_target: 'the token is not in that project: latchkey iam add-principal adds it',
  invalid_scope: 'leave scopes out for all that the token may do there',
}

function explained(answer: Answer, assertion: string): Error {
  const error = errorOf(answer, assertion)
  const hint = kHints[error.code]
  if (hint === undefined || error instanceof ServerError) return error
  const text = parseObject(answer.text) ?? {}
  return errorOf({ ...answer, text: JSON.stringify({ ...text, hint }) }, assertion)
}
