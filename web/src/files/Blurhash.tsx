import { decode } from 'blurhash'
import { useLayoutEffect, useRef } from 'react'

const SIDE = 24

/** What a picture looks like roughly, until it is there. */
export function Blurhash({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context == null) return
    try {
      context.putImageData(new ImageData(new Uint8ClampedArray(decode(hash, SIDE, SIDE)), SIDE, SIDE), 0, 0)
    } catch {
      // Not one that this reader knows: the place stays plain.
    }
  }, [hash])
  return <canvas ref={canvas} width={SIDE} height={SIDE} aria-hidden className="absolute inset-0 size-full" />
}
