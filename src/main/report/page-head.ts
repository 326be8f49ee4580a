import { Markup, markup } from '../base/markup'

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
<meta name="generator" content="SLR Workbench">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
`
