/** Text in the first lines of a page, by which the program recognises its own pages. */
export const PAGE_SIGN = '<meta name="generator" content="SLR Workbench">'

/** The first two paragraphs of a report in Markdown, see `reportHead`. */
const MARKDOWN = /^# .*\n\n.*Selective Layer Restoration .*SLR Workbench /

/** Reports whether a file with this beginning is a report of this program, in HTML or Markdown. */
export const isReportHead = (head: string): boolean => head.includes(PAGE_SIGN) || MARKDOWN.test(head)
