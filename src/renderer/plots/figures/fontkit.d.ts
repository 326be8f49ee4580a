/** Declares the one function that is used here. Fontkit comes with pdfkit and has no types. */
declare module 'fontkit' {
  export function create(font: Uint8Array): { hasGlyphForCodePoint(codePoint: number): boolean }
}
