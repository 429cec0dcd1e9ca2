// Where there are no files: browsers and workers.
import { ConfigurationError } from '../errors.js'

/** Throws: a browser has no files of ours. */
export function readFileText(path: string): Promise<string> {
  return Promise.reject(
    new ConfigurationError(`there are no files here to read ${path} from`, {
      code: 'no_files',
      hint: 'give the contents in the place of the path',
    }),
  )
}

/** The key as PKCS#8 if the platform reads PEM by itself; undefined: we do. */
export function openPem(_pem: string, _passphrase: string | undefined): Uint8Array | undefined {
  return undefined
}
