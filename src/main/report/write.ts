import { basename } from 'node:path'
import type { Report, ReportFormat } from '../../contract/documents/report'
import { PROJECT_SUFFIX } from '../project/project-name'
import { reportMarkdown } from './markdown'
import { reportPage } from './page'

const WRITERS: Readonly<Record<ReportFormat, (report: Report) => string | Promise<string>>> = {
  html: reportPage,
  markdown: reportMarkdown
}

/** Called as its project. */
export function reportFileName(projectPath: string, format: ReportFormat): string {
  return `${basename(projectPath, PROJECT_SUFFIX)}-report.${format === 'html' ? 'html' : 'md'}`
}

/** A report as the text of a file. */
export async function writeReport(report: Report, format: ReportFormat): Promise<string> {
  return WRITERS[format](report)
}
