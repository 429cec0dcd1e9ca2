// Calling a function of a protected API with the token, Cape's habit:
//   POST <base URL>/functions/<id>
import { NetworkError } from './errors.js'
import type { RequestOptions, Transport } from './transport.js'
import { boundedFetch } from './wire/bounded_fetch.js'
import { errorOf } from './wire/problem.js'

const kResultBytesMax = 64 * 1024 * 1024

export interface RunOptions extends RequestOptions {
  /** The function. */
  readonly id?: string
  /** The same, as it is called elsewhere. */
  readonly functionID?: string
  /** Its input: text and bytes go as they are, everything else as JSON. */
  readonly data?: unknown
}

export async function runFunction(
  transport: Transport,
  base: string,
  id: string,
  options: RunOptions & { timeout: number },
): Promise<unknown> {
  const token = await transport.token()
  const { body, type } = bodyOf(options.data)
  const answer = await boundedFetch(
    transport.fetch,
    `${base}/functions/${encodeURIComponent(id)}`,
    {
      method: 'POST',
      headers: transport.headers({ authorization: `Bearer ${token}`, ...type }),
      ...(body === undefined ? {} : { body }),
    },
    { timeoutMs: options.timeout, bytesMax: kResultBytesMax, signal: options.signal },
  )
  if (answer.status >= 300) throw errorOf(answer, token)
  if (!/\bjson\b/i.test(answer.headers.get('content-type') ?? '')) return answer.text
  try {
    return JSON.parse(answer.text) as unknown
  } catch {
    throw new NetworkError('the function answered what is no JSON', { code: 'bad_answer' })
  }
}

interface Body {
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly type: Record<string, string>
}

function bodyOf(data: unknown): Body {
  if (data === undefined) return { type: {} }
  if (typeof data === 'string') return { body: data, type: { 'content-type': 'text/plain' } }
  if (data instanceof Uint8Array) {
    return { body: new Uint8Array(data), type: { 'content-type': 'application/octet-stream' } }
  }
  return { body: JSON.stringify(data), type: { 'content-type': 'application/json' } }
}
