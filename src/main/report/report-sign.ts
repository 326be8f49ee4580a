import { PAGE_SIGN } from './page-head'

/** The two first paragraphs of one in Markdown, see `reportHead`. */
const MARKDOWN = /^# .*\n\n.*Selective Layer Restoration .*SLR Workbench /

/** Whether a file that begins so is a report of this program, as a page or in Markdown. */
export const isReportHead = (head: string): boolean => head.includes(PAGE_SIGN) || MARKDOWN.test(head)
