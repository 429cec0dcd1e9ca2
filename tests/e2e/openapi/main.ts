// All operations of the description, one after the other.
import { administrator, calls } from './calls.js'
import { say } from './client.js'
import { callByExample, operationsOfDocument } from './generic.js'

const called = new Set<string>()
for (const [operation, call] of calls) {
  called.add(operation)
  await call().catch((error: Error) => say({ failed: operation, why: error.message }))
}
for (const operation of operationsOfDocument()) {
  if (called.has(operation.id)) continue
  await callByExample(operation, administrator())
    .catch((error: Error) => say({ failed: operation.id, why: error.message }))
}
