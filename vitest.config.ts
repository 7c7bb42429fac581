import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

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
    // What takes minutes is a job of its own: `npm run test:browser:long`.
    include: process.env.LONG_TESTS === undefined ? ['src/**/*.test.ts', 'test/**/*.test.ts'] : ['test/**/*.long.ts'],
    globalSetup: ['test/setup.ts'],
    // Real servers and databases: a cold first statement may take its time on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // Files share what they import: loading it anew for each took two fifths of the time. So nothing may be left changed in a module or in the process.
    isolate: false,
  },
})
