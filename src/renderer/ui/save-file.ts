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

// Presentation that lives in style sheets, which a stand-alone SVG does not have.
const INLINED = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'paint-order',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'dominant-baseline'
] as const

/** The drawing as a stand-alone SVG document, on the colour behind it. */
export function svgDocument(drawing: SVGSVGElement, background: string): string {
  const copy = document.importNode(drawing, true)
  const originals = drawing.querySelectorAll('*')
  copy.querySelectorAll('*').forEach((element, index) => {
    const original = originals[index]
    if (original === undefined) return
    const style = getComputedStyle(original)
    for (const property of INLINED) {
      const value = style.getPropertyValue(property)
      if (value !== '') element.setAttribute(property, value)
    }
    for (const name of ['class', 'tabindex']) element.removeAttribute(name)
  })
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [name, value] of [
    ['width', '100%'],
    ['height', '100%'],
    ['fill', background]
  ] as const) {
    ground.setAttribute(name, value)
  }
  copy.prepend(ground)
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.removeAttribute('class')
  return new XMLSerializer().serializeToString(copy)
}

/** Draws an SVG document at twice its size and offers it as PNG. */
export async function saveSvgAsPng(
  name: string,
  source: string,
  width: number,
  height: number
): Promise<void> {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = width * 2
  canvas.height = height * 2
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  await saveCanvas(name, canvas)
}

/** Offers a canvas as PNG, pixel for pixel. */
export async function saveCanvas(name: string, canvas: HTMLCanvasElement): Promise<void> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (blob === null) throw new Error(`could not draw ${name}`)
  saveBlob(name, blob)
}
