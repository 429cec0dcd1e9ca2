// Follows /v1/events/stream: (epoch, revision) without a gap, comes back where it was, and tells
// when it cannot. A proxy that holds the stream back makes it silent, and silence proves nothing.
import { LatchkeyError, NetworkError } from '../errors.js'
import { backoffMs, sleep } from '../wire/backoff.js'
import { openEventStream } from '../wire/event_stream.js'
import { isObject, type JsonObject, parseStrictObject } from '../wire/json.js'
import type { SseFrame } from '../wire/sse.js'
import type { Freshness } from './freshness.js'
import { asError } from './key_set.js'
import type { Config } from './options.js'

const kSilenceMs = 5_000
const kBackoffMostMs = 5_000

export interface StreamListener {
  /** A run begins: from here on nothing is missed. */
  began(): void
  /** The log is another one: everything that was known belongs to no log any more. */
  wasReset(): void
  /** `makesToken`: the facts are those of a new token. */
  changed(facts: unknown, revision: number, makesToken: boolean): void
}

export class EventStream {
  readonly #config: Config
  readonly #freshness: Freshness
  readonly #listener: StreamListener
  readonly #end = new AbortController()
  #following: Promise<void> | undefined
  #waiting: (() => void)[] = []
  #leastOffset = Infinity
  #gaps = 0

  constructor(config: Config, freshness: Freshness, listener: StreamListener) {
    this.#config = config
    this.#freshness = freshness
    this.#listener = listener
  }

  start(): void {
    this.#following ??= this.#follow()
  }

  /** When the first frame has come, or the first attempt has failed. */
  settled(): Promise<void> {
    if (this.#freshness.run !== undefined || this.#end.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async close(): Promise<void> {
    this.#end.abort()
    this.#settle()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#end
    for (let failures = 0; !signal.aborted; ) {
      try {
        for await (const frame of this.#open()) {
          this.#take(frame)
          failures = 0
        }
      } catch (error) {
        if (signal.aborted) break
        this.#config.report({ type: 'stream', error: asError(error) })
      }
      this.#settle()
      await sleep(backoffMs(failures++, 100, kBackoffMostMs), signal).catch(() => {})
    }
    this.#freshness.end()
  }

  #open(): AsyncGenerator<SseFrame, void, undefined> {
    this.#leastOffset = Infinity
    const token = this.#config.token!.expose()
    const { run, epoch, revision } = this.#freshness
    return openEventStream({
      url: `${this.#config.issuer}/v1/events/stream`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(run === undefined ? {} : { 'last-event-id': `${epoch}.${revision}` }),
      },
      fetch: this.#config.fetch,
      signal: this.#end.signal,
      silenceMs: kSilenceMs,
      token,
    })
  }

  #take(frame: SseFrame): void {
    const data = parseStrictObject(frame.data)
    if (data === undefined) throw badFrame('is no JSON')
    if (frame.event === 'reset') this.#reset(data)
    else if (frame.event === 'head' || frame.event === 'change') this.#advance(frame.event, data)
  }

  #reset(data: JsonObject): void {
    const { epoch, revision } = data
    if (!isCount(epoch) || !isCount(revision)) throw badFrame('has no position')
    this.#listener.wasReset()
    this.#freshness.begin(epoch, revision)
    this.#config.report({ type: 'reset' })
    this.#listener.began()
  }

  #advance(kind: 'head' | 'change', data: JsonObject): void {
    const { from, to } = data
    const said = kind === 'head' ? data : data.event
    if (!isCount(from) || !isCount(to) || !isObject(said)) throw badFrame('has no position')
    const { epoch, revision, at } = said
    if (!isCount(epoch) || revision !== to || to < from - 1) throw badFrame('contradicts itself')
    const isFirst = this.#freshness.run === undefined
    if (isFirst) {
      this.#freshness.begin(epoch, to)
    } else if (epoch !== this.#freshness.epoch || from !== this.#freshness.revision + 1) {
      this.#miss()
    }
    this.#gaps = 0
    if (kind === 'change') {
      const facts = isObject(said.data) ? said.data.facts : undefined
      this.#listener.changed(facts, to, said.type === 'token.created')
    }
    this.#freshness.advance(to)
    this.#freshness.prove(this.#config.steady() - this.#delayOf(at))
    if (isFirst) {
      this.#config.report({ type: 'connected' })
      this.#listener.began()
    }
    this.#settle()
  }

  // Once, we go back to where we were. When what follows does not fit again, the server tells
  // another story than before, and nothing of the old one is kept.
  #miss(): never {
    if (++this.#gaps > 1) {
      this.#gaps = 0
      this.#freshness.end()
      this.#listener.wasReset()
    }
    throw new NetworkError('the event stream has a gap', { code: 'gap' })
  }

  // How much later this came than the quickest frame of the connection: what lay about on the way
  // says how it was then, and not how it is.
  #delayOf(at: unknown): number {
    const moment = typeof at === 'string' ? Date.parse(at) : NaN
    if (Number.isNaN(moment)) throw badFrame('has no time')
    const offset = this.#config.now() - moment
    this.#leastOffset = Math.min(this.#leastOffset, offset)
    const delay = offset - this.#leastOffset
    if (delay <= this.#config.boundMs) return delay
    throw new NetworkError('the event stream is too far behind', { code: 'late' })
  }

  #settle(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function badFrame(why: string): LatchkeyError {
  return new NetworkError(`a frame of the event stream ${why}`, { code: 'bad_frame' })
}
