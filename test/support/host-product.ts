import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import type { JWK, JWTPayload } from 'jose'

interface Key {
  kid: string
  alg: string
  privateKey: CryptoKey
  jwk: JWK
}

/** A product that signs people in by itself, with its public keys on a real web server. */
export class HostProduct {
  readonly issuer = 'https://product.example'
  readonly audience = 'chat'
  readonly #server: Server
  #keys: Key[] = []
  #made = 0
  /** How often the key set was asked for. */
  asked = 0
  /** The status that it answers with. */
  status = 200

  private constructor() {
    this.#server = createServer((_req, res) => {
      this.asked += 1
      res.writeHead(this.status, { 'content-type': 'application/json' })
      res.end(JSON.stringify({ keys: this.#keys.map(({ jwk }) => jwk) }))
    })
  }

  static async start(alg = 'RS256'): Promise<HostProduct> {
    const product = new HostProduct()
    await product.rotate(alg)
    product.#server.listen(0, '127.0.0.1')
    await once(product.#server, 'listening')
    return product
  }

  /** What a chat server is told of it. */
  get settings(): Record<string, string> {
    return { AUTH_JWKS_URL: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`, AUTH_ISSUER: this.issuer, AUTH_AUDIENCE: this.audience }
  }

  /** The newest key. */
  get key(): Key {
    const key = this.#keys.at(-1)
    if (key === undefined) throw new Error('there is always a key')
    return key
  }

  /** Signs by a new key from now on, and takes the old ones out of the set. */
  async rotate(alg = 'RS256'): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    this.#made += 1
    const kid = `key ${this.#made}`
    this.#keys = [{ kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }]
  }

  /** A token for one hour, as the product would sign it, but for what is given. A claim of undefined is left out. */
  async token(subject: string, claims: JWTPayload = {}, header: { alg?: string; kid?: string; typ?: string } = {}, key: CryptoKey | Uint8Array = this.key.privateKey): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const payload = { sub: subject, iss: this.issuer, aud: this.audience, iat: now, exp: now + 3600, preferred_username: subject, ...claims }
    const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
    return new SignJWT(given).setProtectedHeader({ alg: this.key.alg, kid: this.key.kid, ...header }).sign(key)
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}
