// What a holder of a key token has: from the file that `latchkey token create-token --out` writes,
// or said one by one, under our names or Affinidi's.
import { readFileText } from '#platform'
import { ConfigurationError } from '../errors.js'
import { Hidden } from '../hidden.js'
import { serverAddress } from '../wire/address.js'
import { isObject, parseObject } from '../wire/json.js'
import {
  type ExternalSigner,
  isSigningAlgorithm,
  type Signer,
  signerOfJwk,
  signerOfPem,
  signerOutside,
  type SigningAlgorithm,
} from './signer.js'

export type Passphrase = string | (() => string | Promise<string>)

export interface KeyCredentials {
  /** The token's id. */
  readonly tokenId: string
  /** Names the key when the token has several. */
  readonly keyId?: string | undefined
  readonly projectId?: string | undefined
  /** The server's issuer. */
  readonly server?: string | undefined
  /** Where assertions are exchanged; below the server when it is left out. */
  readonly tokenEndpoint?: string | undefined
  /** Affinidi's name for where the protected API is. */
  readonly apiGatewayUrl?: string | undefined
  /** PKCS#8 PEM, or a JWK. */
  readonly privateKey?: string | JsonWebKey | undefined
  readonly passphrase?: Passphrase | undefined
  /** For RSA keys that sign RS512, and for `sign`. */
  readonly algorithm?: SigningAlgorithm | undefined
  /** In the place of a private key. */
  readonly sign?: ExternalSigner | undefined
}

export interface Holder {
  readonly tokenId: string
  readonly keyId: string | undefined
  readonly projectId: string | undefined
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly signer: Signer
}

/** The file's members. Those that are not known are ignored. */
export async function readCredentialsFile(path: string): Promise<KeyCredentials> {
  const bad = (why: string): ConfigurationError =>
    new ConfigurationError(`${path} is no credentials file: ${why}`, {
      code: 'bad_credentials',
      hint: 'latchkey token create-token -g --out FILE writes one',
    })
  const object = parseObject(await readFileText(path))
  if (object === undefined) throw bad('it is no JSON object')
  if (object.version !== undefined && object.version !== 1) {
    throw bad('a later version of latchkey wrote it')
  }
  const text = (name: string): string | undefined => {
    const value = object[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [server, tokenId, privateKey] = ['server', 'tokenId', 'privateKey'].map((name) => {
    const value = text(name)
    if (value === undefined) throw bad(`"${name}" is missing`)
    return value
  })
  const algorithm = text('algorithm')
  return {
    server, tokenId: tokenId!, privateKey, keyId: text('keyId'), projectId: text('projectId'),
    tokenEndpoint: text('tokenEndpoint'),
    algorithm: isSigningAlgorithm(algorithm) ? algorithm : undefined,
  }
}

export async function openCredentials(given: KeyCredentials): Promise<Holder> {
  if (typeof given.tokenId !== 'string' || given.tokenId === '') {
    throw new ConfigurationError('tokenId is missing', { code: 'no_token_id' })
  }
  const { issuer, tokenEndpoint } = addressesOf(given)
  return {
    tokenId: given.tokenId, keyId: given.keyId, projectId: given.projectId, issuer, tokenEndpoint,
    signer: await signerFor(given),
  }
}

// The assertion is for the issuer and goes nowhere else: who can name another endpoint would get
// to see it.
export function addressesOf(given: KeyCredentials): { issuer: string; tokenEndpoint: string } {
  const { server, tokenEndpoint, apiGatewayUrl } = given
  const named = server ?? tokenEndpoint?.replace(/\/oauth2\/token\/?$/, '') ?? apiGatewayUrl
  if (named === undefined) {
    throw new ConfigurationError('server is missing', { code: 'no_server' })
  }
  const issuer = serverAddress(named, 'server')
  const endpoint = serverAddress(tokenEndpoint ?? `${issuer}/oauth2/token`, 'tokenEndpoint')
  if (new URL(endpoint).origin === new URL(issuer).origin) {
    return { issuer, tokenEndpoint: endpoint }
  }
  throw new ConfigurationError('tokenEndpoint is at another origin than server', {
    code: 'foreign_address',
  })
}

async function signerFor(given: KeyCredentials): Promise<Signer> {
  const { privateKey, algorithm, sign, keyId } = given
  if (sign !== undefined) return signerOutside(sign, algorithm, keyId)
  if (isObject(privateKey)) return signerOfJwk(privateKey as JsonWebKey, algorithm)
  if (typeof privateKey !== 'string' || privateKey === '') {
    throw new ConfigurationError('privateKey is missing', { code: 'no_key' })
  }
  // Environment variables often carry PEM with its line breaks written out.
  const pem = privateKey.includes('\n') ? privateKey : privateKey.replaceAll('\\n', '\n')
  const { passphrase } = given
  const opened = typeof passphrase === 'function' ? await passphrase() : passphrase
  return signerOfPem(pem, opened === '' ? undefined : opened, algorithm)
}

/** The same, with what is secret out of sight. */
export function hideSecrets(given: KeyCredentials): () => KeyCredentials {
  const { privateKey, passphrase, ...open } = given
  const key = typeof privateKey === 'string' ? new Hidden(privateKey) : undefined
  const phrase = typeof passphrase === 'string' ? new Hidden(passphrase) : undefined
  return () => ({
    ...open,
    privateKey: key?.expose() ?? privateKey,
    passphrase: phrase?.expose() ?? passphrase,
  })
}
