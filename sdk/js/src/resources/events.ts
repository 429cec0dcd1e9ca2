import { LatchkeyError, NetworkError } from '../errors.js'
import { List } from '../list.js'
import type { Checkpoint, LogEvent } from '../model.js'
import type { RequestOptions, Transport } from '../transport.js'
import { backoffMs, sleep } from '../wire/backoff.js'
import { openEventStream } from '../wire/event_stream.js'
import { isObject, parseObject } from '../wire/json.js'

const kSilenceMs = 10_000

export interface ListEvents {
  /** Only events of a higher revision. */
  readonly after?: number
  /** A type, or with a dot at its end all types that begin so. */
  readonly type?: string
  readonly token?: string
  readonly owner?: string
  readonly actor?: string
  readonly limit?: number
}

export interface FollowEvents {
  readonly after?: number
  readonly type?: string
  readonly token?: string
  readonly owner?: string
  readonly signal?: AbortSignal
}

/** The log: every change, in order. */
export class Events {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  list(query: ListEvents = {}, options: RequestOptions = {}): List<LogEvent> {
    return new List(this.#transport, '/v1/events', { ...query }, options)
  }

  checkpoint(options: RequestOptions = {}): Promise<Checkpoint> {
    return this.#transport.json({ ...options, method: 'GET', path: '/v1/events/checkpoint' })
  }

  /** Events as they happen, across lost connections, until `signal` is aborted or the loop is
   * left. Without `after` it begins now. A restored log ends it with code `epoch_changed`. */
  async *stream(query: FollowEvents = {}): AsyncGenerator<LogEvent, void, undefined> {
    const { signal, after, ...filter } = query
    const end = new AbortController()
    const stop = (): void => end.abort(signal?.reason)
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    const place: Place = { lastId: undefined, after, failures: 0 }
    try {
      while (!end.signal.aborted) {
        try {
          yield* this.#follow(filter, place, end.signal)
        } catch (error) {
          if (end.signal.aborted) return
          if (!isPassing(error)) throw error
        }
        await sleep(backoffMs(place.failures++), end.signal).catch(() => {})
      }
    } finally {
      signal?.removeEventListener('abort', stop)
      end.abort()
    }
  }

  async *#follow(
    filter: Omit<FollowEvents, 'after' | 'signal'>,
    place: Place,
    signal: AbortSignal,
  ): AsyncGenerator<LogEvent, void, undefined> {
    const token = await this.#transport.token()
    const query = { ...filter, after: place.lastId === undefined ? place.after : undefined }
    const last: Record<string, string> =
      place.lastId === undefined ? {} : { 'last-event-id': place.lastId }
    const frames = openEventStream({
      url: this.#transport.url({ path: '/v1/events/stream', query }),
      headers: this.#transport.headers({ authorization: `Bearer ${token}`, ...last }),
      fetch: this.#transport.fetch,
      signal,
      silenceMs: kSilenceMs,
      token,
    })
    for await (const frame of frames) {
      place.failures = 0
      if (frame.event === 'reset') {
        place.lastId = placeOfReset(frame.data, place)
        continue
      }
      if (frame.id !== undefined) place.lastId = frame.id
      if (frame.event !== 'change') continue
      const event = parseObject(frame.data)?.event
      if (!isObject(event)) {
        throw new NetworkError('the event stream sent what is no event', { code: 'bad_answer' })
      }
      yield event as unknown as LogEvent
    }
  }
}

// The same log goes on where it is: what one may see of it has changed. Another one has events that
// the caller has not seen.
function placeOfReset(data: string, { lastId, after }: Place): string {
  const { epoch, revision } = parseObject(data) ?? {}
  const goesOn = lastId === undefined ? after === undefined : lastId.split('.')[0] === String(epoch)
  if (goesOn) return `${String(epoch)}.${String(revision)}`
  throw new LatchkeyError('the log was restored from a backup: read it from the start', {
    code: 'epoch_changed',
  })
}

interface Place {
  lastId: string | undefined
  readonly after: number | undefined
  failures: number
}

// What goes away when one tries again: not a refusal.
function isPassing(error: unknown): boolean {
  if (error instanceof NetworkError) return error.code !== 'bad_answer'
  return error instanceof LatchkeyError && (error.status ?? 0) >= 500
}
