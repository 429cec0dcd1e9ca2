// What a policy says, for programs that show or try policies. A verifier needs none of it.
import type { Policy, PolicyStatement } from '../model.js'
import { scopeCovers } from './scope.js'

/** Deny wins over Allow, and what no statement names is denied. Without a resource, an Allow must
 * say `*`, and a Deny of the action denies whatever its resources are. */
export function policyAllows(policy: Policy, action: string, resource?: string | null): boolean {
  const isNamed = resource !== undefined && resource !== null && resource !== '' && resource !== '*'
  let isAllowed = false
  for (const statement of policy.statement) {
    if (!statement.action.some((pattern) => scopeCovers(pattern, action))) continue
    const isMatched = namesResource(statement, isNamed ? resource : '*')
    if (statement.effect === 'Allow') isAllowed ||= isMatched
    else if (isMatched || (!isNamed && statement.resource.length > 0)) return false
  }
  return isAllowed
}

function namesResource(statement: PolicyStatement, resource: string): boolean {
  return statement.resource.some((pattern) => resourceCovers(pattern, resource))
}

/** Segments stand between `:` and `/`; `*` is one of them, as the last all that are left. */
export function resourceCovers(pattern: string, resource: string): boolean {
  if (pattern === '*') return true
  if (resource === '' || resource === '*') return false
  const wanted = pattern.split(/([:/])/)
  const given = resource.split(/([:/])/)
  for (let i = 0; i < wanted.length; ++i) {
    const isLast = i === wanted.length - 1
    if (wanted[i] === '*' && isLast) return i < given.length
    if (i >= given.length) return false
    if (wanted[i] !== '*' && wanted[i] !== given[i]) return false
  }
  return wanted.length === given.length
}
