import { parseArgs } from 'node:util'
import { startSimulator } from './simulator.ts'

// The simulator for a demo, or for tests in another language: npm run whatsapp:simulator -- --webhook http://127.0.0.1:4000/webhooks/whatsapp

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4100' },
    host: { type: 'string', default: '127.0.0.1' },
    webhook: { type: 'string', default: 'http://127.0.0.1:4000/webhooks/whatsapp' },
    seed: { type: 'string', default: '1' },
  },
})

const simulator = await startSimulator({
  port: Number(values.port),
  host: values.host,
  seed: Number(values.seed),
  statusEveryMs: 600,
  templates: [
    { name: 'order_update', category: 'UTILITY', components: [{ type: 'BODY', text: 'Hello {{1}}, your order {{2}} is on its way.' }] },
    { name: 'we_are_back', category: 'MARKETING', components: [{ type: 'HEADER', format: 'TEXT', text: 'Good news' }, { type: 'BODY', text: 'We are back. Shall we go on where we stopped?' }, { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Yes, please' }] }] },
    { name: 'order_update', language: 'de', category: 'UTILITY', components: [{ type: 'BODY', text: 'Hallo {{1}}, Ihre Bestellung {{2}} ist unterwegs.' }] },
    { name: 'sale_paused', category: 'MARKETING', status: 'PAUSED', components: [{ type: 'BODY', text: 'Everything must go.' }] },
  ],
})
simulator.customer({ phone: '14155550123', name: 'Ada Example', username: 'ada.ex' })
simulator.customer({ phone: '4915155550199', name: 'Bo Beispiel' })
simulator.customer({ phone: '5511955550188', name: 'Cy Exemplo', username: 'cy.ex', hidesPhone: true })

process.stdout.write(`The WhatsApp simulator is at ${simulator.url}. Play the customer there, in a browser.

Start Parley with:

${Object.entries(simulator.settings()).map(([name, value]) => `${name}=${value}`).join('\n')}

`)

let told = false
let stopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopped = true
    void simulator.close().then(() => process.exit(0))
  })
}

// Parley may start later, or again: the handshake is tried until it passes.
while (!stopped && simulator.webhooks.url === null) {
  try {
    await simulator.connect(values.webhook)
    process.stdout.write(`Webhooks go to ${values.webhook}.\n`)
  } catch (error) {
    if (!told) process.stdout.write(`Waiting for Parley: ${error instanceof Error ? error.message : String(error)}\n`)
    told = true
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
