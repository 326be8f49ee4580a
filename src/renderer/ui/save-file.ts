/** Offers a file to the user; in the desktop this is the native save dialog. */
export function saveBlob(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The download starts after this task; the address must live until then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

export const saveText = (name: string, text: string, type: string): void =>
  saveBlob(name, new Blob([text], { type }))

/** A file name without what file systems refuse. */
export const fileName = (...parts: string[]): string =>
  parts.join('-').replaceAll(/[^\p{Letter}\p{Number}._–-]+/gu, '_')
