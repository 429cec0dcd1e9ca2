// Where a token stands in a request: Bearer, or the password of Basic, as git and curl -u send it.
import { fromBase64, fromUtf8 } from './encoding.js'

export function credentialOf(authorization: string | undefined): string | undefined {
  const parts = /^(Bearer|Basic) +([^ ]+) *$/i.exec(authorization ?? '')
  if (parts === null) return undefined
  if (parts[1]!.toLowerCase() === 'bearer') return parts[2]
  const bytes = fromBase64(parts[2]!)
  const text = bytes && fromUtf8(bytes)
  const colon = text?.indexOf(':') ?? -1
  return colon < 0 ? undefined : text!.slice(colon + 1) || undefined
}
