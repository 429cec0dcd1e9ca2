// Scopes: `*` stands for exactly one segment behind the name, the lone `*` for every scope.

/** Whether `pattern` covers `scope`, which may be a pattern too: then all that it covers. */
export function scopeCovers(pattern: string, scope: string): boolean {
  if (pattern === '*') return true
  if (pattern === '' || scope === '') return false
  if (pattern === scope) return true
  if (!pattern.includes('*')) return false
  const wanted = pattern.split(':')
  const given = scope.split(':')
  return (
    wanted.length === given.length && wanted.every((one, i) => one === '*' || one === given[i])
  )
}

/** Those of `wanted` that nothing in `have` covers, in their order. */
export function missingScopes(have: readonly string[], wanted: readonly string[]): string[] {
  return wanted.filter((scope) => !have.some((pattern) => scopeCovers(pattern, scope)))
}

const kScope = /^[A-Za-z][A-Za-z0-9._-]*(:([A-Za-z0-9._-]+|\*))+$/

export function isScopePattern(text: string): boolean {
  return text === '*' || (text.length <= 64 && kScope.test(text))
}
