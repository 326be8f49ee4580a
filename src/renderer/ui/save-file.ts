/** Offers a file to the user to save. The desktop shows its native save dialog. */
export function saveBlob(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The download starts after this task, so the address must stay valid until then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

export const saveText = (name: string, text: string, type: string): void => saveBlob(name, new Blob([text], { type }))

/** Joins parts to a file name and replaces characters that file systems refuse. */
export const fileName = (...parts: string[]): string =>
  parts.join('-').replaceAll(/[^\p{Letter}\p{Number}._–-]+/gu, '_')
