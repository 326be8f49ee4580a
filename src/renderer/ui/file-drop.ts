import type { Attachment } from 'svelte/attachments'

/** Reports whether something that is dragged includes files. */
export const holdsFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false

/** Lets the user drop a file on an element. @param onover receives whether a file is held over the element */
export function fileDrop(onfile: (file: File) => void, onover: (over: boolean) => void): Attachment<HTMLElement> {
  return (element) => {
    const over = (event: DragEvent): void => {
      if (!holdsFile(event)) return
      // Without this call the browser would open the file.
      event.preventDefault()
      onover(true)
    }
    const leave = (event: DragEvent): void => {
      const inside = event.relatedTarget instanceof Node && element.contains(event.relatedTarget)
      if (!inside) onover(false)
    }
    const drop = (event: DragEvent): void => {
      if (!holdsFile(event)) return
      event.preventDefault()
      onover(false)
      const file = event.dataTransfer?.files[0]
      if (file !== undefined) onfile(file)
    }
    element.addEventListener('dragover', over)
    element.addEventListener('dragleave', leave)
    element.addEventListener('drop', drop)
    return () => {
      element.removeEventListener('dragover', over)
      element.removeEventListener('dragleave', leave)
      element.removeEventListener('drop', drop)
    }
  }
}
