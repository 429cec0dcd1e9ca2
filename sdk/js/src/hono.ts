// Hono: a route that only good tokens pass, in Node, workers, Deno and Bun.
//   app.use('/licenses/*', protect(verifier, { scopes: ['license:read'] }))
//   app.get('/licenses', (c) => c.json(c.get('latchkey')))
import { credentialOf } from './wire/credential.js'
import { refusalOf } from './wire/refusal.js'
import type { Requirement, Verifier } from './verify/index.js'
import { requireRequirement } from './verify/options.js'
import type { Allowed } from './verify/result.js'

/** As much of Hono as is used here: no types of it are needed to use this. */
export interface HonoContext {
  readonly req: { header(name: string): string | undefined }
  get(name: 'latchkey'): Allowed | undefined
  set(name: 'latchkey', value: Allowed): void
}
export type HonoMiddleware = (
  // Hono has generics here that no structural type meets.
  context: any,
  next: () => Promise<void>,
) => Promise<Response | void>

/** With Hono's own types: `(c: Context) => ({ project: c.req.param('project') })`. */
export type Wanted = Requirement | ((context: any) => Requirement)

/** The variables of an app that uses protect(): `new Hono<{ Variables: LatchkeyVariables }>()`. */
export interface LatchkeyVariables {
  latchkey: Allowed
}

/** Lets a request pass whose token is good for what is wanted, and puts what it is into
 * `c.get('latchkey')`. Hono does not know the client's address: give `ip` where tokens are bound
 * to addresses. */
export function protect(verifier: Verifier, wanted: Wanted = {}): HonoMiddleware {
  if (typeof wanted !== 'function') requireRequirement(wanted)
  return async (context: HonoContext, next) => {
    const requirement = typeof wanted === 'function' ? wanted(context) : wanted
    const token = credentialOf(context.req.header('authorization'))
    const result = token === undefined ? undefined : await verifier.verify(token, requirement)
    if (result?.ok) {
      context.set('latchkey', result)
      await next()
      return undefined
    }
    const { status, headers, body } = refusalOf(result)
    return new Response(body, { status, headers })
  }
}
