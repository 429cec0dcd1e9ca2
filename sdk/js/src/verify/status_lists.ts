// Token Status Lists: two bits a secret, signed. A copy is used while it is young, or while the
// event stream says that it would hear of changes; a list that cannot be read leaves the old copy.
import { NetworkError } from '../errors.js'
import { boundedFetch } from '../wire/bounded_fetch.js'
import { fromBase64url } from '../wire/encoding.js'
import { isObject, type JsonObject } from '../wire/json.js'
import { SingleFlight } from '../wire/single_flight.js'
import type { Freshness } from './freshness.js'
import { inflate } from './inflate.js'
import { parseJws } from './jws.js'
import { asError, type KeySet } from './key_set.js'
import type { Config } from './options.js'
import { isSigned } from './signatures.js'

const kAnswerBytesMax = 2 * 1024 * 1024
const kListBytesMax = 1024 * 1024
const kListsMax = 4096
const kRetryMs = 1_000
const kTtlSeconds = 5

export interface ListCopy {
  readonly bits: number
  readonly bytes: Uint8Array
  /** When the request began that brought it: steady, and on the wall in seconds. */
  readonly readAt: number
  readonly readAtWall: number
  readonly run: number | undefined
  readonly revision: number
  readonly expiresAt: number | undefined
  readonly ttlMs: number
}

interface Entry {
  copy: ListCopy | undefined
  readonly flight: SingleFlight<void>
  triedAt: number
  hasFailed: boolean
}

export class StatusLists {
  readonly #config: Config
  readonly #keys: KeySet
  readonly #freshness: Freshness
  readonly #lists = new Map<string, Entry>()

  constructor(config: Config, keys: KeySet, freshness: Freshness) {
    this.#config = config
    this.#keys = keys
    this.#freshness = freshness
  }

  copy(uri: string): ListCopy | undefined {
    return this.#lists.get(uri)?.copy
  }

  /** 0 to 3; undefined outside the list, which is no "valid". */
  static status(copy: ListCopy, index: number): number | undefined {
    const perByte = 8 / copy.bits
    const byte = copy.bytes[Math.floor(index / perByte)]
    if (byte === undefined) return undefined
    return (byte >> ((index % perByte) * copy.bits)) & ((1 << copy.bits) - 1)
  }

  isCurrent(copy: ListCopy): boolean {
    if (copy.expiresAt !== undefined && copy.expiresAt * 1000 <= this.#config.now()) return false
    const age = this.#config.steady() - copy.readAt
    return age <= this.#config.boundMs || this.#freshness.covers(copy.run)
  }

  /** Reads a copy anew in the background once it is older than it wants to be used. */
  refreshIfOld(uri: string, copy: ListCopy): void {
    const age = this.#config.steady() - copy.readAt
    const isNearEnd =
      copy.expiresAt !== undefined &&
      copy.expiresAt - this.#config.now() / 1000 <
        (copy.expiresAt - copy.readAtWall) / 2
    const isOld = this.#freshness.covers(copy.run) ? isNearEnd : age >= copy.ttlMs
    if (isOld) this.#refreshQuietly(uri)
  }

  /** Reads it anew, unless a reading that is under way will do. */
  async refresh(uri: string, isEnough: (copy: ListCopy) => boolean): Promise<void> {
    const entry = this.#entry(uri)
    const under = entry.flight.current
    if (under !== undefined) {
      await under
      if (entry.copy !== undefined && isEnough(entry.copy)) return
    }
    const now = this.#config.steady()
    if (entry.hasFailed && now - entry.triedAt < kRetryMs) return
    await entry.flight.run(() => this.#read(uri, entry, now))
  }

  /** Of another log: nothing that was read counts. */
  forget(): void {
    for (const entry of this.#lists.values()) entry.copy = undefined
  }

  /** What is kept from before a run is read anew, so that the stream stands for it. */
  refreshAll(): void {
    for (const uri of this.#lists.keys()) this.#refreshQuietly(uri)
  }

  #refreshQuietly(uri: string): void {
    const entry = this.#entry(uri)
    if (entry.flight.current === undefined) void this.refresh(uri, () => true)
  }

  #entry(uri: string): Entry {
    let entry = this.#lists.get(uri)
    if (entry === undefined) {
      if (this.#lists.size >= kListsMax) this.#lists.clear()
      entry = { copy: undefined, flight: new SingleFlight(), triedAt: -Infinity, hasFailed: false }
      this.#lists.set(uri, entry)
    }
    return entry
  }

  async #read(uri: string, entry: Entry, begun: number): Promise<void> {
    entry.triedAt = begun
    const { run, revision } = this.#freshness
    const readAtWall = this.#config.now() / 1000
    try {
      const claims = await this.#fetch(uri)
      const copy = await this.#open(claims, { readAt: begun, readAtWall, run, revision })
      entry.hasFailed = false
      // A reset may have come in between: then this belongs to a log that is no more.
      if (run === undefined || run === this.#freshness.run) entry.copy = copy
    } catch (error) {
      entry.hasFailed = true
      this.#config.report({ type: 'status_list', error: asError(error) })
    }
  }

  async #fetch(uri: string): Promise<JsonObject> {
    const answer = await boundedFetch(
      this.#config.fetch,
      uri,
      { headers: { accept: 'application/statuslist+jwt' }, cache: 'no-cache' },
      { timeoutMs: this.#config.timeoutMs, bytesMax: kAnswerBytesMax },
    )
    if (answer.status !== 200) throw badList(`was answered with ${answer.status}`)
    const jws = parseJws(answer.text.trim(), kAnswerBytesMax)
    if (jws === undefined || jws.kid === undefined || jws.type !== 'statuslist+jwt') {
      throw badList('is none')
    }
    const key = await this.#keys.find(jws.kid)
    if (key === undefined || !(await isSigned(jws, key))) {
      throw badList('is not signed by the issuer')
    }
    if (jws.claims.sub !== uri) throw badList('is another one')
    if (jws.claims.iss !== undefined && jws.claims.iss !== this.#config.issuer) {
      throw badList('is of another issuer')
    }
    return jws.claims
  }

  async #open(
    claims: JsonObject,
    read: Pick<ListCopy, 'readAt' | 'readAtWall' | 'run' | 'revision'>,
  ): Promise<ListCopy> {
    const { exp, ttl, status_list: list } = claims
    if (exp !== undefined && !Number.isSafeInteger(exp)) throw badList('has no readable end')
    if (!isObject(list) || typeof list.lst !== 'string') throw badList('is empty')
    const bits = list.bits
    if (bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) throw badList('has a strange width')
    const packed = fromBase64url(list.lst)
    const bytes = packed && (await inflate(packed, kListBytesMax))
    if (bytes === undefined) throw badList('cannot be unpacked')
    const seconds = typeof ttl === 'number' && ttl > 0 ? ttl : kTtlSeconds
    const ttlMs = Math.min(seconds * 1000, this.#config.boundMs / 2)
    return { ...read, bits, bytes, expiresAt: exp as number | undefined, ttlMs }
  }
}

function badList(why: string): NetworkError {
  return new NetworkError(`the status list ${why}`, { code: 'bad_status_list' })
}
