import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import { startBalancer } from './balancer.ts'
import type { Balancer } from './balancer.ts'
import { makeNode } from './node.ts'
import type { ChaosNode } from './node.ts'
import { connect, startPostgres } from './postgres.ts'
import type { ChaosPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import type { ChaosRedis } from './redis.ts'
import { SECRET_KEY } from './world.ts'

/** What all runs of a command share. */
export interface Backing {
  folder: string
  postgres: ChaosPostgres
  redis: ChaosRedis
  stop(): Promise<void>
}

/** Three servers on a database of their own, behind a balancer. */
export interface Cluster {
  nodes: ChaosNode[]
  balancer: Balancer
  databaseUrl(): string
  /** Connections of ours, past all proxies. */
  sql: Sql
  /** After a restart of PostgreSQL it has another port. */
  databaseMoved(): Promise<void>
  /** Takes away all that was done to it, and waits until all servers are ready. */
  heal(): Promise<void>
  close(): Promise<void>
}

export async function startBacking(folder: string): Promise<Backing> {
  mkdirSync(join(folder, 'database'), { mode: 0o711 })
  const [postgres, redis] = await Promise.all([startPostgres(join(folder, 'database')), startRedis(folder)])
  return {
    folder,
    postgres,
    redis,
    stop: async () => {
      await Promise.all([postgres.stop(), redis.stop()])
    },
  }
}

export async function startCluster(backing: Backing, options: { folder: string; database: string; patches: readonly object[]; random: () => number }): Promise<Cluster> {
  const { postgres, redis } = backing
  const { folder, database, random, patches } = options
  await postgres.create(database)
  const nodes = await Promise.all(
    ['node1', 'node2', 'node3'].map((name) =>
      makeNode({ name, folder, databaseUrl: (port) => postgres.url(database, port), databasePort: postgres.port(), redisPort: redis.port, secretKey: SECRET_KEY, patches, random }),
    ),
  )
  // The first one brings the tables, the others find them.
  for (const node of nodes) await node.start()
  const balancer = await startBalancer(nodes.map(({ front }) => front.port))
  const cluster: Cluster = {
    nodes,
    balancer,
    databaseUrl: () => postgres.url(database),
    sql: connect(postgres.url(database), 4),
    async databaseMoved() {
      for (const node of nodes) node.database.target = postgres.port()
      await cluster.sql.end({ timeout: 1 })
      cluster.sql = connect(postgres.url(database), 4)
    },
    async heal() {
      postgres.signal('SIGCONT')
      redis.signal('SIGCONT')
      await redis.command('PING').catch(() => redis.up())
      for (const node of nodes) {
        for (const proxy of [node.front, node.database, node.redis]) proxy.heal()
        node.setClock(0)
        node.signal('SIGCONT')
        if (!node.running()) await node.start()
      }
      const deadline = performance.now() + 30_000
      while (balancer.ready() < nodes.length && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100))
    },
    async close() {
      await balancer.close()
      await Promise.all(nodes.map((node) => node.close()))
      await cluster.sql.end({ timeout: 1 })
    },
  }
  return cluster
}
