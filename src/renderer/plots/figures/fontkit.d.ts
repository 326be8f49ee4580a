/** What of it is used here; it comes with pdfkit, without types of its own. */
declare module 'fontkit' {
  export function create(font: Uint8Array): { hasGlyphForCodePoint(codePoint: number): boolean }
}
