import { Markup, markup } from '../base/markup'

/** By what a page that this program wrote is known; it stands in the first lines. */
export const PAGE_SIGN = '<meta name="generator" content="SLR Workbench">'

/** How every page that is written begins, up to its body. @param policy of what it may load */
export const pageHead = (
  title: string,
  policy: string | Markup,
  style: string
): Markup => markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${new Markup(PAGE_SIGN)}
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
`
