import { basename } from 'node:path'
import type { Report, ReportFormat } from '../../contract/documents/report'
import { PROJECT_SUFFIX } from '../project/project-name'
import { reportMarkdown } from './markdown'
import { reportPage } from './page'

const WRITERS: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  html: reportPage,
  markdown: reportMarkdown
}

/** Returns a file name that begins with the project's name. */
export function reportFileName(projectPath: string, format: ReportFormat): string {
  return `${basename(projectPath, PROJECT_SUFFIX)}-report.${format === 'html' ? 'html' : 'md'}`
}

/** Returns a report as the text of a file. */
export function writeReport(report: Report, format: ReportFormat): string {
  return WRITERS[format](report)
}
