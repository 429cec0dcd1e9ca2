// What is packed: these files and no others, small, without a dependency, and usable as it is.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

const root = new URL('..', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
// Not minified: whoever bundles gets less.
const BYTES_MAX = { '.': 15 * 1024, './auth': 15 * 1024 }
const OTHERS_BYTES_MAX = 22 * 1024

function packedFiles() {
  const text = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return JSON.parse(text)[0].files.map((file) => file.path).sort()
}

/** Every module that an entry imports, itself included. */
function closureOf(entry, seen = new Set()) {
  if (seen.has(entry)) return seen
  seen.add(entry)
  const text = readFileSync(entry, 'utf8')
  for (const [, name] of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    if (name === '#platform') closureOf(join(root, 'dist/platform/node.js'), seen)
    else if (name.startsWith('.')) closureOf(resolve(dirname(entry), name), seen)
    else assert.match(name, /^node:/, `${entry} imports ${name}`)
  }
  return seen
}

function gzipBytes(entry) {
  const texts = [...closureOf(join(root, entry))].map((file) => readFileSync(file))
  return gzipSync(Buffer.concat(texts), { level: 9 }).length
}

test('holds what src/ makes, the README and the licence, and nothing else', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => relative(join(root, 'src'), join(one.parentPath ?? one.path, one.name)))
  const wanted = sources.flatMap((name) => {
    const stem = `dist/${name.replace(/\.ts$/, '')}`
    return [`${stem}.js`, `${stem}.d.ts`]
  })
  const files = packedFiles()
  assert.deepEqual(files, [...wanted, 'LICENSE', 'README.md', 'package.json'].sort())
  console.log(files.join('\n'))
})

test('depends on nothing, and names no host in its lock file', () => {
  assert.equal(manifest.dependencies, undefined)
  assert.equal(manifest.peerDependencies, undefined)
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  assert.doesNotMatch(lock, /"resolved"/)
})

test('is small, entry by entry', () => {
  for (const [name, { default: entry }] of Object.entries(manifest.exports)) {
    if (entry === undefined) continue
    const bytes = gzipBytes(entry)
    console.log(`${name}: ${bytes} bytes gzip`)
    assert.ok(bytes <= (BYTES_MAX[name] ?? OTHERS_BYTES_MAX), `${name}: ${bytes}`)
  }
})

test('imports nothing of Node outside platform/node.js', () => {
  for (const file of readdirSync(join(root, 'dist'), { recursive: true })) {
    if (!file.endsWith('.js') || file === join('platform', 'node.js')) continue
    assert.doesNotMatch(readFileSync(join(root, 'dist', file), 'utf8'), /node:|\bprocess\.|\bBuffer\b/, file)
  }
})

test('is imported by its names', async () => {
  for (const name of Object.keys(manifest.exports)) {
    if (name === './package.json') continue
    assert.ok(Object.keys(await import(name.replace('.', '@latchkey/sdk'))).length > 0, name)
  }
})
