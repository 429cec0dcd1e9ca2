// openapi-fetch with the types that openapi-typescript makes of our description (schema.d.ts, next to
// this file when it is compiled). Each answer is written to standard output, a line of JSON, for
// openapi_client_test.py, which compares it with the description.
import createClient, { type Middleware } from 'openapi-fetch'
import type { paths } from './schema.js'

export type Client = ReturnType<typeof createClient<paths>>

export const [, , url = '', email = '', password = '', scratch = ''] = process.argv

const recorder: Middleware = {
  async onResponse({ request, response, schemaPath }) {
    const type = response.headers.get('content-type') ?? ''
    const isEndless = type.startsWith('text/event-stream')
    const body = isEndless ? '' : await response.clone().text()
    say({ path: schemaPath, method: request.method.toLowerCase(), status: response.status, type, body })
  },
}

export function say(what: object): void {
  console.log(JSON.stringify(what))
}

export function clientWith(token?: string): Client {
  const client = createClient<paths>({
    baseUrl: url,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  })
  client.use(recorder)
  return client
}

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** What was answered; it must be a success. */
export async function good<T>(asked: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await asked
  if (response.ok) return data as NonNullable<T>
  throw new Error(`${response.status} of ${response.url}: ${JSON.stringify(error)}`)
}

/** The answer of an operation that must be refused here, with that status. */
export async function refused(status: number, asked: Promise<Answer<unknown>>): Promise<void> {
  const { response } = await asked
  if (response.status !== status) throw new Error(`${response.status} of ${response.url}`)
}
