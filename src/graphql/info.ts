import { MAX_TEXT_LENGTH } from '../base/text.ts'
import { VERSION } from '../base/version.ts'
import { builder } from './builder.ts'

const ServerInfo = builder.objectRef<object>('ServerInfo').implement({
  description: 'What this server offers.',
  fields: (t) => ({
    version: t.string({ description: 'Its version.', resolve: () => VERSION }),
    registrationOpen: t.boolean({ description: 'Whether anybody may register.', resolve: (_info, _args, ctx) => ctx.settings.registrationOpen }),
    maxUploadBytes: t.int({ description: 'How many bytes a file may have.', resolve: (_info, _args, ctx) => ctx.settings.uploads.maxBytes }),
    whatsappEnabled: t.boolean({ description: 'Whether WhatsApp chats are switched on.', resolve: (_info, _args, ctx) => ctx.settings.whatsapp !== null }),
    maxTextLength: t.int({ description: 'How many Unicode code points a text may hold.', resolve: () => MAX_TEXT_LENGTH }),
  }),
})

builder.queryField('serverInfo', (t) => t.field({ type: ServerInfo, description: 'What this server offers; answers without sign-in.', extensions: { public: true }, resolve: () => ({}) }))
