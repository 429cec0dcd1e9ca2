// One class for each thing a program does differently. `code` is stable and for programs, the
// message is for people. No error holds a secret: not in its message, its members or its cause.

/** The member of an answer that was wrong, and why. */
export interface FieldError {
  readonly pointer: string
  readonly detail: string
}

export interface ErrorDetails {
  code: string
  status?: number | undefined
  requestId?: string | undefined
  hint?: string | undefined
  docs?: string | undefined
  cause?: unknown
}

export class LatchkeyError extends Error {
  override readonly name: string = 'LatchkeyError'
  readonly code: string
  readonly status: number | undefined
  /** What the server's log calls the request. */
  readonly requestId: string | undefined
  readonly hint: string | undefined
  /** A page that explains the code. */
  readonly docs: string | undefined

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.status = details.status
    this.requestId = details.requestId
    this.hint = details.hint
    this.docs = details.docs
  }
}

/** What was given to us cannot be used: an option, a file, a key. Nothing was sent. */
export class ConfigurationError extends LatchkeyError {
  override readonly name = 'ConfigurationError'
}

/** No answer, or none that may be believed: unreachable, too slow, too large, redirected. */
export class NetworkError extends LatchkeyError {
  override readonly name = 'NetworkError'
}

export class AuthenticationError extends LatchkeyError {
  override readonly name = 'AuthenticationError'
}

export class PermissionError extends LatchkeyError {
  override readonly name = 'PermissionError'
  readonly missingScopes: readonly string[]
  constructor(message: string, details: ErrorDetails, missingScopes: readonly string[]) {
    super(message, details)
    this.missingScopes = missingScopes
  }
}

export class NotFoundError extends LatchkeyError {
  override readonly name = 'NotFoundError'
}

export class ConflictError extends LatchkeyError {
  override readonly name = 'ConflictError'
}

export class ValidationError extends LatchkeyError {
  override readonly name = 'ValidationError'
  readonly fields: readonly FieldError[]
  constructor(message: string, details: ErrorDetails, fields: readonly FieldError[]) {
    super(message, details)
    this.fields = fields
  }
}

export class RateLimitError extends LatchkeyError {
  override readonly name = 'RateLimitError'
  /** Seconds to wait, when the server said so. */
  readonly retryAfter: number | undefined
  constructor(message: string, details: ErrorDetails, retryAfter: number | undefined) {
    super(message, details)
    this.retryAfter = retryAfter
  }
}

export class ServerError extends LatchkeyError {
  override readonly name = 'ServerError'
}
