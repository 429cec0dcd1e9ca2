// JSON that came from somewhere else: read with care, since JSON.parse takes the last of two
// members of one name and a verifier must not, and since what is nested a thousand times deep
// would break whoever walks through it.

const kDepthMax = 32

export type JsonObject = { readonly [name: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object that the text is; undefined for anything else. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The same, but no name may stand twice in one object, and no deeper than `depthMax`. */
export function parseStrictObject(text: string, depthMax = kDepthMax): JsonObject | undefined {
  const names = countNames(text, depthMax)
  const value = names === undefined ? undefined : parseObject(text)
  return value !== undefined && names === countMembers(value) ? value : undefined
}

// In valid JSON a string is a name exactly when a colon follows it. One walk over the text, each
// letter once: strangers choose it. Undefined: it is nested too deeply.
function countNames(text: string, depthMax: number): number | undefined {
  let names = 0
  let depth = 0
  for (let i = 0; i < text.length; ++i) {
    const letter = text.charCodeAt(i)
    if (letter === 0x22) {
      i = endOfString(text, i)
      if (isBeforeColon(text, i + 1)) ++names
    } else if (letter === 0x7b || letter === 0x5b) {
      if (++depth > depthMax) return undefined
    } else if (letter === 0x7d || letter === 0x5d) {
      --depth
    }
  }
  return names
}

// Where the string ends that begins at `begin`; in a text that breaks off, behind its end.
function endOfString(text: string, begin: number): number {
  for (let at = begin + 1; ; ) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return text.length
    let first = quote
    while (first > at && text.charCodeAt(first - 1) === 0x5c) --first
    if ((quote - first) % 2 === 0) return quote
    at = quote + 1
  }
}

function isBeforeColon(text: string, begin: number): boolean {
  let at = begin
  while (' \t\n\r'.includes(text.charAt(at)) && at < text.length) ++at
  return text.charAt(at) === ':'
}

function countMembers(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + countMembers(one), 0)
  if (!isObject(value)) return 0
  return Object.values(value).reduce((sum: number, one) => sum + 1 + countMembers(one), 0)
}
