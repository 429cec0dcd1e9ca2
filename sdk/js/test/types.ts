// What the types of the package promise, checked by tsc --strict; nothing here is run.
import { Hono } from 'hono'
import { Latchkey, PermissionError, type Token } from '@latchkey/sdk'
import { AuthProvider } from '@latchkey/sdk/auth'
import { protect, requireScopes, type ExpressHandler } from '@latchkey/sdk/express'
import { protect as protectHono, type LatchkeyVariables } from '@latchkey/sdk/hono'
import { createVerifier, type Result } from '@latchkey/sdk/verify'

const auth = new AuthProvider({ server: 'https://l.example', tokenId: 'x', privateKey: 'pem' })
const client = new Latchkey({ auth, server: 'https://l.example' })

export async function tokens(): Promise<string[]> {
  const names: string[] = []
  for await (const token of client.tokens.list({ state: 'active' })) names.push(token.name)
  const made = await client.tokens.create({ name: 'ci', scopes: ['license:read'] })
  const secret: string | undefined = made.token
  const plain: Token = made
  // @ts-expect-error a name is needed
  await client.tokens.create({ scopes: [] })
  // @ts-expect-error there is no such state
  client.tokens.list({ state: 'asleep' })
  return [...names, secret ?? '', plain.id]
}

export async function run(): Promise<readonly string[]> {
  try {
    await client.run({ id: 'f', data: { n: 1 } })
  } catch (error) {
    if (error instanceof PermissionError) return error.missingScopes
  }
  return []
}

export function tell(result: Result): string {
  if (result.ok) return `${result.tokenId} ${result.scopes.join()}`
  // @ts-expect-error who is refused may not be known
  const id: string = result.tokenId
  return `${result.status} ${result.reason} ${result.missingScopes.join()} ${id}`
}

const verifier = createVerifier({ issuer: 'https://l.example', audience: 'licensing-api' })
// @ts-expect-error an audience is needed
createVerifier({ issuer: 'https://l.example' })

// As Express declares them, without its types being installed.
type Request = { headers: { authorization?: string | undefined }; ip?: string; latchkey?: object }
declare function use(...handlers: ExpressHandler[]): void
use(protect(verifier, { scopes: ['license:read'] }), requireScopes('product:read'))
export const request: Request = { headers: {} }

const app = new Hono<{ Variables: LatchkeyVariables }>()
app.use('/licenses', protectHono(verifier, (c) => ({ project: c.req.header('x-project') ?? 'p' })))
app.get('/licenses', (c) => c.json({ owner: c.get('latchkey').owner }))
