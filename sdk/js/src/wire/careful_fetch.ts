// fetch for addresses that the caller names, with his credentials: redirects are followed, but
// what is secret stays behind when the origin changes. fetch in browsers and their workers does so
// by itself and shows us no redirect; a custom fetch may not, so where we see them we do it.
import { NetworkError } from '../errors.js'
import { requireSafe } from './address.js'
import type { Fetch } from './bounded_fetch.js'
import { isBrowser } from './browser.js'

const kRedirects = new Set([301, 302, 303, 307, 308])
const kRedirectsMax = 10
const kSecretHeaders = ['authorization', 'cookie', 'dpop', 'proxy-authorization']

export async function carefulFetch(fetch: Fetch, url: URL, init: RequestInit): Promise<Response> {
  if (init.redirect === 'manual' || init.redirect === 'error' || isBrowser()) {
    return fetch(url.href, init)
  }
  let request: RequestInit = init
  for (let count = 0; ; ++count) {
    const response = await fetch(url.href, { ...request, redirect: 'manual' })
    const location = response.headers.get('location')
    if (!kRedirects.has(response.status) || location === null) return response
    void response.body?.cancel().catch(() => {})
    if (count === kRedirectsMax) {
      throw new NetworkError('too many redirects', { code: 'redirected' })
    }
    const next = new URL(location, url)
    requireSafe(next, 'the address of a redirect')
    request = following(request, response.status, next.origin !== url.origin)
    url = next
  }
}

function following(request: RequestInit, status: number, isElsewhere: boolean): RequestInit {
  const headers = new Headers(request.headers)
  const method = (request.method ?? 'GET').toUpperCase()
  const becomesGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    (status < 303 && method === 'POST')
  if (isElsewhere) for (const name of kSecretHeaders) headers.delete(name)
  if (!becomesGet) {
    if (request.body instanceof ReadableStream) {
      throw new NetworkError('a stream cannot be sent again to follow a redirect', {
        code: 'redirected',
      })
    }
    return { ...request, headers }
  }
  for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name)
  const { body: _, ...rest } = request
  return { ...rest, method: 'GET', headers }
}
