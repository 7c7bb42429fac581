import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'
import { persisted } from './persisted.ts'

const OUT = fileURLToPath(new URL('../dist/web/', import.meta.url))

/** Compresses once, here, what the server then only reads. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    async closeBundle() {
      const names = (await readdir(OUT, { recursive: true })).filter((name) => /\.(js|css|svg|webmanifest)$/.test(name))
      for (const name of names) {
        const path = join(OUT, name)
        const body = await readFile(path)
        if (body.length < 512) continue
        await writeFile(`${path}.br`, await promisify(brotliCompress)(body))
        await writeFile(`${path}.gz`, await promisify(gzip)(body, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), tailwind(), compressed(), persisted(fileURLToPath(new URL('../dist/web-documents.json', import.meta.url)))],
  resolve: { alias: { 'parley/client': fileURLToPath(new URL('../src/client/index.ts', import.meta.url)) } },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    // What the first view needs comes in two files, of which that of the libraries seldom changes; all else by itself, when somebody asks for it.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'libraries', test: /node_modules/, tags: ['$initial'] },
            { name: 'start', tags: ['$initial'] },
          ],
        },
      },
    },
  },
  server: { port: 5173, proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true } } },
})
