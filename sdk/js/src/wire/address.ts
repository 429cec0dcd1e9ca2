// Addresses of servers: credentials go to https, or to this machine.
import { ConfigurationError } from '../errors.js'

const kLoopback = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** The address without a slash at its end. `what` names the option in messages. */
export function serverAddress(text: unknown, what: string): string {
  let url: URL
  try {
    url = new URL(String(text))
  } catch {
    throw new ConfigurationError(`${what} is no URL`, { code: 'bad_address' })
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ConfigurationError(`${what} is an address and nothing more`, { code: 'bad_address' })
  }
  requireSafe(url, what)
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

export function requireSafe(url: URL, what: string): void {
  const isSafe =
    url.protocol === 'https:' || (url.protocol === 'http:' && kLoopback.test(url.hostname))
  if (isSafe) return
  throw new ConfigurationError(`${what} is neither https nor this machine`, {
    code: 'unsafe_address',
    hint: 'a token sent over plain http can be read on the way',
  })
}
