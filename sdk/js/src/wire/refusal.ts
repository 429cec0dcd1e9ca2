// The answer to who may not pass: RFC 6750's challenge, and a problem document that says what was
// missing. Nothing in it comes from the token.
import type { Refused } from '../verify/result.js'

export interface Refusal {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

const kTitles: Record<number, string> = {
  401: 'Unauthorized', 403: 'Forbidden', 429: 'Too Many Requests', 503: 'Service Unavailable',
}

/** `undefined`: there was no token. */
export function refusalOf(result: Refused | undefined): Refusal {
  const status = result?.status ?? 401
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  }
  const challenge = challengeOf(result)
  if (challenge !== undefined) headers['www-authenticate'] = challenge
  if (result?.retryAfter !== undefined) headers['retry-after'] = String(result.retryAfter)
  const problem = {
    title: kTitles[status],
    status,
    code: codeOf(result),
    detail: detailOf(result),
    ...(result === undefined ? {} : { verdict: result.verdict }),
    ...(result?.missingScopes.length ? { missingScopes: result.missingScopes } : {}),
  }
  return { status, headers, body: JSON.stringify(problem) }
}

function detailOf(result: Refused | undefined): string {
  if (result === undefined) return 'This needs a token.'
  const missing = result.missingScopes.join(', ')
  return missing === '' ? result.reason : `The token lacks ${missing}.`
}

function codeOf(result: Refused | undefined): string {
  if (result === undefined) return 'no_credential'
  if (result.status === 401) return 'invalid_token'
  return result.status === 503 ? 'unavailable' : result.verdict
}

function challengeOf(result: Refused | undefined): string | undefined {
  if (result === undefined) return 'Bearer'
  if (result.status === 401) {
    return `Bearer error="invalid_token", error_description="${result.reason}"`
  }
  if (result.status !== 403) return undefined
  const scope = result.missingScopes.join(' ').replace(/[^\x20-\x7e]|["\\]/g, '')
  return `Bearer error="insufficient_scope", scope="${scope}"`
}
