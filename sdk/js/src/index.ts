// @latchkey/sdk: call Latchkey, and the APIs that it protects, with a token.
export { Latchkey, type LatchkeyOptions, type TokenHolder } from './client.js'
export {
  AuthenticationError,
  ConfigurationError,
  ConflictError,
  type FieldError,
  LatchkeyError,
  NetworkError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  ValidationError,
} from './errors.js'
export { type List, type Page } from './list.js'
export type * from './model.js'
export type { FollowEvents, ListEvents } from './resources/events.js'
export type { PolicyOf, Question } from './resources/policies.js'
export type { CreateProject } from './resources/projects.js'
export type { ListTokens } from './resources/tokens.js'
export type { RunOptions } from './run.js'
export type { RequestOptions } from './transport.js'
