// Node, and what has its modules: Bun and Deno.
import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../errors.js'

const kFileBytesMax = 65_536

export async function readFileText(path: string): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as { code?: unknown }).code
    throw new ConfigurationError(`${path} cannot be read (${String(code)})`, {
      code: 'unreadable_file',
    })
  }
  if (text.length <= kFileBytesMax) return text
  throw new ConfigurationError(`${path} is too long to be what it should be`, { code: 'bad_file' })
}

/** The key as PKCS#8. OpenSSL knows more forms of encrypted keys than WebCrypto does. */
export function openPem(pem: string, passphrase: string | undefined): Uint8Array | undefined {
  const isEncrypted = /ENCRYPTED/.test(pem)
  if (isEncrypted && passphrase === undefined) {
    throw new ConfigurationError('the private key is encrypted: a passphrase is needed', {
      code: 'passphrase_needed',
    })
  }
  try {
    const key = createPrivateKey(isEncrypted ? { key: pem, passphrase: passphrase! } : pem)
    return key.export({ format: 'der', type: 'pkcs8' })
  } catch {
    // OpenSSL's own words may quote what it read.
    throw new ConfigurationError(
      isEncrypted ? 'the private key cannot be opened with this passphrase'
        : 'the private key cannot be read',
      { code: isEncrypted ? 'wrong_passphrase' : 'bad_key' },
    )
  }
}
