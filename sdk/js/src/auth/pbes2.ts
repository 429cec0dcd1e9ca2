// Encrypted private keys (PKCS#8, PBES2 of RFC 8018): PBKDF2 and AES-CBC, as OpenSSL and our CLI
// write them. For where there is no OpenSSL: WebCrypto has the parts, but not the whole.
import { ConfigurationError } from '../errors.js'
import { utf8 } from '../wire/encoding.js'
import { derBody, derNumber, derOid, derSequence, derValues, kOctets, kSequence } from './der.js'

const kPbes2 = '2a864886f70d01050d'
const kPbkdf2 = '2a864886f70d01050c'
const kHashes: Record<string, string> = {
  '2a864886f70d0207': 'SHA-1',
  '2a864886f70d0209': 'SHA-256',
  '2a864886f70d020a': 'SHA-384',
  '2a864886f70d020b': 'SHA-512',
}
const kCiphers: Record<string, number> = {
  '60864801650304012a': 256,
  '608648016503040116': 192,
  '608648016503040102': 128,
}
// A file that asks for more is made to keep us busy.
const kIterationsMax = 10_000_000

interface Recipe {
  readonly salt: Uint8Array<ArrayBuffer>
  readonly iterations: number
  readonly hash: string
  readonly bits: number
  readonly iv: Uint8Array<ArrayBuffer>
  readonly data: Uint8Array<ArrayBuffer>
}

/** The PKCS#8 key inside. */
export async function decryptPbes2(
  encrypted: Uint8Array<ArrayBuffer>,
  passphrase: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { salt, iterations, hash, bits, iv, data } = readRecipe(encrypted)
  const { subtle } = crypto
  const secret = await subtle.importKey('raw', utf8(passphrase), 'PBKDF2', false, ['deriveKey'])
  const key = await subtle.deriveKey(
    { name: 'PBKDF2', salt, iterations, hash },
    secret,
    { name: 'AES-CBC', length: bits },
    false,
    ['decrypt'],
  )
  try {
    const opened = new Uint8Array(await subtle.decrypt({ name: 'AES-CBC', iv }, key, data))
    // One wrong passphrase in 256 leaves what looks like padding.
    derSequence(derValues(opened)[0])
    return opened
  } catch {
    throw new ConfigurationError('the private key cannot be opened with this passphrase', {
      code: 'wrong_passphrase',
    })
  }
}

function readRecipe(encrypted: Uint8Array<ArrayBuffer>): Recipe {
  try {
    const [algorithm, data] = derSequence(derValues(encrypted)[0])
    const [scheme, parameters] = derSequence(algorithm)
    if (derOid(scheme) !== kPbes2) throw new RangeError('scheme')
    const [derivation, encryption] = derSequence(parameters)
    const [function_, details] = derSequence(derivation)
    if (derOid(function_) !== kPbkdf2) throw new RangeError('derivation')
    const [salt, iterations, ...rest] = derSequence(details)
    const [cipher, iv] = derSequence(encryption)
    const bits = kCiphers[derOid(cipher)]
    const hash = hashOf(rest)
    const count = derNumber(iterations)
    if (bits === undefined || hash === undefined || count < 1 || count > kIterationsMax) {
      throw new RangeError('parameters')
    }
    return {
      salt: derBody(salt, kOctets), iterations: count, hash, bits,
      iv: derBody(iv, kOctets), data: derBody(data, kOctets),
    }
  } catch {
    throw new ConfigurationError('the private key is encrypted in a way that is not known here', {
      code: 'bad_key',
      hint: 'PBES2 with PBKDF2 and AES-CBC is: openssl pkcs8 -topk8 -v2 aes-256-cbc',
    })
  }
}

// A key length may stand before it; without either it is HMAC-SHA-1.
function hashOf(rest: ReturnType<typeof derSequence>): string | undefined {
  const named = rest.find((value) => value.tag === kSequence)
  return named === undefined ? 'SHA-1' : kHashes[derOid(derSequence(named)[0])]
}
