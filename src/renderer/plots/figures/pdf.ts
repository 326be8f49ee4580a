import { create } from 'fontkit'
import PDFDocument from 'pdfkit'
import { type Drawing, FONT_UNITS, type PathShape, type Shape, type Stroke, type TextShape } from './drawing'

/** TrueType files. A figure embeds only the letters that it uses. */
export interface FigureFonts {
  regular: Uint8Array
  bold: Uint8Array
}

export interface PdfFigure {
  bytes: Uint8Array<ArrayBuffer>
  /** Letters that the fonts lack. The PDF shows boxes instead. */
  missing: readonly string[]
}

type Document = InstanceType<typeof PDFDocument>

/**
 * Writes a drawing as a PDF of one page of the same size, with selectable text.
 *
 * @param title describes the figure
 * @param fontPt height of a line of text in points, for which the drawing's width was computed
 */
export async function pdfOf(
  { width, height, shapes }: Drawing,
  title: string,
  fontPt: number,
  fonts: FigureFonts
): Promise<PdfFigure> {
  const scale = fontPt / FONT_UNITS
  const document = new PDFDocument({
    size: [width * scale, height * scale],
    margin: 0,
    // No built-in font, because a PDF does not embed those.
    font: '',
    info: { Title: title, Creator: 'SLR Workbench' }
  })
  const written = collected(document)
  document.registerFont('regular', fonts.regular).registerFont('bold', fonts.bold)
  document.scale(scale)
  for (const shape of shapes) {
    document.save()
    if (shape.kind === 'path') drawPath(document, shape)
    else drawText(document, shape)
    document.restore()
  }
  document.end()
  return { bytes: await written, missing: missingLetters(shapes, fonts) }
}

function missingLetters(shapes: readonly Shape[], fonts: FigureFonts): string[] {
  const font = { regular: create(fonts.regular), bold: create(fonts.bold) }
  const letters = shapes.flatMap((shape) => {
    if (shape.kind !== 'text') return []
    const glyphs = shape.bold ? font.bold : font.regular
    return [...shape.text].filter((letter) => !glyphs.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0))
  })
  return [...new Set(letters)]
}

async function collected(document: Document): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  await new Promise<void>((resolve, reject) => {
    document.on('data', (chunk: Uint8Array<ArrayBuffer>) => chunks.push(chunk))
    document.on('end', resolve)
    document.on('error', reject)
  })
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}

function setStroke(document: Document, { color, opacity, width, dash }: Stroke): void {
  document.strokeColor(color, opacity).lineWidth(width)
  if (dash !== undefined) document.dash(dash[0], { space: dash[1] })
}

function drawPath(document: Document, { d, fill, stroke, evenOdd, clip }: PathShape): void {
  if (clip !== null) document.rect(clip.x, clip.y, clip.width, clip.height).clip()
  document.path(d)
  if (stroke !== null) setStroke(document, stroke)
  if (fill !== null) document.fillColor(fill.color, fill.opacity)
  if (fill === null) document.stroke()
  else if (stroke === null) document.fill(evenOdd === true ? 'even-odd' : 'non-zero')
  else document.fillAndStroke()
}

function drawText(
  document: Document,
  { text, x, y, anchor, size, bold, angle, fill, halo }: TextShape
): void {
  document.font(bold ? 'bold' : 'regular').fontSize(size)
  const width = document.widthOfString(text)
  const left = anchor === 'start' ? x : anchor === 'middle' ? x - width / 2 : x - width
  if (angle !== 0) document.rotate(angle, { origin: [x, y] })
  const options = { lineBreak: false, baseline: 'alphabetic' } as const
  if (halo !== null) {
    setStroke(document, halo)
    document.lineJoin('round').text(text, left, y, { ...options, fill: false, stroke: true })
  }
  document.fillColor(fill.color, fill.opacity).text(text, left, y, { ...options, fill: true, stroke: false })
}
