// JSON that came from somewhere else: read with care, since JSON.parse takes the last of two
// members of one name and a verifier must not.

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

/** The same, but no name may stand twice in one object. */
export function parseStrictObject(text: string): JsonObject | undefined {
  const value = parseObject(text)
  return value !== undefined && countNames(text) === countMembers(value) ? value : undefined
}

// In valid JSON a string is a name exactly when a colon follows it.
function countNames(text: string): number {
  return text.match(/"(?:[^"\\]|\\.)*"(?=\s*:)/g)?.length ?? 0
}

function countMembers(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + countMembers(one), 0)
  if (!isObject(value)) return 0
  return Object.values(value).reduce((sum: number, one) => sum + 1 + countMembers(one), 0)
}
