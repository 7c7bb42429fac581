import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** What takes minutes is a job of its own: `npm run test:browser:long`. */
const LONG = process.env.LONG_TESTS !== undefined
const APART = ['src/base/deadline.test.ts', 'src/db/*.test.ts', 'test/process/*.test.ts', 'test/whatsapp/**/*.test.ts', 'test/web/whatsapp.test.ts']

export default defineConfig({
  // Node loads graphql as CommonJS, Vite would take its ES module: two copies do not know each other's errors.
  resolve: {
    alias: [
      { find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') },
      // What the package exports, without building it first.
      { find: 'parley/client', replacement: fileURLToPath(new URL('src/client/index.ts', import.meta.url)) },
    ],
  },
  test: {
    globalSetup: ['test/setup.ts'],
    // Real servers and databases: a cold first statement may take its time on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As long as the pages of test/web are waited for: a second is over before a busy machine has drawn what it was told.
    expect: { poll: { timeout: 15_000 } },
    pool: 'forks',
    // One more than the cores of a small machine: much of a test is waiting.
    maxWorkers: 3,
    projects: [
      // Files share what they import: loading it anew for each took two fifths of the time. So nothing may be left changed in a module or in the process.
      { extends: true, test: { name: 'together', include: LONG ? ['test/**/*.long.ts'] : ['src/**/*.test.ts', 'test/**/*.test.ts'], exclude: APART, isolate: false } },
      // What these import registers hooks (what to close after each test), which counts for the file that loads it.
      { extends: true, test: { name: 'apart', include: LONG ? [] : APART, isolate: true } },
    ],
  },
})
