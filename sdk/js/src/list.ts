// A list that is read page by page while it is walked:
//   for await (const token of client.tokens.list())
import { NetworkError } from './errors.js'
import { parse, type RequestOptions, type Transport } from './transport.js'

export interface Page<T> {
  readonly items: readonly T[]
  /** The cursor of the next page; undefined on the last one. */
  readonly next: string | undefined
}

export type Query = Readonly<Record<string, string | number | undefined>>

export class List<T> implements AsyncIterable<T> {
  readonly #transport: Transport
  readonly #path: string
  readonly #query: Query
  readonly #options: RequestOptions

  constructor(transport: Transport, path: string, query: Query, options: RequestOptions) {
    this.#transport = transport
    this.#path = path
    this.#query = query
    this.#options = options
  }

  async page(after?: string): Promise<Page<T>> {
    const query = after === undefined ? this.#query : { ...this.#query, after }
    const answer = await this.#transport.send({
      ...this.#options, method: 'GET', path: this.#path, query,
    })
    const items = parse<T[]>(answer)
    if (!Array.isArray(items)) {
      throw new NetworkError('the server answered what is no list', { code: 'bad_answer' })
    }
    return { items, next: cursorOf(answer.headers.get('link')) }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let after: string | undefined
    do {
      const page = await this.page(after)
      yield* page.items
      after = page.next === after ? undefined : page.next
    } while (after !== undefined)
  }

  /** All of it at once. For lists that are known to be short. */
  async all(): Promise<T[]> {
    const items: T[] = []
    for await (const item of this) items.push(item)
    return items
  }
}

// Only the cursor is taken from the link: where the server is, we know.
function cursorOf(link: string | null): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1]
  if (target === undefined) return undefined
  return new URLSearchParams(target.slice(target.indexOf('?') + 1)).get('after') ?? undefined
}
