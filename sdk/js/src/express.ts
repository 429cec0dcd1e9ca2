// Express: a route that only good tokens pass.
//   app.use(protect(verifier))
//   app.get('/licenses', requireScopes('license:read'), (req, res) => res.json(req.latchkey))
import { credentialOf } from './wire/credential.js'
import { refusalOf } from './wire/refusal.js'
import type { Requirement, Verifier } from './verify/index.js'
import { requireRequirement } from './verify/options.js'
import type { Allowed } from './verify/result.js'

/** As much of Express as is used here: no types of it are needed to use this. */
export interface ExpressRequest {
  readonly headers: { readonly authorization?: string | undefined }
  readonly ip?: string | undefined
  latchkey?: Allowed
}
export interface ExpressResponse {
  status(code: number): unknown
  set(headers: Record<string, string>): unknown
  // Express finds the type of a route's answers in its handlers, and this one has no opinion.
  send(body?: any): unknown
}
export type ExpressHandler<Request extends ExpressRequest = any> = (
  request: Request,
  response: ExpressResponse,
  next: (error?: any) => void,
) => void

declare global {
  namespace Express {
    interface Request {
      /** Who calls; set behind protect(). */
      latchkey?: Allowed
    }
  }
}

/** With Express's own types: `(req: Request) => ({ project: req.params.project })`. */
export type Wanted<Request extends ExpressRequest = any> =
  | Requirement
  | ((request: Request) => Requirement)

/** Lets a request pass whose token is good for what is wanted, and puts what it is on
 * `req.latchkey`. The client's address is `req.ip`: set `trust proxy` behind a proxy. */
export function protect(verifier: Verifier, wanted: Wanted = {}): ExpressHandler {
  if (typeof wanted !== 'function') requireRequirement(wanted)
  return (request, response, next) => {
    void check(verifier, wanted, request, response).then(
      (isAllowed) => isAllowed && next(),
      (error: unknown) => next(error),
    )
  }
}

/** Behind protect(): these scopes as well. The token is judged anew, with them. */
export function requireScopes(...scopes: string[]): ExpressHandler {
  return (request, response, next) => {
    const verifier = verifiers.get(request)
    if (verifier === undefined) {
      next(new Error('requireScopes() stands behind protect()'))
      return
    }
    protect(verifier.verifier, withScopes(verifier.wanted, scopes))(request, response, next)
  }
}

const verifiers = new WeakMap<ExpressRequest, { verifier: Verifier; wanted: Wanted }>()

async function check(
  verifier: Verifier,
  wanted: Wanted,
  request: ExpressRequest,
  response: ExpressResponse,
): Promise<boolean> {
  const requirement = typeof wanted === 'function' ? wanted(request) : wanted
  const token = credentialOf(request.headers.authorization)
  const ip = requirement.ip ?? request.ip
  const result =
    token === undefined
      ? undefined
      : await verifier.verify(token, ip === undefined ? requirement : { ...requirement, ip })
  if (result?.ok) {
    request.latchkey = result
    verifiers.set(request, { verifier, wanted })
    return true
  }
  const refusal = refusalOf(result)
  response.status(refusal.status)
  response.set(refusal.headers)
  response.send(refusal.body)
  return false
}

function withScopes(wanted: Wanted, scopes: readonly string[]): Wanted {
  return (request) => {
    const before = typeof wanted === 'function' ? wanted(request) : wanted
    return { ...before, scopes: [...(before.scopes ?? []), ...scopes] }
  }
}
