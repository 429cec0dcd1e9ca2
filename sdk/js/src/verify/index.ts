// @latchkey/sdk/verify: an API that finds out what the tokens are that it is shown.
export { addressIsIn } from './address.js'
export type { OnStale, Requirement, VerifierEvent, VerifierOptions } from './options.js'
export { policyAllows, resourceCovers } from './policy.js'
export type { Allowed, Identity, Refused, Result, Verdict } from './result.js'
export { missingScopes, scopeCovers } from './scope.js'
export { createVerifier, Verifier, type VerifierState } from './verifier.js'
export { LatchkeyError, ConfigurationError, NetworkError } from '../errors.js'
