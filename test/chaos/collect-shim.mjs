// Collects a server's garbage when it is told to (SIGUSR2), so that what is left of its memory is what it holds on to. Needs --expose-gc.

process.on('SIGUSR2', () => {
  // What the first one frees may hold on to more.
  globalThis.gc()
  globalThis.gc()
})
