import type { CodegenConfig } from '@graphql-codegen/cli'

const config = {
  useTypeImports: true,
  strictScalars: true,
  scalars: { ID: 'string', DateTime: 'string', URL: 'string' },
  // Types alone: nothing that has to be compiled away.
  enumType: 'string-literal',
} as const

/** Types the documents of the client tests, of the client helper and of the web client by the schema; every file here imports with its real extension. */
const codegen: CodegenConfig = {
  schema: 'schema.graphql',
  importExtension: '.ts',
  generates: {
    'test/generated/': {
      documents: ['test/clients/**/*.ts'],
      preset: 'client',
      // The result of a document is the whole of it, fragments too.
      presetConfig: { fragmentMasking: false },
      config,
    },
    'web/src/generated/': {
      documents: ['web/src/graphql/*.graphql'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config,
    },
    'src/client/generated/send-message.ts': {
      documents: ['src/client/send-message.ts'],
      plugins: ['typescript-operations'],
      config,
    },
  },
}

export default codegen
