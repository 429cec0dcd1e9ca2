// Asking the authority, POST /v1/tokens/verify. An answer is kept for a short time, or while the
// event stream says that nothing changed for it, and never past the bound.
import { NetworkError } from '../errors.js'
import { boundedFetch } from '../wire/bounded_fetch.js'
import { isUuid } from '../wire/encoding.js'
import { type JsonObject, parseStrictObject } from '../wire/json.js'
import { errorOf } from '../wire/problem.js'
import type { Changes } from './changes.js'
import type { Freshness } from './freshness.js'
import { asError } from './key_set.js'
import type { Config, Requirement } from './options.js'
import { Recent } from './recent.js'
import { allowed, type Identity, isRefusal, refused, type Result } from './result.js'

const kAnswerBytesMax = 256 * 1024
const kFollowedMs = 60_000
const kPauseMs = 1_000

interface Answer {
  readonly result: Result
  readonly askedAt: number
  readonly run: number | undefined
  readonly epoch: number
  readonly revision: number
  readonly isKept: boolean
  readonly isOfProject: boolean
}

export class Authority {
  readonly #config: Config
  readonly #freshness: Freshness
  readonly #changes: Changes
  readonly #answers: Recent<Answer>
  readonly #asking = new Map<string, Promise<Answer | undefined>>()
  #pausedUntil = -Infinity

  constructor(config: Config, freshness: Freshness, changes: Changes) {
    this.#config = config
    this.#freshness = freshness
    this.#changes = changes
    this.#answers = new Recent(config.cacheSize)
  }

  /** `not_current` when it cannot be told. */
  async ask(token: string, wanted: Requirement): Promise<Result> {
    if (this.#config.token === undefined) return refused('not_current')
    const question = JSON.stringify({
      token, scopes: wanted.scopes ?? [], project: wanted.project ?? null,
      resource: wanted.resource ?? null, ip: wanted.ip ?? null,
    })
    const kept = this.#answers.get(question)
    if (kept !== undefined && this.#isYoung(kept)) return this.#said(kept)
    const answer = await this.#once(question)
    if (answer === undefined) {
      const isGood = kept !== undefined && this.#isWithinBound(kept)
      return isGood ? this.#said(kept) : refused('not_current', kept?.result)
    }
    if (!this.#isNewEnough(answer)) return refused('not_current', answer.result)
    if (answer.isKept) this.#answers.set(question, answer)
    else this.#answers.delete(question)
    return this.#said(answer)
  }

  forget(): void {
    this.#answers.clear()
  }

  #isYoung(answer: Answer): boolean {
    if (!this.#isNewEnough(answer)) return false
    const age = this.#config.steady() - answer.askedAt
    // Places in projects are not followed in full: what depends on one is asked again soon.
    const isFollowed =
      answer.result.ok && !answer.isOfProject && this.#freshness.covers(answer.run)
    return age <= (isFollowed ? kFollowedMs : Math.min(this.#config.cacheMs, this.#config.boundMs))
  }

  #isWithinBound(answer: Answer): boolean {
    const age = this.#config.steady() - answer.askedAt
    return this.#isNewEnough(answer) && age <= this.#config.boundMs
  }

  // Against an answer from before a change that we have already heard of.
  #isNewEnough(answer: Answer): boolean {
    if (this.#freshness.run === undefined) return true
    if (answer.epoch !== this.#freshness.epoch) return answer.epoch > this.#freshness.epoch
    const { tokenId, owner } = answer.result
    return answer.revision >= this.#changes.revisionFor(tokenId, owner)
  }

  #said(answer: Answer): Result {
    const { result } = answer
    const end = result.expiresAt
    const isOver = result.ok && end !== undefined && end.getTime() <= this.#config.now()
    return isOver ? refused('expired', result) : result
  }

  #once(question: string): Promise<Answer | undefined> {
    const under = this.#asking.get(question)
    if (under !== undefined) return under
    const asking = this.#send(question).finally(() => this.#asking.delete(question))
    this.#asking.set(question, asking)
    return asking
  }

  async #send(question: string): Promise<Answer | undefined> {
    const askedAt = this.#config.steady()
    // While it does not answer, not every request of ours waits for it.
    if (askedAt < this.#pausedUntil) return undefined
    const { run } = this.#freshness
    const credential = this.#config.token!.expose()
    const { token, scopes, ...rest } = JSON.parse(question) as Record<string, unknown>
    const named = Object.entries(rest).filter(([, value]) => value !== null)
    try {
      const answer = await boundedFetch(
        this.#config.fetch,
        `${this.#config.issuer}/v1/tokens/verify`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json',
            accept: 'application/json' },
          // Named always: a verifier of several APIs must not hear about another one's token.
          body: JSON.stringify({
            token, api: this.#config.audience, scopes, ...Object.fromEntries(named),
          }),
          cache: 'no-store',
        },
        { timeoutMs: this.#config.timeoutMs, bytesMax: kAnswerBytesMax },
      )
      if (answer.status !== 200) throw errorOf(answer, String(token), credential)
      const isLimited = answer.headers.has('ratelimit')
      const read = readAnswer(parseStrictObject(answer.text), isLimited)
      const isOfProject = rest.project !== null || read.result.kind === 'key'
      return { ...read, askedAt, run, isOfProject }
    } catch (error) {
      const known = asError(error)
      // A refusal is about this question, or about us; nobody else waits because of it.
      const isDown = known.status === undefined || known.status >= 500
      if (isDown) this.#pausedUntil = this.#config.steady() + kPauseMs
      this.#config.report({ type: 'authority', error: known })
      return undefined
    }
  }
}

type Read = Pick<Answer, 'result' | 'epoch' | 'revision' | 'isKept'>

function readAnswer(answer: JsonObject | undefined, isLimited: boolean): Read {
  const { valid, verdict, epoch, revision } = answer ?? {}
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(revision)) throw badAnswer()
  const position = { epoch: epoch as number, revision: revision as number }
  const who = identityOf(answer!)
  const scopes = textsOf(answer!.scopes)
  if (valid === true && verdict === 'active' && who.tokenId !== undefined) {
    return {
      result: allowed({ ...who, tokenId: who.tokenId }, scopes), ...position, isKept: !isLimited,
    }
  }
  // `not_current` is no verdict: a server that cannot tell answers 503.
  if (valid !== false || !isRefusal(verdict) || verdict === 'not_current') throw badAnswer()
  const { retryAfter } = answer!
  const more = {
    scopes,
    missingScopes: textsOf(answer!.missingScopes),
    ...(typeof retryAfter === 'number' ? { retryAfter } : {}),
  }
  return { result: refused(verdict, who, more), ...position, isKept: verdict !== 'rate_limited' }
}

function identityOf(answer: JsonObject): Identity {
  const { tokenId, owner, kind, expiresAt, projects } = answer
  const end = typeof expiresAt === 'string' ? new Date(expiresAt) : undefined
  if (end !== undefined && Number.isNaN(end.getTime())) throw badAnswer()
  const known = textsOf(projects)
  return {
    tokenId: isUuid(tokenId) ? tokenId : undefined,
    owner: isUuid(owner) ? owner : undefined,
    kind: kind === 'jwt' || kind === 'opaque' || kind === 'key' ? kind : undefined,
    project: kind === 'key' && known.length === 1 ? known[0] : undefined,
    expiresAt: end,
  }
}

function textsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw badAnswer()
  return Object.freeze([...value] as string[])
}

function badAnswer(): NetworkError {
  return new NetworkError('the authority answered what is no verdict', { code: 'bad_answer' })
}
