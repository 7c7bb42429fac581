import { writeFileSync } from 'node:fs'

// Writes docs/monitoring/dashboard.json: the panels stand here as what they show, and not as what Grafana stores of each.

type Target = [query: string, legend: string]

const PANELS: [title: string, unit: string, description: string, ...targets: Target[]][] = [
  ['Operations', 'ops', 'Begun per second, by how they came.', ['sum by (transport, type) (rate(parley_operations_total[$__rate_interval]))', '{{transport}} {{type}}']],
  ['How long they take', 's', 'Of queries and mutations: half of them, and all but one of a hundred.', ['histogram_quantile(0.5, sum by (le, type) (rate(parley_operation_seconds_bucket[$__rate_interval])))', '{{type}} p50'], ['histogram_quantile(0.99, sum by (le, type) (rate(parley_operation_seconds_bucket[$__rate_interval])))', '{{type}} p99']],
  ['Errors and refusals', 'ops', 'INTERNAL_SERVER_ERROR is a fault of the server: the log has each. Refused documents and quotas are somebody else\'s.', ['sum by (code) (rate(parley_errors_total[$__rate_interval]))', '{{code}}'], ['sum(rate(parley_refused_documents_total[$__rate_interval]))', 'refused documents'], ['sum(rate(parley_refused_by_quota_total[$__rate_interval]))', 'beyond a quota'], ['sum(rate(parley_refused_connections_total[$__rate_interval]))', 'one connection too many']],
  ['Messages', 'ops', 'Stored, and events written to connections.', ['sum(rate(parley_messages_stored_total[$__rate_interval]))', 'stored'], ['sum(rate(parley_deliveries_total[$__rate_interval]))', 'deliveries']],
  ['Sends', 's', 'How long the database takes for a call that stores messages.', ['histogram_quantile(0.5, sum by (le) (rate(parley_send_seconds_bucket[$__rate_interval])))', 'p50'], ['histogram_quantile(0.99, sum by (le) (rate(parley_send_seconds_bucket[$__rate_interval])))', 'p99']],
  ['Messages in one call, and waiting', 'short', 'The busier it is, the more ride together. What waits for long waits for a locked chat or a slow disk.', ['sum(rate(parley_send_batch_messages_sum[$__rate_interval])) / sum(rate(parley_send_batch_messages_count[$__rate_interval]))', 'in one call'], ['sum by (instance) (parley_sends_waiting)', 'waiting at {{instance}}']],
  ['Delivery lag', 's', 'From an event to the moment at which a server has it for its connections.', ['histogram_quantile(0.5, sum by (le) (rate(parley_delivery_lag_seconds_bucket[$__rate_interval])))', 'p50'], ['histogram_quantile(0.99, sum by (le) (rate(parley_delivery_lag_seconds_bucket[$__rate_interval])))', 'p99']],
  ['Gaps', 'short', 'Events passed over on the way to a reader. It stays 0.', ['sum by (instance) (parley_gaps_total)', '{{instance}}']],
  ['Sweep', 's', 'Finds what hints have lost: how long it takes, and when it last succeeded.', ['histogram_quantile(0.99, sum by (le) (rate(parley_sweep_seconds_bucket[$__rate_interval])))', 'p99'], ['parley_sweep_age_seconds', 'age at {{instance}}'], ['sum(rate(parley_sweep_failures_total[$__rate_interval]))', 'failures per second']],
  ['Connections', 'short', 'Live ones, and subscriptions to events.', ['sum by (kind) (parley_connections)', '{{kind}}'], ['sum(parley_readers)', 'readers']],
  ['What it stands on', 'short', '1 where it works.', ['min(parley_database_up)', 'database'], ['min by (instance) (parley_bus_up)', 'bus of {{instance}}']],
  ['WhatsApp: waiting', 'short', 'What is to be sent, and webhooks that are not worked off. Every server tells the same of them. Of unknown ones nobody knows whether they went out; parked ones wait for a person.', ['max by (state) (parley_whatsapp_outbox)', 'to send: {{state}}'], ['max by (state) (parley_whatsapp_inbox)', 'webhooks: {{state}}']],
  ['WhatsApp: how long it waits', 's', 'The oldest of what is to be sent, and of webhooks.', ['max(parley_whatsapp_outbox_age_seconds)', 'to send'], ['max(parley_whatsapp_inbox_age_seconds)', 'webhooks'], ['parley_whatsapp_look_age_seconds', 'last look of {{instance}}']],
  ['WhatsApp: what came of it', 'ops', 'Attempts to send, and webhooks. Stopped and to_mend ask for somebody who runs the server.', ['sum by (outcome) (rate(parley_whatsapp_sends_total[$__rate_interval]))', '{{outcome}}'], ['sum by (outcome) (rate(parley_whatsapp_webhooks_total[$__rate_interval]))', 'webhooks: {{outcome}}']],
  ['Event loop', 's', 'How late the server comes to what it is to do.', ['nodejs_eventloop_lag_p99_seconds', 'p99 at {{instance}}']],
  ['Memory', 'bytes', 'Resident.', ['process_resident_memory_bytes', '{{instance}}']],
  ['Processor', 'percentunit', 'Of one core.', ['rate(process_cpu_seconds_total[$__rate_interval])', '{{instance}}']],
  ['Versions', 'short', 'Servers by version: two of them during an upgrade.', ['count by (version) (parley_build_info)', '{{version}}']],
]

/** Grafana's dashboard, by the model of version 39. */
export function dashboard(): string {
  const datasource = { type: 'prometheus', uid: '${datasource}' }
  const panels = PANELS.map(([title, unit, description, ...targets], index) => ({
    id: index + 1,
    type: 'timeseries',
    title,
    description,
    datasource,
    gridPos: { h: 8, w: 8, x: (index % 3) * 8, y: Math.floor(index / 3) * 8 },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: targets.map(([expr, legendFormat], target) => ({ refId: String.fromCharCode(65 + target), datasource, expr, legendFormat })),
  }))
  const templating = { list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} }] }
  return `${JSON.stringify({ title: 'Parley', uid: 'parley', tags: ['parley'], schemaVersion: 39, editable: true, refresh: '30s', time: { from: 'now-3h', to: 'now' }, timezone: 'browser', templating, panels }, null, 2)}\n`
}

if (process.argv[1] === import.meta.filename) writeFileSync(new URL('../docs/monitoring/dashboard.json', import.meta.url), dashboard())
