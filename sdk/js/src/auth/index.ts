// @latchkey/sdk/auth: access tokens for the holder of a key token.
export type { KeyCredentials, Passphrase } from './credentials.js'
export {
  AuthProvider,
  type AuthProviderOptions,
  type ProviderOptions,
  type TokenRequest,
} from './provider.js'
export type { ExternalSigner, SigningAlgorithm } from './signer.js'
export {
  AuthenticationError,
  ConfigurationError,
  LatchkeyError,
  NetworkError,
  RateLimitError,
} from '../errors.js'
