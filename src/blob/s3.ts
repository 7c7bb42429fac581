import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { StartError } from '../base/start-error.ts'
import { StorageFull } from '../base/storage.ts'
import type { S3Settings } from '../config.ts'
import type { Blobs } from './index.ts'

/** A request that a store has not answered for so long is given up. */
const CONNECT_MS = 5000
const SILENCE_MS = 120_000

/** Each file that is on its way holds a connection, for as long as its reader takes: with the few that the SDK opens by itself, slow readers would keep all others waiting. */
const AGENT = { keepAlive: true, maxSockets: 2000, maxFreeSockets: 50 }

const quiet = () => undefined

/**
 * Keeps files in a bucket, which nobody else needs to reach: clients come to this server, which checks who asks each time.
 * @throws {StartError} where the SDK is not installed, which is an optional dependency.
 */
export async function createS3Blobs(settings: S3Settings): Promise<Blobs> {
  const { bucket, region, endpoint, pathStyle, prefix, credentials } = settings
  const { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, NoSuchKey, PutObjectCommand, S3Client, S3ServiceException } = await import('@aws-sdk/client-s3').catch(() => {
    throw new StartError('S3_BUCKET is set, but the package @aws-sdk/client-s3 is not installed: npm install @aws-sdk/client-s3')
  })
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    maxAttempts: 3,
    // Stores besides Amazon's do not know the newer checksums; the length is checked, and TLS guards the way.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // What fails is thrown, and told by whoever catches it.
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS, httpAgent: AGENT, httpsAgent: AGENT },
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
  })
  const object = (key: string) => ({ Bucket: bucket, Key: prefix + key })
  return {
    async put(key, file) {
      const { size } = await stat(file)
      try {
        // An object comes into being whole or not at all.
        await client.send(new PutObjectCommand({ ...object(key), Body: createReadStream(file), ContentLength: size, ContentType: 'application/octet-stream' }))
      } catch (error) {
        throw error instanceof S3ServiceException && error.$metadata.httpStatusCode === 507 ? new StorageFull() : error
      }
    },
    async get(key, range) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ ...object(key), ...(range === undefined ? {} : { Range: `bytes=${range.from}-${range.to}` }) }))
        return (Body ?? null) as Readable | null
      } catch (error) {
        if (error instanceof NoSuchKey) return null
        throw error
      }
    },
    async delete(keys) {
      for (const key of keys) await client.send(new DeleteObjectCommand(object(key)))
    },
    async check() {
      await client.send(new HeadBucketCommand({ Bucket: bucket }))
    },
  }
}
