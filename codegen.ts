import type { CodegenConfig } from '@graphql-codegen/cli'

/** Types the documents of the client tests by the schema; every file here imports with its real extension. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['test/clients/**/*.ts'],
  importExtension: '.ts',
  generates: {
    'test/generated/': {
      preset: 'client',
      // The result of a document is the whole of it, fragments too.
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        strictScalars: true,
        scalars: { ID: 'string', DateTime: 'string', URL: 'string' },
        // Types alone: nothing that has to be compiled away.
        enumType: 'string-literal',
      },
    },
  },
}

export default config
