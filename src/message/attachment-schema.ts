import { builder } from '../graphql/builder.ts'
import { defineNode } from '../graphql/node.ts'
import '../upload/schema.ts'
import { linkTo, messageAttachments, visibleAttachment } from './attachments.ts'
import type { Attachment as AttachmentShape } from './attachments.ts'
import { Message } from './schema.ts'

const AttachmentKind = builder.enumType('AttachmentKind', {
  description: 'What sort of file it is, by its bytes.',
  values: {
    IMAGE: { description: 'A picture that browsers show.' },
    VIDEO: { description: 'A video.' },
    AUDIO: { description: 'Sound or a voice note.' },
    FILE: { description: 'Any other file.' },
  } as const,
})

const AttachmentState = builder.enumType('AttachmentState', {
  description: 'Whether the bytes of a file are there.',
  values: {
    PENDING: { description: 'They are still coming.' },
    READY: { description: 'They are there.' },
    FAILED: { description: 'They will not come.' },
  } as const,
})

const Attachment = builder.objectRef<AttachmentShape>('Attachment')

defineNode('Attachment', Attachment, {
  description: 'A file of a message, or one that its owner has uploaded and not sent yet.',
  key: ({ id }) => [id],
  load: (ctx, [id]) => visibleAttachment(ctx, id),
  fields: (t) => ({
    kind: t.field({ type: AttachmentKind, description: 'What sort of file it is.', resolve: ({ kind }) => kind }),
    state: t.field({ type: AttachmentState, description: 'Whether its bytes are there.', resolve: ({ state }) => state }),
    fileName: t.exposeString('fileName', { description: 'Its name, without folders.' }),
    mimeType: t.exposeString('mimeType', { description: 'What its bytes are; while they are still coming, what their sender says.' }),
    byteSize: t.exposeInt('byteSize', { nullable: true, description: 'How many bytes it has; of a picture, without what was taken off it.' }),
    width: t.exposeInt('width', { nullable: true, description: 'Pixels from left to right, of a picture and some videos.' }),
    height: t.exposeInt('height', { nullable: true, description: 'Pixels from top to bottom.' }),
    durationSeconds: t.exposeFloat('durationSeconds', { nullable: true, description: 'How long sound or a video lasts, where that can be told.' }),
    blurhash: t.exposeString('blurhash', { nullable: true, description: 'What to show until a picture is there, see blurha.sh.' }),
    url: t.field({
      type: 'URL',
      nullable: true,
      description: 'Where the viewer fetches it, for two and a half to five minutes: ask again after that. The link is the viewer’s own, and ends with their right to read the message.',
      resolve: (attachment, _args, ctx) => linkTo(ctx, attachment, 'file'),
    }),
    thumbnailUrl: t.field({
      type: 'URL',
      nullable: true,
      description: 'The same for a small picture of it (WebP, at most 512 pixels wide and high); null where there is none.',
      resolve: (attachment, _args, ctx) => linkTo(ctx, attachment, 'thumbnail'),
    }),
  }),
})

builder.objectField(Message, 'attachments', (t) =>
  t.field({ type: [Attachment], description: 'Its files, in their order; at most 20. Gone once it is deleted.', resolve: (message, _args, ctx) => messageAttachments(ctx, message) }),
)
