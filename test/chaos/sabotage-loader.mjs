let patches = []

export function initialize(data) {
  patches = data
}

/** Replaces exact text of files in dist/; a text that is not there any more is an error, so that a sabotage never fades away unnoticed. */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context)
  const mine = patches.filter(({ file }) => url.endsWith(`/dist/${file}`))
  if (mine.length === 0) return loaded
  let source = loaded.source.toString()
  for (const { file, find, replace } of mine) {
    if (!source.includes(find)) throw new Error(`dist/${file} does not hold the text to sabotage: ${find}`)
    source = source.replace(find, () => replace)
  }
  return { ...loaded, source }
}
