/* Recognises reports of this program, which a new report may replace. Other files are not overwritten. */

/** Element in the first lines of an HTML page of this program. */
export const PAGE_SIGN = '<meta name="generator" content="SLR Workbench">'

/** Matches the title and the subtitle of a report in Markdown, see `reportHead`. */
const MARKDOWN = /^# .*\n\n.*Selective Layer Restoration .*SLR Workbench /

/** Reports whether a file with this beginning is a report of this program, in HTML or Markdown. */
export const isReportHead = (head: string): boolean => head.includes(PAGE_SIGN) || MARKDOWN.test(head)
