// An open event stream: connects once, gives frames, ends. Coming back is the caller's, who knows
// where he was. Silence ends it too: the server says something every second, so a connection
// without a word is dead or held back by a proxy, whatever TCP says.
import { NetworkError } from '../errors.js'
import { type Fetch, placeOf, readText } from './bounded_fetch.js'
import { errorOf } from './problem.js'
import { type SseFrame, SseParser } from './sse.js'

const kFrameBytesMax = 4 * 1024 * 1024
const kProblemBytesMax = 64 * 1024

export interface StreamRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: Fetch
  readonly signal: AbortSignal
  /** Without a byte for so long it is over, with code `silent`. */
  readonly silenceMs: number
  readonly token: string
}

export async function* openEventStream(
  request: StreamRequest,
): AsyncGenerator<SseFrame, void, undefined> {
  const end = new AbortController()
  const stop = (): void => end.abort()
  request.signal.addEventListener('abort', stop, { once: true })
  if (request.signal.aborted) stop()
  const silence = new Silence(request.silenceMs, end.signal)
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  try {
    const response = await silence.race(
      request.fetch(request.url, {
        headers: { ...request.headers, accept: 'text/event-stream' },
        redirect: 'manual',
        cache: 'no-store',
        signal: end.signal,
      }),
    )
    await requireStream(response, request, silence, end.signal)
    reader = response.body!.getReader()
    yield* framesOf(reader, silence)
  } catch (error) {
    throw explain(error, request)
  } finally {
    request.signal.removeEventListener('abort', stop)
    void reader?.cancel().catch(() => {})
    end.abort()
  }
}

async function* framesOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  silence: Silence,
): AsyncGenerator<SseFrame, void, undefined> {
  const parser = new SseParser(kFrameBytesMax)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (;;) {
    const { done, value } = await silence.race(reader.read())
    if (done) return
    yield* parser.feed(decoder.decode(value, { stream: true }))
  }
}

async function requireStream(
  response: Response,
  request: StreamRequest,
  silence: Silence,
  end: AbortSignal,
): Promise<void> {
  const type = response.headers.get('content-type') ?? ''
  if (response.status === 200 && /^text\/event-stream\b/i.test(type) && response.body) return
  if (response.status >= 400) {
    // What the answer says may be long, slow or without an end; its status says enough.
    const text = await silence
      .race(readText(response, kProblemBytesMax, end, request.url))
      .catch(() => '')
    throw errorOf({ status: response.status, headers: response.headers, text }, request.token)
  }
  void response.body?.cancel().catch(() => {})
  throw new NetworkError(`${placeOf(request.url)} answered no event stream`, {
    code: response.status === 200 ? 'bad_answer' : 'redirected',
    status: response.status,
  })
}

function explain(error: unknown, request: StreamRequest): unknown {
  const isNoText = error instanceof TypeError && /decod|utf/i.test(error.message)
  if (error instanceof RangeError || isNoText) {
    return new NetworkError('the event stream sent what is no frame', { code: 'bad_answer' })
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' &&
      error.name !== 'AbortError') {
    return error
  }
  return new NetworkError(`the event stream of ${placeOf(request.url)} broke off`, {
    code: request.signal.aborted ? 'aborted' : 'unreachable',
  })
}

// Waits for the next word, but not for ever, and not when nobody wants it any more: a custom fetch
// need not know what an AbortSignal is.
class Silence {
  constructor(
    private readonly ms: number,
    private readonly signal: AbortSignal,
  ) {}

  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(new DOMException('aborted', 'AbortError'))
      const timer = setTimeout(() => reject(silent()), this.ms)
      if (this.signal.aborted) stop()
      this.signal.addEventListener('abort', stop, { once: true })
      work.then(resolve, reject).finally(() => {
        clearTimeout(timer)
        this.signal.removeEventListener('abort', stop)
      })
    })
  }
}

function silent(): NetworkError {
  return new NetworkError('the event stream says nothing', {
    code: 'silent',
    hint: 'does a proxy on the way hold answers back? Turn its buffering off',
  })
}
