// Builds dist/: JavaScript without comments, since it travels, and declarations with them, since
// editors show them. An old dist/ is removed first: what is packed is what was built now.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

function compile(...flags) {
  const done = spawnSync(process.execPath, [tsc, '-p', root, ...flags], { stdio: 'inherit' })
  if (done.status !== 0) process.exit(done.status ?? 1)
}

rmSync(join(root, 'dist'), { recursive: true, force: true })
compile('--removeComments', '--declaration', 'false')
compile('--emitDeclarationOnly')
