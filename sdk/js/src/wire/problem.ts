// From an answer that is no success to the error that a program can handle: problem documents of
// our REST API (RFC 9457), and errors of OAuth (RFC 6749).
import {
  AuthenticationError,
  ConflictError,
  type ErrorDetails,
  type FieldError,
  LatchkeyError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  ValidationError,
} from '../errors.js'
import { without } from '../hidden.js'
import { retryAfterSeconds } from './backoff.js'
import type { Answer } from './bounded_fetch.js'
import { isObject, type JsonObject, parseObject } from './json.js'

/** `secrets` are cut out of whatever the server wrote. */
export function errorOf(answer: Answer, ...secrets: string[]): LatchkeyError {
  const clean = (text: string): string =>
    secrets.reduce((left, secret) => without(secret, left), text)
  const problem = parseObject(clean(answer.text)) ?? {}
  const say = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? clean(value.slice(0, 1000)) : undefined
  const detail = say(problem.detail) ?? say(problem.error_description)
  const code = say(problem.code) ?? say(problem.error) ?? `http_${answer.status}`
  const requestId = say(problem.requestId) ?? say(answer.headers.get('x-request-id'))
  const details: ErrorDetails = {
    code,
    status: answer.status,
    requestId,
    hint: say(problem.hint),
    docs: say(problem.type),
  }
  const known = detail ?? `the server answered ${answer.status}`
  const message = requestId === undefined ? known : `${known} (request ${requestId})`
  return classOf(message, details, problem, answer)
}

function classOf(
  message: string,
  details: ErrorDetails,
  problem: JsonObject,
  answer: Answer,
): LatchkeyError {
  const { status } = answer
  if (status === 401) return new AuthenticationError(message, details)
  if (status === 403) return new PermissionError(message, details, textsOf(problem.missingScopes))
  if (status === 404) return new NotFoundError(message, details)
  if (status === 409 || status === 412) return new ConflictError(message, details)
  if (status === 429) return new RateLimitError(message, details, retryAfterSeconds(answer.headers))
  if (status >= 500) return new ServerError(message, details)
  return new ValidationError(message, details, fieldsOf(problem.errors))
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function fieldsOf(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((one) =>
    isObject(one) && typeof one.pointer === 'string' && typeof one.detail === 'string'
      ? [{ pointer: one.pointer, detail: one.detail }]
      : [],
  )
}
