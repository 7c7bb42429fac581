import { encodeId } from '../base/id.ts'
import { builder } from '../graphql/builder.ts'
import { attempt, definePayload } from '../graphql/errors.ts'
import { createUpload } from './domain.ts'
import type { Upload as UploadShape } from './domain.ts'

const UploadHeader = builder.objectRef<{ name: string; value: string }>('UploadHeader').implement({
  description: 'A header of an HTTP request.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What it is called.' }),
    value: t.exposeString('value', { description: 'What it says.' }),
  }),
})

/** Whatever a browser would say by itself of what is sent: the type is found by the bytes. */
const HEADERS = [{ name: 'content-type', value: 'application/octet-stream' }]

const Upload = builder.objectRef<UploadShape>('Upload').implement({
  description: 'Where the bytes of a file are to be sent. docs/files.md says how an upload that broke off goes on.',
  fields: (t) => ({
    attachmentId: t.id({ description: 'Global ID of the attachment, which can be sent once all bytes have come.', resolve: ({ attachmentId }) => encodeId('Attachment', attachmentId) }),
    url: t.expose('url', { type: 'URL', description: 'The address, which is secret: whoever has it can send the bytes.' }),
    method: t.string({ description: 'The method of the request: PUT.', resolve: () => 'PUT' }),
    headers: t.field({ type: [UploadHeader], description: 'Headers that the request must have.', resolve: () => HEADERS }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when all bytes must have come.' }),
  }),
})

const CreateUploadInput = builder.inputType('CreateUploadInput', {
  description: 'A file to be uploaded.',
  fields: (t) => ({
    fileName: t.string({ required: true, description: 'Its name, as others see it. Folders and characters that nobody sees are left out.' }),
    mimeType: t.string({ required: true, description: 'What it may be. What it is, the server finds by its bytes.' }),
    byteSize: t.int({ required: true, description: 'How many bytes it has: 1 to `ServerInfo.maxUploadBytes`.' }),
  }),
})

const CreateUploadPayload = definePayload<UploadShape>('CreateUploadPayload', 'The answer to createUpload.', (t) => ({
  upload: t.field({ type: Upload, nullable: true, description: 'Where to send the bytes.', resolve: ({ value }) => value }),
}))

builder.mutationField('createUpload', (t) =>
  t.field({
    type: CreateUploadPayload,
    description: 'Announces a file, and answers where to PUT its bytes. The attachment can be sent once the upload has ended; one that is not sent goes after a day.',
    args: { input: t.arg({ type: CreateUploadInput, required: true, description: 'The file.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => createUpload(ctx, input)),
  }),
)
