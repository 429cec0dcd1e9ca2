// The authority's public keys. Read when they are needed, and again when a token names a key that
// is not there, but not more often than three times in 10 s: strangers choose kids. What cannot be
// read leaves the old keys in place; what they may still prove, the judge knows by their age.
import { LatchkeyError, NetworkError } from '../errors.js'
import { boundedFetch } from '../wire/bounded_fetch.js'
import { parseObject } from '../wire/json.js'
import { SingleFlight } from '../wire/single_flight.js'
import type { Freshness } from './freshness.js'
import type { Config } from './options.js'
import { importKey, type VerifyingKey } from './signatures.js'

const kBytesMax = 256 * 1024
const kKeysMax = 64
const kCooldownMs = 10_000
const kLooksMost = 3
const kRetryMs = 1_000
export const kKeysMaxAgeMs = 300_000

export class KeySet {
  readonly #config: Config
  readonly #freshness: Freshness
  readonly #flight = new SingleFlight<boolean>()
  #keys = new Map<string, VerifyingKey>()
  /** Steady; when the request began that brought them. */
  #readAt: number | undefined
  #run: number | undefined
  #triedAt: number | undefined
  #hasFailed = false
  #hasNews = false
  #readAtWall = -Infinity
  /** When readings began because of keys that were not there. */
  #looks: number[] = []
  /** Grows with every key that goes: what it proved is to be proved again. */
  losses = 0

  constructor(config: Config, freshness: Freshness) {
    this.#config = config
    this.#freshness = freshness
  }

  has(kid: string): boolean {
    return this.#keys.has(kid)
  }

  get(kid: string): VerifyingKey | undefined {
    return this.#keys.get(kid)
  }

  get ageMs(): number {
    return this.#readAt === undefined ? Infinity : this.#config.steady() - this.#readAt
  }

  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Whether the set is confirmed: read within the bound, or followed by the stream since. */
  isCurrent(): boolean {
    return this.ageMs <= this.#config.boundMs || (this.ageMs <= kKeysMaxAgeMs +
      this.#config.boundMs && this.#freshness.covers(this.#run))
  }

  /** The key, after reading the set again if it is not there. */
  async find(kid: string): Promise<VerifyingKey | undefined> {
    const shownAt = this.#config.steady()
    if (this.ageMs > kKeysMaxAgeMs) {
      // Old keys serve on while new ones are under way: who waits for them waits for everybody.
      const reading = this.refresh()
      if (!this.#keys.has(kid)) await reading
    }
    await this.#lookFor(kid, shownAt)
    return this.#keys.get(kid)
  }

  /** Whether the key of a token that was shown then may have come after the last reading. */
  mayLack(issuedAt: unknown, shownAt: number): boolean {
    if (this.#hasFailed) return true
    if (this.#readAt !== undefined && this.#readAt >= shownAt) return false
    return typeof issuedAt === 'number' &&
      issuedAt + this.#config.toleranceSeconds > this.#readAtWall
  }

  // By a reading that began after the token was shown. One under way may have begun before.
  async #lookFor(kid: string, shownAt: number): Promise<void> {
    for (let readings = 0; readings < 2; ++readings) {
      if (this.#keys.has(kid)) return
      if (this.#flight.current === undefined) {
        if (this.#triedAt !== undefined && this.#triedAt >= shownAt) return
        if (!this.#mayLookAgain()) return
      }
      await this.refresh()
    }
  }

  #mayLookAgain(): boolean {
    if (this.#hasNews || this.#hasFailed) return true
    const now = this.#config.steady()
    this.#looks = this.#looks.filter((at) => now - at < kCooldownMs)
    if (this.#looks.length >= kLooksMost) return false
    this.#looks.push(now)
    return true
  }

  /** The stream told of a key. It is news until a reading has succeeded that began afterwards. */
  expectNews(): void {
    this.#hasNews = true
    void this.#readNews()
  }

  async #readNews(): Promise<void> {
    if (this.#flight.current !== undefined) await this.#flight.current
    if (this.#hasNews) await this.refresh()
  }

  /** Once more when a reading under way began before the stream, which cannot stand for it. */
  async readInRun(): Promise<void> {
    await this.refresh()
    const { run } = this.#freshness
    if (run !== undefined && this.#run !== run) await this.refresh()
  }

  /** In the background, before somebody has to wait for it. */
  refreshIfOld(): void {
    const isFollowed = this.#freshness.covers(this.#run)
    const most = isFollowed ? kKeysMaxAgeMs : this.#config.boundMs / 2
    const isDue = this.#hasNews || this.ageMs > most
    if (isDue && this.#flight.current === undefined) void this.refresh()
  }

  /** Whether it was read. Not more often than once a second while it fails. */
  refresh(): Promise<boolean> {
    const now = this.#config.steady()
    const isTooSoon =
      this.#hasFailed && this.#triedAt !== undefined && now - this.#triedAt < kRetryMs
    if (isTooSoon && this.#flight.current === undefined) return Promise.resolve(false)
    return this.#flight.run(() => this.#read(now))
  }

  async #read(begun: number): Promise<boolean> {
    this.#triedAt = begun
    const hadNews = this.#hasNews
    this.#hasNews = false
    const run = this.#freshness.run
    const wall = this.#config.now() / 1000
    try {
      const keys = await this.#fetch()
      for (const kid of this.#keys.keys()) if (!keys.has(kid)) ++this.losses
      this.#keys = keys
      this.#readAt = begun
      this.#readAtWall = wall
      this.#run = run
      this.#hasFailed = false
    } catch (error) {
      this.#hasFailed = true
      this.#hasNews ||= hadNews
      this.#config.report({ type: 'keys', error: asError(error) })
    }
    return !this.#hasFailed
  }

  async #fetch(): Promise<Map<string, VerifyingKey>> {
    const url = `${this.#config.issuer}/.well-known/jwks.json`
    const answer = await boundedFetch(
      this.#config.fetch,
      url,
      { headers: { accept: 'application/jwk-set+json, application/json' }, cache: 'no-cache' },
      { timeoutMs: this.#config.timeoutMs, bytesMax: kBytesMax },
    )
    const listed = answer.status === 200 ? parseObject(answer.text)?.keys : undefined
    if (!Array.isArray(listed)) throw badKeys(`answered ${answer.status} and no key set`)
    if (listed.length > kKeysMax) throw badKeys(`holds more than ${kKeysMax} keys`)
    const keys = new Map<string, VerifyingKey>()
    for (const key of await Promise.all(listed.map(importKey))) {
      if (key !== undefined && !keys.has(key.kid)) keys.set(key.kid, key)
    }
    if (keys.size === 0) throw badKeys('holds no key that can be used')
    return keys
  }
}

function badKeys(why: string): NetworkError {
  return new NetworkError(`the key set of the authority ${why}`, { code: 'bad_key_set' })
}

export function asError(error: unknown): LatchkeyError {
  if (error instanceof LatchkeyError) return error
  return new LatchkeyError('something unexpected happened', { code: 'internal' })
}
