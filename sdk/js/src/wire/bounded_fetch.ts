// fetch with an end: in time, in bytes and in place. A redirect is no answer, since what we ask
// for, with credentials or about them, is at one address only.
import { NetworkError } from '../errors.js'
import { fromUtf8 } from './encoding.js'

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>

export interface Bounds {
  readonly timeoutMs: number
  readonly bytesMax: number
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Throws NetworkError: `timeout`, `aborted`, `unreachable`, `redirected`, `too_large`. */
export async function boundedFetch(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  bounds: Bounds,
): Promise<Answer> {
  const end = new AbortController()
  const stop = (): void => end.abort()
  const timer = setTimeout(stop, bounds.timeoutMs)
  bounds.signal?.addEventListener('abort', stop, { once: true })
  if (bounds.signal?.aborted) stop()
  try {
    const response = await untilAborted(
      fetch(url, { ...init, redirect: 'manual', signal: end.signal }),
      end.signal,
    )
    refuseRedirect(response, url)
    const text = await readText(response, bounds.bytesMax, end.signal, url)
    return { status: response.status, headers: response.headers, text }
  } catch (error) {
    if (error instanceof NetworkError) throw error
    throw explain(error, url, bounds, end.signal)
  } finally {
    clearTimeout(timer)
    bounds.signal?.removeEventListener('abort', stop)
    end.abort()
  }
}

// A custom fetch may not know what an AbortSignal is; the end in time holds all the same.
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new DOMException('aborted', 'AbortError'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function refuseRedirect(response: Response, url: string): void {
  const isRedirect =
    response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400 &&
      response.status !== 304)
  if (!isRedirect) return
  void response.body?.cancel().catch(() => {})
  throw new NetworkError(`${placeOf(url)} answered with a redirect, which is not followed`, {
    code: 'redirected',
    status: response.status,
  })
}

/** The body as text. Throws NetworkError, or what the signal's end makes of it. */
export async function readText(
  response: Response,
  bytesMax: number,
  signal: AbortSignal,
  url: string,
): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await untilAborted(reader.read(), signal)
      if (done) break
      length += value.length
      if (length > bytesMax) {
        throw new NetworkError(`${placeOf(url)} answered more than ${bytesMax} bytes`, {
          code: 'too_large',
        })
      }
      parts.push(value)
    }
  } finally {
    void reader.cancel().catch(() => {})
  }
  const whole = new Uint8Array(length)
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0)
  const text = fromUtf8(whole)
  if (text === undefined) {
    throw new NetworkError(`${placeOf(url)} answered no UTF-8`, { code: 'bad_answer' })
  }
  return text
}

/** Where a request went, without what may be secret in its query. */
export function placeOf(url: string): string {
  const end = url.search(/[?#]/)
  return end < 0 ? url : url.slice(0, end)
}

function explain(error: unknown, url: string, bounds: Bounds, signal: AbortSignal): NetworkError {
  if (bounds.signal?.aborted) {
    return new NetworkError(`the request to ${placeOf(url)} was given up`, { code: 'aborted' })
  }
  if (signal.aborted) {
    return new NetworkError(`${placeOf(url)} did not answer within ${bounds.timeoutMs} ms`, {
      code: 'timeout',
    })
  }
  return new NetworkError(`${placeOf(url)} cannot be reached`, {
    code: 'unreachable',
    cause: plainCause(error),
  })
}

// The reason alone: an error of a foreign fetch may carry the whole request, header and all.
function plainCause(error: unknown): string | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  const code: unknown = (cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : error instanceof Error ? error.name : undefined
}
