// Loaded into a server before its own code: what CHAOS_SABOTAGE names is built in as its files are read. Nothing of it is in the product.
import { register } from 'node:module'

register(new URL('sabotage-loader.mjs', import.meta.url), { data: JSON.parse(process.env.CHAOS_SABOTAGE ?? '[]') })
