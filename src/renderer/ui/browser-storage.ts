/** Returns a text from the browser's storage; null if there is none, and if the browser forbids storage. */
export function readStored(key: string, storage: 'local' | 'session' = 'local'): string | null {
  try {
    return storageOf(storage).getItem(key)
  } catch {
    return null
  }
}

/** Has the browser remember a text. If the storage is full or forbidden, the text ends with the page. */
export function storeText(key: string, text: string, storage: 'local' | 'session' = 'local'): void {
  try {
    storageOf(storage).setItem(key, text)
  } catch {
    // The page works without it.
  }
}

/** Returns the JSON value that the browser remembers; null for none, and for text of another program. */
export function readStoredJson(key: string, storage: 'local' | 'session' = 'local'): unknown {
  try {
    return JSON.parse(readStored(key, storage) ?? 'null')
  } catch {
    return null
  }
}

const storageOf = (kind: 'local' | 'session'): Storage => (kind === 'local' ? localStorage : sessionStorage)
