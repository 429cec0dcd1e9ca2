// An operation that has no call in calls.ts: parameters and a body from the description's own
// examples. Whatever is answered, it must be described.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import createClient from 'openapi-fetch'
import { type Client, scratch } from './client.js'

interface Node {
  [name: string]: any
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const
const document = JSON.parse(readFileSync(join(scratch, 'openapi.json'), 'utf8')) as Node

export interface Operation {
  readonly id: string
  readonly path: string
  readonly method: (typeof METHODS)[number]
  readonly parameters: readonly Node[]
  readonly description: Node
}

function resolved(node: Node): Node {
  while (typeof node?.$ref === 'string') {
    node = node.$ref.slice(2).split('/').reduce((found: Node, part: string) => found[part], document)
  }
  return node
}

export function operationsOfDocument(): Operation[] {
  return Object.entries(document.paths as Node).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      id: item[method].operationId as string, path, method, description: item[method] as Node,
      parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(resolved),
    })))
}

/** A value that the schema allows, its example if it has one. */
function example(node: Node): unknown {
  const schema = resolved(node)
  if (schema.examples) return Object.values(schema.examples)[0]
  for (const name of ['example', 'const', 'default']) if (name in schema) return schema[name]
  if (schema.enum) return schema.enum[0]
  for (const name of ['oneOf', 'anyOf']) if (schema[name] && !schema.properties) return example(schema[name][0])
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map(example))
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'object') {
    const names = Object.entries((schema.properties ?? {}) as Node)
      .filter(([name]) => schema.required?.includes(name))
    return Object.fromEntries(names.map(([name, below]) => [name, example(below)]))
  }
  if (type === 'array') return schema.minItems ? [example(schema.items)] : []
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0
  if (type === 'boolean') return false
  return schema.format === 'uuid' ? '01a3b6c0-54a7-7c2e-8f0a-3d5b7e9c1a24' : 'x'
}

function exampleOfParameter(parameter: Node): unknown {
  return parameter.example ?? example(parameter.schema ?? {})
}

function exampleOfBody(description: Node): { type: string; value: unknown } | undefined {
  const content = resolved(description.requestBody ?? {}).content as Node | undefined
  if (content === undefined) return undefined
  const [type, media] = Object.entries(content)[0]!
  const named = Object.values((media.examples ?? {}) as Node)[0]
  return { type, value: media.example ?? resolved(named ?? {}).value ?? example(media.schema) }
}

export async function callByExample(operation: Operation, client: Client): Promise<void> {
  const wanted = (where: string) => Object.fromEntries(operation.parameters
    .filter((one) => one.in === where && (where === 'path' || one.required))
    .map((one) => [one.name, exampleOfParameter(one)]))
  const body = exampleOfBody(operation.description)
  const isForm = body?.type === 'application/x-www-form-urlencoded'
  const request = (client as unknown as ReturnType<typeof createClient<any>>).request
  await request(operation.method, operation.path, {
    params: { path: wanted('path'), query: wanted('query') },
    parseAs: 'text',
    ...(body === undefined ? {} : {
      body: body.value,
      headers: { 'content-type': body.type },
      bodySerializer: (value: object) =>
        isForm ? new URLSearchParams(value as Record<string, string>) : JSON.stringify(value),
    }),
  } as never)
}
